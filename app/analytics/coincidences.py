"""The arithmetic of Krippendorff's alpha: counts of values per unit, weights per unit, a distance between values.

A unit adds to alpha by two things only: its disagreement within, and how often each value was given to it. Both are
linear in the unit's weight, so a bootstrap replicate is one more row of weights. Source of the coefficient:
Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from app.analytics.count_rows import Rows, products_within

__all__ = ["Metric", "alphas_of_moments", "alphas_of_parts", "ratio_distances", "set_distances", "within"]

Metric = Literal["nominal", "ordinal", "interval", "ratio", "masi", "jaccard"]
"""How far two values are apart; masi and jaccard are for sets of labels."""

_Floats = NDArray[np.float64]
_NOISE = 1e-12
"""Of sums of squares, what rounding leaves of a difference of 0."""


def set_distances(sets: Sequence[Sequence[str]], metric: Literal["masi", "jaccard"]) -> _Floats:
    """Distance of every two sets of labels, in [0, 1]: 1 - Jaccard, or MASI's 1 - Jaccard * M.

    M is 1 for equal sets, 2/3 where one holds the other, 1/3 where they overlap otherwise, 0 where nothing is shared.
    Two empty sets are equal; an empty one is at 1 from every other. Used as it is, not squared. Source: Passonneau,
    "Measuring Agreement on Set-valued Items (MASI)", LREC 2006. (nltk rounds M to .67 and .33.)
    """
    labels = {label: place for place, label in enumerate(sorted({label for one in sets for label in one}))}
    member = np.zeros((len(sets), len(labels)))
    for row, one in enumerate(sets):
        member[row, [labels[label] for label in one]] = 1.0
    shared = member @ member.T
    size = member.sum(axis=1)
    union = size[:, None] + size[None, :] - shared
    jaccard = np.divide(shared, union, out=np.ones_like(shared), where=union > 0)
    if metric == "jaccard":
        return np.asarray(1.0 - jaccard)
    smaller = np.minimum(size[:, None], size[None, :])
    monotonicity = np.select([shared == union, shared == smaller, shared > 0], [1.0, 2 / 3, 1 / 3], 0.0)
    return np.asarray(1.0 - jaccard * monotonicity)


def ratio_distances(values: _Floats) -> _Floats:
    """((a - b) / (a + b))^2 of every two numbers of 0 or more, in [0, 1]; 0 of zero and zero."""
    total = values[:, None] + values[None, :]
    apart = np.divide(values[:, None] - values[None, :], total, out=np.zeros_like(total), where=total > 0)
    return np.asarray(apart**2)


def within(rows: Rows, distance: _Floats) -> _Floats:
    """Disagreement inside each unit (units x values counts, two ratings or more each)."""
    return np.asarray(products_within(rows, distance) / (rows.sum(axis=1) - 1))


def alphas_of_parts(within: _Floats, counts: _Floats, weights: _Floats, distance: _Floats) -> _Floats:
    """Alpha for each row of `weights` (replicates x units); nan where only one value has weight.

    `within`: disagreement inside each unit; `counts`: units x values, ratings in units with two or more. Both may
    be sums over parts of a unit that are drawn together.
    """
    marginals = weights @ counts
    n = marginals.sum(axis=1)
    by_chance = ((marginals @ distance) * marginals).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = 1 - (weights @ within) * (n - 1) / by_chance
    return np.asarray(np.where(by_chance > 0, value, np.nan))


def alphas_of_moments(moments: _Floats, weights: _Floats) -> _Floats:
    """Interval alpha for each row of `weights` (replicates x units); nan where all numbers are the same.

    `moments`: of each unit the number of ratings (2 or more), their sum and their sum of squares: squared differences
    need nothing else. Numbers that lie far from 0 should be taken from their middle.
    """
    m, first, second = moments.T
    observed = weights @ (2 * (m * second - first**2) / (m - 1))
    n, sums, squares = (weights @ moments).T
    expected = 2 * (n * squares - sums**2)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = 1 - (n - 1) * observed / expected
    return np.asarray(np.where(expected > _NOISE * n * squares, value, np.nan))
