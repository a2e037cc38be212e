"""Ratings of one question as counts: how many raters gave each item each value; of numbers also their moments."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from app.analytics.coding import Coded, Floats, Ratings, code_ratings

__all__ = ["Counts", "count_label_sets", "count_ratings"]

_MOST_CELLS = 100_000_000
"""Items x values of a table of counts: 800 MB. Only texts and fine measurements of many items reach it."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Ratings of one question as counts."""

    table: Floats
    """items x values: how many raters gave the item the value. With a `reason` items x 1: how many ratings."""
    values: tuple[object, ...]
    """The values in order: numbers ascending, else text ascending; a set of labels is a sorted tuple."""
    n_items: int
    n_ratings: int
    n_raters: int
    n_duplicates: int
    """Further ratings of the same rater for the same item; the first one counts."""
    numeric: bool
    """Whether every value is a number."""
    labels: tuple[str, ...]
    """Each value as it was first written."""
    not_numbers: int
    """Ratings whose value is no number where others are."""
    reason: str | None
    """Why no coefficient can be computed: too many different values of too many items."""
    moments: Floats | None = None
    """items x 3, of numbers: how many ratings, their sum and their sum of squares, from the middle of the values. From
    them the interval alpha can be computed whatever the number of different values."""

    @property
    def has_true_zero(self) -> bool:
        """Whether the values may be amounts, of which twice as many is twice as much: numbers, none below 0."""
        return self.numeric and all(isinstance(value, int | float) and value >= 0 for value in self.values)


def count_ratings(ratings: Ratings) -> Counts:
    """How many raters gave each item each value.

    Values are numbers when all of them read as numbers. Missing values are left out.
    """
    coded = code_ratings(ratings)
    items, values = len(coded.items), len(coded.values)
    too_many = items * values > _MOST_CELLS
    cells, columns = (coded.item, 1) if too_many else (coded.item * values + coded.value, values)
    return Counts(
        table=np.bincount(cells, minlength=items * columns).reshape(items, columns).astype(float),
        values=coded.values,
        n_items=items,
        n_ratings=len(coded.item),
        n_raters=len(coded.raters),
        n_duplicates=coded.duplicates,
        numeric=coded.numeric,
        labels=tuple(coded.labels),
        not_numbers=coded.not_numbers,
        reason=f"{values:,} different values are too many to be labels" if too_many else None,
        moments=_moments(coded) if coded.numeric else None,
    )


def _moments(coded: Coded) -> Floats:
    items = len(coded.items)
    # From the middle: squares of large numbers that lie close together would cancel each other.
    values = np.asarray(coded.values, float)
    given = (values - values.mean())[coded.value]
    return np.column_stack(
        [
            np.bincount(coded.item, minlength=items),
            np.bincount(coded.item, given, minlength=items),
            np.bincount(coded.item, given**2, minlength=items),
        ]
    )


def count_label_sets(frame: pd.DataFrame) -> Counts:
    """Count a long frame with columns item, rater, value, where each value is a collection of labels.

    For questions with several answers at once. Neither the order of labels nor a repeated one matters; an empty
    collection is the answer "none of them", a lone text the set of that one label. Missing values are left out.
    """
    known = frame.loc[frame["value"].notna(), ["item", "rater", "value"]]
    counts = count_ratings(known.assign(value=known["value"].map(_set_as_text).astype(object)))
    if counts.reason is not None:
        return counts
    sets = [tuple(json.loads(str(text))) for text in counts.values]
    order = sorted(range(len(sets)), key=sets.__getitem__)
    return replace(
        counts,
        table=counts.table[:, order],
        values=tuple(sets[place] for place in order),
        labels=tuple(counts.labels[place] for place in order),
    )


def _set_as_text(labels: Iterable[object]) -> str:
    return json.dumps([labels] if isinstance(labels, str) else sorted({str(label) for label in labels}))
