"""Visits and their events."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from db.inserting import insert_new
from db.models import Event, Visit
from db.records import VisitRecord, record_of

__all__ = [
    "add_events",
    "add_simulated",
    "events_of",
    "last_visit",
    "open_visit",
    "own_time",
    "set_ledger",
    "set_outcome",
    "visit_by_id",
    "visits_of_item",
]


def last_visit(session: Session, item_id: int, user_id: int) -> VisitRecord | None:
    row = session.scalar(
        select(Visit)
        .where(Visit.item_id == item_id, Visit.user_id == user_id)
        .order_by(Visit.id.desc())
        .limit(1)
    )
    return record_of(VisitRecord, row) if row else None


def open_visit(
    session: Session,
    *,
    project_id: int,
    item_id: int,
    user_id: int,
    at: datetime,
    idle_rule_seconds: int,
    stage: str,
) -> VisitRecord:
    row = Visit(
        project_id=project_id,
        item_id=item_id,
        user_id=user_id,
        opened_at=at,
        last_event_at=at,
        idle_rule_seconds=idle_rule_seconds,
        stage=stage,
        outcome=None,
    )
    session.add(row)
    session.flush()
    return record_of(VisitRecord, row)


def add_simulated(
    session: Session,
    *,
    project_id: int,
    item_id: int,
    user_id: int,
    opened_at: datetime,
    closed_at: datetime,
    idle_rule_seconds: int,
    reading: float,
    working: float,
    idle: float,
) -> int:
    """A visit of a made-up person: a ledger without events, marked as simulated; returns its id."""
    row = Visit(
        project_id=project_id,
        item_id=item_id,
        user_id=user_id,
        opened_at=opened_at,
        last_event_at=closed_at,
        idle_rule_seconds=idle_rule_seconds,
        reading=reading,
        working=working,
        idle=idle,
        outcome="submitted",
        simulated=True,
    )
    session.add(row)
    session.flush()
    return row.id


def add_events(session: Session, visit_id: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store (tab, seq, kind, at, data) rows; one that is known by tab and number is left as it is."""
    if rows:
        session.execute(insert_new(session, Event), [{"visit_id": visit_id, **row} for row in rows])


def events_of(session: Session, visit_id: int) -> list[tuple[str, int, str, datetime, dict[str, Any]]]:
    """(tab, seq, kind, at, data) of a visit in the order of time."""
    rows = session.execute(
        select(Event.tab, Event.seq, Event.kind, Event.at, Event.data)
        .where(Event.visit_id == visit_id)
        .order_by(Event.at, Event.tab, Event.seq)
    )
    return [(tab, seq, kind, at, data) for tab, seq, kind, at, data in rows]


def set_ledger(
    session: Session,
    visit_id: int,
    *,
    opened_at: datetime,
    last_event_at: datetime,
    tabs: int,
    seconds: Mapping[str, float],
) -> None:
    session.execute(
        update(Visit)
        .where(Visit.id == visit_id)
        .values(opened_at=opened_at, last_event_at=last_event_at, tabs=tabs, **seconds)
    )


def set_outcome(session: Session, item_id: int, user_id: int, outcome: str) -> None:
    """Mark the newest visit of this person to this item."""
    newest = (
        select(func.max(Visit.id)).where(Visit.item_id == item_id, Visit.user_id == user_id).scalar_subquery()
    )
    session.execute(update(Visit).where(Visit.id == newest).values(outcome=outcome))


def visit_by_id(session: Session, visit_id: int) -> VisitRecord | None:
    row = session.get(Visit, visit_id)
    return record_of(VisitRecord, row) if row else None


def visits_of_item(session: Session, item_id: int) -> list[VisitRecord]:
    rows = session.scalars(select(Visit).where(Visit.item_id == item_id).order_by(Visit.id))
    return [record_of(VisitRecord, row) for row in rows]


def own_time(session: Session, project_id: int, user_id: int) -> list[VisitRecord]:
    """This person's visits in the project, newest first."""
    rows = session.scalars(
        select(Visit)
        .where(Visit.project_id == project_id, Visit.user_id == user_id)
        .order_by(Visit.id.desc())
    )
    return [record_of(VisitRecord, row) for row in rows]
