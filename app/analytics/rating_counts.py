"""Ratings of one question as counts: how many raters gave each item each value."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from app.analytics.coding import Ratings, code_ratings
from app.analytics.count_rows import table_of

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["Counts", "count_label_sets", "count_ratings"]

_MOST_CELLS = 100_000_000
"""Items x values above which the values are no labels: only texts and fine measurements of many items reach it."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Ratings of one question as counts."""

    table: "csr_array"
    """items x values, sparse: how many raters gave the item the value."""
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
    """Why no coefficient can be computed but the interval alpha: too many different values of too many items."""

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
    return Counts(
        table=table_of(coded.item, coded.value, items, values),
        values=coded.values,
        n_items=items,
        n_ratings=len(coded.item),
        n_raters=len(coded.raters),
        n_duplicates=coded.duplicates,
        numeric=coded.numeric,
        labels=tuple(coded.labels),
        not_numbers=coded.not_numbers,
        reason=f"{values:,} different values are too many to be labels" if too_many else None,
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
