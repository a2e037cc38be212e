"""How labels are spread over items, with ties in sight, and how often each rater says what the others say."""

from dataclasses import dataclass

import numpy as np

from app.analytics.coding import Coded, Codes, Floats
from app.analytics.intervals import Share, mean_interval

__all__ = [
    "TIE",
    "Distribution",
    "LabelCount",
    "WithOthers",
    "labels_of_items",
    "spread_of_labels",
    "with_others",
]

TIE = -1
"""In place of a label: the first place is shared."""


@dataclass(frozen=True, slots=True)
class LabelCount:
    label: str
    items: Share
    """Of the items with a rating, those to which most ratings give this label."""
    ratings: int


@dataclass(frozen=True, slots=True)
class Distribution:
    """Of one question and kind of rater."""

    labels: list[LabelCount]
    """In the order of the values; every one that was given."""
    ties: Share
    """Items whose first place is shared: they have no label."""
    n_items: int
    n_ratings: int
    n_raters: int


@dataclass(frozen=True, slots=True)
class WithOthers:
    """How often one rater says what the others say of the same item."""

    rater: str
    ratings: int
    items: int
    """Of these, items that somebody else rated too."""
    equal: float | None
    """Mean over these items of the share of the others who say the same; None without any."""
    low: float | None
    high: float | None
    """95 % percentile interval over these items."""
    reason: str | None
    """Why there is no interval; None where there is one."""


FEWEST_ITEMS = 10
"""Items in common below which a rater's share gets no interval; by judgement."""
_MOST_CELLS = 20_000_000
"""Items x values that are counted in one table, 160 MB; sorting the ratings takes ten times as long, and less room."""


def _votes(coded: Coded) -> tuple[Codes, Codes]:
    """(cell, how many ratings) of every value that an item got; a cell is item x values + value."""
    width = max(len(coded.values), 1)
    cells = coded.item * width + coded.value
    if len(coded.items) * width > _MOST_CELLS:
        return np.unique(cells, return_counts=True)
    often = np.bincount(cells, minlength=1)
    used = np.flatnonzero(often)
    return used, often[used]


def labels_of_items(coded: Coded) -> Codes:
    """Place in `values` of the label that most ratings of each item give, TIE (-1) where the first place is shared."""
    cells, n = _votes(coded)
    item, value = np.divmod(cells, max(len(coded.values), 1))
    most = np.zeros(len(coded.items), dtype=np.intp)
    np.maximum.at(most, item, n)
    first = n == most[item]
    label = np.full(len(coded.items), TIE, dtype=np.intp)
    label[item[first]] = value[first]
    label[np.bincount(item[first], minlength=len(coded.items)) > 1] = TIE
    return label


def spread_of_labels(coded: Coded) -> Distribution:
    """How many items most ratings give each label; an item whose votes tie counts for none of its labels."""
    labels = labels_of_items(coded)
    items = len(coded.items)
    often = np.bincount(labels[labels != TIE], minlength=len(coded.values))
    ratings = np.bincount(coded.value, minlength=len(coded.values))
    return Distribution(
        labels=[
            LabelCount(str(name), Share.of(int(count), items), int(given))
            for name, count, given in zip(coded.written, often, ratings, strict=True)
        ],
        ties=Share.of(int((labels == TIE).sum()), items),
        n_items=items,
        n_ratings=len(coded.item),
        n_raters=len(coded.raters),
    )


def with_others(coded: Coded) -> list[WithOthers]:
    """One row a rater, in order of their first ratings. Not corrected for chance.

    Each item that somebody else rated too counts once: by the share of the others' ratings that are equal.
    """
    width = max(len(coded.values), 1)
    cells, n = _votes(coded)
    same = n[np.searchsorted(cells, coded.item * width + coded.value)] - 1
    others = np.bincount(coded.item, minlength=len(coded.items))[coded.item] - 1
    found = []
    order = np.argsort(coded.rater, kind="stable")
    bounds = np.searchsorted(coded.rater[order], np.arange(len(coded.raters) + 1))
    for rater, name in enumerate(coded.raters):
        mine = order[bounds[rater] : bounds[rater + 1]]
        shared = mine[others[mine] > 0]
        equal = same[shared] / others[shared]
        reason = _no_interval(equal)
        low, high = (None, None) if reason else mean_interval(equal) or (None, None)
        mean = float(equal.mean()) if len(equal) else None
        found.append(WithOthers(str(name), len(mine), len(shared), mean, low, high, reason))
    return found


def _no_interval(equal: Floats) -> str | None:
    if not len(equal):
        return "nobody else rated these items"
    if len(equal) < FEWEST_ITEMS:
        return f"{len(equal)} items in common are too few for an interval, which needs {FEWEST_ITEMS}"
    if np.ptp(equal) == 0:
        return "all items have the same share, so that drawing them again says nothing"
    return None
