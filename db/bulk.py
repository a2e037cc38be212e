"""Inserting very many rows of one table, by tuples.

SQLAlchemy builds a dictionary of parameters for each row of an ordinary insert, which takes longer than the
database does. Here the statement is compiled once, each column's own conversion is looked up once, and the
driver gets plain tuples: a third of an import's time saved (`benchmarks/import_items.py`).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from sqlalchemy import Table
from sqlalchemy.orm import Session

from db.base import Base

__all__ = ["insert_tuples"]


def insert_tuples(
    session: Session, model: type[Base], columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Insert rows of `model`, each with one value per name of `columns`; nothing is returned.

    Columns left out take the database's default or null; defaults set in Python do not apply.
    """
    connection = session.connection()
    dialect = connection.dialect
    table = cast(Table, model.__table__)
    processors: list[Callable[[Any], Any] | None] = [
        table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in columns
    ]
    # Literal places, in the driver's own style: the compiled statement would order and cast them its own way.
    places = ", ".join("%s" if dialect.paramstyle in ("format", "pyformat") else "?" for _ in columns)
    names = ", ".join(dialect.identifier_preparer.quote(name) for name in columns)
    # Column by column: a conversion that a column does not need costs nothing then.
    values = [
        column if convert is None else [convert(value) for value in column]
        for convert, column in zip(processors, zip(*rows, strict=True), strict=False)
    ]
    if values:
        connection.exec_driver_sql(
            f"INSERT INTO {table.name} ({names}) VALUES ({places})", list(zip(*values, strict=True))
        )
