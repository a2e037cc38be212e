from typing import Any

import pytest

from app.errors import Conflict, Invalid, NotFound
from app.services import appeals, assignment, work_record
from app.services.review_figures import reviewer_figures
from tests.app.services.reviewing import standing_review
from tests.app.services.test_review_queue import NONE, Desk, desk

__all__ = ["desk"]


def rejected(desk: Desk, item: str = "i0", **more: Any) -> tuple[int, int]:
    """Lead rejects the answer to an item; (annotation, review)."""
    case = desk.of(item, desk.lead)
    desk.review(desk.lead, case, "rejected", **more)
    review = standing_review(desk.ctx, case.annotation.id)
    assert review is not None
    return case.annotation.id, review


def contest(desk: Desk, review: int, reason: str = "The guide says so.") -> bool:
    return appeals.appeal(desk.ctx, desk.ann, desk.project.id, review, reason)


def test_a_contested_rejection_is_the_first_case_of_another_reviewer_and_feeds_the_overturn_rate(
    desk: Desk,
) -> None:
    annotation, review = rejected(desk)
    assert assignment.next_task(desk.ctx, desk.ann, desk.project.id).task is not None
    assert contest(desk, review) is True
    assert contest(desk, review, "Once more.") is False
    # Its author waits: the item is not given back meanwhile.
    assert assignment.next_task(desk.ctx, desk.ann, desk.project.id).task is None
    revisions, _ = work_record.own_revisions(desk.ctx, desk.ann, desk.project.id, item_i0(desk))
    assert revisions[0].appeals == {review: "The guide says so."}
    assert annotation not in [case.annotation.id for case in desk.cases(desk.lead)]
    case = desk.cases(desk.second)[0]
    assert (case.annotation.id, case.why) == (annotation, ["its author disagrees with the rejection"])
    # Here the second reviewer sees what it is about.
    assert [(entry.reviewer, entry.appeal) for entry in case.earlier] == [("lead", "The guide says so.")]
    desk.review(desk.second, case, "accepted")
    assert desk.cases(desk.third, NONE) == []
    lead, _ = reviewer_figures(desk.ctx, desk.lead, desk.project.id)
    assert (lead.overturned.count, lead.overturned.n) == (1, 1)


def item_i0(desk: Desk) -> int:
    rows, _ = work_record.own_answers(desk.ctx, desk.ann, desk.project.id, offset=0, limit=50)
    return int(next(row["item_id"] for row in rows if row["item"] == "i0"))


def test_a_second_rejection_gives_the_item_back_and_can_be_contested_itself(desk: Desk) -> None:
    annotation, review = rejected(desk)
    contest(desk, review)
    desk.review(desk.second, desk.cases(desk.second)[0], "rejected", requeue="same")
    assert desk.world.next(desk.ann, desk.project).item.external_id == "i0"
    second = standing_review(desk.ctx, annotation)
    assert second is not None and contest(desk, second)
    assert annotation not in [case.annotation.id for case in desk.cases(desk.second)]
    assert desk.cases(desk.third)[0].annotation.id == annotation


def test_only_a_standing_rejection_of_ones_own_answer_is_contested_and_with_words(desk: Desk) -> None:
    _, review = rejected(desk)
    for reason, words in ((" ", "say why"), ("w" * 2001, "has 2001 characters")):
        with pytest.raises(Invalid, match=words):
            contest(desk, review, reason)
    bob = desk.world.member(desk.project, "bob")
    with pytest.raises(NotFound):
        appeals.appeal(desk.ctx, bob, desk.project.id, review, "no")
    with pytest.raises(NotFound):
        contest(desk, 999)
    other = desk.of("i1", desk.lead)
    desk.review(desk.lead, other, "accepted")
    accepted = standing_review(desk.ctx, other.annotation.id)
    assert accepted is not None
    with pytest.raises(Invalid, match="only a rejection"):
        contest(desk, accepted)
    desk.world.submit(desk.ann, desk.world.next(desk.ann, desk.project), verdict="bad")
    with pytest.raises(Conflict, match="does not stand any more"):
        contest(desk, review)


def test_a_new_answer_settles_what_was_contested(desk: Desk) -> None:
    _, review = rejected(desk)
    contest(desk, review)
    item = item_i0(desk)
    task = assignment.open_task(desk.ctx, desk.ann, desk.project.id, item)
    desk.world.submit(desk.ann, task, verdict="bad")
    case = desk.cases(desk.second)[0]
    assert case.why == ["revised after a review"]
    assert [entry.appeal for entry in case.earlier] == ["The guide says so."]
