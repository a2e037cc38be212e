import csv
import json
from pathlib import Path
from typing import Any

import pytest

from app.errors import Conflict, Invalid, NotFound
from app.services import accounts, appeals, assignment, work_record
from app.services.adjudication import decide
from app.services.adjudication_queue import adjudication_queue, why_no_case
from app.services.board import board
from app.services.export import export_answers
from app.services.review_case import case_again
from app.services.review_figures import reviewer_figures
from tests.app.services.reviewing import cases_of, standing_review
from tests.app.services.test_review_queue import NONE, Desk, desk
from tests.app.services.world import OPERATOR

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
    return next(row.item.id for row in rows if row.item.external_id == "i0")


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


def test_a_contested_rejection_is_in_review_on_the_board_and_no_case(desk: Desk) -> None:
    for requeue in ("same", "nobody"):
        item = {"same": "i0", "nobody": "i1"}[requeue]
        _, review = rejected(desk, item, requeue=requeue)
        contest(desk, review)
    found = board(desk.ctx, desk.lead, desk.project.id)
    why = {item.external_id: (column.state, item.why) for column in found.columns for item in column.items}
    assert why["i0"] == why["i1"] == ("in_review", "its author disagrees")
    assert adjudication_queue(desk.ctx, desk.lead, desk.project.id) == []
    assert why_no_case(desk.ctx, desk.lead, desk.project.id, item_i0(desk)).endswith(
        "yet: its author disagrees."
    )


def test_whoever_rejected_does_not_decide_while_somebody_else_can(desk: Desk) -> None:
    annotation, review = rejected(desk)
    contest(desk, review)
    case = case_again(desk.ctx, desk.lead, desk.project.id, annotation)
    with pytest.raises(Invalid, match="who has not looked at this answer yet"):
        desk.review(desk.lead, case, "accepted")
    assert standing_review(desk.ctx, annotation) == review
    desk.review(desk.second, case, "accepted")


def test_where_nobody_else_may_decide_the_reviewer_gets_it_again(desk: Desk) -> None:
    annotation, review = rejected(desk)
    contest(desk, review)
    accounts.disable_user(desk.ctx, OPERATOR, login="second")
    assert annotation not in [case.annotation.id for case in desk.cases(desk.lead, NONE)]
    accounts.disable_user(desk.ctx, OPERATOR, login="third")
    (case,) = desk.cases(desk.lead, NONE)
    assert (case.annotation.id, case.blind) == (annotation, False)
    assert case.why == ["its author disagrees with the rejection", "nobody else can decide"]
    desk.review(desk.lead, case, "accepted")
    assert desk.cases(desk.lead, NONE) == []


def test_what_was_adjudicated_is_not_contested_and_waits_for_nobody(desk: Desk) -> None:
    _, first = rejected(desk, "i0")
    _, second = rejected(desk, "i1")
    contest(desk, first)
    for number, case in enumerate(cases_of(desk.ctx, desk.second, desk.project.id, rules=NONE)):
        assert (number, case.item.external_id) == (0, "i0")
        decide_verdict(desk, case.item.id)
    assert desk.cases(desk.second, NONE) == []
    rows, _ = work_record.own_answers(desk.ctx, desk.ann, desk.project.id, offset=0, limit=50)
    i1 = next(row.item.id for row in rows if row.item.external_id == "i1")
    assert work_record.own_revisions(desk.ctx, desk.ann, desk.project.id, i1)[0][-1].contestable
    decide_verdict(desk, i1)
    assert not work_record.own_revisions(desk.ctx, desk.ann, desk.project.id, i1)[0][-1].contestable
    with pytest.raises(Conflict, match="decided over all answers"):
        contest(desk, second)


def decide_verdict(desk: Desk, item_id: int) -> None:
    decide(
        desk.ctx, desk.third, desk.project.id, item_id, "verdict", reason="slip", value="bad", form_token=f"d{item_id}"
    )  # fmt: skip


def test_an_answer_given_anew_while_the_queue_is_read_is_passed_over(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, review = rejected(desk)
    contest(desk, review)
    # Its author answered anew after the appeals were read: the answer is no newest one any more.
    monkeypatch.setattr("db.store.reviews.reviewed_answers", lambda *_: [])
    assert desk.cases(desk.second, NONE) == []


def exported(desk: Desk, out: Path) -> dict[str, dict[str, Any]]:
    """Item -> the row of ann's first answer to it."""
    export_answers(desk.ctx, OPERATOR, desk.project.id, out, format="jsonl")
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    return {row["external_id"]: row for row in rows if row["revision"] == 1}


def test_the_export_has_what_was_contested_and_what_came_of_it(desk: Desk, tmp_path: Path) -> None:
    annotation, first = rejected(desk, "i0")
    contest(desk, first, "=The guide says so.")
    waiting = exported(desk, tmp_path / "o.jsonl")["i0"]
    assert (waiting["appeal"], waiting["appeal_decision"]) == ("=The guide says so.", None)
    assert waiting["appealed_at"] > waiting["review_history"][0]["created_at"]
    desk.review(desk.second, desk.cases(desk.second)[0], "rejected", requeue="nobody")
    second = standing_review(desk.ctx, annotation)
    assert second is not None and contest(desk, second, "Again.")
    desk.review(desk.third, desk.cases(desk.third)[0], "accepted")
    row = exported(desk, tmp_path / "o.jsonl")["i0"]
    third = standing_review(desk.ctx, annotation)
    names = ("id", "replaces", "blind", "outcome", "reviewer", "comment", "appeal")
    assert [tuple(one[name] for name in names) for one in row["review_history"]] == [
        (first, None, False, "rejected", "lead", "no", "=The guide says so."),
        (second, first, False, "rejected", "second", "no", "Again."),
        (third, second, False, "accepted", "third", None, None),
    ]
    # The columns are of the latest one; the others are in the history.
    assert (row["appeal"], row["appeal_decision"], row["review"]) == ("Again.", "accepted", "accepted")


def test_the_export_says_no_appeal_and_no_history_where_there_is_none(desk: Desk, tmp_path: Path) -> None:
    rejected(desk, "i0")
    _, review = rejected(desk, "i1")
    contest(desk, review, "=1+1")
    desk.world.submit(
        desk.ann, assignment.open_task(desk.ctx, desk.ann, desk.project.id, item_i0(desk)), verdict="bad"
    )
    desk.review(desk.second, desk.cases(desk.second)[0], "fixed", answers={"verdict": "bad"})
    rows = exported(desk, tmp_path / "o.jsonl")
    new = ("review_blind", "review_history", "appeal", "appealed_at", "appeal_decision")
    assert [rows["i2"][name] for name in new] == [None] * 5
    assert rows["i0"]["review_blind"] is False and [rows["i0"][name] for name in new[2:]] == [None] * 3
    out = tmp_path / "o.csv"
    export_answers(desk.ctx, OPERATOR, desk.project.id, out, format="csv")
    with out.open(newline="") as file:
        (cell,) = (row for row in csv.DictReader(file) if row["appeal"])
    assert (cell["external_id"], cell["appeal"], cell["appeal_decision"]) == ("i1", "'=1+1", "fixed")
    assert json.loads(cell["review_history"])[1]["replaces"] == review


def test_an_appeal_that_a_new_answer_overtook_was_decided_by_nobody(desk: Desk, tmp_path: Path) -> None:
    _, review = rejected(desk)
    contest(desk, review)
    task = assignment.open_task(desk.ctx, desk.ann, desk.project.id, item_i0(desk))
    desk.world.submit(desk.ann, task, verdict="bad")
    row = exported(desk, tmp_path / "o.jsonl")["i0"]
    assert (row["appeal"], row["appeal_decision"]) == ("The guide says so.", None)
