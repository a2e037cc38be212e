"""Figures of review: what reviewers decide, how long it takes, how often others decide otherwise; who is accepted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.analytics.answer_distance import answer_key
from app.analytics.intervals import Share, known_median
from app.services import policy
from app.services.context import Actor, Context
from app.services.standing import apart, left_by, parts_of
from db.engine import reading
from db.review_records import AdjudicationRecord, ReviewedRow
from db.store import adjudications, answered, people

__all__ = [
    "AnnotatorReviews",
    "DecisionTime",
    "Reviewer",
    "annotators_in_review",
    "decision_time",
    "reviewer_figures",
]


@dataclass(frozen=True, slots=True)
class Reviewer:
    login: str
    reviews: int
    accepted: int
    fixed: int
    rejected: int
    median_seconds: float | None
    overturned: Share
    """Of the reviews on which somebody else decided later, those that came out otherwise."""
    agreed_blind: Share
    """Of the reviews at which somebody else took a second look without seeing them, those that came out alike."""


@dataclass(frozen=True, slots=True)
class AnnotatorReviews:
    login: str
    accepted: Share
    """Of the reviewed answers, by the review that stands."""
    fixed: int
    rejected: int


@dataclass(frozen=True, slots=True)
class DecisionTime:
    """How long those who decide took; handling time is the annotators' and holds none of it."""

    n: int
    """Reviews and adjudications whose time is known."""
    median_seconds: float | None
    total_seconds: float


def decision_time(ctx: Context, actor: Actor, project_id: int) -> DecisionTime:
    """The time that forms of review and adjudication were open until they were decided."""
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "see_time")
        reviewed = answered.reviewed_rows(session, project_id)
        decided = adjudications.adjudications_of_project(session, project_id)
    seconds = [row.seconds for row in reviewed] + [row.seconds for row in decided]
    known = [value for value in seconds if value is not None]
    return DecisionTime(len(known), known_median(known), sum(known))


def reviewer_figures(ctx: Context, actor: Actor, project_id: int) -> list[Reviewer]:
    """One row per reviewer: decisions, time, and how often another person decided otherwise later.

    What a reviewer has corrected themselves before anybody else looked is one of their reviews and is not held against
    them. Later means another review of the same annotation, else the adjudication that stands of a question that it
    answers. An accepted or fixed answer is overturned by another value; a rejection by a later review that is
    none, or where every adjudicated question has the rejected value after all. Cases in which two answers were
    right overturn nothing.

    Whoever has seen a review may follow it, or look because it was contested; a blind second look is drawn by lot and
    has seen nothing. The share of those that agree is therefore a figure of its own: both rejected the answer, or both
    left the same values. Reviews of which it is not known whether they were blind are not in it.
    """
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "see_quality")
        rows = answered.reviewed_rows(session, project_id)
        decided = {
            (row.item_id, row.question): row
            for row in adjudications.adjudications_of_project(session, project_id)
        }
        # Only where somebody else may have decided later are the answers needed: few, of very many.
        reviews = Counter(row.annotation_id for row in rows)
        again = {row.item_id for row in rows if reviews[row.annotation_id] > 1}
        parts = parts_of(session, project_id, sorted(again | {item_id for item_id, _ in decided}))
        logins = {user.id: user.login for user in people.list_users(session)}
    revisions = {
        row.annotation_id: row.values
        for of_item in parts.values()
        for part in of_item
        for row in part.revisions
    }
    by_annotation: dict[int, list[ReviewedRow]] = {}
    by_reviewer: dict[int, list[ReviewedRow]] = {}
    for row in rows:
        by_annotation.setdefault(row.annotation_id, []).append(row)
        by_reviewer.setdefault(row.reviewer_id, []).append(row)
    out = []
    for reviewer_id, mine in sorted(by_reviewer.items()):
        known = [
            overturned
            for row in mine
            if (overturned := _overturned(row, by_annotation[row.annotation_id], revisions, decided))
            is not None
        ]
        looks = [
            agreed
            for row in mine
            if (agreed := _agreed_blind(row, by_annotation[row.annotation_id], revisions)) is not None
        ]
        counts = Counter(row.outcome for row in mine)
        out.append(
            Reviewer(
                login=logins[reviewer_id],
                reviews=len(mine),
                accepted=counts["accepted"],
                fixed=counts["fixed"],
                rejected=counts["rejected"],
                median_seconds=known_median(row.seconds for row in mine),
                overturned=Share.of(sum(known), len(known)),
                agreed_blind=Share.of(sum(looks), len(looks)),
            )
        )
    return out


def _values(row: ReviewedRow, revisions: Mapping[int, Mapping[str, Any]]) -> Mapping[str, Any]:
    """The answers as the review left them; those that were rejected, for a rejection."""
    return (row.answers or {}) if row.outcome == "fixed" else revisions.get(row.annotation_id, {})


def _agreed_blind(
    row: ReviewedRow, of_annotation: Sequence[ReviewedRow], revisions: Mapping[int, Mapping[str, Any]]
) -> bool | None:
    """Whether a blind second look at this review came out alike; None where nobody took one."""
    second = next((one for one in of_annotation if one.id > row.id), None)
    if second is None or not second.blind or second.reviewer_id == row.reviewer_id:
        return None
    given = revisions.get(row.annotation_id, {})
    mine, theirs = left_by(row.outcome, row.answers, given), left_by(second.outcome, second.answers, given)
    # An answer without values that one of them rejected differs on no question.
    return (mine is None) is (theirs is None) and not apart(mine, theirs)


def _overturned(
    row: ReviewedRow,
    of_annotation: Sequence[ReviewedRow],
    revisions: Mapping[int, Mapping[str, Any]],
    decided: Mapping[tuple[int, str], AdjudicationRecord],
) -> bool | None:
    """Whether somebody else decided otherwise later; None where nobody else decided."""
    following = [one for one in of_annotation if one.id > row.id]
    if following and following[0].reviewer_id == row.reviewer_id:
        return None
    mine = _values(row, revisions)
    later = [one for one in following if one.reviewer_id != row.reviewer_id]
    if later:
        last = later[-1]
        if "rejected" in (row.outcome, last.outcome):
            return row.outcome != last.outcome
        theirs = _values(last, revisions)
        return {q: answer_key(v) for q, v in mine.items()} != {q: answer_key(v) for q, v in theirs.items()}
    equal = [
        answer_key(decision.value[0]) == answer_key(mine[question])
        for question in mine
        if (decision := decided.get((row.item_id, question))) is not None
        and decision.author_id != row.reviewer_id
        and decision.created_at > row.created_at
        and decision.reason != "two_right"
    ]
    if not equal:
        return None
    return all(equal) if row.outcome == "rejected" else not all(equal)


def annotators_in_review(ctx: Context, actor: Actor, project_id: int) -> list[AnnotatorReviews]:
    """One row per person whose answers were reviewed, by the review of each item that stands."""
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "see_quality")
        rows = answered.reviewed_rows(session, project_id)
        logins = {user.id: user.login for user in people.list_users(session)}
    standing = {(row.item_id, row.user_id): row.outcome for row in rows}
    by_person: dict[int, Counter[str]] = {}
    for (_, user_id), outcome in standing.items():
        by_person.setdefault(user_id, Counter())[outcome] += 1
    return [
        AnnotatorReviews(
            login=logins[user_id],
            accepted=Share.of(counts["accepted"], counts.total()),
            fixed=counts["fixed"],
            rejected=counts["rejected"],
        )
        for user_id, counts in sorted(by_person.items(), key=lambda pair: logins[pair[0]])
    ]
