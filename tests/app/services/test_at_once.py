"""Two people decide about one item at the same moment, on PostgreSQL: SQLite has one writer at a time anyway.

The first one has done everything but commit when the second begins, and commits once the second waits for it or is
through. What the second one read before waiting would be out of date: that is what the lock on the item is for.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select, text

from app.errors import Conflict, Invalid
from app.services import adjudication, appeals, assignment, projects
from app.services.context import Actor
from app.services.review import review
from db.engine import Session, reading
from db.models import Adjudication, Appeal, Review
from tests.app.services.reviewing import cases_of, standing_review
from tests.app.services.world import OPERATOR, World

SCHEMA = """
questions:
  - {id: verdict, type: choice, title: 'Good?', options: [{value: good}, {value: bad}]}
  - {id: tone, type: choice, title: 'Tone?', options: [{value: kind}, {value: rude}]}
"""
EVERYTHING = {"disagreement": 0, "judge_doubt": 0, "new_person": 0, "floor": 1, "second_look": 0}
Decision = Callable[[], Any]


@dataclass
class Desk:
    """Ann and bob differ on both questions of one item; lead, second and third decide."""

    world: World
    project: int
    item: int
    people: dict[str, Actor]
    annotations: dict[str, int]

    def review(self, who: str, whose: str, outcome: Any, **more: Any) -> Decision:
        more = {"comment": "no"} | more if outcome == "rejected" else more
        return lambda: review(
            self.world.ctx, self.people[who], self.project, self.annotations[whose], outcome=outcome,
            form_token=f"{who}-{whose}-{outcome}", **more,
        )  # fmt: skip

    def decide(self, who: str, question: str, value: str) -> Decision:
        return lambda: adjudication.decide(
            self.world.ctx, self.people[who], self.project, self.item, question,
            reason="slip", value=value, form_token=f"{who}-{question}",
        )  # fmt: skip

    def appeal(self, review_id: int) -> Decision:
        return lambda: appeals.appeal(
            self.world.ctx, self.people["ann"], self.project, review_id, "The guide says so."
        )

    def rejected(self) -> int:
        """Lead rejects ann's answer and gives it back; the review."""
        self.review("lead", "ann", "rejected", requeue="same")()
        found = standing_review(self.world.ctx, self.annotations["ann"])
        assert found is not None
        return found

    def at_once(self, first: Decision, second: Decision) -> tuple[Any, Any]:
        """What comes of either: what it returns, or the error that it raises."""
        ready, go = threading.Event(), threading.Event()

        def before_commit(_session: Session) -> None:
            if threading.get_ident() == ahead:
                ready.set()
                assert go.wait(30), "nobody let the first one commit"

        with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
            ahead = one.submit(threading.get_ident).result()
            event.listen(Session, "before_commit", before_commit)
            try:
                begun = one.submit(first)
                assert ready.wait(30), "the first one never came to its commit"
                following = other.submit(second)
                self._until_it_waits(following)
                go.set()
                return _outcome(begun), _outcome(following)
            finally:
                go.set()
                wait([begun])  # a listener is not to be taken away while it is called
                event.remove(Session, "before_commit", before_commit)

    def _until_it_waits(self, following: "Future[Any]") -> None:
        waiting = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        for _ in range(1_500):
            if wait([following], timeout=0.02).done:
                return
            with reading(self.world.ctx.engine) as session:
                if session.scalar(waiting):
                    return
        raise AssertionError("the second one neither waits nor ends")

    def rows(self, *columns: Any) -> list[Any]:
        """In the order in which they were stored."""
        with reading(self.world.ctx.engine) as session:
            return [tuple(row) for row in session.execute(select(*columns).order_by(columns[0].class_.id))]

    def asked_of_ann(self) -> bool:
        """Whether her answer is hers to give anew."""
        return assignment.next_task(self.world.ctx, self.people["ann"], self.project).task is not None


def _outcome(done: "Future[Any]") -> Any:
    error = done.exception(timeout=30)
    return done.result() if error is None else error


@pytest.fixture
def desk(world_on_postgresql: World, tmp_path: Path) -> Desk:
    world = world_on_postgresql
    made = projects.create_project(
        world.ctx, OPERATOR, name="Desk", schema_yaml=SCHEMA, guidelines="# Guide",
        settings={"overlap": 2, "judge_on": False, "workplace": {"review": EVERYTHING}},
    )  # fmt: skip
    world.fill(made, [{"id": "i0", "text": "Text."}], tmp_path)
    people = {login: world.member(made, login) for login in ("ann", "bob")}
    for actor, verdict, tone in ((people["ann"], "good", "kind"), (people["bob"], "bad", "rude")):
        world.submit(actor, world.next(actor, made), verdict=verdict, tone=tone)
    people |= {login: world.member(made, login, "qa_lead") for login in ("lead", "second", "third")}
    cases = cases_of(world.ctx, people["lead"], made.id)
    annotations = {case.login: case.annotation.id for case in cases}
    return Desk(world, made.id, cases[0].item.id, people, annotations)


def test_of_two_reviewers_of_one_answer_the_slower_is_told_whose_decision_stands(desk: Desk) -> None:
    done, told = desk.at_once(
        desk.review("lead", "ann", "accepted"), desk.review("second", "ann", "rejected")
    )
    assert done is True and isinstance(told, Conflict)
    assert "lead reviewed this answer meanwhile (accepted)" in str(told)
    # The database keeps this one even without the lock: a review that nothing precedes is the only one.
    assert desk.rows(Review.outcome, Review.replaces) == [("accepted", None)]


def test_of_two_who_decide_one_case_the_slower_is_told_what_stands(desk: Desk) -> None:
    done, told = desk.at_once(desk.decide("lead", "verdict", "good"), desk.decide("second", "verdict", "bad"))
    assert done is True and isinstance(told, Conflict)
    assert "decided meanwhile" in str(told) and told.current["value"] == "good"
    assert desk.rows(Adjudication.value, Adjudication.replaces) == [(["good"], None)]


def test_two_who_decide_the_two_cases_of_an_item_settle_it_together(desk: Desk) -> None:
    desk.rejected()
    assert desk.asked_of_ann()
    both = desk.at_once(desk.decide("second", "verdict", "good"), desk.decide("third", "tone", "rude"))
    assert both == (True, True)
    assert desk.rows(Adjudication.question, Adjudication.value) == [
        ("verdict", ["good"]),
        ("tone", ["rude"]),
    ]
    # Each alone leaves a question open. The one that comes second sees that nothing is left to ask.
    assert not desk.asked_of_ann()


@pytest.mark.parametrize("reviewer_first", [True, False])
def test_a_rejection_beside_the_last_decision_hands_the_item_to_nobody(
    desk: Desk, reviewer_first: bool
) -> None:
    desk.decide("third", "tone", "rude")()
    two = [desk.review("lead", "ann", "rejected", requeue="same"), desk.decide("second", "verdict", "bad")]
    assert desk.at_once(*(two if reviewer_first else two[::-1])) == (True, True)
    # Rejected first, the item is taken back by the decision; rejected after it, it is handed to nobody.
    asked = "same" if reviewer_first else "nobody"
    assert desk.rows(Review.outcome, Review.requeue) == [("rejected", asked)]
    assert len(desk.rows(Adjudication.question)) == 2
    assert not desk.asked_of_ann()


def test_an_appeal_beside_the_review_that_replaces_the_rejection_comes_too_late(desk: Desk) -> None:
    rejection = desk.rejected()
    done, told = desk.at_once(
        desk.review("second", "ann", "accepted", replaces=rejection), desk.appeal(rejection)
    )
    assert done is True and isinstance(told, Conflict) and "does not stand any more" in str(told)
    assert desk.rows(Appeal.review_id) == []
    assert desk.rows(Review.outcome, Review.replaces) == [("rejected", None), ("accepted", rejection)]


def test_a_review_beside_an_appeal_is_the_answer_to_it(desk: Desk) -> None:
    rejection = desk.rejected()
    both = desk.at_once(
        desk.appeal(rejection), desk.review("second", "ann", "rejected", replaces=rejection, requeue="same")
    )
    assert both == (True, True)
    assert desk.rows(Appeal.review_id) == [(rejection,)]
    assert desk.rows(Review.outcome, Review.replaces) == [("rejected", None), ("rejected", rejection)]
    # The appeal took the item back, and the review that answers it gave it out again.
    assert desk.asked_of_ann()


def test_who_rejected_decides_no_appeal_that_comes_at_the_same_moment(desk: Desk) -> None:
    rejection = desk.rejected()
    done, told = desk.at_once(
        desk.appeal(rejection), desk.review("lead", "ann", "accepted", replaces=rejection)
    )
    assert done is True and isinstance(told, Invalid) and "who has not looked at this answer yet" in str(told)
    assert desk.rows(Review.outcome, Review.replaces) == [("rejected", None)]
    assert not desk.asked_of_ann()
