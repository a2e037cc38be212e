"""How far raters agree beyond chance, with missing ratings, and with an interval.

Every coefficient depends on an item only through its row of counts (how often each value was given), and mostly few
different rows occur. Then the bootstrap over items is one multinomial draw over the different rows, whatever the number
of items. Where very many rows differ, the standard error needs no draws.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from app.analytics import alpha_errors
from app.analytics.agreement_intervals import (
    chance_of_difference,
    estimated,
    evidence_of,
    interval_of,
    least_alpha,
)
from app.analytics.coding import Floats
from app.analytics.coincidences import (
    Metric,
    alphas_of_moments,
    alphas_of_parts,
    ratio_distances,
    set_distances,
    within,
)
from app.analytics.count_rows import MOST_DRAWN, Rows, different_rows
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

_MOST_LABELS = 1_000
"""Different values above which a table of counts is mostly zeros; by judgement."""
_MOST_RATIO = 1_000
"""Different values above which a table of their distances is too large; by judgement."""
_REPLICATES = 1_000
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
    (-inf, 1]. Where very many items differ they are not drawn: the standard error is that of `alpha_errors` then.
    Source: Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011; of the interval: `agreement_intervals`.
    """
    usable = counts.table.sum(axis=1) >= 2
    rows, kept = different_rows(counts.table[usable])
    n_items = int(usable.sum())
    found, reason = Estimate(None, None, None, None), _undefined(counts, metric, n_items)
    if reason is None:
        found = _estimate(rows, kept, counts, metric, replicates, seed)
        if found.value is None:
            reason = "only one value occurs, so agreement by chance is certain"
    return Alpha(
        metric=metric,
        value=found.value,
        low=found.low,
        high=found.high,
        reason=reason,
        n_items=n_items,
        n_single=len(usable) - n_items,
        n_ratings=counts.n_ratings,
        n_raters=counts.n_raters,
        n_duplicates=counts.n_duplicates,
        note=found.note,
    )


def _undefined(counts: Counts, metric: Metric, n_items: int) -> str | None:
    """Why there is no such alpha, whatever the ratings are."""
    if counts.reason is not None and (metric != "interval" or not counts.numeric):
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


def _estimate(
    rows: Rows, frequency: Floats, counts: Counts, metric: Metric, replicates: int, seed: int
) -> Estimate:
    """Of different items with two ratings or more; all None where only one value occurs."""
    evidence, chance = evidence_of(rows, frequency), chance_of_difference(rows, frequency)
    least = least_alpha(float(rows.sum(axis=1).min()))
    again = _drawn(rows, counts, metric)
    if again is None:
        value, error = _with_error(rows, frequency, counts, metric)
        if np.isnan(value):
            return Estimate(None, None, None, None)
        low, high = interval_of(value, error, evidence, least=least, chance=chance) or (None, None)
        return Estimate(value, low, high, evidence.note)
    blocks = drawn_again(frequency, replicates, seed, width=rows.shape[1])
    draws = np.concatenate([again(frequency[None, :]), *(again(weights) for weights in blocks)])
    if np.isnan(draws[0]):
        return Estimate(None, None, None, None)
    return estimated(draws, evidence, least=least, chance=chance)


def _drawn(rows: Rows, counts: Counts, metric: Metric) -> Callable[[Floats], Floats] | None:
    """Weights (replicates x different items) -> alpha of each; None where the items are too many to be drawn."""
    if metric == "interval" and rows.shape[0] <= MOST_DRAWN:
        moments = _moments(rows, counts)
        return lambda weights: alphas_of_moments(moments, weights)
    if not isinstance(rows, np.ndarray):
        return None
    distance = _distances(counts, metric)
    if distance is not None:
        inside = within(rows, distance)
        return lambda weights: alphas_of_parts(inside, rows, weights, distance)
    values = np.asarray(counts.values if counts.numeric else range(len(counts.values)), dtype=float)
    return lambda weights: alphas_of_rows(rows, weights, values, metric)


def _with_error(rows: Rows, frequency: Floats, counts: Counts, metric: Metric) -> tuple[float, float]:
    """(alpha, standard error) of items that are too many to be drawn; nan where only one value occurs."""
    distance = _distances(counts, metric)
    if distance is not None:
        return alpha_errors.by_distances(rows, frequency, distance)
    if metric == "interval":
        return alpha_errors.by_moments(_moments(rows, counts), frequency)
    return (alpha_errors.ordinal if metric == "ordinal" else alpha_errors.nominal)(rows, frequency)


def _moments(rows: Rows, counts: Counts) -> Floats:
    """Items x 3, of numbers: how many ratings, their sum and their sum of squares."""
    # From the middle: squares of large numbers that lie close together would cancel each other.
    values = np.asarray(counts.values, float)
    scale = values - values.mean()
    return np.column_stack([rows.sum(axis=1), rows @ scale, rows @ scale**2])


def _distances(counts: Counts, metric: Metric) -> Floats | None:
    """Of every two values, where each two have one of their own (sets of labels, ratios); None for other metrics."""
    if metric == "ratio":
        return ratio_distances(np.asarray(counts.values, float))
    if metric == "masi" or metric == "jaccard":
        return set_distances([value for value in counts.values if isinstance(value, tuple)], metric)
    return None


def percent_agreement(counts: Counts) -> float | None:
    """Share of pairs of ratings of one item that are equal, averaged over items with at least two ratings."""
    if counts.reason is not None:
        return None
    m = counts.table.sum(axis=1)
    usable = m >= 2
    if not usable.any():
        return None
    same = (counts.table**2).sum(axis=1) - m
    return float((same[usable] / (m * (m - 1))[usable]).mean())
