"""The order and the extent of the queue: rework first, a second look by lot, and nothing computed twice."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

from app.cli import app
from app.schema.workplace import ReviewRules
from app.services import adjudication, arms, assignment
from app.services import review_queue as queue_module
from app.services.adjudication_queue import adjudication_queue
from app.services.context import Actor
from app.services.final_labels import list_final_labels
from app.services.review_case import ReviewCase, case_again
from app.services.review_figures import reviewer_figures
from app.services.review_settings import change_review_settings
from app.services.reviewed import reviewed
from db.engine import reading, transaction
from db.models import Review
from db.records import ProjectRecord
from db.store import answered, leases
from tests.app.services.reviewing import cases_of, review_up_to_date
from tests.app.services.world import World

NONE = ReviewRules(disagreement=0, judge_doubt=0, new_person=0, floor=0, second_look=0)
ALL = NONE.model_copy(update={"floor": 1.0})


class Desk:
    """Ann answered items; lead, second and third review."""

    def __init__(self, world: World, folder: Path, *, count: int = 6, overlap: int = 1) -> None:
        self.world, self.ctx = world, world.ctx
        self.project: ProjectRecord = world.project(overlap=overlap, judge_on=False)
        world.fill(self.project, [{"id": f"i{n}", "text": f"t{n}"} for n in range(count)], folder)
        self.ann = world.member(self.project, "ann")
        for _ in range(count):
            world.submit(self.ann, world.next(self.ann, self.project), verdict="good")
        self.lead, self.second, self.third = (
            world.member(self.project, login, "qa_lead") for login in ("lead", "second", "third")
        )

    def cases(self, who: Actor, rules: ReviewRules = ALL, **more: Any) -> list[ReviewCase]:
        return cases_of(self.ctx, who, self.project.id, rules=rules, **more)

    def of(self, item: str, who: Actor, rules: ReviewRules = ALL) -> ReviewCase:
        return next(case for case in self.cases(who, rules) if case.item.external_id == item)

    def review(self, who: Actor, case: ReviewCase, outcome: str, **more: Any) -> None:
        token = f"{who.login}-{case.annotation.id}-{case.standing}"
        review_up_to_date(
            self.ctx, who, self.project.id, case.annotation.id, outcome=outcome, form_token=token,
            **({"comment": "no"} if outcome == "rejected" else {}), **more,
        )  # fmt: skip


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Desk:
    return Desk(world, tmp_path)


def test_rework_comes_first_however_much_is_older(desk: Desk) -> None:
    for item in ("i4", "i1"):
        desk.review(desk.lead, desk.of(item, desk.lead), "rejected", requeue="same")
        desk.world.submit(desk.ann, desk.world.next(desk.ann, desk.project), verdict="bad")
    found = queue_module.review_queue(desk.ctx, desk.second, desk.project.id, rules=ALL, limit=2)
    assert found.waiting == 6
    assert {case.item.external_id for case in found.cases} == {"i1", "i4"}
    case = found.cases[0]
    assert case.why == ["revised after a review"] and case.before == {"verdict": "good"}
    assert [(e.revision, e.reviewer, e.review.outcome, e.review.comment) for e in case.earlier] == [
        (1, "lead", "rejected", "no")
    ]
    assert (case.standing, case.blind) == (None, False)


def test_every_reviewer_has_an_order_of_their_own(world: World, tmp_path: Path) -> None:
    desk = Desk(world, tmp_path, count=12)
    orders = [
        [case.item.external_id for case in desk.cases(who)] for who in (desk.lead, desk.second, desk.third)
    ]
    assert sorted(orders[0]) == sorted(orders[1]) == sorted(orders[2])
    # 12! orders: three equal ones are no accident, nor is the same one at every look.
    assert len({tuple(order) for order in orders}) == 3
    assert orders[0] == [case.item.external_id for case in desk.cases(desk.lead)]


def test_what_was_put_off_comes_last(desk: Desk) -> None:
    ids = [case.annotation.id for case in desk.cases(desk.lead)]
    again = [case.annotation.id for case in desk.cases(desk.lead, skipped=[ids[2], ids[0]])]
    assert again == [ids[1], *ids[3:], ids[2], ids[0]]
    # What is on the desk stays there, whatever arrives.
    assert desk.cases(desk.lead, skipped=[ids[2]], opened=ids[4])[0].annotation.id == ids[4]


def test_the_queue_follows_what_is_added_without_looking_at_everything_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(desk.cases(desk.lead)) == 6
    looked: list[list[int]] = []
    real = queue_module._look

    def watched(*arguments: Any) -> Any:
        looked.append(list(arguments[-1]))
        return real(*arguments)

    monkeypatch.setattr(queue_module, "_look", watched)
    monkeypatch.setattr(queue_module, "_all", lambda *_: pytest.fail("everything was looked at again"))
    case = desk.cases(desk.lead)[0]
    desk.review(desk.lead, case, "accepted")
    assert len(desk.cases(desk.lead)) == 5
    desk.world.submit(
        desk.ann, assignment.open_task(desk.ctx, desk.ann, desk.project.id, case.item.id), verdict="bad"
    )
    assert desk.cases(desk.lead)[0].item.id == case.item.id
    assert [ids for ids in looked if ids] == [[case.item.id], [case.item.id]]


class TestTheSecondLook:
    RULES = NONE.model_copy(update={"second_look": 1.0})

    def test_a_second_reviewer_decides_without_seeing_the_first_and_it_is_counted(self, desk: Desk) -> None:
        assert desk.cases(desk.second, self.RULES) == []  # nothing is reviewed yet
        for item, outcome in (("i0", "accepted"), ("i1", "rejected"), ("i2", "accepted")):
            desk.review(desk.lead, desk.of(item, desk.lead), outcome, **({"requeue": "nobody"} if outcome == "rejected" else {}))  # fmt: skip
        assert desk.cases(desk.lead, self.RULES) == []
        cases = {case.item.external_id: case for case in desk.cases(desk.second, self.RULES)}
        assert sorted(cases) == ["i0", "i1", "i2"]
        assert all(case.blind and case.earlier == [] and case.standing for case in cases.values())
        assert cases["i0"].why == ["a second look, drawn by lot"]
        desk.review(desk.second, cases["i0"], "fixed", answers={"verdict": "bad"})
        desk.review(desk.second, cases["i1"], "rejected", requeue="nobody")
        desk.review(desk.second, cases["i2"], "accepted")
        # Two have looked: there is no third look.
        assert desk.cases(desk.third, self.RULES) == []
        lead, second = reviewer_figures(desk.ctx, desk.lead, desk.project.id)[:2]
        # Of lead's three reviews one came out otherwise: i0.
        assert (lead.overturned.count, lead.overturned.n) == (1, 3)
        assert (second.overturned.n, second.overturned.value) == (0, None)

    def test_a_share_is_drawn_by_lot_and_stays_drawn(self, world: World, tmp_path: Path) -> None:
        desk = Desk(world, tmp_path, count=20)
        for case in desk.cases(desk.lead):
            desk.review(desk.lead, case, "accepted")
        rules = NONE.model_copy(update={"second_look": 0.5})
        drawn = {case.annotation.id for case in desk.cases(desk.second, rules)}
        expected = {
            case
            for case in (c.annotation.id for c in desk.cases(desk.second, self.RULES))
            if arms.chance(desk.project, "review", "second", case) < 0.5
        }
        assert drawn == expected and 0 < len(drawn) < 20

    def test_an_adjudicated_item_has_had_its_second_look(self, desk: Desk) -> None:
        case = desk.of("i0", desk.lead)
        desk.review(desk.lead, case, "accepted")
        assert len(desk.cases(desk.second, self.RULES)) == 1
        adjudication.decide(
            desk.ctx,
            desk.third,
            desk.project.id,
            case.item.id,
            "verdict",
            reason="slip",
            value="bad",
            form_token="d",
        )
        assert desk.cases(desk.second, self.RULES) == []


class TestAgreement:
    """What counts as another answer."""

    RULES = NONE.model_copy(update={"disagreement": 1.0})

    def two(self, world: World, folder: Path, **words: str) -> tuple[Desk, Actor]:
        desk = Desk(world, folder, count=1, overlap=2)
        bob = world.member(desk.project, "bob")
        world.submit(bob, world.next(bob, desk.project), **{"verdict": "bad", **words})
        return desk, bob

    def test_a_rejected_answer_makes_nobody_differ(self, world: World, tmp_path: Path) -> None:
        desk, _ = self.two(world, tmp_path)
        bobs = next(case for case in desk.cases(desk.lead, self.RULES) if case.login == "bob")
        desk.review(desk.lead, bobs, "rejected", requeue="nobody")
        assert desk.cases(desk.lead, self.RULES) == []

    def test_an_answer_that_was_fixed_counts_as_it_was_fixed(self, world: World, tmp_path: Path) -> None:
        desk, _ = self.two(world, tmp_path)
        bobs = next(case for case in desk.cases(desk.lead, self.RULES) if case.login == "bob")
        desk.review(desk.lead, bobs, "fixed", answers={"verdict": "good"})
        assert desk.cases(desk.lead, self.RULES) == []

    def test_written_answers_are_compared_only_where_that_is_wanted(
        self, world: World, tmp_path: Path
    ) -> None:
        desk = Desk(world, tmp_path, count=1, overlap=3)
        for login, why in (("bob", "Kind."), ("cay", "Short.")):
            person = world.member(desk.project, login)
            world.submit(person, world.next(person, desk.project), verdict="good", why=why)
        assert desk.cases(desk.lead, self.RULES) == []
        found = desk.cases(desk.lead, self.RULES.model_copy(update={"texts": True}))
        assert sorted(case.login for case in found) == ["bob", "cay"]


def test_a_case_holds_what_its_author_saw_and_did(desk: Desk) -> None:
    case = desk.of("i0", desk.lead)
    assert (case.seconds, case.turns, dict(case.suggestions), case.others) == (None, [], {}, [])
    assert (case.earlier, case.before, case.standing, case.blind, case.own) == ([], None, None, False, False)


def test_an_item_that_a_link_asks_for_comes_first_if_it_waits(desk: Desk) -> None:
    last = desk.cases(desk.lead)[-1].item
    found = queue_module.review_queue(desk.ctx, desk.lead, desk.project.id, rules=ALL, item=last.id)
    assert (found.waiting, found.cases[0].item.id) == (6, last.id)
    desk.review(desk.lead, found.cases[0], "accepted")
    after = queue_module.review_queue(desk.ctx, desk.lead, desk.project.id, rules=ALL, item=last.id)
    assert after.cases[0].item.id != last.id


class TestADecidedItem:
    """Every question that needs a label was adjudicated: nobody looks at it again, nobody is asked again."""

    def decided(self, desk: Desk, item_id: int) -> None:
        adjudication.decide(
            desk.ctx, desk.third, desk.project.id, item_id, "verdict", reason="slip", value="bad", form_token="d"
        )  # fmt: skip

    def test_its_answers_wait_for_no_reviewer(self, desk: Desk) -> None:
        case = desk.of("i0", desk.lead)
        waiting = len(desk.cases(desk.lead))
        self.decided(desk, case.item.id)
        names = [one.item.external_id for one in desk.cases(desk.lead)]
        assert len(names) == waiting - 1 and "i0" not in names

    @pytest.mark.parametrize("requeue", ["same", "other"])
    def test_a_later_rejection_hands_nothing_on(self, desk: Desk, requeue: str) -> None:
        bob = desk.world.member(desk.project, "bob")
        case = desk.of("i0", desk.lead)
        self.decided(desk, case.item.id)
        desk.review(desk.lead, case, "rejected", requeue=requeue)
        for person in (desk.ann, bob):
            assert assignment.next_task(desk.ctx, person, desk.project.id).task is None
        stored = case_again(desk.ctx, desk.lead, desk.project.id, case.annotation.id).earlier[-1].review
        assert (stored.outcome, stored.requeue) == ("rejected", "nobody")

    def test_to_decide_a_rejection_again_takes_no_slot_of_somebody_elses(self, desk: Desk) -> None:
        desk.world.member(desk.project, "bob")
        case = desk.of("i0", desk.lead)
        desk.review(desk.lead, case, "rejected", requeue="other")
        self.decided(desk, case.item.id)  # takes the slot back
        with transaction(desk.ctx.engine) as session:
            leases.open_slot(session, case.item.id)  # more answers are wanted of every item
        again = case_again(desk.ctx, desk.second, desk.project.id, case.annotation.id)
        desk.review(desk.second, again, "accepted")
        with reading(desk.ctx.engine) as session:
            assert answered.open_slots_of(session, [case.item.id]) == {case.item.id: 1}


class TestASecondLookThatComesOutOtherwise:
    RULES = NONE.model_copy(update={"second_look": 1.0})

    def blind(self, desk: Desk, first: str, second: str, **more: Any) -> ReviewCase:
        """Lead decides about i0 (a fix makes it bad), then second, who does not see that."""
        fix: dict[str, Any] = {"answers": {"verdict": "bad"}}
        case = desk.of("i0", desk.lead)
        desk.review(desk.lead, case, first, **(fix if first == "fixed" else {}))
        (again,) = desk.cases(desk.second, self.RULES)
        assert again.blind
        desk.review(desk.second, again, second, blind=True, **(fix if second == "fixed" else {}), **more)
        return again

    def label(self, desk: Desk) -> tuple[Any, str | None, str]:
        found = {one.item: one for one in list_final_labels(desk.ctx, desk.lead, desk.project.id)}["i0"]
        return found.label, found.source, found.note

    def looks(self, desk: Desk) -> dict[str, tuple[int, int]]:
        """Reviewer -> (blind second looks at their reviews that agree, of how many)."""
        found = reviewer_figures(desk.ctx, desk.lead, desk.project.id)
        return {one.login: (one.agreed_blind.count, one.agreed_blind.n) for one in found}

    @pytest.mark.parametrize("outcome", ["accepted", "fixed", "rejected"])
    def test_one_that_comes_out_alike_agrees(self, desk: Desk, outcome: str) -> None:
        self.blind(desk, outcome, outcome)
        assert self.looks(desk) == {"lead": (1, 1), "second": (0, 0)}

    def test_who_saw_the_first_review_overrules_and_is_no_second_look(self, desk: Desk) -> None:
        looked = self.blind(desk, "accepted", "accepted")
        case = desk.of("i1", desk.lead)
        desk.review(desk.lead, case, "accepted")
        seen = case_again(desk.ctx, desk.second, desk.project.id, case.annotation.id)
        desk.review(desk.second, seen, "rejected", requeue="nobody")
        lead = next(
            one for one in reviewer_figures(desk.ctx, desk.lead, desk.project.id) if one.login == "lead"
        )
        # Of two reviews that somebody decided again one came out otherwise; of the one blind look none.
        assert (lead.overturned.count, lead.overturned.n) == (1, 2)
        assert (lead.agreed_blind.count, lead.agreed_blind.n) == (1, 1)
        # Wilson, z = 1.96, 1 of 1: low = 1/(1 + 1.96^2) = .2065, high = 1.
        assert lead.agreed_blind.low == pytest.approx(0.2065, abs=1e-4)
        # A third review does not make the second look at the first another one.
        again = case_again(desk.ctx, desk.third, desk.project.id, looked.annotation.id)
        desk.review(desk.third, again, "rejected", requeue="nobody")
        assert self.looks(desk)["lead"] == (1, 1)

    def test_the_commands_print_it_with_n_and_interval(self, desk: Desk) -> None:
        self.blind(desk, "accepted", "accepted")
        url = desk.ctx.engine.url.render_as_string(hide_password=False)
        runner = CliRunner(env={"MILO_DATABASE_URL": url})

        def printed(*arguments: str) -> str:
            done = runner.invoke(app, ["report", *arguments])
            assert done.exit_code == 0, done.output
            return done.stdout

        name = desk.project.name
        assert "blind second looks agree 100.0% [20.7%, 100.0%], 1 of 1" in printed("quality", name)
        assert "blind second looks agree 1 of 1: 1.000 [0.207, 1.000]" in printed("adjudication", name)
        reviewers = json.loads(printed("quality", name, "--json"))["reviewers"]
        assert {one["login"]: one["agreed_blind"]["count"] for one in reviewers} == {"lead": 1, "second": 0}

    def cases(self, desk: Desk) -> list[tuple[str, str, str]]:
        found = adjudication_queue(desk.ctx, desk.third, desk.project.id)
        return [(case.external_id, case.question, case.stuck) for case in found if case.state == "waiting"]

    @pytest.mark.parametrize(
        ("first", "second"),
        [("fixed", "accepted"), ("accepted", "fixed"), ("accepted", "rejected"), ("rejected", "accepted")],
    )
    def test_neither_reviewer_overrules_the_other_and_somebody_decides(
        self, desk: Desk, first: str, second: str
    ) -> None:
        case = self.blind(desk, first, second)
        assert self.looks(desk) == {"lead": (0, 1), "second": (0, 0)}
        assert self.label(desk) == (None, None, "reviews_differ")
        assert self.cases(desk) == [("i0", "verdict", "reviews contradict each other")]
        # Nobody is asked meanwhile; both reviews are on record.
        assert self.listed(desk) == [(second, "contradicted"), (first, "contradicted")]
        assert assignment.next_task(desk.ctx, desk.ann, desk.project.id).task is None
        lead = next(
            one for one in reviewer_figures(desk.ctx, desk.lead, desk.project.id) if one.login == "lead"
        )
        assert (lead.overturned.count, lead.overturned.n) == (1, 1)
        adjudication.decide(
            desk.ctx, desk.third, desk.project.id, case.item.id, "verdict", reason="slip", value="bad", form_token="d"
        )  # fmt: skip
        assert self.label(desk) == ("bad", "adjudicated", "slip") and self.cases(desk) == []

    def test_the_same_decision_twice_is_a_label(self, desk: Desk) -> None:
        self.blind(desk, "fixed", "fixed")
        assert self.label(desk) == ("bad", "review", "") and self.cases(desk) == []

    def test_only_the_question_they_differ_on_is_a_case(self, desk: Desk) -> None:
        case = desk.of("i0", desk.lead)
        desk.review(desk.lead, case, "fixed", answers={"verdict": "good", "why": "It is kind."})
        (again,) = desk.cases(desk.second, self.RULES)
        desk.review(desk.second, again, "accepted", blind=True)
        # Good to both; a reason to one of them only, and a free text needs no label.
        assert self.label(desk)[0] == "good" and self.cases(desk) == []

    def test_who_has_seen_the_first_review_may_overrule_it(self, desk: Desk) -> None:
        case = self.blind(desk, "fixed", "accepted")
        seen = case_again(desk.ctx, desk.third, desk.project.id, case.annotation.id)
        desk.review(desk.third, seen, "fixed", answers={"verdict": "bad"})
        assert self.label(desk) == ("bad", "review", "") and self.cases(desk) == []

    def test_a_rejection_to_nobody_by_who_has_seen_the_first_review_contradicts_nothing(
        self, desk: Desk
    ) -> None:
        first = desk.of("i0", desk.lead)
        desk.review(desk.lead, first, "accepted")
        seen = case_again(desk.ctx, desk.second, desk.project.id, first.annotation.id)
        assert not seen.blind
        desk.review(desk.second, seen, "rejected", requeue="nobody", blind=seen.blind)
        # The rejection stands, and nothing else does: the answer is not disputed but gone.
        assert self.label(desk) == (None, None, "none_counts")
        assert self.cases(desk) == [("i0", "verdict", "rejected, and goes to nobody")]
        assert self.listed(desk) == [("rejected", "stands"), ("accepted", "replaced")]

    def test_where_it_is_not_known_what_was_seen_somebody_decides(self, desk: Desk) -> None:
        self.blind(desk, "accepted", "rejected")
        with transaction(desk.ctx.engine) as session:
            session.execute(update(Review).values(blind=None))
        assert self.label(desk) == (None, None, "reviews_differ")
        assert self.listed(desk) == [("rejected", "contradicted"), ("accepted", "contradicted")]

    def test_what_a_reviewer_saw_is_kept_with_the_review(self, desk: Desk) -> None:
        case = self.blind(desk, "accepted", "rejected")
        seen = case_again(desk.ctx, desk.third, desk.project.id, case.annotation.id)
        desk.review(desk.third, seen, "accepted", blind=seen.blind)
        # There is nothing to see before the first review, so that it is blind to none.
        with reading(desk.ctx.engine) as session:
            assert list(session.scalars(select(Review.blind).order_by(Review.id))) == [False, True, False]

    def listed(self, desk: Desk) -> list[tuple[str, str]]:
        lines, _ = reviewed(desk.ctx, desk.third, desk.project.id, mine=False, offset=0, limit=10)
        return [(line.outcome, line.state) for line in lines]


def test_an_item_of_ones_own_that_a_link_asks_for_names_the_toggle(world: World, tmp_path: Path) -> None:
    desk = Desk(world, tmp_path, count=1, overlap=2)
    item = desk.cases(desk.lead)[0].item.id
    world.submit(desk.lead, world.next(desk.lead, desk.project), verdict="good")
    change_review_settings(
        desk.ctx, desk.lead, desk.project.id, rules={"floor": 1.0}, requeue="same", hide_names=True
    )
    words = queue_module.why_not_waiting(desk.ctx, desk.lead, desk.project.id, item)
    assert "answered i0 yourself. Turn on “Also items that I answered myself”" in words
    assert "No answer to that item waits" in queue_module.why_not_waiting(
        desk.ctx, desk.second, desk.project.id, 999
    )
