"""Long tables read as columns, on both databases."""

from typing import Any

import pandas as pd
import pytest
from sqlalchemy import select
from sqlalchemy.orm import aliased

from app.clock import utc_now
from db import columns
from db.columns import columns_of, extent_of
from db.engine import Engine, transaction
from db.models import Rating
from db.store.projects import add_project
from db.store.ratings import add_ratings

ODD = [
    "plain",
    'a "quote"',
    "two\nlines",
    "comma, and space",
    "\\u0041",
    "[]",
    "null",
    "1",
    "",
    "ünïcodé 🙂",
    "\x1f",
]


def fill(engine: Engine, rows: int) -> tuple[int, int]:
    """Two projects whose ratings alternate, `rows` each; every third column value is odd in its own way."""
    with transaction(engine) as session:
        ids = [add_project(session, now=utc_now(), name=name, kind="ratings", problem="").id for name in "PQ"]
        add_ratings(
            session,
            [
                {"project_id": project_id, "item": f"i{n}", "rater": ODD[n % len(ODD)], "rater_kind": "human"}
                | {"question": "q" if n < rows / 2 else "r", "value": str(n % 3), "repeat": n % 2, "meta": {}}
                for n in range(rows)
                for project_id in ids
            ],
        )
    return ids[0], ids[1]


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_columns_are_those_of_the_rows(engine: Engine, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    monkeypatch.setattr(columns, "_STEP", step)
    _, second = fill(engine, 40)
    statement = select(Rating.item, Rating.rater, Rating.question, Rating.rater_kind, Rating.repeat)
    with transaction(engine) as session:
        extent = extent_of(session, Rating.id, Rating.project_id == second)
        expected = session.execute(statement.where(Rating.project_id == second).order_by(Rating.id)).all()
        found = columns_of(
            session, statement, key=Rating.id, project=Rating.project_id, project_id=second, extent=extent
        )
    assert extent.rows == 40
    assert list(zip(*(column.tolist() for column in found), strict=True)) == [tuple(row) for row in expected]
    assert all(isinstance(column, pd.Categorical) for column in found)


def test_joined_columns_come_in_order_too(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "_STEP", 12)
    first, second = fill(engine, 40)
    # The other side is found by its key, so that a database would like to begin there, with the last value.
    other = aliased(Rating)
    statement = (
        select(Rating.item, other.value)
        .join(other, other.value == Rating.value)
        .where(other.project_id == second, other.question == "q", other.item.in_(["i3", "i1", "i2"]))
    )
    with transaction(engine) as session:
        extent = extent_of(session, Rating.id, Rating.project_id == first)
        items, values = columns_of(
            session, statement, key=Rating.id, project=Rating.project_id, project_id=first, extent=extent
        )
    assert items.tolist() == [f"i{n}" for n in range(40)]
    assert values.tolist() == [str(n % 3) for n in range(40)]


def test_of_nothing_the_columns_are_empty(engine: Engine) -> None:
    with transaction(engine) as session:
        extent = extent_of(session, Rating.id, Rating.project_id == 1)
        found: list[Any] = columns_of(
            session,
            select(Rating.item, Rating.value),
            key=Rating.id,
            project=Rating.project_id,
            project_id=1,
            extent=extent,
        )
    assert (extent.rows, [list(column) for column in found]) == (0, [[], []])
