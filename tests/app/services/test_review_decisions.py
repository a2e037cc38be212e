"""What a review must not do: drop an edit, overturn another one unseen, cut words, keep a time that no clock gave."""

from pathlib import Path
from typing import Any

import pytest

from app.clock import known_seconds
from app.errors import Conflict, Invalid
from app.schema import parse_schema
from app.schema.values import changed_questions
from app.services import accounts, assignment
from app.services.context import Actor
from app.services.review import review
from app.services.review_case import case_again
from app.services.review_figures import reviewer_figures
from app.services.reviewed import reviewed
from db.engine import reading, transaction
from db.migrate import downgrade, upgrade
from db.models import Review
from db.records import ProjectRecord
from db.store import reviews
from tests.app.services.reviewing import cases_of, standing_review
from tests.app.services.world import OPERATOR, World


class Desk:
    """Ann answered three items with words; lead and second review."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.ctx = world, world.ctx
        self.project: ProjectRecord = world.project(overlap=1, judge_on=False)
        world.fill(self.project, [{"id": f"i{n}", "text": f"t{n}"} for n in range(3)], folder)
        self.ann = world.member(self.project, "ann")
        self.annotations: list[int] = []
        for _ in range(3):
            task = world.next(self.ann, self.project)
            world.submit(self.ann, task, verdict="good", why="One line.\nAnother.")
        self.lead = world.member(self.project, "lead", "qa_lead")
        self.second = world.member(self.project, "second", "qa_lead")
        self.annotations = sorted(
            case.annotation.id for case in cases_of(self.ctx, self.lead, self.project.id)
        )

    def review(self, who: Actor, place: int, outcome: str, token: str, **more: Any) -> bool:
        return review(
            self.ctx, who, self.project.id, self.annotations[place], outcome=outcome,  # type: ignore[arg-type]
            form_token=token, **more,
        )  # fmt: skip

    def stored(self) -> list[Review]:
        with reading(self.ctx.engine) as session:
            return list(session.query(Review).order_by(Review.id))


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Desk:
    return Desk(world, tmp_path)


GIVEN = {"verdict": "good", "why": "One line.\nAnother."}


@pytest.mark.parametrize("outcome", ["accepted", "rejected"])
def test_an_edit_is_never_dropped_by_accepting_or_rejecting(desk: Desk, outcome: str) -> None:
    edited = GIVEN | {"why": "Another line."}
    with pytest.raises(Invalid, match="you changed “Why\\?”: choose “Fix and accept”, or undo"):
        desk.review(desk.lead, 0, outcome, "t", comment="no", answers=edited)
    assert desk.stored() == []
    # What the form began with is no edit, nor is how a browser ends lines.
    same = GIVEN | {"why": "One line.\r\nAnother."}
    assert desk.review(desk.lead, 0, outcome, "t", comment="no", answers=same)


def test_a_form_that_cannot_hold_an_old_answer_has_not_changed_it() -> None:
    now = parse_schema(
        "questions:\n  - {id: v, type: choice, title: V, options: [{value: a}, {value: b}]}\n"
        "  - {id: r, type: rating, title: R, min: 1, max: 5}\n"
    )
    # `c` and 9 were allowed once, `gone` was asked once: the form begins empty there.
    stored = {"v": "c", "r": 9, "gone": "x"}
    assert changed_questions(now, {}, stored, {}) == []
    assert [question.id for question in changed_questions(now, {}, stored, {"v": "a"})] == ["v"]


def test_labels_and_spans_in_another_order_are_no_change() -> None:
    schema = parse_schema(
        "questions:\n  - {id: m, type: multi_choice, title: M, options: [{value: a}, {value: b}]}\n"
        "  - {id: s, type: span, title: S, options: [{value: who}]}\n"
    )
    content = {"parts": [{"kind": "text", "name": "text", "text": "Ada met Bob."}]}
    ada, bob = {"start": 0, "end": 3, "label": "who"}, {"start": 8, "end": 11, "label": "who"}
    stored = {"m": ["b", "a"], "s": [bob, ada]}
    assert changed_questions(schema, content, stored, {"m": ["a", "b"], "s": [ada, bob]}) == []
    assert [q.id for q in changed_questions(schema, content, stored, {"m": ["a"], "s": [ada]})] == ["m", "s"]


def test_the_slower_of_two_reviewers_is_told_and_overturns_nothing(desk: Desk) -> None:
    assert desk.review(desk.lead, 0, "accepted", "a")
    with pytest.raises(Conflict, match="lead reviewed this answer meanwhile \\(accepted\\)"):
        desk.review(desk.second, 0, "rejected", "b", comment="no")
    assert [(row.outcome, row.replaces) for row in desk.stored()] == [("accepted", None)]


def test_the_database_keeps_two_reviews_from_replacing_the_same_one(desk: Desk) -> None:
    desk.review(desk.lead, 0, "accepted", "a")
    row = desk.stored()[0]
    with transaction(desk.ctx.engine) as session:
        same: dict[str, Any] = {"annotation_id": row.annotation_id, "reviewer_id": desk.second.user_id, "outcome": "rejected",
                "question_comments": {}, "levels": [], "created_at": row.created_at}  # fmt: skip
        assert reviews.add_review(session, form_token="b", replaces=None, **same) is None
        assert reviews.add_review(session, form_token="b", replaces=row.id, **same)
        assert reviews.add_review(session, form_token="c", replaces=row.id, **same) is None


def test_reviews_of_before_get_their_chain_when_the_database_is_upgraded(desk: Desk) -> None:
    desk.review(desk.lead, 0, "accepted", "a")
    desk.review(desk.lead, 1, "accepted", "b")
    first = standing_review(desk.ctx, desk.annotations[0])
    desk.review(desk.second, 0, "rejected", "c", comment="no", replaces=first)
    before = [(row.id, row.replaces) for row in desk.stored()]
    assert [replaces for _, replaces in before] == [None, None, first]
    downgrade(desk.ctx.engine, "0013")
    upgrade(desk.ctx.engine)
    assert [(row.id, row.replaces) for row in desk.stored()] == before


def test_reviews_of_before_say_whether_they_were_blind_only_where_that_is_certain(desk: Desk) -> None:
    def next_review(who: Actor, place: int, outcome: str, token: str, **more: Any) -> None:
        words = {"comment": "no"} if outcome == "rejected" else {}
        standing = standing_review(desk.ctx, desk.annotations[place])
        desk.review(who, place, outcome, token, replaces=standing, **words, **more)

    next_review(desk.lead, 0, "accepted", "a")
    next_review(desk.lead, 0, "rejected", "b", requeue="nobody")  # a correction of one's own
    next_review(desk.second, 0, "accepted", "c", blind=True)  # counts, and goes to nobody
    next_review(desk.lead, 1, "accepted", "d")
    next_review(desk.second, 1, "rejected", "e", requeue="nobody")  # looks like one that was blind
    next_review(desk.lead, 2, "accepted", "f")
    next_review(desk.second, 2, "accepted", "g", blind=True)  # agrees, as one who saw it would
    assert [row.blind for row in desk.stored()] == [False, False, True, False, False, False, True]
    downgrade(desk.ctx.engine, "0016")
    upgrade(desk.ctx.engine)
    assert [row.blind for row in desk.stored()] == [False, False, True, False, None, False, None]


def test_a_token_of_somebody_else_is_no_repeat_and_an_empty_one_is_none(desk: Desk) -> None:
    desk.review(desk.lead, 0, "accepted", "a")
    assert desk.review(desk.lead, 0, "accepted", "a") is False
    with pytest.raises(Conflict, match="reload"):
        desk.review(desk.second, 1, "accepted", "a")
    with pytest.raises(Conflict, match="reload"):
        desk.review(desk.lead, 1, "accepted", "a")
    with pytest.raises(Invalid, match="no token"):
        desk.review(desk.lead, 1, "accepted", "")
    assert len(desk.stored()) == 1


def test_words_that_are_too_long_are_refused_and_not_cut(desk: Desk) -> None:
    with pytest.raises(Invalid) as refused:
        desk.review(desk.lead, 0, "rejected", "a", comment="w" * 2001, question_comments={"why": "w" * 3000})
    assert refused.value.problems == (
        "comment: has 2001 characters; at most 2000 are kept",
        "why: has 3000 characters; at most 2000 are kept",
    )
    assert desk.review(desk.lead, 0, "rejected", "a", comment="w" * 2000)


@pytest.mark.parametrize("seconds", [-5.0, 0.0, float("nan"), float("inf"), None])
def test_a_time_that_no_clock_gives_is_unknown(desk: Desk, seconds: float | None) -> None:
    assert known_seconds(seconds) is None
    desk.review(desk.lead, 0, "accepted", "a", seconds=seconds)
    desk.review(desk.lead, 1, "accepted", "b", seconds=4.0)
    assert [row.seconds for row in desk.stored()] == [None, 4.0]
    (figures,) = reviewer_figures(desk.ctx, desk.lead, desk.project.id)
    assert figures.median_seconds == 4.0


class TestDecidingAgain:
    def test_a_slip_is_corrected_by_a_new_review_that_names_the_old_one(self, desk: Desk) -> None:
        desk.review(desk.lead, 0, "accepted", "a")
        case = case_again(desk.ctx, desk.lead, desk.project.id, desk.annotations[0])
        assert [(entry.reviewer, entry.review.outcome) for entry in case.earlier] == [("lead", "accepted")]
        with pytest.raises(Invalid, match="nothing is changed"):
            desk.review(desk.lead, 0, "accepted", "b", replaces=case.standing)
        assert desk.review(desk.lead, 0, "rejected", "b", comment="A slip of mine.", replaces=case.standing)
        first, second = desk.stored()
        assert (first.outcome, second.outcome, second.replaces) == ("accepted", "rejected", first.id)
        assert desk.world.next(desk.ann, desk.project).item.external_id == "i0"
        lines, total = reviewed(desk.ctx, desk.lead, desk.project.id, mine=True, offset=0, limit=10)
        assert total == 2
        assert [(line.item, line.annotator, line.outcome, line.state) for line in lines] == [
            ("i0", "", "rejected", "stands"),
            ("i0", "", "accepted", "replaced"),
        ]
        # Nobody else has looked: one's own correction overturns nothing.
        (figures,) = reviewer_figures(desk.ctx, desk.lead, desk.project.id)
        assert (figures.reviews, figures.overturned.n) == (2, 0)

    def test_only_what_a_reviewer_let_stand_themselves_can_be_overturned(self, desk: Desk) -> None:
        desk.review(desk.lead, 0, "rejected", "a", comment="no")
        desk.review(desk.lead, 0, "accepted", "b", replaces=standing_review(desk.ctx, desk.annotations[0]))
        desk.review(desk.second, 0, "accepted", "c", replaces=standing_review(desk.ctx, desk.annotations[0]))
        lead, _ = reviewer_figures(desk.ctx, desk.lead, desk.project.id)
        # The rejection was corrected by lead; what lead let stand was confirmed: none of one.
        assert (lead.overturned.count, lead.overturned.n) == (0, 1)

    def test_an_answer_that_was_asked_of_somebody_else_is_taken_back_while_nobody_has_it(
        self, desk: Desk
    ) -> None:
        bob = desk.world.member(desk.project, "bob")
        desk.review(desk.lead, 0, "rejected", "a", comment="no", requeue="other")
        desk.review(desk.lead, 0, "accepted", "b", replaces=standing_review(desk.ctx, desk.annotations[0]))
        assert assignment.next_task(desk.ctx, bob, desk.project.id).task is None

    def test_others_are_listed_with_names_where_they_are_asked_for(self, desk: Desk) -> None:
        desk.review(desk.lead, 0, "accepted", "a")
        desk.review(desk.second, 1, "rejected", "b", question_comments={"why": "Too short."})
        mine, _ = reviewed(desk.ctx, desk.second, desk.project.id, mine=True, offset=0, limit=10)
        assert [(line.item, line.reviewer) for line in mine] == [("i1", "second")]
        lines, total = reviewed(
            desk.ctx, desk.second, desk.project.id, mine=False, names=True, offset=0, limit=1
        )
        assert total == 2 and [(line.item, line.annotator, line.comment) for line in lines] == [
            ("i1", "ann", "Too short.")
        ]

    def test_what_was_answered_anew_is_history(self, desk: Desk) -> None:
        desk.review(desk.lead, 0, "rejected", "a", comment="no")
        desk.world.submit(desk.ann, desk.world.next(desk.ann, desk.project), verdict="bad")
        with pytest.raises(Conflict, match="answered anew"):
            case_again(desk.ctx, desk.lead, desk.project.id, desk.annotations[0])
        (line,), _ = reviewed(desk.ctx, desk.lead, desk.project.id, mine=True, offset=0, limit=10)
        assert line.state == "answered anew"


def test_who_has_seen_an_answer_is_not_given_its_item(desk: Desk) -> None:
    accounts.give_role(desk.ctx, OPERATOR, project_id=desk.project.id, login="lead", role="annotator")
    bob = desk.world.member(desk.project, "bob")
    desk.review(desk.lead, 0, "rejected", "a", comment="no", requeue="other")
    assert assignment.next_task(desk.ctx, desk.lead, desk.project.id).task is None
    assert desk.world.next(bob, desk.project).item.external_id == "i0"
