"""Everybody's answers and the reviews of them, as columns: read whole where labels are made of them."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import String, cast, func, select
from sqlalchemy.orm import Session

from db.models import Annotation, Answer, Item, Lease, Review
from db.review_records import AnsweredRow, ReviewedRow

__all__ = [
    "answered_rows",
    "current_items",
    "differing_items",
    "items_held",
    "open_slots_of",
    "reviewed_rows",
    "reworked_items",
]

_CHUNK = 500
"""Parameters per IN list: below SQLite's oldest limit of 999."""


def _parts(project_id: int, item_ids: Sequence[int] | None) -> Iterator[list[Any]]:
    """Conditions: the project as a whole, or these of its items in parts."""
    if item_ids is None:
        yield [Annotation.project_id == project_id]
        return
    for start in range(0, len(item_ids), _CHUNK):
        yield [
            Annotation.project_id == project_id,
            Annotation.item_id.in_(item_ids[start : start + _CHUNK]),
        ]


def answered_rows(
    session: Session, project_id: int, item_ids: Sequence[int] | None = None
) -> list[AnsweredRow]:
    """Every revision of everybody on the current items, or on these; oldest first for each item."""
    found: dict[int, AnsweredRow] = {}
    values: dict[int, dict[str, Any]] = {}
    current = [Item.is_current] if item_ids is None else []
    for conditions in _parts(project_id, item_ids):
        rows = session.execute(
            select(
                Annotation.item_id,
                Annotation.user_id,
                Annotation.id,
                Annotation.revision,
                Annotation.state,
                Annotation.position,
                Answer.question,
                Answer.value,
            )
            .join(Item, Item.id == Annotation.item_id)
            .outerjoin(Answer, Answer.annotation_id == Annotation.id)
            .where(*conditions, *current)
            .order_by(Annotation.id, Answer.id)
        )
        for item_id, user_id, annotation_id, revision, state, position, question, value in rows:
            if annotation_id not in found:
                of_this = values[annotation_id] = {}
                found[annotation_id] = AnsweredRow(
                    item_id, user_id, annotation_id, revision, state, position, of_this
                )
            if question is not None:
                values[annotation_id][question] = value[0]
    return list(found.values())


def reviewed_rows(
    session: Session, project_id: int, item_ids: Sequence[int] | None = None
) -> list[ReviewedRow]:
    """Every review of the project, or of annotations of these items; oldest first for each item."""
    columns = (Review.reviewer_id, Review.outcome, Review.comment, Review.question_comments, Review.answers, Review.requeue, Review.blind, Review.seconds, Review.created_at)  # fmt: skip
    found = []
    for conditions in _parts(project_id, item_ids):
        rows = session.execute(
            select(
                Review.id,
                Review.annotation_id,
                Annotation.item_id,
                Annotation.user_id,
                Annotation.revision,
                *columns,
            )
            .join(Annotation, Annotation.id == Review.annotation_id)
            .where(*conditions)
            .order_by(Review.id)
        )
        found += [ReviewedRow(*row) for row in rows]
    return found


def differing_items(session: Session, project_id: int, item_ids: Sequence[int] | None = None) -> list[int]:
    """Ids of the current items, or of these of them, to one question of which people's first answers are not stored alike.

    Stored otherwise need not be another answer: labels in another order are told apart here.
    """
    found: set[int] = set()
    for conditions in _parts(project_id, item_ids):
        rows = session.scalars(
            select(Annotation.item_id)
            .join(Item, Item.id == Annotation.item_id)
            .join(Answer, Answer.annotation_id == Annotation.id)
            .where(*conditions, Annotation.revision == 1, Annotation.state == "submitted", Item.is_current)
            .group_by(Annotation.item_id, Answer.question)
            .having(func.count(func.distinct(cast(Answer.value, String))) > 1)
        )
        found.update(rows)
    return sorted(found)


def reworked_items(session: Session, project_id: int, item_ids: Sequence[int] | None = None) -> list[int]:
    """Ids of the current items, or of these of them, of which an answer was rejected, fixed or revised: what was said
    first is not all.
    """
    found: set[int] = set()
    for conditions in _parts(project_id, item_ids):
        current = (
            select(Annotation.item_id)
            .join(Item, Item.id == Annotation.item_id)
            .where(*conditions, Item.is_current)
        )
        found.update(session.scalars(current.where(Annotation.revision > 1)))
        reviewed = current.join(Review, Review.annotation_id == Annotation.id)
        found.update(session.scalars(reviewed.where(Review.outcome != "accepted")))
    return sorted(found)


def current_items(session: Session, item_ids: Sequence[int]) -> dict[int, tuple[str, int]]:
    """Item -> (external id, answers still wanted), of those of these that no newer version has replaced."""
    found: dict[int, tuple[str, int]] = {}
    for start in range(0, len(item_ids), _CHUNK):
        part = item_ids[start : start + _CHUNK]
        rows = session.execute(
            select(Item.id, Item.external_id, Item.open_slots).where(Item.id.in_(part), Item.is_current)
        )
        found |= {item_id: (name, slots) for item_id, name, slots in rows}
    return found


def open_slots_of(session: Session, item_ids: Sequence[int]) -> dict[int, int]:
    """Item -> answers still wanted."""
    found: dict[int, int] = {}
    for start in range(0, len(item_ids), _CHUNK):
        part = item_ids[start : start + _CHUNK]
        found |= {
            item_id: slots
            for item_id, slots in session.execute(select(Item.id, Item.open_slots).where(Item.id.in_(part)))
        }
    return found


def items_held(session: Session, project_id: int) -> set[int]:
    """Ids of the items that somebody holds and has not answered."""
    return set(
        session.scalars(select(Lease.item_id).where(Lease.project_id == project_id, Lease.state == "held"))
    )
