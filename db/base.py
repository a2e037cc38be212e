"""The declarative base: named constraints, so that migrations can find them on both databases."""

from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import MetaData, String
from sqlalchemy.orm import DeclarativeBase, mapped_column

from db.types import BigKey, Json, UtcDateTime

__all__ = ["Base", "Key", "choice"]

Key = Annotated[int, mapped_column(BigKey, primary_key=True, autoincrement=True)]


class Base(DeclarativeBase):
    """Every table of MILO; `Base.metadata` is what migrations are compared with."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads a plain class attribute
        datetime: UtcDateTime,
        dict[str, Any]: Json,
        list[Any]: Json,
        str: String(),
    }


def choice(column: str, *values: str) -> str:
    """SQL text of a check that `column` holds one of `values`; all are literals of ours."""
    return f"{column} IN ({', '.join(repr(value) for value in values)})"
