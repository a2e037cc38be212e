"""Ratings of one question as whole numbers: which item, which rater, which value.

Texts are compared once for each different text, not once for each rating.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["Coded", "Codes", "Floats", "Ratings", "code_ratings", "codes_of", "distinct_rows", "of_raters"]

Codes = NDArray[np.intp]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Coded:
    """One entry per rating that counts, in order of the rows: places in `items`, `raters` and `values`."""

    item: Codes
    rater: Codes
    value: Codes
    items: "pd.Index[Any]"
    raters: "pd.Index[Any]"
    values: tuple[object, ...]
    """In order: numbers ascending, else text ascending."""
    written: tuple[Any, ...]
    """Each value as it was first given: text, or what an answer holds."""
    numeric: bool
    """Whether every value is a finite number."""
    not_numbers: int
    """Ratings whose value is no number, where others' are: they keep all of them from being read as numbers."""
    duplicates: int
    """Further ratings of the same rater for the same item; the first one counts."""

    @property
    def labels(self) -> list[str]:
        """Each value as text."""
        return [str(value) for value in self.written]


Ratings = pd.DataFrame | Coded
"""Ratings of one question: a long frame with columns item, rater, value, one row a rating; or coded already."""


def codes_of(column: "pd.Series[Any]") -> tuple[Codes, "pd.Index[Any]"]:
    """(place in the index, different entries in order of appearance)."""
    codes, names = pd.factorize(column)
    # The categories of a part are those of the whole; text stays as it is: as objects it would take far more room.
    return codes, names.astype(object) if isinstance(names, pd.CategoricalIndex) else names


def code_ratings(ratings: Ratings) -> Coded:
    """The ratings as codes.

    Values are numbers when all of them read as finite numbers: 3 and 3.0 are one value then. Missing ones are left
    out.
    """
    if isinstance(ratings, Coded):
        return ratings
    known = ratings["value"].notna().to_numpy()
    kept = ratings if known.all() else ratings[known]
    item, items = codes_of(kept["item"])
    rater, raters = codes_of(kept["rater"])
    again = pd.Series(item * max(len(raters), 1) + rater).duplicated().to_numpy()
    duplicates = int(again.sum())
    if duplicates:
        item, rater, kept = item[~again], rater[~again], kept[~again]
    written, different = codes_of(kept["value"])
    found = different.tolist()
    numbers = pd.to_numeric(pd.Series(found, dtype=object), errors="coerce").to_numpy()
    finite = np.isfinite(numbers.astype(float))
    numeric = bool(finite.all()) and len(found) > 0
    read = numbers.tolist() if numeric else [str(value) for value in found]
    values = sorted(set(read))
    place = {value: number for number, value in enumerate(values)}
    places = np.asarray([place[value] for value in read], dtype=np.intp)
    first = dict(zip(reversed(read), reversed(found), strict=True))
    return Coded(
        item=item,
        rater=rater,
        value=places[written],
        items=items,
        raters=raters,
        values=tuple(values),
        written=tuple(first[value] for value in values),
        numeric=numeric,
        not_numbers=int((~finite)[written].sum()) if finite.any() else 0,
        duplicates=duplicates,
    )


def of_raters(coded: Coded, names: Collection[str]) -> Coded:
    """The ratings of these raters, by name."""
    wanted = np.asarray([str(name) in names for name in coded.raters], dtype=bool)
    mine = wanted[coded.rater] if len(wanted) else np.zeros(0, dtype=bool)
    item, places = pd.factorize(coded.item[mine])
    return replace(
        coded, item=item, rater=coded.rater[mine], value=coded.value[mine], items=coded.items.take(places)
    )


def _distinct_by_hash(table: Floats) -> tuple[Floats, Floats]:
    """The same for rows that fit into no number: to sort all of them, and not the different ones, takes far longer."""
    factors = np.random.default_rng(7).integers(1, 2**62, table.shape[1], dtype=np.uint64) | np.uint64(1)
    codes, _ = pd.factorize((table.astype(np.uint64) * factors).sum(axis=1))
    _, first = np.unique(codes, return_index=True)
    rows = table[first]
    if not np.array_equal(rows[codes], table):  # two different rows under one number
        rows, frequency = np.unique(table, axis=0, return_counts=True)
        return rows, frequency.astype(float)
    order = np.lexsort(rows.T[::-1])
    return rows[order], np.bincount(codes)[order].astype(float)


def distinct_rows(table: Floats) -> tuple[Floats, Floats]:
    """(different rows of a table of counts in ascending order, how often each occurs).

    A row is written as one number where it fits into one, which sorts a hundred times as fast.
    """
    base = int(table.max(initial=0)) + 1
    if base ** table.shape[1] >= 2**62:
        return _distinct_by_hash(table)
    powers = np.asarray([base**power for power in reversed(range(table.shape[1]))], dtype=np.int64)
    # In float as long as that is exact: matrix products of whole numbers are slow.
    exact = base ** table.shape[1] < 2**52
    keys = (table @ powers.astype(float)).astype(np.int64) if exact else table.astype(np.int64) @ powers
    codes, different = pd.factorize(keys)
    order = np.argsort(different)
    read = (different[order, None] // powers) % base
    return read.astype(float), np.bincount(codes, minlength=len(different))[order].astype(float)
