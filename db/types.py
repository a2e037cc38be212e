"""Column types that both databases hold the same way."""

from datetime import UTC, datetime

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator

__all__ = ["BigKey", "Json", "UtcDateTime"]


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC.

    SQLite returns `DateTime(timezone=True)` naive, which would compare wrongly with aware values; a naive
    value on the way in is a defect and is refused.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive moment {value!r}; every stored moment carries its zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json: JSON = JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
"""A JSON document: JSONB on PostgreSQL, text on SQLite."""

BigKey = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit key. SQLite only autoincrements a column declared INTEGER, which is 64 bits wide there."""
