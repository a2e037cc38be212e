"""Reviews of annotations, and what reviewers look at."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session, aliased

from db.inserting import insert_new
from db.models import Annotation, Item, Review, User
from db.records import AnnotationRecord, record_of
from db.review_records import ReviewedAnswer, ReviewRecord

__all__ = [
    "add_review",
    "count_unreviewed",
    "latest_review",
    "levels_of_project",
    "list_reviews",
    "review_by_id",
    "review_by_token",
    "reviewed_answers",
    "reviews_of",
    "unreviewed_items",
    "waiting",
]

_CHUNK = 500
"""Parameters per IN list: below SQLite's oldest limit of 999."""


def add_review(session: Session, **values: Any) -> int | None:
    """Insert a review; None when its form was sent before, or when another one has replaced the same."""
    statement = insert_new(session, Review).values(**values).returning(Review.id)
    return session.scalar(statement)


def review_by_token(session: Session, form_token: str) -> ReviewRecord | None:
    row = session.scalar(select(Review).where(Review.form_token == form_token))
    return record_of(ReviewRecord, row) if row else None


def review_by_id(session: Session, review_id: int) -> ReviewRecord | None:
    row = session.get(Review, review_id)
    return record_of(ReviewRecord, row) if row else None


def latest_review(session: Session, annotation_id: int) -> ReviewRecord | None:
    """The review of an annotation that stands."""
    row = session.scalar(
        select(Review).where(Review.annotation_id == annotation_id).order_by(Review.id.desc()).limit(1)
    )
    return record_of(ReviewRecord, row) if row else None


def reviews_of(session: Session, annotation_ids: Sequence[int]) -> dict[int, list[tuple[ReviewRecord, str]]]:
    """Annotation id -> its reviews with the reviewer's login, oldest first."""
    found: dict[int, list[tuple[ReviewRecord, str]]] = {annotation_id: [] for annotation_id in annotation_ids}
    # All reviews of an annotation are in one part: the order inside each stays.
    for start in range(0, len(annotation_ids), _CHUNK):
        rows = session.execute(
            select(Review, User.login)
            .join(User, User.id == Review.reviewer_id)
            .where(Review.annotation_id.in_(annotation_ids[start : start + _CHUNK]))
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


def list_reviews(
    session: Session, project_id: int, *, by: int | None, not_of: int, offset: int, limit: int
) -> tuple[list[tuple[ReviewRecord, AnnotationRecord]], int]:
    """A page of the reviews with what each is about, newest first, and how many there are; of one reviewer or of all,
    without those of one person's answers.
    """
    inside = [Annotation.project_id == project_id, Annotation.user_id != not_of]
    if by is not None:
        inside.append(Review.reviewer_id == by)
    joined = select(Review, Annotation).join(Annotation, Annotation.id == Review.annotation_id).where(*inside)
    total = session.scalar(joined.with_only_columns(func.count())) or 0
    rows = session.execute(joined.order_by(Review.id.desc()).offset(offset).limit(limit))
    return [(record_of(ReviewRecord, one), record_of(AnnotationRecord, about)) for one, about in rows], total


def _newest_submitted(project_id: int) -> list[Any]:
    """Conditions: the newest revision of a person's part in a current item, where that is no skip."""
    later = aliased(Annotation)
    return [
        Annotation.project_id == project_id,
        Annotation.state == "submitted",
        Item.is_current,
        ~exists().where(
            later.item_id == Annotation.item_id,
            later.user_id == Annotation.user_id,
            later.revision > Annotation.revision,
        ),
    ]


def _unreviewed(project_id: int, columns: Select[Any]) -> Select[Any]:
    return columns.join(Item, Item.id == Annotation.item_id).where(
        *_newest_submitted(project_id), ~exists().where(Review.annotation_id == Annotation.id)
    )


def unreviewed_items(session: Session, project_id: int) -> set[int]:
    """Current items with a newest revision that is submitted and that nobody has reviewed."""
    return set(session.scalars(_unreviewed(project_id, select(Annotation.item_id))))


def count_unreviewed(session: Session, project_id: int) -> int:
    """Newest submitted revisions of current items that nobody has reviewed."""
    return session.scalar(_unreviewed(project_id, select(func.count()).select_from(Annotation))) or 0


def waiting(session: Session, project_id: int, *, among: Sequence[int]) -> list[AnnotationRecord]:
    """The newest revisions of these items that are submitted and that nobody has reviewed, oldest first."""
    found: list[AnnotationRecord] = []
    for start in range(0, len(among), _CHUNK):
        inside = Annotation.item_id.in_(among[start : start + _CHUNK])
        rows = session.scalars(_unreviewed(project_id, select(Annotation)).where(inside))
        found += [record_of(AnnotationRecord, row) for row in rows]
    return sorted(found, key=lambda annotation: annotation.id)


def reviewed_answers(
    session: Session, project_id: int, item_ids: Sequence[int] | None = None
) -> list[ReviewedAnswer]:
    """The newest revisions that were reviewed, with everybody who did; of all current items, or of these."""
    statement = (
        select(Annotation.id, Annotation.item_id, Annotation.user_id, Review.reviewer_id)
        .join(Item, Item.id == Annotation.item_id)
        .join(Review, Review.annotation_id == Annotation.id)
        .where(*_newest_submitted(project_id))
    )
    inside: list[list[Any]] = [[]]
    if item_ids is not None:
        starts = range(0, len(item_ids), _CHUNK)
        inside = [[Annotation.item_id.in_(item_ids[start : start + _CHUNK])] for start in starts]
    found: dict[int, tuple[int, int, set[int]]] = {}
    for conditions in inside:
        for annotation_id, item_id, user_id, reviewer_id in session.execute(statement.where(*conditions)):
            found.setdefault(annotation_id, (item_id, user_id, set()))[2].add(reviewer_id)
    return [
        ReviewedAnswer(annotation_id, item_id, user_id, frozenset(reviewers))
        for annotation_id, (item_id, user_id, reviewers) in found.items()
    ]
