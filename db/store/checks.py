"""Verdicts on drafts, asked for before submitting."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.inserting import insert_new
from db.models import DraftCheck
from db.records import DraftCheckRecord, record_of

__all__ = ["add_check", "check_by_request", "checks_of", "forget_replies"]


def add_check(session: Session, **values: Any) -> None:
    """Insert a check; the same request again changes nothing."""
    session.execute(insert_new(session, DraftCheck).values(**values))


def check_by_request(session: Session, request_id: str, user_id: int) -> DraftCheckRecord | None:
    row = session.scalar(
        select(DraftCheck).where(DraftCheck.request_id == request_id, DraftCheck.user_id == user_id)
    )
    return record_of(DraftCheckRecord, row) if row else None


def forget_replies(session: Session, *, before: datetime) -> int:
    """Delete raw replies of older checks; the checks stay. Returns how many there were."""
    old = update(DraftCheck).where(DraftCheck.created_at < before, DraftCheck.raw.is_not(None))
    return len(session.execute(old.values(raw=None).returning(DraftCheck.id)).all())


def checks_of(session: Session, item_id: int, user_id: int) -> list[DraftCheckRecord]:
    """A person's checks of one item, oldest first."""
    rows = session.scalars(
        select(DraftCheck)
        .where(DraftCheck.item_id == item_id, DraftCheck.user_id == user_id)
        .order_by(DraftCheck.id)
    )
    return [record_of(DraftCheckRecord, row) for row in rows]
