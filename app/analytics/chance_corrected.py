"""Coefficients beside alpha: percent agreement, Fleiss, Gwet's AC, Brennan-Prediger, and intraclass correlations.

All take items x labels counts and are right with missing ratings: an item counts for agreement with two ratings or
more, and for the marginals with one. Sources: Gwet, Handbook of Inter-Rater Reliability, 4th ed. 2014 (formulas and
variances); Fleiss 1971; Brennan and Prediger 1981; Shrout and Fleiss 1979.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from app.analytics.coding import Floats, Ratings, code_ratings, distinct_rows

__all__ = ["Coefficient", "Icc", "Weighting", "chance_corrected", "icc"]

Weighting = Literal["identity", "linear", "quadratic"]

_MOST_LABELS = 1_000
"""Different values above which they are measurements: weights are a matrix of labels by labels; by judgement."""


@dataclass(frozen=True, slots=True)
class Coefficient:
    name: Literal["percent", "AC", "fleiss", "brennan_prediger"]
    value: float | None
    error: float | None
    """Standard error over items; these raters are taken as given."""
    low: float | None
    high: float | None
    """95 % interval with t on n-1 degrees of freedom, cut at 1."""
    reason: str | None
    n: int
    """Items with two ratings or more."""


def _weights(labels: int, weighting: Weighting, scale: Floats | None) -> Floats:
    if weighting == "identity":
        return np.eye(labels)
    at = np.arange(labels, dtype=float) if scale is None else scale
    distance = np.abs(at[:, None] - at[None, :]) / max(np.ptp(at), 1e-12)
    return np.asarray(1 - (distance if weighting == "linear" else distance**2))


def chance_corrected(
    table: Floats,
    *,
    labels: int,
    weighting: Weighting = "identity",
    scale: Floats | None = None,
    reason: str | None = None,
) -> dict[str, Coefficient]:
    """Name -> coefficient, from items x labels counts.

    `labels` is how many labels the schema declares, at least the columns of the table: what was never used counts
    too, since AC and Brennan-Prediger depend on it. `scale` holds the numbers of the labels where they are numbers.
    With a `reason` all are undefined for it.
    """
    if table.shape[1] > _MOST_LABELS:
        reason = reason or f"{table.shape[1]:,} different values are too many to be labels"
    if table.shape[1] < labels and scale is None:
        table = np.hstack([table, np.zeros((len(table), labels - table.shape[1]))])
    q = table.shape[1]
    # Items with the same row of counts have the same part in every sum.
    table, items = distinct_rows(table)
    r = table.sum(axis=1)
    table, items, r = table[r >= 1], items[r >= 1], r[r >= 1]
    usable = r >= 2
    n_two = int(items[usable].sum())
    names: tuple[Literal["percent", "AC", "fleiss", "brennan_prediger"], ...] = (
        "percent", "AC", "fleiss", "brennan_prediger",
    )  # fmt: skip
    if n_two == 0:
        reason = reason or "no item has two ratings"
    if reason is not None:
        return {name: Coefficient(name, None, None, None, None, reason, n_two) for name in names}
    weights = _weights(q, weighting, scale)
    observed = np.zeros(len(table))
    near = table @ weights.T
    observed[usable] = (table * (near - 1))[usable].sum(axis=1) / (r * (r - 1))[usable]
    share = table / r[:, None]
    pi = items @ share / max(items.sum(), 1)
    total = weights.sum()
    by_chance: dict[str, tuple[float, Floats]] = {
        "percent": (0.0, np.zeros(len(table))),
        "AC": (
            float(total / (q * (q - 1)) * (pi * (1 - pi)).sum()) if q > 1 else 1.0,
            total / (q * max(q - 1, 1)) * (share * (1 - pi)).sum(axis=1),
        ),
        "fleiss": (
            float(pi @ weights @ pi),
            (share * ((weights @ pi) + (weights.T @ pi)) / 2).sum(axis=1),
        ),
        "brennan_prediger": (float(total / q**2), np.full(len(table), total / q**2)),
    }
    p_a = float(items @ observed / n_two)
    return {
        name: _coefficient(name, p_a, observed, usable, *by_chance[name], items=items, n_two=n_two)
        for name in names
    }


def _coefficient(
    name: Literal["percent", "AC", "fleiss", "brennan_prediger"],
    p_a: float,
    observed: Floats,
    usable: NDArray[np.bool_],
    p_e: float,
    p_e_items: Floats,
    *,
    items: Floats,
    n_two: int,
) -> Coefficient:
    if p_e >= 1 - 1e-12:
        return Coefficient(
            name, None, None, None, None, "only one label occurs, so agreement by chance is certain", n_two
        )
    n = int(items.sum())
    value = (p_a - p_e) / (1 - p_e)
    error = low = high = None
    if n > 1:
        own = (n / n_two) * (observed - p_e * usable) / (1 - p_e)
        adjusted = own - (0 if name == "percent" else 2 * (1 - value) * (p_e_items - p_e) / (1 - p_e))
        error = float(np.sqrt(items @ (adjusted - value) ** 2 / (n * (n - 1))))
        from scipy.special import stdtrit  # slow to import, and most pages do not need it

        half = float(stdtrit(n - 1, 0.975)) * error
        low, high = value - half, min(1.0, value + half)
    return Coefficient(name, value, error, low, high, None, n_two)


@dataclass(frozen=True, slots=True)
class Icc:
    """Intraclass correlations of numbers (Shrout and Fleiss's numbering)."""

    icc1: float | None
    """One-way random: each item has other raters."""
    icc2: float | None
    """Two-way random, absolute agreement: these raters stand for others."""
    icc3: float | None
    """Two-way mixed, consistency: these raters only, their severity set aside."""
    icc2_mean: float | None
    """Of the mean of all raters, two-way random."""
    reason: str | None
    n: int
    """Items that every one of these raters rated; the only ones that count."""
    n_raters: int
    left_out: int
    """Items with a missing rating."""


def icc(ratings: Ratings) -> Icc:
    """Of ratings that are numbers, or text that reads as such.

    Raters who rated less than half of the items are left out first, then items with a missing rating.
    """
    coded = code_ratings(ratings)
    items = len(coded.items)
    given = np.bincount(coded.rater, minlength=len(coded.raters))
    often = np.flatnonzero(given >= items / 2)
    # Before the matrix is made: a crowd's would be nearly all gaps.
    column = np.full(len(coded.raters), -1)
    column[often] = np.arange(len(often))
    place = column[coded.rater]
    mine = place >= 0
    matrix = np.full((items, len(often)), np.nan)
    if coded.numeric:
        matrix[coded.item[mine], place[mine]] = np.asarray(coded.values, float)[coded.value[mine]]
    values = matrix[~np.isnan(matrix).any(axis=1)] if len(often) else matrix[:0]
    n, k = values.shape
    left_out = items - n

    def undefined(reason: str) -> Icc:
        return Icc(None, None, None, None, reason, n, k, left_out)

    if k < 2 or n < 2:
        return undefined("fewer than two items with all ratings of at least two raters")
    grand = values.mean()
    rows = k * ((values.mean(axis=1) - grand) ** 2).sum()
    columns = n * ((values.mean(axis=0) - grand) ** 2).sum()
    residual = ((values - grand) ** 2).sum() - rows - columns
    ms_rows, ms_columns = rows / (n - 1), columns / (k - 1)
    ms_error = residual / ((n - 1) * (k - 1))
    ms_within = (columns + residual) / (n * (k - 1))
    if ms_rows + (k - 1) * ms_within <= 1e-12:
        return undefined("all ratings are the same number")
    return Icc(
        icc1=float((ms_rows - ms_within) / (ms_rows + (k - 1) * ms_within)),
        icc2=float((ms_rows - ms_error) / (ms_rows + (k - 1) * ms_error + k * (ms_columns - ms_error) / n)),
        icc3=float((ms_rows - ms_error) / (ms_rows + (k - 1) * ms_error)),
        icc2_mean=float((ms_rows - ms_error) / (ms_rows + (ms_columns - ms_error) / n)),
        reason=None,
        n=n,
        n_raters=k,
        left_out=left_out,
    )
