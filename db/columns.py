"""Very long tables as columns: the database writes each column as one JSON array.

A driver makes an object of every row and of every cell: a million rows of five columns take a second and more. As
JSON they arrive in a fifth of the time on SQLite and in half of it on PostgreSQL (`benchmarks/agreement_page.py`).
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Select, Table, Text, cast, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

__all__ = ["Extent", "columns_of", "extent_of"]

_STEP = 20_000
"""Rows a statement: what comes of them fits into a processor's cache, which is half of the speed, and never into
more than the gigabyte that either database allows a text."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How many rows a project has in a table, and the first and last of their ids.

    Of a table that is only ever added to, equal extents are equal rows: ids may be given out in another order than
    they become visible, but then the number of rows grows.
    """

    rows: int
    first: int
    last: int


def extent_of(session: Session, key: InstrumentedAttribute[int], *conditions: ColumnElement[bool]) -> Extent:
    # One by one: the ends are then found by an index, and only the number is counted.
    asked = (
        select(what).select_from(key.class_).where(*conditions).scalar_subquery()
        for what in (func.count(), func.min(key), func.max(key))
    )
    rows, first, last = session.execute(select(*asked)).one()
    return Extent(rows, first or 0, last or 0)


def columns_of(
    session: Session,
    statement: Select[*tuple[Any, ...]],
    *,
    key: InstrumentedAttribute[int],
    project: InstrumentedAttribute[int],
    project_id: int,
    extent: Extent,
) -> list[pd.Categorical]:
    """The columns of `statement`, texts or whole numbers, for the rows of one project, in order of `key`."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    gather = func.json_group_array if sqlite else func.json_agg
    found = [_Column() for _ in statement.selected_columns]

    def fetch(part: Select[*tuple[Any, ...]]) -> Any:
        rows = part.subquery()
        arrays = (cast(gather(column), Text) for column in rows.c)
        return session.execute(select(func.count(), *arrays).select_from(rows)).one()

    parts = _parts(statement, key, project, project_id, extent, sqlite=sqlite)
    # The database writes the next part while this one is read. Nobody else uses the session meanwhile.
    with ThreadPoolExecutor(1) as ahead:
        waiting: Future[Any] | None = ahead.submit(fetch, next(parts))
        while waiting is not None:
            count, *texts = waiting.result()
            following = next(parts, None)
            waiting = None if following is None else ahead.submit(fetch, following)
            for column, text in zip(found, texts, strict=True):
                column.add(text or "[]", count, "," if sqlite else ", ")
    return [column.whole() for column in found]


def _parts(
    statement: Select[*tuple[Any, ...]],
    key: InstrumentedAttribute[int],
    project: InstrumentedAttribute[int],
    project_id: int,
    extent: Extent,
    *,
    sqlite: bool,
) -> Iterator[Select[*tuple[Any, ...]]]:
    if extent.rows <= _STEP:
        yield statement.where(project == project_id).order_by(key)
        return
    walks = sqlite and all(isinstance(source, Table) for source in statement.get_final_froms())
    for start in range(extent.first, extent.last + 1, _STEP):
        # The sum keeps the planner from the index of projects, of which it would read all entries at every step.
        part = statement.where(project + 0 == project_id, key >= start, key < start + _STEP)
        # SQLite walks through one table's range of ids in order; to be asked for it costs it a copy of every row.
        yield part if walks else part.order_by(key)


class _Column:
    """A column under way: each part is coded at once, so that a million texts are never there together."""

    def __init__(self) -> None:
        self._codes: list[NDArray[np.intp]] = []
        self._names: list[NDArray[np.object_]] = []
        self._known = 0

    def add(self, text: str, count: int, separator: str) -> None:
        """`text`: a JSON array of `count` entries."""
        first = text[1:-1].partition(separator)[0]
        # Most columns say the same in thousands of rows: comparing texts is far quicker than reading them.
        constant = count > 1 and text == f"[{separator.join([first] * count)}]"
        entries = orjson.loads(f"[{first}]" if constant else text)
        codes, names = pd.factorize(np.asarray(entries, dtype=object))
        self._codes.append(np.full(count, self._known) if constant else codes + self._known)
        self._names.append(names)
        self._known += len(names)

    def whole(self) -> pd.Categorical:
        places, names = pd.factorize(np.concatenate(self._names))
        dtype = pd.CategoricalDtype(pd.Index(names, dtype=object))
        return pd.Categorical.from_codes(places[np.concatenate(self._codes)], dtype=dtype)
