import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from app.errors import Conflict, Invalid, NotAllowed, NotFound
from app.services.assignment import open_task
from app.services.context import Actor
from app.services.judging import feedback
from app.services.projects import change_settings, describe, set_rubric
from app.services.rubric_editing import exports, look_over, publish, rubric_versions_of
from app.services.rubric_trial import answers_to_try, drawn, prompt_for, try_draft
from db.engine import reading
from db.models import CriterionScore, Item, RubricVersion, Verdict
from db.records import ProjectRecord
from db.store import people
from judge.llm.scripted import Request, ScriptedGateway
from rubrics import Exported, Rubric, catalog, dump_rubric, parse_rubric
from tests.app.services.world import World

MINE = """name: mine
title: Mine
version: 7
pass_mark: 0.5
criteria:
  - id: step
    question: Is the next step named?
    levels:
      - {value: 1, label: none, description: No step is named.}
      - {value: 2, label: named, description: A step is named.}
  - id: short
    question: Is it short?
    required: false
    check: {kind: length, max_words: 5}
    levels:
      - {value: 1, label: long, description: Over seven words.}
      - {value: 2, label: short, description: Five words or fewer.}
"""
CHANGED = MINE.replace("Is the next step named?", "Is one next step named?")


@dataclass
class Desk:
    """A project with three judged answers, its lead, and the annotator who wrote them."""

    world: World
    project: ProjectRecord
    lead: Actor
    ann: Actor

    @property
    def in_force(self) -> int | None:
        record = describe(self.world.ctx, self.lead, self.project.id).rubric
        return record.id if record else None

    def publish(self, text: str, *, over: int | None = None, by: Actor | None = None) -> Any:
        return publish(self.world.ctx, by or self.lead, self.project.id, text, over=over or self.in_force)

    def versions(self) -> list[tuple[str, int, bool]]:
        found = rubric_versions_of(self.world.ctx, self.lead, self.project.id)
        return [(v.rubric.name, v.rubric.version, v.in_force) for v in found if v.stored_id is not None]

    def answers(self) -> list[int]:
        return [answer.answer_id for answer in answers_to_try(self.world.ctx, self.lead, self.project.id)]

    def try_draft(self, text: str, answers: list[int]) -> Any:
        return asyncio.run(try_draft(self.world.ctx, self.lead, self.project.id, text, answers))

    def rows(self, *tables: Any) -> list[int]:
        with reading(self.world.ctx.engine) as session:
            return [session.query(table).count() for table in tables]


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Desk:
    project = world.project()
    world.fill(project, [{"id": f"i{n}", "text": f"When, {n}? Ask a@b.org"} for n in range(3)], tmp_path)
    ann = world.member(project, "ann")
    for number in range(3):
        why = "Please write to us." if number % 2 else "You should have asked somebody before that happened."
        world.submit(ann, world.next(ann, project), verdict="good", why=why)
    world.do_calls()
    return Desk(world, project, world.member(project, "lead", "qa_lead"), ann)


def test_a_published_draft_is_in_force_with_the_first_number_of_its_name(desk: Desk) -> None:
    before = desk.in_force
    published = desk.publish(MINE)
    assert (published.record.name, published.record.version) == ("mine", 1)  # not the 7 of the text
    assert published.is_new and published.changed
    assert desk.in_force == published.record.id
    assert desk.versions() == [("mine", 1, True), ("customer-answer", 1, False)]
    with reading(desk.world.ctx.engine) as session:
        entry = people.list_audit(session, project_id=desk.project.id, limit=1)[0]
    assert (entry["actor"], entry["action"]) == ("lead", "project.rubric")
    assert entry["detail"] == {
        "rubric": "mine",
        "version": 1,
        "rubric_version_id": published.record.id,
        "replaces": before,
    }


def test_a_second_click_publishes_nothing_more(desk: Desk) -> None:
    over = desk.in_force
    first = desk.publish(MINE, over=over)
    entries = desk.rows(RubricVersion)
    again = desk.publish(MINE, over=over)
    assert (again.record, again.is_new, again.changed) == (first.record, False, False)
    assert desk.rows(RubricVersion) == entries
    with reading(desk.world.ctx.engine) as session:
        changes = people.list_audit(session, project_id=desk.project.id, limit=9, action="project.rubric")
    assert len(changes) == 1


def test_numbers_go_on_and_the_same_content_is_the_version_it_was(desk: Desk) -> None:
    first, second = desk.publish(MINE), desk.publish(CHANGED)
    assert (first.record.version, second.record.version) == (1, 2)
    back = desk.publish(MINE.replace("version: 7", "version: 3"))
    assert (back.record, back.is_new, back.changed) == (first.record, False, True)
    third = desk.publish(CHANGED.replace("0.5", "0.6"))
    assert third.record.version == 3
    assert desk.versions()[0] == ("mine", 3, True)
    assert sorted(desk.versions()[1:]) == [
        ("customer-answer", 1, False),
        ("mine", 1, False),
        ("mine", 2, False),
    ]


def test_earlier_verdicts_keep_their_version_and_later_ones_get_the_new(desk: Desk, tmp_path: Path) -> None:
    before = [
        (row["rubric"]["name"], row["total"]) for row in feedback(desk.world.ctx, desk.ann, desk.project.id)
    ]
    desk.publish(MINE)
    rows = feedback(desk.world.ctx, desk.ann, desk.project.id)
    assert [(row["rubric"]["name"], row["total"]) for row in rows] == before
    desk.world.fill(desk.project, [{"id": "later", "text": "And now?"}], tmp_path)
    desk.world.submit(desk.ann, desk.world.next(desk.ann, desk.project), verdict="good", why="Write to us.")
    desk.world.do_calls()
    newest = feedback(desk.world.ctx, desk.ann, desk.project.id)[0]
    assert (newest["rubric"]["name"], newest["rubric"]["version"]) == ("mine", 1)


def test_a_name_of_the_catalogue_stays_the_catalogues(desk: Desk) -> None:
    clarity = catalog()["clarity"]
    other = dump_rubric(clarity.model_copy(update={"title": "Clarity, ours"}))
    assert look_over(other).name_taken and not look_over(dump_rubric(clarity)).name_taken
    with pytest.raises(Invalid, match="clarity-own"):
        desk.publish(other)
    published = desk.publish(dump_rubric(clarity))
    assert published.record.version == clarity.version
    found = rubric_versions_of(desk.world.ctx, desk.lead, desk.project.id)
    assert [(v.source, v.in_force) for v in found if v.rubric.name == "clarity"] == [("catalogue", True)]


def test_who_was_overtaken_is_told_and_nothing_is_changed(desk: Desk) -> None:
    over = desk.in_force
    other = desk.world.member(desk.project, "other", "qa_lead")
    desk.publish(MINE, by=other)
    with pytest.raises(Conflict, match="mine version 1 in force since you began"):
        desk.publish(CHANGED, over=over)
    assert desk.versions()[0] == ("mine", 1, True)


def test_of_two_who_publish_at_once_one_is_told(desk: Desk) -> None:
    over = desk.in_force

    def attempt(text: str) -> str:
        try:
            return str(desk.publish(text, over=over).record.version)
        except Conflict:
            return "told"

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(attempt, (MINE, CHANGED)))
    assert sorted(outcomes) == ["1", "told"]
    assert [version for version in desk.versions() if version[0] == "mine"] == [("mine", 1, True)]


def test_a_text_that_is_no_rubric_is_not_published(desk: Desk) -> None:
    with pytest.raises(Invalid, match=r"line 6.*must ascend"):
        desk.publish(MINE.replace("value: 2, label: named", "value: 1, label: named"))
    assert desk.versions() == [("customer-answer", 1, True)]


def test_annotators_and_managers_edit_no_rubrics_and_administrators_do(desk: Desk) -> None:
    ctx, project = desk.world.ctx, desk.project.id
    manager = desk.world.member(desk.project, "mara", "manager")
    for actor in (desk.ann, manager):
        with pytest.raises(NotAllowed, match="edit rubrics"):
            desk.publish(MINE, by=actor)
        with pytest.raises(NotAllowed):
            rubric_versions_of(ctx, actor, project)
        with pytest.raises(NotAllowed):
            answers_to_try(ctx, actor, project)
    stranger = desk.world.person("stranger")
    with pytest.raises(NotFound):
        desk.publish(MINE, by=stranger)
    with pytest.raises(NotFound):
        prompt_for(ctx, stranger, project, MINE, 1)
    assert desk.publish(MINE, by=desk.world.person("root", admin=True)).is_new


def test_the_list_has_dates_people_and_what_was_judged(desk: Desk) -> None:
    published = desk.publish(MINE)
    ours, first, *rest = rubric_versions_of(desk.world.ctx, desk.lead, desk.project.id)
    assert (ours.rubric.name, ours.put_by, ours.verdicts, ours.source) == ("mine", "lead", 0, "project")
    assert ours.in_force_from is not None and ours.stored_at is not None
    assert ours.hash == published.record.hash
    assert (first.rubric.name, first.verdicts, first.source, first.in_force_from) == (
        "customer-answer", 3, "catalogue", None,
    )  # fmt: skip
    assert [v.rubric.name for v in rest] == sorted(set(catalog()) - {"customer-answer"})
    assert all(v.stored_id is None and v.verdicts == 0 for v in rest)


def test_what_items_name_and_what_administrators_set_is_in_the_list(desk: Desk, tmp_path: Path) -> None:
    own = {**parse_rubric(MINE).model_dump(mode="json"), "name": "of-an-item"}
    path = tmp_path / "own.jsonl"
    path.write_text(json.dumps({"id": "own", "text": "t", "rubric": own}) + "\n")
    desk.world.fill(desk.project, [{"id": "own", "text": "t", "rubric": own}], tmp_path)
    set_rubric(desk.world.ctx, desk.world.person("root", admin=True), desk.project.id, "clarity")
    set_rubric(desk.world.ctx, desk.world.person("root2", admin=True), desk.project.id, None)
    found = {v.rubric.name: v for v in rubric_versions_of(desk.world.ctx, desk.lead, desk.project.id)}
    assert (found["of-an-item"].items, found["of-an-item"].in_force) == (1, False)
    assert (found["clarity"].put_by, found["clarity"].in_force) == ("root", False)
    assert desk.in_force is None
    assert publish(desk.world.ctx, desk.lead, desk.project.id, MINE, over=None).is_new


def test_a_draft_is_tried_beside_the_stored_verdict_and_nothing_is_stored(desk: Desk) -> None:
    before = desk.rows(Verdict, CriterionScore, RubricVersion)
    chosen = desk.answers()
    trials = desk.try_draft(MINE, chosen[:2])
    assert [trial.answer.answer_id for trial in trials] == chosen[:2]
    for trial in trials:
        by_id = {score["id"]: score for score in trial.draft["criteria"]}
        assert (by_id["step"]["level"], by_id["step"]["reason"]) == (None, "needs_language_model")
        words = len(trial.answer.text.split())
        assert by_id["short"]["level"] == (2 if words <= 5 else 1)
        assert by_id["short"]["level_label"] == ("short" if words <= 5 else "long")
        assert trial.stored is not None and trial.stored["rubric"]["name"] == "customer-answer"
    assert desk.rows(Verdict, CriterionScore, RubricVersion) == before
    desk.publish(MINE)
    assert [trial.stored for trial in desk.try_draft(MINE, chosen)] == [None] * 3  # none by this version yet


def test_a_model_judges_the_draft_when_there_is_one(desk: Desk) -> None:
    def reply(request: Request) -> dict[str, object]:
        said = {"evidence": ["Please"], "rationale": "It names one.", "level": 2, "suggestion": ""}
        return {"step": said}

    gateway = ScriptedGateway(reply)
    desk.world.ctx = replace(desk.world.ctx, gateway=gateway)
    (trial,) = desk.try_draft(MINE, desk.answers()[1:2])
    score = trial.draft["criteria"][0]
    assert (score["level"], score["level_label"], trial.draft["passed"]) == (2, "named", True)
    assert len(gateway.requests) == 1


def test_the_prompt_is_the_one_that_is_sent(desk: Desk) -> None:
    change_settings(
        desk.world.ctx, desk.world.person("root", admin=True), desk.project.id, workplace={"mask": ["email"]}
    )
    gateway = ScriptedGateway(
        lambda request: {"step": {"evidence": [], "rationale": "r", "level": 1, "suggestion": ""}}
    )
    desk.world.ctx = replace(desk.world.ctx, gateway=gateway)
    answer = desk.answers()[0]
    shown = prompt_for(desk.world.ctx, desk.lead, desk.project.id, MINE, answer)
    desk.try_draft(MINE, [answer])
    sent = gateway.requests[0].messages
    assert [message.role for message in sent] == [asked.role for asked in shown] == ["system", "user"]
    assert shown[0].text == sent[0].text  # the same order of criteria and levels
    assert "a@b.org" not in shown[1].text and "[EMAIL-1]" in shown[1].text

    def without_mark(text: str) -> str:
        mark = text[len("<submission-") : text.index(">")]
        return text.replace(mark, "…")

    assert without_mark(shown[1].text) == without_mark(sent[1].text)


def test_a_draft_of_rules_asks_no_model(desk: Desk) -> None:
    rules = parse_rubric(MINE)
    rules = rules.model_copy(update={"criteria": rules.criteria[1:]})
    answer = desk.answers()[0]
    assert prompt_for(desk.world.ctx, desk.lead, desk.project.id, dump_rubric(rules), answer) == []


def test_a_trial_takes_one_to_five_answers_of_this_project(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="1 to 5 answers, not 0"):
        desk.try_draft(MINE, [])
    with pytest.raises(Invalid, match="not 6"):
        desk.try_draft(MINE, list(range(6)))
    with pytest.raises(NotFound, match="999"):
        desk.try_draft(MINE, [desk.answers()[0], 999])
    with pytest.raises(Invalid, match="is empty"):
        desk.try_draft("", desk.answers())
    other = desk.world.project("Other")
    desk.world.fill(other, [{"id": "x", "text": "t"}], tmp_path)
    bob = desk.world.member(other, "bob")
    desk.world.submit(bob, desk.world.next(bob, other), verdict="good", why="Write to us, Bob.")
    lead = desk.world.member(other, "lead2", "qa_lead")
    (foreign,) = answers_to_try(desk.world.ctx, lead, other.id)
    with pytest.raises(NotFound):
        desk.try_draft(MINE, [foreign.answer_id])


def test_only_the_last_revision_of_an_answer_is_offered(desk: Desk) -> None:
    before = answers_to_try(desk.world.ctx, desk.lead, desk.project.id)
    assert {answer.question for answer in before} == {"why"} and len(before) == 3
    assert [answer.external_id for answer in before] == ["i2", "i1", "i0"]  # newest first
    with reading(desk.world.ctx.engine) as session:
        item_id = session.query(Item.id).filter(Item.external_id == "i0").scalar()
    again = open_task(desk.world.ctx, desk.ann, desk.project.id, item_id)
    desk.world.submit(desk.ann, again, verdict="good", why="Please write to us, better.")
    after = answers_to_try(desk.world.ctx, desk.lead, desk.project.id)
    assert [answer.external_id for answer in after] == ["i0", "i2", "i1"]
    assert after[0].text == "Please write to us, better."
    with pytest.raises(NotFound, match="a newer one took its place"):
        desk.try_draft(MINE, [before[-1].answer_id])


def test_a_lot_is_the_same_for_the_same_seed(desk: Desk) -> None:
    before = answers_to_try(desk.world.ctx, desk.lead, desk.project.id)
    assert drawn(before, 2, seed=1) == drawn(before, 2, seed=1)
    assert {a.answer_id for a in drawn(before, 9, seed=2)} == {a.answer_id for a in before}


def test_every_format_is_there_or_says_why_not(desk: Desk) -> None:
    found = exports(desk.world.ctx, parse_rubric(MINE))
    assert isinstance(found["milo"], Exported) and parse_rubric(found["milo"].text) == parse_rubric(MINE)
    reasons = found["prometheus"]
    assert isinstance(reasons, tuple) and any("2 criteria" in reason for reason in reasons)
    single = parse_rubric(MINE)
    single = Rubric(**{**single.model_dump(), "criteria": single.criteria[:1]})
    grader = exports(desk.world.ctx, single)["openai-label"]
    assert isinstance(grader, Exported) and json.loads(grader.text)["model"] == desk.world.ctx.settings.model
