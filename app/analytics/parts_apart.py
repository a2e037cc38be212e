"""Answers of several parts, as sets of labels and spans: alpha of every pair of raters, and which items lie furthest apart."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd

from app.analytics.coding import Codes, Floats
from app.analytics.coincidences import set_distances
from app.analytics.span_agreement import SpanCounts

__all__ = [
    "MOST_SETS",
    "ItemApart",
    "PairAlpha",
    "most_raters",
    "pairwise_set_alphas",
    "sets_apart",
    "spans_apart",
]

MOST_SETS = 2_000
"""Different sets of labels up to which every two are compared: a table of 32 MB; by judgement."""

Sets = Literal["masi", "jaccard"]


@dataclass(frozen=True, slots=True)
class PairAlpha:
    rater_a: str
    rater_b: str
    alpha: float | None
    """Krippendorff's alpha of these two alone."""
    reason: str | None
    n: int
    """Items that both answered; the only ones that count."""
    agree: int
    """Items with the very same set."""


@dataclass(frozen=True, slots=True)
class ItemApart:
    item: str
    apart: float
    """Mean distance of every two answers, in [0, 1]."""


def most_raters(frame: pd.DataFrame, most: int) -> list[str]:
    """The raters with the most ratings, at most `most`, in order of their names."""
    given = frame["rater"].astype(str).value_counts()
    order = sorted(given.index, key=lambda name: (-int(given[name]), str(name)))
    return sorted(order[:most])


def pairwise_set_alphas(frame: pd.DataFrame, metric: Sets, *, raters: Sequence[str]) -> list[PairAlpha]:
    """Alpha of every two of these raters. `frame`: item, rater, value (a tuple of labels), first ratings only.

    With two raters on n items: D_o is the mean distance of their answers, D_e that of any two of the 2n answers.
    """
    codes, sets = pd.factorize(frame["value"])
    distance = set_distances([tuple(labels) for labels in sets], metric)
    table = pd.DataFrame({"item": frame["item"], "rater": frame["rater"].astype(str), "code": codes})
    wide = {rater: rows.set_index("item")["code"] for rater, rows in table.groupby("rater")}
    found = []
    for one, other in combinations(raters, 2):
        both = pd.concat([wide[one], wide[other]], axis=1, join="inner").to_numpy()
        found.append(_pair(one, other, both[:, 0], both[:, 1], distance))
    return found


def _pair(one: str, other: str, a: Codes, b: Codes, distance: Floats) -> PairAlpha:
    n = len(a)
    if not n:
        return PairAlpha(one, other, None, "no item in common", 0, 0)
    agree = int((a == b).sum())
    seen, often = np.unique(np.concatenate([a, b]), return_counts=True)
    chance = float(often @ distance[np.ix_(seen, seen)] @ often) / (2 * n * (2 * n - 1))
    if chance == 0:
        return PairAlpha(one, other, None, "both gave one and the same set throughout", n, agree)
    return PairAlpha(one, other, float(1 - distance[a, b].mean() / chance), None, n, agree)


def sets_apart(frame: pd.DataFrame, metric: Sets) -> list[ItemApart]:
    """Items whose answers differ, furthest apart first. `frame` as for `pairwise_set_alphas`."""
    codes, sets = pd.factorize(frame["value"])
    distance = set_distances([tuple(labels) for labels in sets], metric)
    found = []
    for item, rows in pd.Series(codes).groupby(frame["item"].to_numpy()):
        given, m = rows.to_numpy(), len(rows)
        if m >= 2:
            between = float(distance[np.ix_(given, given)].sum()) / (m * (m - 1))
            found.append(ItemApart(str(item), between))
    return _worst_first(found)


def spans_apart(counts: SpanCounts) -> list[ItemApart]:
    """Items whose spans differ, furthest apart first: 1 - the mean exact F1 of every two raters in the item."""
    spans = counts.first + counts.second
    f1 = np.divide(2 * counts.exact, spans, out=np.ones_like(spans), where=spans > 0)
    sums = np.bincount(counts.item, f1, minlength=len(counts.items))
    often = np.bincount(counts.item, minlength=len(counts.items))
    return _worst_first(
        ItemApart(counts.items[place], float(1 - sums[place] / often[place]))
        for place in np.flatnonzero(often)
    )


def _worst_first(found: Iterable[ItemApart]) -> list[ItemApart]:
    differ = [one for one in found if one.apart > 1e-12]  # but for rounding
    return sorted(differ, key=lambda one: (-one.apart, one.item))
