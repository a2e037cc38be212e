"""What one person has done: their own answers, every revision with its verdict, and how they get on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.errors import NotFound
from app.services import policy
from app.services.adjudication import decided_items, schema_in_force
from app.services.context import Actor, Context
from app.services.final_labels import standing_decisions
from app.services.judging import with_rubric_words
from db.engine import reading
from db.records import AnnotationRecord, DraftCheckRecord, ItemRecord
from db.review_records import AdjudicationRecord, ReviewRecord
from db.store import annotations, appeals, checks, items, leases, reviews, studies, verdicts

__all__ = [
    "OwnAnswer",
    "Revision",
    "Trend",
    "feedback_trend",
    "own_answers",
    "own_decisions",
    "own_revisions",
    "state_counts",
]

_TREND = 500
"""Verdicts that a trend looks back on."""


@dataclass(frozen=True, slots=True)
class Revision:
    """One submitted version of one's own answers to an item."""

    number: int
    state: str
    skip_reason: str
    submitted_at: datetime
    answers: Mapping[str, Any]
    """Question -> value."""
    draft_survival: Mapping[str, float]
    """Question -> share of the inserted draft that is still there, where one was inserted."""
    verdicts: list[dict[str, Any]]
    reviews: list[tuple[ReviewRecord, str]]
    """With the reviewer's login, oldest first."""
    appeals: Mapping[int, str]
    """Review -> why the actor disagrees with it."""
    returned: bool
    """Whether a review gave the item back and the person is to answer it anew; true of the newest revision only."""
    contestable: bool
    """Whether a rejection that stands can be contested: the item is not through by adjudication."""


@dataclass(frozen=True, slots=True)
class OwnAnswer:
    """One of one's own annotations as the list has it."""

    item: ItemRecord
    annotation: AnnotationRecord
    answers: Mapping[str, Any]
    """Question -> value."""
    review: ReviewRecord | None
    """The one that stands."""
    returned: bool
    """Whether a review gave the item back and the person is to answer it anew."""
    decided: bool
    """Whether a question of the item was decided over all answers."""


@dataclass(frozen=True, slots=True)
class Trend:
    """Levels on one criterion over time, oldest first; unscored verdicts are counted and have no level."""

    criterion: str
    title: str
    best: int
    moments: list[datetime]
    levels: list[int]
    unscored: int


def state_counts(ctx: Context, actor: Actor, project_id: int) -> dict[str, int]:
    """State of a hold (held, done, late, skipped, expired) -> how many items of the actor's are in it."""
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "annotate")
        return leases.count_states(session, project_id, actor.user_id or 0)


def own_answers(
    ctx: Context, actor: Actor, project_id: int, *, offset: int, limit: int
) -> tuple[list[OwnAnswer], int]:
    """A page of the actor's own annotations, newest first, and how many there are."""
    if actor.user_id is None:
        return [], 0
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "annotate")
        found, total = annotations.list_own(session, project_id, actor.user_id, offset=offset, limit=limit)
        shown = items.items_by_ids(session, list({annotation.item_id for annotation in found}))
        answers = annotations.answers_of(session, [annotation.id for annotation in found])
        reviewed = reviews.reviews_of(session, [annotation.id for annotation in found])
        returned = {lease.item_id for lease in leases.returned_leases(session, project_id, actor.user_id)}
        decided = {item_id for item_id, _ in standing_decisions(session, project_id, list(shown))}
    rows = [
        OwnAnswer(
            item=shown[annotation.item_id],
            annotation=annotation,
            answers={answer.question: answer.value[0] for answer in answers[annotation.id]},
            review=reviewed[annotation.id][-1][0] if reviewed[annotation.id] else None,
            returned=annotation.item_id in returned,
            decided=annotation.item_id in decided,
        )
        for annotation in found
    ]
    return rows, total


def own_revisions(
    ctx: Context, actor: Actor, project_id: int, item_id: int
) -> tuple[list[Revision], list[DraftCheckRecord]]:
    """Every revision of one's own answers to an item, oldest first, and the checks of drafts in between.

    Raises NotFound for an item that the actor has no part in.
    """
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "annotate")
        item = items.item_by_id(session, item_id)
        found = [
            record
            for record in annotations.annotations_of_items(session, [item_id])
            if record.user_id == actor.user_id
        ]
        if item is None or item.project_id != project_id or not found:
            raise NotFound(f"no item {item_id} among yours")
        answers = annotations.answers_of(session, [record.id for record in found])
        judged = verdicts.verdicts_of_answers(session, [a.id for rows in answers.values() for a in rows])
        reviewed = reviews.reviews_of(session, [record.id for record in found])
        contested = appeals.appeals_of(
            session, [review.id for rows in reviewed.values() for review, _ in rows]
        )
        drafts = checks.checks_of(session, item_id, actor.user_id or 0)
        returned = any(
            lease.item_id == item_id
            for lease in leases.returned_leases(session, project_id, actor.user_id or 0)
        )
        decided = standing_decisions(session, project_id, [item_id])
        schema = schema_in_force(session, project)
        contestable = not decided or not decided_items(schema, decided)
        silent = item_id in studies.items_without_feedback(session, project_id, actor.user_id or 0)
    titles = {question.id: question.title for question in schema.questions}
    revisions = [
        Revision(
            number=record.revision,
            state=record.state,
            skip_reason=record.skip_reason,
            submitted_at=record.submitted_at,
            answers={answer.question: answer.value[0] for answer in answers[record.id]},
            draft_survival={
                answer.question: answer.draft_survival
                for answer in answers[record.id]
                if answer.draft_survival is not None
            },
            verdicts=[
                with_rubric_words(verdict)
                | {
                    "external_id": f"revision {record.revision}, {titles.get(answer.question, answer.question)}"
                }
                for answer in answers[record.id]
                for verdict in ([] if silent else judged[answer.id])
            ],
            reviews=reviewed[record.id],
            appeals={r.id: contested[r.id].reason for r, _ in reviewed[record.id] if r.id in contested},
            returned=returned and record is found[-1],
            contestable=contestable,
        )
        for record in found
    ]
    return revisions, drafts


def own_decisions(ctx: Context, actor: Actor, project_id: int, item_id: int) -> list[AdjudicationRecord]:
    """What was decided over several answers about an item that the actor answered: what stands, by question.

    Raises NotFound for an item that the actor has no part in.
    """
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "annotate")
        mine = annotations.latest_annotation(session, item_id, actor.user_id or 0)
        if mine is None or mine.project_id != project_id:
            raise NotFound(f"no item {item_id} among yours")
        return list(standing_decisions(session, project_id, [item_id]).values())


def feedback_trend(ctx: Context, actor: Actor, project_id: int) -> list[Trend]:
    """The actor's own levels by criterion over their newest verdicts."""
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "annotate")
        silent = studies.items_without_feedback(session, project_id, actor.user_id or 0)
        found_rows = verdicts.verdicts_of_person(session, project_id, actor.user_id or 0, limit=_TREND)
        rows = [row for row in found_rows if row["item_id"] not in silent]
    found: dict[str, Trend] = {}
    for row in reversed([with_rubric_words(row) for row in rows]):
        for score in row["criteria"]:
            trend = found.setdefault(
                score["id"], Trend(score["id"], score["title"], score["best"], [], [], 0)
            )
            if score["level"] is None:
                found[score["id"]] = Trend(
                    trend.criterion, trend.title, trend.best, trend.moments, trend.levels, trend.unscored + 1
                )
            else:
                trend.moments.append(row["created_at"])
                trend.levels.append(score["level"])
    return list(found.values())
