"""Reviews of annotations, and what reviewers look at."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.inserting import insert_new
from db.models import Annotation, Review, User
from db.records import AnnotationRecord, record_of
from db.review_records import ReviewRecord

__all__ = ["add_review", "latest_review", "levels_of_project", "reviews_of", "waiting"]


def add_review(session: Session, **values: Any) -> bool:
    """Insert a review; False when this form was sent before."""
    statement = insert_new(session, Review).values(**values).returning(Review.id)
    return session.execute(statement).first() is not None


def latest_review(session: Session, annotation_id: int) -> ReviewRecord | None:
    """The review of an annotation that stands."""
    row = session.scalar(
        select(Review).where(Review.annotation_id == annotation_id).order_by(Review.id.desc()).limit(1)
    )
    return record_of(ReviewRecord, row) if row else None


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


def levels_of_project(session: Session, project_id: int) -> list[dict[str, Any]]:
    """Every level that a reviewer gave on a criterion, as it was stored, oldest first."""
    rows = session.scalars(
        select(Review.levels)
        .join(Annotation, Annotation.id == Review.annotation_id)
        .where(Annotation.project_id == project_id)
        .order_by(Review.id)
    )
    return [level for levels in rows for level in levels]


def waiting(
    session: Session,
    project_id: int,
    *,
    not_by: int,
    limit: int,
    after: int = 0,
    among: Sequence[int] | None = None,
) -> list[AnnotationRecord]:
    """The newest submitted revisions that no review stands for, oldest first, from the one behind `after` on.

    A reviewer's own annotations are left out; `among` keeps to these items.
    """
    newest = (
        select(func.max(Annotation.id))
        .where(Annotation.project_id == project_id)
        .group_by(Annotation.item_id, Annotation.user_id)
    )
    inside = [] if among is None else [Annotation.item_id.in_(among)]
    rows = session.scalars(
        select(Annotation)
        .where(
            *inside,
            Annotation.project_id == project_id,
            Annotation.state == "submitted",
            Annotation.id > after,
            Annotation.id.in_(newest),
            Annotation.id.not_in(select(Review.annotation_id)),
            Annotation.user_id != not_by,
        )
        .order_by(Annotation.id)
        .limit(limit)
    )
    return [record_of(AnnotationRecord, row) for row in rows]
