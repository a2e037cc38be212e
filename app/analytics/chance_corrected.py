"""Coefficients beside alpha: percent agreement, Fleiss, Gwet's AC and Brennan-Prediger.

All take items x labels counts and are right with missing ratings: an item counts for agreement with two ratings or
more, and for the marginals with one. Sources: Gwet, Handbook of Inter-Rater Reliability, 4th ed. 2014 (formulas and
variances); Fleiss 1971; Brennan and Prediger 1981.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from app.analytics.agreement_intervals import (
    Evidence,
    evidence_of,
    least_alpha,
    t_quantile,
    unseen,
    within_reach,
)
from app.analytics.coding import Floats
from app.analytics.count_rows import Rows, different_rows, products_within

__all__ = ["Coefficient", "Weighting", "chance_corrected"]

Weighting = Literal["identity", "linear", "quadratic"]
_Name = Literal["percent", "AC", "fleiss", "brennan_prediger"]
_NAMES: tuple[_Name, ...] = ("percent", "AC", "fleiss", "brennan_prediger")

_MOST_LABELS = 1_000
"""Different values above which they are measurements: weights are a matrix of labels by labels; by judgement."""


@dataclass(frozen=True, slots=True)
class Coefficient:
    name: _Name
    value: float | None
    error: float | None
    """Standard error over items; these raters are taken as given."""
    low: float | None
    high: float | None
    """95 % interval within what is possible (`agreement_intervals`)."""
    reason: str | None
    n: int
    """Items with two ratings or more."""
    note: str | None = None
    """Why not to rely on the interval, or why there is none."""
    t_low: float | None = None
    t_high: float | None = None
    """Gwet's own interval, value +- t * error cut at 1, as irrCAC prints it: to compare with other programs. Too short
    where little disagrees, and its lower end may be impossible."""


def _weights(labels: int, weighting: Weighting, scale: Floats | None) -> Floats:
    if weighting == "identity":
        return np.eye(labels)
    at = np.arange(labels, dtype=float) if scale is None else scale
    distance = np.abs(at[:, None] - at[None, :]) / max(np.ptp(at), 1e-12)
    return np.asarray(1 - (distance if weighting == "linear" else distance**2))


def chance_corrected(
    table: Rows,
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
    n_two = int((table.sum(axis=1) >= 2).sum())
    if n_two == 0:
        reason = reason or "no item has two ratings"
    if reason is not None:
        return {name: _undefined(name, reason, n_two) for name in _NAMES}
    # Items with the same row of counts have the same part in every sum.
    table, items = different_rows(table)
    r = table.sum(axis=1)
    table, items, r = table[r >= 1], items[r >= 1], r[r >= 1]
    usable = r >= 2
    used = table.shape[1]
    q = max(labels, used) if scale is None else used
    weights = _weights(q, weighting, scale)
    total = weights.sum()
    weights = weights[:used, :used]  # labels that nobody used have no part in any other sum
    observed = np.zeros(len(items))
    same = products_within(table, weights) if weighting != "identity" else (table**2).sum(axis=1)
    observed[usable] = (same - r)[usable] / (r * (r - 1))[usable]
    pi = (items / r) @ table / max(items.sum(), 1)
    by_chance: dict[_Name, tuple[float, Floats]] = {
        "percent": (0.0, np.zeros(len(items))),
        "fleiss": (float(pi @ weights @ pi), table @ (weights @ pi) / r),
    }
    if q > 1:
        each = total / (q * (q - 1))
        by_chance["AC"] = float(each * (pi * (1 - pi)).sum()), each * (table @ (1 - pi)) / r
        by_chance["brennan_prediger"] = float(total / q**2), np.full(len(items), total / q**2)
    # Nothing equal, and for AC every label as often as any other: then AC is Brennan-Prediger's.
    declared = -float(total / max(q**2 - total, 1e-12))
    fewest = least_alpha(float(r[usable].min()))
    least: dict[_Name, float] = {
        "percent": 0.0, "AC": declared, "fleiss": fewest, "brennan_prediger": declared,
    }  # fmt: skip
    p_a = float(items @ observed / n_two)
    evidence = evidence_of(table, items)
    return {
        name: _coefficient(name, p_a, observed, usable, *by_chance[name], items, evidence, least[name])
        if name in by_chance
        else _undefined(name, "only one label is known; needs the declared label set", n_two)
        for name in _NAMES
    }


def _undefined(name: _Name, reason: str, n_two: int) -> Coefficient:
    return Coefficient(name, None, None, None, None, reason, n_two)


def _coefficient(
    name: _Name,
    p_a: float,
    observed: Floats,
    usable: NDArray[np.bool_],
    p_e: float,
    p_e_items: Floats,
    items: Floats,
    evidence: Evidence,
    least: float,
) -> Coefficient:
    n_two = evidence.items
    if p_e >= 1 - 1e-12:
        return _undefined(name, "only one label occurs, so agreement by chance is certain", n_two)
    n = int(items.sum())
    value = (p_a - p_e) / (1 - p_e)
    if n < 2:
        return Coefficient(name, value, None, None, None, None, n_two, evidence.note)
    own = (n / n_two) * (observed - p_e * usable) / (1 - p_e)
    adjusted = own - (0 if name == "percent" else 2 * (1 - value) * (p_e_items - p_e) / (1 - p_e))
    error = float(np.sqrt(items @ (adjusted - value) ** 2 / (n * (n - 1))))
    low = high = t_low = t_high = None
    if n_two > 1:
        half = t_quantile(n - 1) * error
        t_low, t_high = value - half, min(1.0, value + half)
        if evidence.split:
            low, high = within_reach(value, error, items=n_two, degrees=n - 1, least=least)
        else:
            # Were a share `unseen` of items to disagree, as far as can be, chance as it is.
            low, high = max(least, value - unseen(n_two) / (1 - p_e)), value
    return Coefficient(name, value, error, low, high, None, n_two, evidence.note, t_low, t_high)
