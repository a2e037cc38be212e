"""How far raters agree beyond chance, with missing ratings, and with an interval.

Every coefficient depends on an item only through its row of counts (how often each value was given), and few
different rows occur. So the bootstrap over items is one multinomial draw over the distinct rows, whatever the
number of items.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from app.analytics.coding import Floats, Ratings, code_ratings, distinct_rows
from app.analytics.coincidences import Metric, alphas_of_parts, ratio_distances, set_distances, within
from app.analytics.intervals import bootstrapped
from app.analytics.kappas import PairKappa, cohen_kappa, pairwise_kappas
from app.analytics.resampling import drawn_again
from app.analytics.split_items import confusions, entropy_of

__all__ = [
    "Alpha",
    "Counts",
    "Metric",
    "PairKappa",
    "alpha",
    "alphas_of_rows",
    "cohen_kappa",
    "confusions",
    "count_label_sets",
    "count_ratings",
    "entropy_of",
    "pairwise_kappas",
    "percent_agreement",
]

_MOST_RATIO = 1_000
"""Different values above which a table of their distances is too large; by judgement."""
_REPLICATES = 1_000
_OF_SETS = ("masi", "jaccard")
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

    @property
    def has_true_zero(self) -> bool:
        """Whether the values may be amounts, of which twice as many is twice as much: numbers, none below 0."""
        return self.numeric and all(isinstance(value, int | float) and value >= 0 for value in self.values)


@dataclass(frozen=True, slots=True)
class Alpha:
    """Krippendorff's alpha of one question."""

    metric: Metric
    value: float | None
    low: float | None
    high: float | None
    """95 % percentile interval over items: it speaks of these raters only."""
    reason: str | None
    """Why it is undefined; None when it is not."""
    n_items: int
    """Items with at least two ratings: the ones that count."""
    n_single: int
    """Items with one rating, left out."""
    n_ratings: int
    n_raters: int
    n_duplicates: int
    note: str | None


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
    return replace(counts, table=counts.table[:, order], values=tuple(sets[place] for place in order))


def _set_as_text(labels: Iterable[object]) -> str:
    return json.dumps([labels] if isinstance(labels, str) else sorted({str(label) for label in labels}))


def alphas_of_rows(rows: Floats, weights: Floats, values: Floats, metric: Metric) -> Floats:
    """Alpha for each row of `weights` (replicates x rows of counts); nan where fewer than two values occur.

    A sum over pairs of values of an item is one over its moments: with squared differences
    sum n_c n_k (s_c - s_k)^2 = 2 (m sum n_c s_c^2 - (sum n_c s_c)^2), with equal-or-not m^2 - sum n_c^2. So no
    matrix of values by values is needed. The scale s of the ordinal metric are the mid-ranks of each replicate.
    """
    m = rows.sum(axis=1)
    often = weights @ rows
    n = often.sum(axis=1)
    if metric == "nominal":
        observed = weights @ ((m**2 - (rows**2).sum(axis=1)) / (m - 1))
        expected = n**2 - (often**2).sum(axis=1)
    elif metric == "interval":
        # From the middle: squares of large numbers that lie close together would cancel each other.
        scale = values - values.mean()
        observed = weights @ (2 * (m * (rows @ scale**2) - (rows @ scale) ** 2) / (m - 1))
        expected = 2 * (n * (often @ scale**2) - (often @ scale) ** 2)
    else:
        ranks = np.cumsum(often, axis=1) - (often + n[:, None]) / 2
        apart = 2 * (m * (ranks**2 @ rows.T) - (ranks @ rows.T) ** 2) / (m - 1)
        observed = (weights * apart).sum(axis=1)
        expected = 2 * (n * (often * ranks**2).sum(axis=1) - (often * ranks).sum(axis=1) ** 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = 1 - (n - 1) * observed / expected
    return np.where((often > 0).sum(axis=1) > 1, found, np.nan)


def alpha(counts: Counts, metric: Metric, *, replicates: int = _REPLICATES, seed: int = 7) -> Alpha:
    """Krippendorff's alpha with a 95 % percentile bootstrap interval over items.

    Items with fewer than two ratings are left out and counted. Undefined (value None, with the reason) when no
    item has two ratings, when only one value occurs, when numbers are needed and there are none, or when sets of
    labels are needed (masi, jaccard) and the counts are not of `count_label_sets`. In
    (-inf, 1]. Source: Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011.
    """
    rows, frequency = distinct_rows(counts.table)
    usable = rows.sum(axis=1) >= 2
    rows, kept = rows[usable], frequency[usable]
    n_items = int(kept.sum())
    seen = rows.sum(axis=0) > 0
    reason = counts.reason
    if reason is None and not n_items:
        reason = "no item has two ratings"
    elif reason is None and metric in ("ordinal", "interval", "ratio") and not counts.numeric:
        reason = "the values are not numbers"
    elif reason is None and metric == "ratio" and not counts.has_true_zero:
        reason = "some values are below 0, so there is no true zero"
    elif reason is None and metric == "ratio" and len(counts.values) > _MOST_RATIO:
        reason = f"{len(counts.values):,} different values are too many to compare each with each"
    elif (
        reason is None and metric in _OF_SETS and not all(isinstance(value, tuple) for value in counts.values)
    ):
        reason = "the values are not sets of labels"
    elif reason is None and seen.sum() == 1:
        reason = "only one value occurs, so agreement by chance is certain"
    draws = np.empty(0) if reason else _estimates(rows, kept, counts, metric, replicates, seed)
    found = bootstrapped(draws, n_items)
    return Alpha(
        metric=metric,
        value=found.value,
        low=found.low,
        high=found.high,
        reason=reason,
        n_items=n_items,
        n_single=int(frequency.sum()) - n_items,
        n_ratings=counts.n_ratings,
        n_raters=counts.n_raters,
        n_duplicates=counts.n_duplicates,
        note=found.note,
    )


def _by_distances(rows: Floats, counts: Counts, metric: Metric) -> Callable[[Floats], Floats] | None:
    """Weights -> alpha where each two values have a distance of their own (sets of labels, ratios); None for other
    metrics.
    """
    if metric == "ratio":
        distance = ratio_distances(np.asarray(counts.values, float))
    elif metric == "masi" or metric == "jaccard":
        distance = set_distances([value for value in counts.values if isinstance(value, tuple)], metric)
    else:
        return None
    inside = within(rows, distance)
    return lambda weights: alphas_of_parts(inside, rows, weights, distance)


def _estimates(
    rows: Floats, frequency: Floats, counts: Counts, metric: Metric, replicates: int, seed: int
) -> Floats:
    """The estimate, followed by its bootstrap replicates: how often each different row comes when items are drawn."""
    by_distances = _by_distances(rows, counts, metric)
    values = np.asarray(counts.values if counts.numeric else range(rows.shape[1]), dtype=float)

    def of(weights: Floats) -> Floats:
        if by_distances is not None:
            return by_distances(weights)
        return alphas_of_rows(rows, weights, values, metric)

    blocks = drawn_again(frequency, replicates, seed)
    return np.concatenate([of(frequency[None, :]), *(of(weights) for weights in blocks)])


def percent_agreement(counts: Counts) -> float | None:
    """Share of pairs of ratings of one item that are equal, averaged over items with at least two ratings."""
    if counts.reason is not None:
        return None
    rows, frequency = distinct_rows(counts.table)
    m = rows.sum(axis=1)
    usable = m >= 2
    if not usable.any():
        return None
    rows, m, frequency = rows[usable], m[usable], frequency[usable]
    same = (rows * (rows - 1)).sum(axis=1) / (m * (m - 1))
    return float((same * frequency).sum() / frequency.sum())
