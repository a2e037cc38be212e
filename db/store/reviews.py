"""Reviews of annotations."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.inserting import insert_new
from db.models import Annotation, Item, Review, User
from db.records import AnnotationRecord, ReviewRecord, record_of

__all__ = ["add_review", "reviewer_counts", "reviews_of", "waiting"]


def add_review(session: Session, **values: Any) -> bool:
    """Insert a review; False when this form was sent before."""
    statement = insert_new(session, Review).values(**values).returning(Review.id)
    return session.execute(statement).first() is not None


def reviews_of(session: Session, annotation_ids: Sequence[int]) -> dict[int, list[tuple[ReviewRecord, str]]]:
    """Annotation id -> its reviews with the reviewer's login, oldest first."""
    found: dict[int, list[tuple[ReviewRecord, str]]] = {annotation_id: [] for annotation_id in annotation_ids}
    rows = session.execute(
        select(Review, User.login)
        .join(User, User.id == Review.reviewer_id)
        .where(Review.annotation_id.in_(annotation_ids))
        .order_by(Review.id)
    )
    for row, login in rows:
        found[row.annotation_id].append((record_of(ReviewRecord, row), login))
    return found


def waiting(
    session: Session, project_id: int, *, not_by: int, limit: int
) -> list[tuple[AnnotationRecord, str, str]]:
    """(annotation, external id, login) of the newest revisions that no review stands for, oldest first.

    A reviewer's own annotations are left out.
    """
    newest = (
        select(func.max(Annotation.id))
        .where(Annotation.project_id == project_id)
        .group_by(Annotation.item_id, Annotation.user_id)
    )
    reviewed = select(Review.annotation_id)
    rows = session.execute(
        select(Annotation, Item.external_id, User.login)
        .join(Item, Item.id == Annotation.item_id)
        .join(User, User.id == Annotation.user_id)
        .where(
            Annotation.project_id == project_id,
            Annotation.state == "submitted",
            Annotation.id.in_(newest),
            Annotation.id.not_in(reviewed),
            Annotation.user_id != not_by,
        )
        .order_by(Annotation.id)
        .limit(limit)
    )
    return [(record_of(AnnotationRecord, row), external_id, login) for row, external_id, login in rows]


def reviewer_counts(session: Session, project_id: int) -> list[tuple[str, str, int]]:
    """(reviewer, outcome, how many)."""
    rows = session.execute(
        select(User.login, Review.outcome, func.count())
        .join(Review, Review.reviewer_id == User.id)
        .join(Annotation, Annotation.id == Review.annotation_id)
        .where(Annotation.project_id == project_id)
        .group_by(User.login, Review.outcome)
        .order_by(User.login, Review.outcome)
    )
    return [(login, outcome, count) for login, outcome, count in rows]
