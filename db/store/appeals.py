"""Annotators' words that a rejection is wrong, and which of them nobody has answered yet."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from db.inserting import insert_new
from db.models import Annotation, Appeal, Item, Review
from db.records import record_of
from db.review_records import AppealRecord

__all__ = ["add_appeal", "appeals_of", "open_appeals"]

_CHUNK = 500
"""Parameters per IN list: below SQLite's oldest limit of 999."""


def add_appeal(session: Session, **values: Any) -> bool:
    """Insert an appeal; False when there is one against the same rejection."""
    statement = insert_new(session, Appeal).values(**values).returning(Appeal.id)
    return session.scalar(statement) is not None


def appeals_of(session: Session, review_ids: Sequence[int]) -> dict[int, AppealRecord]:
    """Review -> the appeal against it; reviews without one are missing."""
    found: dict[int, AppealRecord] = {}
    for start in range(0, len(review_ids), _CHUNK):
        part = review_ids[start : start + _CHUNK]
        for row in session.scalars(select(Appeal).where(Appeal.review_id.in_(part))):
            found[row.review_id] = record_of(AppealRecord, row)
    return found


def open_appeals(session: Session, project_id: int) -> list[tuple[int, int, int]]:
    """(annotation id, item id, author id) of the answers whose rejection is contested and stands, oldest appeal first.

    It stands while nobody has reviewed the answer again and its author has not answered anew.
    """
    later_review, later_answer = aliased(Review), aliased(Annotation)
    rows = session.execute(
        select(Annotation.id, Annotation.item_id, Annotation.user_id)
        .join(Review, Review.annotation_id == Annotation.id)
        .join(Appeal, Appeal.review_id == Review.id)
        .join(Item, Item.id == Annotation.item_id)
        .where(
            Annotation.project_id == project_id,
            Item.is_current,
            ~exists().where(later_review.replaces == Review.id),
            ~exists().where(
                later_answer.item_id == Annotation.item_id,
                later_answer.user_id == Annotation.user_id,
                later_answer.revision > Annotation.revision,
            ),
        )
        .order_by(Appeal.id)
    )
    return [(annotation_id, item_id, user_id) for annotation_id, item_id, user_id in rows]
