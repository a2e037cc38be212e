"""Inserting a row unless its unique key is there already, on both databases."""

from sqlalchemy import Insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.base import Base

__all__ = ["insert_new"]


def insert_new(session: Session, model: type[Base]) -> Insert:
    """An insert that leaves a row alone whose unique key is taken; `.returning(…)` then gives nothing for it."""
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(model).on_conflict_do_nothing()
    return postgresql.insert(model).on_conflict_do_nothing()
