"""Adjudications: chains of decisions about one question of one item; the last one stands."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.inserting import insert_new
from db.models import Adjudication
from db.records import record_of
from db.review_records import AdjudicationRecord

__all__ = [
    "add_adjudication",
    "adjudication_by_token",
    "adjudications_of_items",
    "adjudications_of_project",
]

_CHUNK = 500
"""Parameters per IN list: below SQLite's oldest limit of 999."""


def add_adjudication(session: Session, **values: Any) -> int | None:
    """Insert a decision; None when its form was sent before, or when another one has replaced the same."""
    statement = insert_new(session, Adjudication).values(**values).returning(Adjudication.id)
    return session.scalar(statement)


def adjudication_by_token(session: Session, form_token: str) -> AdjudicationRecord | None:
    row = session.scalar(select(Adjudication).where(Adjudication.form_token == form_token))
    return record_of(AdjudicationRecord, row) if row else None


def adjudications_of_items(session: Session, item_ids: Sequence[int]) -> list[AdjudicationRecord]:
    """All decisions about these items, oldest first for each item."""
    found: list[AdjudicationRecord] = []
    for start in range(0, len(item_ids), _CHUNK):
        part = item_ids[start : start + _CHUNK]
        rows = session.scalars(
            select(Adjudication).where(Adjudication.item_id.in_(part)).order_by(Adjudication.id)
        )
        found += [record_of(AdjudicationRecord, row) for row in rows]
    return found


def adjudications_of_project(session: Session, project_id: int) -> list[AdjudicationRecord]:
    """All decisions, oldest first."""
    rows = session.scalars(
        select(Adjudication).where(Adjudication.project_id == project_id).order_by(Adjudication.id)
    )
    return [record_of(AdjudicationRecord, row) for row in rows]
