"""How far raters agree beyond chance, with missing ratings, and with an interval.

Every coefficient depends on an item only through its row of counts (how often each value was given), and few
different rows occur. So the bootstrap over items is one multinomial draw over the distinct rows, whatever the
number of items.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.analytics.agreement_intervals import (
    Evidence,
    chance_of_difference,
    estimated,
    evidence_of,
    least_alpha,
)
from app.analytics.coding import Floats, distinct_rows
from app.analytics.coincidences import (
    Metric,
    alphas_of_moments,
    alphas_of_parts,
    ratio_distances,
    set_distances,
    within,
)
from app.analytics.intervals import Estimate
from app.analytics.kappas import PairKappa, cohen_kappa, pairwise_kappas
from app.analytics.rating_counts import Counts, count_label_sets, count_ratings
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

_MOST_COLUMNS = 60
"""Different numbers up to which items are told apart by their counts, which is quicker than by their moments."""
_MOST_LABELS = 1_000
"""Different values above which they are measurements, of which hardly two are equal; by judgement."""
_MOST_RATIO = 1_000
"""Different values above which a table of their distances is too large; by judgement."""
_REPLICATES = 1_000
_MANY_ROWS = 5_000
"""Different items above which a draw costs as much as there are items: fewer draws then, whose spread is known to a
twentieth of itself."""
_FEW_REPLICATES = 200
_OF_SETS = ("masi", "jaccard")


@dataclass(frozen=True, slots=True)
class Alpha:
    """Krippendorff's alpha of one question."""

    metric: Metric
    value: float | None
    low: float | None
    high: float | None
    """95 % interval over items: it speaks of these raters only."""
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
    """Why not to rely on the interval, or why there is none."""


def alphas_of_rows(rows: Floats, weights: Floats, values: Floats, metric: Metric) -> Floats:
    """Alpha for each row of `weights` (replicates x rows of counts); nan where fewer than two values occur.

    A sum over pairs of values of an item is one over its moments: with squared differences
    sum n_c n_k (s_c - s_k)^2 = 2 (m sum n_c s_c^2 - (sum n_c s_c)^2), with equal-or-not m^2 - sum n_c^2. So no
    matrix of values by values is needed. The scale s of the ordinal metric are the mid-ranks of each replicate.
    """
    m = rows.sum(axis=1)
    given = rows
    if rows.shape[1] > _MOST_LABELS:
        from scipy.sparse import csr_array  # slow to import, and most pages do not need it

        given = csr_array(rows)
    often = np.asarray((given.T @ weights.T).T)
    n = often.sum(axis=1)
    if metric == "nominal":
        observed = weights @ ((m**2 - (rows**2).sum(axis=1)) / (m - 1))
        expected = n**2 - (often**2).sum(axis=1)
    elif metric == "interval":
        scale = values - values.mean()
        by_moments = alphas_of_moments(np.column_stack([m, rows @ scale, rows @ scale**2]), weights)
        return np.where((often > 0).sum(axis=1) > 1, by_moments, np.nan)
    else:
        ranks = np.cumsum(often, axis=1) - (often + n[:, None]) / 2
        apart = 2 * (m * (given @ (ranks**2).T).T - (given @ ranks.T).T ** 2) / (m - 1)
        observed = (weights * apart).sum(axis=1)
        expected = 2 * (n * (often * ranks**2).sum(axis=1) - (often * ranks).sum(axis=1) ** 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = 1 - (n - 1) * observed / expected
    return np.where((often > 0).sum(axis=1) > 1, found, np.nan)


def alpha(counts: Counts, metric: Metric, *, replicates: int = _REPLICATES, seed: int = 7) -> Alpha:
    """Krippendorff's alpha with a 95 % interval over items, whose standard error is that of drawing the items again.

    Items with fewer than two ratings are left out and counted. Undefined (value None, with the reason) when no
    item has two ratings, when only one value occurs, when numbers are needed and there are none, or when sets of
    labels are needed (masi, jaccard) and the counts are not of `count_label_sets`. In
    (-inf, 1]. Source: Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011; of the interval:
    `agreement_intervals`.
    """
    moments = counts.moments if metric == "interval" and len(counts.values) > _MOST_COLUMNS else None
    rows, frequency = _rows_of(counts.table) if moments is None else _distinct_moments(moments)
    ratings = rows.sum(axis=1) if moments is None else rows[:, 0]
    usable = ratings >= 2
    ratings, rows, kept = ratings[usable], rows[usable], frequency[usable]
    if len(rows) > _MANY_ROWS:
        replicates = min(replicates, _FEW_REPLICATES)
    n_items = int(kept.sum())
    found, reason = Estimate(None, None, None, None), _undefined(counts, metric, n_items)
    if reason is None:
        draws = _estimates(rows, kept, counts, metric, replicates, seed, by_moments=moments is not None)
        if np.isnan(draws[0]):
            reason = "only one value occurs, so agreement by chance is certain"
        else:
            evidence, chance = (
                (evidence_of(rows, kept), chance_of_difference(rows, kept))
                if moments is None
                else _evidence_of_moments(rows, kept)
            )
            found = estimated(draws, evidence, least=least_alpha(float(ratings.min())), chance=chance)
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


def _undefined(counts: Counts, metric: Metric, n_items: int) -> str | None:
    """Why there is no such alpha, whatever the ratings are."""
    if counts.reason is not None and (metric != "interval" or counts.moments is None):
        return counts.reason
    if not n_items:
        return "no item has two ratings"
    if metric in ("ordinal", "interval", "ratio") and not counts.numeric:
        return "the values are not numbers"
    if metric == "ratio" and not counts.has_true_zero:
        return "some values are below 0, so there is no true zero"
    if metric == "ratio" and len(counts.values) > _MOST_RATIO:
        return f"{len(counts.values):,} different values are too many to compare each with each"
    if metric in _OF_SETS and not all(isinstance(value, tuple) for value in counts.values):
        return "the values are not sets of labels"
    return None


def _rows_of(table: Floats) -> tuple[Floats, Floats]:
    """(rows of counts, how often each occurs): of measurements no two items are alike, and to compare them is slow."""
    return (table, np.ones(len(table))) if table.shape[1] > _MOST_LABELS else distinct_rows(table)


def _distinct_moments(moments: Floats) -> tuple[Floats, Floats]:
    counted = pd.DataFrame(moments).value_counts(sort=False)
    return np.asarray(counted.index.to_frame(), np.float64), np.asarray(counted, np.float64)


def _evidence_of_moments(moments: Floats, often: Floats) -> tuple[Evidence, float]:
    """(the evidence, how often two ratings differ by chance), as far as it matters: where no item is split."""
    m, first, second = moments.T
    split = m * second - first**2 > 1e-9 * np.maximum(m * second, 1e-300)
    items = int(often.sum())
    mean = first / m
    spread = float(np.ptp(mean)) or 1.0
    _, place = np.unique(np.round((mean - mean.min()) / spread, 9), return_inverse=True)
    share = np.bincount(place, m * often) / (m @ often)
    return Evidence(items, int(often[split].sum()), items), float(1 - np.sum(share**2))


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
    rows: Floats,
    frequency: Floats,
    counts: Counts,
    metric: Metric,
    replicates: int,
    seed: int,
    *,
    by_moments: bool,
) -> Floats:
    """The estimate, followed by its bootstrap replicates: how often each different row comes when items are drawn."""
    by_distances = _by_distances(rows, counts, metric)
    values = np.asarray(counts.values if counts.numeric else range(len(counts.values)), dtype=float)

    def of(weights: Floats) -> Floats:
        if by_distances is not None:
            return by_distances(weights)
        if by_moments:
            return alphas_of_moments(rows, weights)
        return alphas_of_rows(rows, weights, values, metric)

    blocks = drawn_again(frequency, replicates, seed, width=rows.shape[1])
    return np.concatenate([of(frequency[None, :]), *(of(weights) for weights in blocks)])


def percent_agreement(counts: Counts) -> float | None:
    """Share of pairs of ratings of one item that are equal, averaged over items with at least two ratings."""
    if counts.reason is not None:
        return None
    m = counts.table.sum(axis=1)
    usable = m >= 2
    if not usable.any():
        return None
    same = (counts.table[usable] ** 2).sum(axis=1) - m[usable]
    return float((same / (m * (m - 1))[usable]).mean())
