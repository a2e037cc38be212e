"""How far a project is: counts that no page needs at every click."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.models import Annotation, Item, Lease

__all__ = ["ProjectCounts", "project_counts", "submitted_since"]


@dataclass(frozen=True, slots=True)
class ProjectCounts:
    items: int
    answered_items: int
    """Items with at least one submitted answer."""
    answers: int
    """People's first submissions of items."""
    skipped: int
    expired: int
    """Holds that ran out."""
    wanted: int
    """Answers that items still want, those that somebody holds not counted."""


def project_counts(session: Session, project_id: int) -> ProjectCounts:
    def number(statement: object) -> int:
        return int(session.scalar(statement) or 0)  # type: ignore[call-overload]

    first = (
        select(func.count(), func.count(func.distinct(Annotation.item_id)))
        .join(Item, Item.id == Annotation.item_id)
        .where(
            Annotation.project_id == project_id,
            Annotation.state == "submitted",
            Annotation.revision == 1,
            Item.is_current,
        )
    )
    answers, answered = session.execute(first).one()
    current = (Item.project_id == project_id, Item.is_current)
    return ProjectCounts(
        items=number(select(func.count()).select_from(Item).where(*current)),
        answered_items=answered,
        answers=answers,
        skipped=number(
            select(func.count()).where(Annotation.project_id == project_id, Annotation.state == "skipped")
        ),
        expired=number(select(func.count()).where(Lease.project_id == project_id, Lease.state == "expired")),
        wanted=number(select(func.sum(Item.open_slots)).where(*current)),
    )


def submitted_since(session: Session, project_id: int, moment: datetime) -> int:
    """First submissions since a moment."""
    statement = select(func.count()).where(
        Annotation.project_id == project_id,
        Annotation.state == "submitted",
        Annotation.revision == 1,
        Annotation.submitted_at >= moment,
    )
    return session.scalar(statement) or 0
