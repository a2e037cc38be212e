"""Adjudication: the queue, the case, the decision, the final label and the board, as the pages and commands get them."""

import csv
import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli import app
from app.clock import utc_now
from app.errors import Conflict, Invalid, NotAllowed, NotFound
from app.services import accounts, answering, assignment, projects, work_record
from app.services.adjudication import decide
from app.services.adjudication_case import adjudication_case
from app.services.adjudication_figures import adjudication_figures
from app.services.adjudication_queue import adjudication_queue, why_no_case
from app.services.board import board
from app.services.context import Actor
from app.services.export import export_answers
from app.services.final_labels import FinalLabel, final_labels, list_final_labels
from app.services.handling_time import time_report
from app.services.history import item_history
from app.services.review import review
from app.services.review_figures import decision_time, reviewer_figures
from app.services.review_settings import change_review_settings
from db.engine import reading, transaction
from db.models import Adjudication, Visit
from db.records import ProjectRecord
from db.store import answered, leases
from db.store import items as item_store
from db.store import projects as project_store
from tests.app.services.reviewing import cases_of
from tests.app.services.world import OPERATOR, World

SCHEMA = """
questions:
  - {id: verdict, type: choice, title: 'Good?', options: [{value: good}, {value: bad}, {value: ugly}]}
  - {id: score, type: rating, title: 'How much?', min: 1, max: 5, required: false}
  - {id: why, type: text, title: 'Why?', required: false}
"""
ROWS: list[dict[str, Any]] = [{"id": f"i{n}", "text": f"Text {n}."} for n in range(5)]
QUIET = {"disagreement": 0, "judge_doubt": 0, "new_person": 0, "floor": 0}


class Desk:
    """A project in which ann, bob and cay answer the same items, and two QA leads decide."""

    def __init__(
        self,
        world: World,
        folder: Path,
        schema: str = SCHEMA,
        rows: Sequence[dict[str, Any]] = ROWS,
        **settings: Any,
    ) -> None:
        self.world, self.ctx = world, world.ctx
        self.project: ProjectRecord = projects.create_project(
            world.ctx,
            OPERATOR,
            name="Desk",
            schema_yaml=schema,
            guidelines="# Guide",
            settings={"overlap": 3, "workplace": {"review": QUIET}} | settings,
        )
        world.fill(self.project, list(rows), folder)
        self.people = {login: world.member(self.project, login) for login in ("ann", "bob", "cay")}
        self.lead = world.member(self.project, "lead", "qa_lead")
        self.second = world.member(self.project, "second", "qa_lead")
        self.ids: dict[str, int] = {}
        self._tokens = 0

    def say(self, login: str, *answers: Any) -> None:
        """The person's answers to the next items: a verdict, or everything."""
        for given in answers:
            task = self.world.next(self.people[login], self.project)
            self.ids[task.item.external_id] = task.item.id
            self.world.submit(
                self.people[login], task, **(given if isinstance(given, dict) else {"verdict": given})
            )

    def queue(self, actor: Actor | None = None, **more: Any) -> list[tuple[str, str, str]]:
        found = adjudication_queue(self.ctx, actor or self.lead, self.project.id, **more)
        return [(entry.external_id, entry.question, entry.state) for entry in found]

    def decide(self, item: str, value: Any, actor: Actor | None = None, **more: Any) -> bool:
        self._tokens += 1
        given = {"reason": "slip", "form_token": f"t{self._tokens}", "value": value} | more
        return decide(self.ctx, actor or self.lead, self.project.id, self.ids[item], "verdict", **given)

    def standing(self, item: str) -> int:
        return (
            adjudication_case(self.ctx, self.lead, self.project.id, self.ids[item], "verdict")
            .decisions[-1][0]
            .id
        )

    def labels(self) -> Mapping[tuple[int, str], FinalLabel]:
        with reading(self.ctx.engine) as session:
            project = project_store.project_by_id(session, self.project.id)
            assert project is not None
            return final_labels(session, project)

    def label(self, item: str) -> tuple[Any, str | None, str, str]:
        found = self.labels()[self.ids[item], "verdict"]
        return found.value, found.source, found.by, found.note

    def review(self, item: str, login: str, outcome: Any, actor: Actor | None = None, **more: Any) -> None:
        latest = assignment.open_task(
            self.ctx, self.people[login], self.project.id, self.ids[item]
        ).annotation
        assert latest is not None
        self._tokens += 1
        review(
            self.ctx, actor or self.lead, self.project.id, latest.id,
            outcome=outcome, form_token=f"r{self._tokens}", comment="words", **more,
        )  # fmt: skip

    def states(self, question: str | None = None) -> dict[str, list[str]]:
        found = board(self.ctx, self.lead, self.project.id, question=question)
        return {
            column.state: [item.external_id for item in column.items]
            for column in found.columns
            if column.items
        }

    def why(self, item: str, **more: Any) -> tuple[str, str]:
        """(state, what it waits for) of an item on the board."""
        found = board(self.ctx, self.lead, self.project.id, **more)
        return next((c.state, i.why) for c in found.columns for i in c.items if i.external_id == item)


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Desk:
    return Desk(world, tmp_path)


@pytest.fixture
def differing(desk: Desk) -> Desk:
    """i0: all say good. i1: good good bad. i2: good bad ugly. i3: two people, good bad. i4: nobody."""
    desk.say("ann", "good", "good", "good", "good")
    desk.say("bob", "good", "good", "bad", "bad")
    desk.say("cay", "good", "bad", "ugly")
    return desk


class TestTheQueue:
    def test_items_on_which_people_differ_come_worst_first(self, differing: Desk) -> None:
        found = adjudication_queue(differing.ctx, differing.lead, differing.project.id)
        # Mean distance: i1 2/3 of the pairs differ; i2 and i3 all of them; i0 none.
        assert [(e.external_id, e.people, e.values) for e in found] == [
            ("i2", 3, 3),
            ("i3", 2, 2),
            ("i1", 3, 2),
        ]
        assert [e.apart for e in found] == pytest.approx([1, 1, 2 / 3])

    def test_numbers_are_ordered_by_their_spread(self, desk: Desk) -> None:
        for login, near, far in (("ann", 3, 1), ("bob", 4, 5), ("cay", 3, 3)):
            desk.say(login, {"verdict": "good", "score": near}, {"verdict": "good", "score": far})
        found = adjudication_queue(desk.ctx, desk.lead, desk.project.id, question="score")
        # i1: 1 5 3, (4 + 2 + 2) / 4 / 3. i0: 3 4 3, (1 + 0 + 1) / 4 / 3.
        assert [(e.external_id, round(e.apart, 4)) for e in found] == [("i1", 0.6667), ("i0", 0.1667)]

    def test_first_submissions_count_and_not_what_was_revised_later(self, differing: Desk) -> None:
        item = differing.ids["i1"]
        cay = differing.people["cay"]
        task = assignment.open_task(differing.ctx, cay, differing.project.id, item)
        differing.world.submit(cay, task, verdict="good")
        assert ("i1", "verdict", "waiting") in differing.queue()
        case = adjudication_case(differing.ctx, differing.lead, differing.project.id, item, "verdict")
        assert sorted((a.value, a.newest) for a in case.answers) == [
            ("bad", ["good"]),
            ("good", None),
            ("good", None),
        ]

    def test_ones_own_items_are_left_out_unless_asked_for(self, differing: Desk) -> None:
        accounts.give_role(
            differing.ctx, OPERATOR, project_id=differing.project.id, login="cay", role="qa_lead"
        )
        cay = differing.people["cay"]
        assert [name for name, *_ in differing.queue(cay)] == ["i3"]
        found = adjudication_queue(differing.ctx, cay, differing.project.id, include_own=True)
        assert [(e.external_id, e.own) for e in found] == [("i2", True), ("i3", False), ("i1", True)]
        with pytest.raises(Invalid, match="answered this item yourself"):
            differing.decide("i2", "bad", cay)
        assert differing.decide("i2", "bad", cay, own_too=True)
        case = adjudication_case(
            differing.ctx, differing.lead, differing.project.id, differing.ids["i2"], "verdict"
        )
        assert case.decisions[0][0].own and case.decisions[0][1] == "cay"

    def test_what_reviewers_settled_is_said_so(self, differing: Desk) -> None:
        differing.review("i1", "cay", "fixed", answers={"verdict": "good"})
        assert ("i1", "verdict", "reviewed") in differing.queue()
        # Two that reviewers accepted and that differ settle nothing.
        differing.review("i3", "ann", "accepted")
        differing.review("i3", "bob", "accepted")
        assert ("i3", "verdict", "waiting") in differing.queue()

    def test_a_question_that_does_not_exist_is_named_with_those_that_do(self, differing: Desk) -> None:
        with pytest.raises(Invalid, match="the project asks verdict, score, why"):
            differing.queue(question="mood")

    def test_annotators_managers_and_strangers_have_no_queue(self, differing: Desk) -> None:
        world, project = differing.world, differing.project
        mara, stranger = world.member(project, "mara", "manager"), world.person("stranger")
        for actor, error in ((differing.people["ann"], NotAllowed), (mara, NotAllowed), (stranger, NotFound)):
            with pytest.raises(error):
                adjudication_queue(world.ctx, actor, project.id)
            with pytest.raises(error):
                adjudication_case(world.ctx, actor, project.id, differing.ids["i1"], "verdict")
            with pytest.raises(error):
                differing.decide("i1", "good", actor)

    def test_texts_are_cases_where_asked_for_and_cases_of_an_item_stand_together(self, desk: Desk) -> None:
        for login, near, far in (("ann", 1, "good"), ("bob", 5, "bad"), ("cay", 1, "good")):
            desk.say(login, {"verdict": "good", "why": f"{login} says so"}, {"verdict": far, "score": near})
        assert desk.queue() == [("i1", "verdict", "waiting"), ("i1", "score", "waiting")]
        assert desk.queue(question="why") == [("i0", "why", "waiting")]
        assert ("i0", "why", "waiting") in desk.queue(texts=True)
        assert "Turn on “Also texts that differ”" in why_no_case(
            desk.ctx, desk.lead, desk.project.id, desk.ids["i0"]
        )

    def test_why_an_item_is_no_case_is_said_as_it_is(self, differing: Desk, tmp_path: Path) -> None:
        ctx, lead, project = differing.ctx, differing.lead, differing.project.id
        assert why_no_case(ctx, lead, project, 999) == "There is no such item in this project."
        assert "people agree" in why_no_case(ctx, lead, project, differing.ids["i0"])
        accounts.give_role(ctx, OPERATOR, project_id=project, login="cay", role="qa_lead")
        cay, i2 = differing.people["cay"], differing.ids["i2"]
        assert "answered i2 yourself. Turn on" in why_no_case(ctx, cay, project, i2)
        assert "choose “all questions”" in why_no_case(
            ctx, cay, project, i2, include_own=True, question="score"
        )
        # Nothing to turn on where the person answered an item that is no case.
        assert "people agree" in why_no_case(ctx, cay, project, differing.ids["i0"], include_own=True)
        for login in ("ann", "bob", "cay"):
            differing.review("i0", login, "rejected", requeue="same")
        assert why_no_case(ctx, lead, project, differing.ids["i0"]) == (
            "There is nothing to decide about i0 yet: back at its author."
        )
        fresh = differing.world.next(
            differing.people["ann"], differing.project, *differing.ids.values()
        ).item.id
        assert why_no_case(ctx, lead, project, fresh) == "Nobody has answered i4 yet."


class TestTheCase:
    def test_names_are_letters_unless_the_person_or_the_project_wants_names(self, differing: Desk) -> None:
        ctx, lead, project = differing.ctx, differing.lead, differing.project.id
        item = differing.ids["i2"]

        def names(**more: Any) -> list[str]:
            return [
                answer.name
                for answer in adjudication_case(ctx, lead, project, item, "verdict", **more).answers
            ]

        assert names() == ["A", "B", "C"] and names() == names()
        assert sorted(names(names=True)) == ["ann", "bob", "cay"]
        change_review_settings(ctx, lead, project, rules=QUIET, requeue="same", hide_names=False)
        assert sorted(names()) == ["ann", "bob", "cay"]

    def test_each_answer_has_its_reasons_time_and_chat_beside_it(self, desk: Desk) -> None:
        desk.say("ann", {"verdict": "good", "why": "It is kind."})
        desk.say("bob", {"verdict": "bad"})
        case = adjudication_case(desk.ctx, desk.lead, desk.project.id, desk.ids["i0"], "verdict")
        by_value = {answer.value: answer for answer in case.answers}
        assert by_value["good"].texts == {"why": "It is kind."} and by_value["bad"].texts == {}
        # No browser reported anything: the time is unknown, not zero.
        assert [answer.seconds for answer in case.answers] == [None, None]
        assert [answer.turns for answer in case.answers] == [0, 0]
        assert case.apart == 1 and case.label is not None and case.label.note == "tie"

    def test_models_newest_suggestions_stand_apart_from_peoples_answers(self, differing: Desk) -> None:
        def suggested(model: str, value: str, **more: Any) -> dict[str, Any]:
            return {
                "item_id": differing.ids["i1"], "question": "verdict", "value": [value], "model": model, "model_version": "1",
                "confidence_source": "none", "rationale": "", "examples": [], "created_at": utc_now(), **more,
            }  # fmt: skip

        with transaction(differing.ctx.engine) as session:
            rows = [suggested("one", "bad"), suggested("two", "ugly"), suggested("one", "good")]
            item_store.add_suggestions(session, [*rows, suggested("three", "bad", planted=True)])
        case = adjudication_case(
            differing.ctx, differing.lead, differing.project.id, differing.ids["i1"], "verdict"
        )
        assert case.models == {"one": "good", "two": "ugly"}
        assert sorted(answer.value for answer in case.answers) == ["bad", "good", "good"]

    def test_an_item_of_another_project_is_not_there(self, differing: Desk) -> None:
        other = differing.world.project("Other")
        dan = differing.world.member(other, "dan", "qa_lead")
        with pytest.raises(NotFound):
            adjudication_case(differing.ctx, dan, other.id, differing.ids["i1"], "verdict")
        with pytest.raises(NotFound):
            decide(differing.ctx, dan, other.id, differing.ids["i1"], "verdict", value="good", reason="slip", form_token="x")  # fmt: skip


class TestTheDecision:
    def test_an_answer_is_taken_as_it_was_given(self, differing: Desk) -> None:
        case = adjudication_case(
            differing.ctx, differing.lead, differing.project.id, differing.ids["i2"], "verdict"
        )
        taken = next(answer for answer in case.answers if answer.value == "ugly")
        assert differing.decide("i2", None, answer_id=taken.answer_id)
        with reading(differing.ctx.engine) as session:
            row = session.query(Adjudication).one()
            assert (row.value, row.answer_id, row.reason, row.author_id) == (["ugly"], taken.answer_id, "slip", differing.lead.user_id)  # fmt: skip
        with pytest.raises(NotFound, match="no answer"):
            differing.decide("i1", None, answer_id=taken.answer_id)

    def test_the_same_form_twice_is_one_decision(self, differing: Desk) -> None:
        assert differing.decide("i1", "good", form_token="once") is True
        assert differing.decide("i1", "good", form_token="once") is False
        with reading(differing.ctx.engine) as session:
            assert session.query(Adjudication).count() == 1

    @pytest.mark.parametrize(
        ("value", "more", "words"),
        [
            ("lovely", {}, "not one of good, bad, ugly"),
            (None, {}, "needs an answer"),
            ("good", {"reason": "mood"}, "say why the answers differ: guideline_gap"),
            ("good", {"reason": "guideline_gap"}, "say in a comment"),
            ("good", {"reason": "other", "comment": "  "}, "say in a comment"),
        ],
    )
    def test_a_decision_that_says_too_little_or_does_not_fit_is_refused(
        self, differing: Desk, value: Any, more: dict[str, Any], words: str
    ) -> None:
        with pytest.raises(Invalid, match=words):
            differing.decide("i1", value, **more)
        assert differing.labels()[differing.ids["i1"], "verdict"].source == "aggregate"

    def test_a_decision_is_undone_by_a_new_one_that_names_it(self, differing: Desk) -> None:
        differing.decide("i1", "bad")
        first = differing.standing("i1")
        with pytest.raises(Conflict, match="decided meanwhile") as caught:
            differing.decide("i1", "good", differing.second)
        assert caught.value.current == {"adjudication": first, "value": "bad"}
        with pytest.raises(Invalid, match="nothing is changed"):
            differing.decide("i1", "bad", replaces=first)
        assert differing.decide("i1", "good", differing.second, replaces=first)
        assert differing.label("i1") == ("good", "adjudicated", "second", "slip")
        with pytest.raises(Conflict):
            differing.decide("i1", "ugly", replaces=first)
        with reading(differing.ctx.engine) as session:
            rows = session.query(Adjudication).order_by(Adjudication.id).all()
            assert [(row.value, row.replaces) for row in rows] == [(["bad"], None), (["good"], first)]

    def test_two_who_decide_at_the_same_moment_are_one_decision_and_one_refusal(
        self, differing: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        differing.decide("i1", "bad")
        # The second one looked before the first one committed: what it finds standing is still nothing.
        monkeypatch.setattr("app.services.adjudication.standing_decisions", lambda *_: {})
        with pytest.raises(Conflict, match="at the same moment"):
            differing.decide("i1", "good", differing.second)
        with reading(differing.ctx.engine) as session:
            assert session.query(Adjudication).count() == 1

    def test_an_item_that_nobody_answered_has_nothing_to_decide(self, differing: Desk) -> None:
        differing.ids["i4"] = differing.world.next(differing.people["ann"], differing.project).item.id
        with pytest.raises(Invalid, match="nobody has answered"):
            differing.decide("i4", "good")

    def test_the_annotators_see_the_decision_and_its_reason(self, differing: Desk) -> None:
        differing.decide("i1", "bad", comment="See section 2.")
        (mine,) = work_record.own_decisions(
            differing.ctx, differing.people["ann"], differing.project.id, differing.ids["i1"]
        )
        assert (mine.value, mine.reason, mine.comment) == (["bad"], "slip", "See section 2.")
        with pytest.raises(NotFound):
            work_record.own_decisions(
                differing.ctx, differing.people["cay"], differing.project.id, differing.ids["i3"]
            )

    def test_an_adjudicated_item_goes_back_to_nobody(self, differing: Desk) -> None:
        dan = differing.world.member(differing.project, "dan")
        differing.review("i0", "ann", "rejected", requeue="same")
        differing.review("i1", "bob", "rejected", requeue="other")
        for item in ("i0", "i1"):
            differing.decide(item, "bad")
        # Ann would get i0 again, and dan i1: i3 wants its third answer by the project's overlap, and gets it.
        assert differing.world.next(differing.people["ann"], differing.project).item.external_id == "i4"
        assert differing.world.next(dan, differing.project).item.external_id == "i3"
        row, *_ = (
            row
            for row in work_record.own_answers(
                differing.ctx, differing.people["ann"], differing.project.id, offset=0, limit=9
            )[0]
            if row.item.external_id == "i0"
        )
        assert row.review is not None and (row.review.outcome, row.review.comment) == ("rejected", "words")
        assert row.decided and not row.returned

    def test_a_question_without_a_decision_keeps_the_item_with_its_author(
        self, world: World, tmp_path: Path
    ) -> None:
        two = Desk(
            world, tmp_path, schema=SCHEMA.replace("min: 1, max: 5, required: false", "min: 1, max: 5")
        )
        for login in ("ann", "bob"):
            two.say(login, {"verdict": "good" if login == "ann" else "bad", "score": 3})
        two.review("i0", "ann", "rejected", requeue="same")
        two.decide("i0", "bad")
        assert two.world.next(two.people["ann"], two.project).item.external_id == "i0"
        decide(
            two.ctx, two.lead, two.project.id, two.ids["i0"], "score", value=3, reason="slip", form_token="s"
        )
        assert two.world.next(two.people["ann"], two.project).item.external_id == "i1"

    @pytest.mark.parametrize("seconds", [-3.0, 0.0, math.nan, math.inf])
    def test_seconds_that_no_clock_measures_are_unknown(self, differing: Desk, seconds: float) -> None:
        differing.decide("i1", "bad", seconds=seconds)
        found = decision_time(differing.ctx, differing.lead, differing.project.id)
        assert (found.n, found.median_seconds, found.total_seconds) == (0, None, 0)


class TestTheFinalLabel:
    def test_adjudication_goes_before_review_and_review_before_the_vote(self, differing: Desk) -> None:
        assert differing.label("i1") == ("good", "aggregate", "majority", "")
        differing.review("i1", "ann", "fixed", answers={"verdict": "ugly"})
        assert differing.label("i1") == ("ugly", "review", "lead", "")
        differing.decide("i1", "bad", differing.second)
        assert differing.label("i1") == ("bad", "adjudicated", "second", "slip")

    def test_a_tie_is_no_label(self, differing: Desk) -> None:
        assert differing.label("i2") == (None, None, "", "tie")
        found = differing.labels()[differing.ids["i2"], "verdict"]
        assert (found.n, found.equal) == (3, 1)

    def test_reviews_that_contradict_each_other_are_no_label(self, differing: Desk) -> None:
        differing.review("i1", "ann", "accepted")
        assert differing.label("i1")[:2] == ("good", "review")
        differing.review("i1", "cay", "accepted")
        assert differing.label("i1") == (None, None, "", "reviews_differ")

    def test_rejected_answers_do_not_vote_and_their_successors_do(self, differing: Desk) -> None:
        differing.review("i3", "bob", "rejected", requeue="same")
        assert differing.label("i3") == ("good", "aggregate", "majority", "")
        task = differing.world.next(differing.people["bob"], differing.project)
        assert task.item.external_id == "i3"
        differing.world.submit(differing.people["bob"], task, verdict="ugly")
        assert differing.label("i3") == (None, None, "", "tie")

    def test_what_a_reviewer_let_stand_outlives_a_revision_until_that_is_reviewed(
        self, differing: Desk
    ) -> None:
        differing.review("i1", "ann", "fixed", answers={"verdict": "bad"})
        task = assignment.open_task(
            differing.ctx, differing.people["ann"], differing.project.id, differing.ids["i1"]
        )
        differing.world.submit(differing.people["ann"], task, verdict="good")
        assert differing.label("i1")[:2] == ("bad", "review")

    @pytest.mark.parametrize(
        ("rule", "i0", "i1"),
        [
            ("majority", ("good", "majority", ""), ("good", "majority", "")),
            ("first", ("good", "first", ""), ("good", "first", "")),
            ("adjudicated", ("good", "unanimous", ""), (None, "", "differ")),
        ],
    )
    def test_the_aggregate_follows_the_projects_rule(
        self, differing: Desk, rule: str, i0: tuple[Any, ...], i1: tuple[Any, ...]
    ) -> None:
        projects.change_settings(differing.ctx, OPERATOR, differing.project.id, aggregation=rule)
        for item, expected in (("i0", i0), ("i1", i1)):
            value, _, by, note = differing.label(item)
            assert (value, by, note) == expected

    def test_several_labels_in_another_order_and_texts_in_other_capitals_are_one_vote(
        self, desk: Desk
    ) -> None:
        for login, words in (("ann", "Too  loud"), ("bob", "too loud"), ("cay", "fine")):
            desk.say(login, {"verdict": "good", "why": words})
        found = desk.labels()[desk.ids["i0"], "why"]
        assert (found.value, found.equal, found.n) == ("Too  loud", 2, 3)

    def test_the_export_has_it_in_every_row_and_narrows_to_what_was_adjudicated(
        self, differing: Desk, tmp_path: Path
    ) -> None:
        differing.decide("i2", "ugly", reason="guideline_gap", comment="Nothing on irony.")
        out = tmp_path / "all.jsonl"
        args = (differing.ctx, OPERATOR, differing.project.id)
        assert export_answers(*args, out, format="jsonl") == 11
        rows = [json.loads(line) for line in out.read_text().splitlines()]
        seen = {
            (r["external_id"], r["final"], r["final_source"], r["final_by"], r["final_note"]) for r in rows
        }
        assert seen == {
            ("i0", "good", "aggregate", "majority", None),
            ("i1", "good", "aggregate", "majority", None),
            ("i2", "ugly", "adjudicated", "lead", "guideline_gap"),
            ("i3", None, None, None, "tie"),
        }
        # In bits: 2/3 and 1/3 are 2/3 * 0.585 + 1/3 * 1.585; three thirds 1.585; two halves 1.
        third, soft = 1 / 3, {row["external_id"]: row for row in rows}
        for item, shares, entropy, people in (
            ("i0", {"good": 1.0}, 0.0, 3),
            ("i1", {"good": 2 / 3, "bad": third}, 0.9183, 3),
            ("i2", {"good": third, "bad": third, "ugly": third}, 1.585, 3),
            ("i3", {"good": 0.5, "bad": 0.5}, 1.0, 2),
        ):
            row = soft[item]
            assert row["label_shares"] == pytest.approx(shares) and row["label_people"] == people
            assert row["label_confidence"] == pytest.approx(max(shares.values()))
            assert row["label_entropy"] == pytest.approx(entropy, abs=1e-4)
        few = tmp_path / "few.csv"
        assert export_answers(*args, few, format="csv", only="adjudicated") == 3
        with few.open(newline="") as file:
            assert {(r["external_id"], r["final"]) for r in csv.DictReader(file)} == {("i2", "ugly")}

    def test_the_export_has_the_review_and_its_time_beside_the_answer(
        self, differing: Desk, tmp_path: Path
    ) -> None:
        differing.review("i1", "cay", "rejected", requeue="nobody", seconds=12.5)
        out = tmp_path / "o.jsonl"
        export_answers(differing.ctx, OPERATOR, differing.project.id, out, format="jsonl")
        rows = [json.loads(line) for line in out.read_text().splitlines()]
        assert [(r["producer"], r["review"], r["review_comment"], r["review_seconds"]) for r in rows if r["review"]] == [
            ("cay", "rejected", "words", 12.5)
        ]  # fmt: skip

    def test_the_export_has_what_the_reviewer_said_and_fixed(self, differing: Desk, tmp_path: Path) -> None:
        differing.review(
            "i1",
            "cay",
            "fixed",
            answers={"verdict": "good", "score": 2},
            question_comments={"verdict": "Be kind."},
        )
        differing.review("i2", "bob", "rejected", requeue="nobody")
        out = tmp_path / "o.jsonl"
        export_answers(differing.ctx, OPERATOR, differing.project.id, out, format="jsonl")
        rows = [json.loads(line) for line in out.read_text().splitlines()]
        names = ("reviewer", "review_question_comment", "review_fixed", "review_requeue", "review_levels")
        assert [tuple(r[name] for name in names) for r in rows if r["review"]] == [
            ("lead", None, None, "nobody", None), ("lead", "Be kind.", "good", None, None),
        ]  # fmt: skip

    def test_the_case_has_the_comment_on_its_question(self, differing: Desk) -> None:
        differing.review("i1", "cay", "accepted", question_comments={"verdict": "Be kind.", "score": "?"})
        case = adjudication_case(
            differing.ctx, differing.lead, differing.project.id, differing.ids["i1"], "verdict"
        )
        assert [answer.review for answer in case.answers if answer.review] == ["accepted: words; Be kind."]

    def test_a_list_has_one_label_an_item(self, differing: Desk) -> None:
        differing.decide("i3", "bad")
        found = list_final_labels(differing.ctx, differing.lead, differing.project.id, question="verdict")
        assert [(one.item, one.label, one.source) for one in found] == [
            ("i0", "good", "aggregate"), ("i1", "good", "aggregate"), ("i2", None, None), ("i3", "bad", "adjudicated"),
        ]  # fmt: skip


class TestTheFigures:
    def test_reasons_are_counted_of_the_decisions_that_stand(self, differing: Desk) -> None:
        differing.decide("i1", "bad")
        differing.decide("i1", "good", reason="ambiguous", replaces=differing.standing("i1"))
        differing.decide("i2", "good", reason="other", comment="odd")
        found = adjudication_figures(differing.ctx, differing.lead, differing.project.id)
        assert found.decided == 2
        assert [(row.question, row.reason, row.n) for row in found.reasons] == [
            ("verdict", "ambiguous", 1),
            ("verdict", "other", 1),
        ]

    def test_each_annotators_overturned_answers_have_n_and_an_interval(self, differing: Desk) -> None:
        differing.decide("i1", "bad")  # ann and bob said good
        differing.decide("i2", "good")  # bob said bad, cay ugly
        differing.decide("i3", "good", reason="two_right")  # says nothing about who was wrong
        found = adjudication_figures(differing.ctx, differing.lead, differing.project.id)
        shares = {login: (share.count, share.n) for login, share in found.overturned.items()}
        assert shares == {"ann": (1, 2), "bob": (2, 2), "cay": (1, 2)} and found.two_right == 1
        # Wilson of 2 of 2: centre (1 + 1.92) / 2.92 → low 2 / (2 + 3.8415) = .3424, high 1.
        bob = found.overturned["bob"]
        assert bob.low == pytest.approx(0.3424, abs=1e-4) and bob.high == pytest.approx(1.0)

    def test_an_adjudicator_is_overturned_by_somebody_elses_later_decision_only(
        self, differing: Desk
    ) -> None:
        differing.decide("i1", "bad")
        differing.decide("i1", "ugly", replaces=differing.standing("i1"))  # changed their own mind
        differing.decide("i1", "good", differing.second, replaces=differing.standing("i1"))
        differing.decide("i2", "good")
        differing.decide(
            "i2", "good", differing.second, reason="ambiguous", replaces=differing.standing("i2")
        )
        lead, second = adjudication_figures(differing.ctx, differing.lead, differing.project.id).adjudicators
        # Of lead's three decisions second looked at three again: two on i1 came out otherwise, i2 did not.
        assert (lead.login, lead.decisions, lead.overturned.count, lead.overturned.n) == ("lead", 3, 2, 3)
        assert (second.login, second.overturned.n, second.overturned.value) == ("second", 0, None)

    def test_a_reviewer_is_overturned_by_a_later_adjudication(self, differing: Desk) -> None:
        differing.review("i1", "ann", "accepted")  # good
        differing.review("i2", "cay", "rejected", requeue="nobody")  # ugly
        differing.review("i3", "bob", "fixed", answers={"verdict": "good"})
        for item, value in (("i1", "bad"), ("i2", "ugly"), ("i3", "good")):
            differing.decide(item, value, differing.second)
        (lead,) = reviewer_figures(differing.ctx, differing.lead, differing.project.id)
        # Accepted good, it was bad; rejected ugly, it was ugly; fixed to good, it was good.
        assert (lead.reviews, lead.overturned.count, lead.overturned.n) == (3, 2, 3)

    def test_ones_own_later_decision_overturns_no_review_of_ones_own(self, differing: Desk) -> None:
        differing.review("i1", "ann", "accepted")
        differing.decide("i1", "bad")
        (lead,) = reviewer_figures(differing.ctx, differing.lead, differing.project.id)
        assert lead.overturned.n == 0

    def test_managers_see_figures_and_annotators_do_not(self, differing: Desk) -> None:
        mara = differing.world.member(differing.project, "mara", "manager")
        assert adjudication_figures(differing.ctx, mara, differing.project.id).decided == 0
        with pytest.raises(NotAllowed):
            adjudication_figures(differing.ctx, differing.people["ann"], differing.project.id)


class TestTheBoard:
    def test_every_item_is_in_one_state(self, differing: Desk) -> None:
        assert differing.states() == {
            "final": ["i0", "i1"],
            "undecided": ["i2"],  # all answers are there and tie
            "in_work": ["i3"],  # wants a third answer
            "not_started": ["i4"],
        }
        found = board(differing.ctx, differing.lead, differing.project.id)
        assert found.n == 5 and sum(column.share or 0 for column in found.columns) == pytest.approx(1)
        assert found.questions == ["verdict"]

    def test_a_hold_is_work_and_a_decision_goes_before_everything(self, differing: Desk) -> None:
        differing.ids["i4"] = differing.world.next(differing.people["ann"], differing.project).item.id
        assert differing.states()["in_work"] == ["i3", "i4"]
        differing.decide("i3", "good")
        assert differing.states()["adjudicated"] == ["i3"]

    def test_what_the_rules_want_looked_at_is_in_review_until_it_is(self, differing: Desk) -> None:
        rules = QUIET | {"disagreement": 1}
        change_review_settings(
            differing.ctx, differing.lead, differing.project.id, rules=rules, requeue="same", hide_names=True
        )
        assert differing.states()["in_review"] == ["i1", "i2"]
        for case in cases_of(differing.ctx, differing.lead, differing.project.id):
            if case.item.external_id == "i1":
                fixed: dict[str, Any] = {"answers": {"verdict": "good"}} if case.login == "cay" else {}
                outcome: Any = "fixed" if fixed else "accepted"
                review(
                    differing.ctx, differing.lead, differing.project.id, case.annotation.id,
                    outcome=outcome, form_token=case.login, **fixed,
                )  # fmt: skip
        assert differing.states()["in_review"] == ["i2"] and "i1" in differing.states()["final"]

    def test_a_rejected_item_stays_rejected_until_its_next_answer(self, differing: Desk) -> None:
        dan = differing.world.member(differing.project, "dan")
        differing.review("i0", "ann", "rejected", requeue="same")
        differing.review("i1", "bob", "rejected", requeue="other")
        assert differing.states()["rejected"] == ["i0", "i1"]
        assert differing.why("i0") == ("rejected", "back at its author")
        assert differing.why("i1") == ("rejected", "waits for somebody else")
        task = differing.world.next(differing.people["ann"], differing.project)
        differing.world.submit(differing.people["ann"], task, verdict="good")
        assert differing.world.next(dan, differing.project).item.external_id == "i1"
        states = differing.states()
        assert "rejected" not in states and "i1" in states["in_work"]

    def test_where_every_answer_is_rejected_for_good_somebody_has_to_decide(self, differing: Desk) -> None:
        assert ("i0", "verdict", "waiting") not in differing.queue()
        for login in ("ann", "bob", "cay"):
            differing.review("i0", login, "rejected", requeue="nobody")
        assert differing.why("i0") == ("undecided", "rejected, and goes to nobody")
        assert ("i0", "verdict", "waiting") in differing.queue()
        (case,) = (
            c
            for c in adjudication_queue(differing.ctx, differing.lead, differing.project.id)
            if c.external_id == "i0"
        )
        assert (case.apart, case.stuck) == (0, "rejected, and goes to nobody")
        differing.decide("i0", "bad")
        assert differing.why("i0") == ("adjudicated", "decided over several answers")
        differing.review("i1", "cay", "rejected", requeue="nobody")
        assert differing.why("i1") == ("final", "out of the answers")

    def test_where_nobody_else_is_left_to_answer_somebody_has_to_decide(self, differing: Desk) -> None:
        dan = differing.world.member(differing.project, "dan")
        for login in ("ann", "bob", "cay"):
            differing.review("i1", login, "rejected", requeue="other")
        assert differing.why("i1") == ("rejected", "waits for somebody else")
        assert ("i1", "verdict", "waiting") in differing.queue()  # people differ all the same
        accounts.disable_user(differing.ctx, OPERATOR, login=dan.login)
        assert differing.why("i1") == ("undecided", "rejected, and nobody else is left")

    def test_a_rejection_asks_somebody_else_only_where_there_is_one(self, differing: Desk) -> None:
        with pytest.raises(Invalid, match="every annotator of this project has had this item"):
            differing.review("i1", "ann", "rejected", requeue="other")
        # A second lead could label it, and is not waited for: it is not their work.
        assert differing.states()["final"] == ["i0", "i1"]
        differing.world.member(differing.project, "dan")
        differing.review("i1", "ann", "rejected", requeue="other")
        assert differing.why("i1") == ("rejected", "waits for somebody else")

    def test_where_the_author_has_left_somebody_has_to_decide(self, differing: Desk) -> None:
        for login in ("ann", "bob", "cay"):
            differing.review("i0", login, "rejected", requeue="same" if login == "ann" else "nobody")
        assert differing.why("i0") == ("rejected", "back at its author")
        assert ("i0", "verdict", "waiting") not in differing.queue()
        accounts.disable_user(differing.ctx, OPERATOR, login="ann")
        assert differing.why("i0") == ("undecided", "rejected, and its author has left")
        assert ("i0", "verdict", "waiting") in differing.queue()

    def test_the_board_is_narrowed_by_id_and_query(self, differing: Desk) -> None:
        def found(**more: Any) -> list[str]:
            made = board(differing.ctx, differing.lead, differing.project.id, **more)
            assert made.n == sum(column.count for column in made.columns)
            return sorted(item.external_id for column in made.columns for item in column.items)

        assert found(contains="I3") == ["i3"] and found(contains="%") == []
        assert found(query="by:cay") == ["i0", "i1", "i2"] and found(query="by:cay", contains="1") == ["i1"]
        with pytest.raises(Invalid):
            found(query="mood:blue")

    def test_one_question_by_itself_has_its_own_board(self, differing: Desk) -> None:
        # Nobody answered `score`: whatever is complete has no label there.
        assert differing.states("score")["undecided"] == ["i0", "i1", "i2"]
        assert differing.why("i0", question="score") == ("undecided", "nobody answered the question")
        with pytest.raises(Invalid):
            board(differing.ctx, differing.lead, differing.project.id, question="mood")

    def test_an_empty_project_has_an_empty_board(self, world: World) -> None:
        project = world.project()
        lead = world.member(project, "lead", "qa_lead")
        found = board(world.ctx, lead, project.id)
        assert found.n == 0 and {column.share for column in found.columns} == {None}

    def test_annotators_have_no_board(self, differing: Desk) -> None:
        with pytest.raises(NotAllowed):
            board(differing.ctx, differing.people["ann"], differing.project.id)


def test_a_new_version_of_an_item_has_its_own_case(desk: Desk, tmp_path: Path) -> None:
    desk.say("ann", "good")
    desk.say("bob", "bad")
    assert desk.queue() == [("i0", "verdict", "waiting")]
    desk.decide("i0", "bad")
    desk.world.fill(desk.project, [{"id": "i0", "text": "Another text."}], tmp_path)
    assert desk.queue() == []
    # The old answers keep the label of the version that they are about.
    with reading(desk.ctx.engine) as session:
        found = final_labels(session, desk.project, [desk.ids["i0"]])
    assert found[desk.ids["i0"], "verdict"].value == "bad"


def test_a_skip_is_no_answer(desk: Desk) -> None:
    desk.say("ann", "good")
    task = desk.world.next(desk.people["bob"], desk.project)
    answering.skip(
        desk.ctx, desk.people["bob"], item_id=task.item.id, form_token=task.lease.form_token, reason="no"
    )
    assert desk.queue() == [] and desk.label("i0") == ("good", "aggregate", "majority", "")


class TestTheCommands:
    @pytest.fixture
    def milo(self, differing: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., str]:
        monkeypatch.chdir(tmp_path)
        address = differing.ctx.engine.url.render_as_string(hide_password=False)
        monkeypatch.setenv("MILO_DATABASE_URL", address)

        def run(*arguments: str) -> str:
            result = CliRunner().invoke(app, list(arguments))
            assert result.exit_code == 0, f"{result.output}\n{result.exception!r}"
            return result.stdout

        return run

    def test_labels_export_and_figures_are_commands(self, differing: Desk, milo: Callable[..., str]) -> None:
        differing.decide("i3", "bad", reason="guideline_gap", comment="Nothing on tone.")
        labels = json.loads(
            milo("report", "labels", "Desk", "--method", "final", "--question", "verdict", "--json")
        )
        assert [(one["item"], one["label"], one["source"], one["by"]) for one in labels][2:] == [
            ("i2", None, None, ""), ("i3", "bad", "adjudicated", "lead"),
        ]  # fmt: skip
        words = milo("report", "labels", "Desk", "--method", "final")
        assert "4 labels: 2 aggregate, 1 without a label, 1 adjudicated" in words and "tie" in words
        figures = json.loads(milo("report", "adjudication", "Desk", "--json"))["adjudication"]
        assert figures["reasons"] == [{"question": "verdict", "reason": "guideline_gap", "n": 1}]
        # Ann said good: overturned, one of one.
        assert figures["overturned"]["ann"]["count"] == 1
        assert "answers of ann" in milo("report", "adjudication", "Desk")
        assert "wrote 2 rows" in milo("export", "Desk", "--out", "few.jsonl", "--only", "adjudicated")


def test_the_history_of_an_item_has_its_labels_reviews_and_decisions(differing: Desk) -> None:
    differing.review("i1", "cay", "accepted")
    differing.decide("i1", "ugly", comment="Look again.")
    item = differing.ids["i1"]
    found = item_history(differing.ctx, differing.lead, differing.project.id, item)
    assert [(label.value, label.source) for label in found.labels] == [("ugly", "adjudicated")]
    assert [(row.comment, by) for row, by in found.decisions] == [("Look again.", "lead")]
    assert [[by for _, by in rows] for rows in found.reviews.values() if rows] == [["lead"]]
    # The project hides names: who answered is told when asked for.
    assert found.names_hidden and [person.name for person in found.people] == ["A", "B", "C"]
    named = item_history(differing.ctx, differing.lead, differing.project.id, item, names=True)
    assert sorted(person.name for person in named.people) == ["ann", "bob", "cay"]
    # No browser reported anything: no time is known, which is not zero.
    assert {(person.handling_seconds, person.rework_seconds) for person in found.people} == {(None, None)}
    mine = item_history(differing.ctx, differing.people["ann"], differing.project.id, item)
    assert mine.labels == [] and all(not rows for rows in mine.reviews.values())


def test_rework_is_no_handling_time_in_an_items_history(differing: Desk) -> None:
    item, now = differing.ids["i1"], utc_now()
    with transaction(differing.ctx.engine) as session:
        for stage, seconds in (("annotate", 20.0), ("annotate", 5.0), ("rework", 40.0)):
            session.add(
                Visit(
                    project_id=differing.project.id, item_id=item, user_id=differing.people["ann"].user_id,
                    opened_at=now, last_event_at=now, idle_rule_seconds=120, stage=stage, working=seconds,
                )
            )  # fmt: skip
    found = item_history(differing.ctx, differing.lead, differing.project.id, item, names=True)
    ann = next(person for person in found.people if person.name == "ann")
    # 20 + 5 until the submit; the 40 after it stand apart.
    assert (ann.handling_seconds, ann.rework_seconds) == (25.0, 40.0)


def test_the_time_of_those_who_decide_is_told_apart_from_handling_time(differing: Desk) -> None:
    nothing = decision_time(differing.ctx, differing.lead, differing.project.id)
    assert (nothing.n, nothing.median_seconds) == (0, None)
    differing.review("i1", "cay", "accepted", seconds=10.0)
    differing.decide("i2", "ugly", seconds=30.0)
    differing.decide("i3", "good")  # not said
    found = decision_time(differing.ctx, differing.lead, differing.project.id)
    assert (found.n, found.median_seconds, found.total_seconds) == (2, 20.0, 40.0)
    # No browser timed an answer: the time of those who decide is told all the same.
    report = time_report(differing.ctx, differing.lead, differing.project.id)
    assert report.n == 0 and [(row.group, row.n, row.median) for row in report.stages if row.n] == [
        ("review", 1, 10.0)
    ]


def test_to_decide_again_takes_no_second_slot_away(differing: Desk) -> None:
    differing.world.member(differing.project, "dan")
    differing.review("i1", "bob", "rejected", requeue="other")
    item = differing.ids["i1"]

    def wanted() -> int:
        with reading(differing.ctx.engine) as session:
            return answered.open_slots_of(session, [item])[item]

    assert wanted() == 1
    differing.decide("i1", "good")
    assert wanted() == 0
    with transaction(differing.ctx.engine) as session:
        leases.open_slot(session, item)  # one more answer is wanted, whatever was decided
    differing.decide("i1", "bad", replaces=differing.standing("i1"))
    assert wanted() == 1


def test_a_comment_on_a_decision_that_is_too_long_is_refused_and_not_cut(differing: Desk) -> None:
    with pytest.raises(Invalid, match="has 2001 characters; at most 2000 are kept"):
        differing.decide("i1", "good", comment="w" * 2001)
    assert differing.decide("i1", "good", comment="w" * 2000)
