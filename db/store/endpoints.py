"""Limits of endpoints and prices of models."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.inserting import insert_new
from db.models import EndpointLimit, Price

__all__ = ["Limit", "PriceRow", "add_price", "limit_of", "prices", "set_limit"]


@dataclass(frozen=True, slots=True)
class Limit:
    concurrency: int
    starts: int | None
    period_seconds: float | None


@dataclass(frozen=True, slots=True)
class PriceRow:
    model: str
    valid_from: datetime
    input_usd_per_million: float
    output_usd_per_million: float
    created_by: str


def limit_of(session: Session, queue: str) -> Limit | None:
    row = session.get(EndpointLimit, queue)
    return Limit(row.concurrency, row.starts, row.period_seconds) if row else None


def set_limit(session: Session, queue: str, limit: Limit, *, changed_by: str, now: datetime) -> None:
    values = {
        "concurrency": limit.concurrency,
        "starts": limit.starts,
        "period_seconds": limit.period_seconds,
        "changed_by": changed_by,
        "changed_at": now,
    }
    row = session.get(EndpointLimit, queue)
    if row is None:
        session.add(EndpointLimit(queue=queue, **values))
    else:
        for name, value in values.items():
            setattr(row, name, value)


def prices(session: Session) -> list[PriceRow]:
    """All prices, by model and the newest first."""
    rows = session.scalars(select(Price).order_by(Price.model, Price.valid_from.desc()))
    return [
        PriceRow(
            row.model,
            row.valid_from,
            row.input_usd_per_million,
            row.output_usd_per_million,
            row.created_by,
        )
        for row in rows
    ]


def add_price(session: Session, row: PriceRow, *, now: datetime) -> bool:
    """False when this model has a price from that date already."""
    statement = insert_new(session, Price).values(
        model=row.model,
        valid_from=row.valid_from,
        input_usd_per_million=row.input_usd_per_million,
        output_usd_per_million=row.output_usd_per_million,
        created_by=row.created_by,
        created_at=now,
    )
    return session.execute(statement.returning(Price.id)).first() is not None
