"""Objections to figures of the time record."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.inserting import insert_new
from db.models import TimeObjection, User, Visit
from db.records import TimeObjectionRecord, record_of

__all__ = ["add_objection", "answer", "objections_of_project"]


def add_objection(session: Session, *, visit_id: int, reason: str, now: datetime) -> bool:
    """Insert an objection; False when the visit has one already."""
    statement = insert_new(session, TimeObjection).values(
        visit_id=visit_id, reason=reason, answer="", left_out=False, answered_by="", created_at=now
    )
    found = session.execute(statement.returning(TimeObjection.id)).first()
    return found is not None


def objections_of_project(session: Session, project_id: int) -> list[tuple[TimeObjectionRecord, str, float]]:
    """(objection, login, handling seconds of the visit), unanswered ones first."""
    rows = session.execute(
        select(TimeObjection, User.login, Visit.reading + Visit.working + Visit.chatting)
        .join(Visit, Visit.id == TimeObjection.visit_id)
        .join(User, User.id == Visit.user_id)
        .where(Visit.project_id == project_id)
        .order_by(TimeObjection.answered_at.is_not(None), TimeObjection.id)
    )
    return [(record_of(TimeObjectionRecord, row), login, float(seconds)) for row, login, seconds in rows]


def answer(
    session: Session, objection_id: int, *, answer: str, left_out: bool, answered_by: str, now: datetime
) -> None:
    session.execute(
        update(TimeObjection)
        .where(TimeObjection.id == objection_id)
        .values(answer=answer, left_out=left_out, answered_by=answered_by, answered_at=now)
    )
