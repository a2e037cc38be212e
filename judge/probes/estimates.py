"""Figures with intervals: the answers are drawn again, a thousand times, and the figure is computed on each draw.

A draw is how often each answer occurs in it, so a figure of a thousand draws is one product of matrices.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "REPLICATES",
    "Estimate",
    "Floats",
    "correlations",
    "group_difference",
    "mean_of",
    "partial_rank_correlation",
    "rank_correlation",
    "ratio_of",
    "resampled",
]

REPLICATES = 1_000
_Z = 1.959963984540054
_CELLS = 4_000_000
"""Of a matrix of draws at a time, to bound memory."""

Floats = NDArray[np.float64]
Statistic = Callable[[Floats], Floats]
"""From draws (draw, answer), how often each answer occurs in each, to one figure per draw; nan where undefined."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure over answers."""

    n: int
    """Answers that it rests on."""
    value: float | None
    """None where it is undefined; `reason` says why."""
    low: float | None = None
    high: float | None = None
    """95 % percentile bootstrap over answers; None with fewer than two answers, and where more than one draw in
    twenty is undefined.
    """
    reason: str = ""


def resampled(n: int, statistic: Statistic, *, seed: int, undefined: str) -> Estimate:
    """The statistic of `n` answers with its interval; `undefined` is the reason when it has no value."""
    if n == 0:
        return Estimate(0, None, reason="no answer to measure it on")
    value = float(statistic(np.ones((1, n)))[0])
    if np.isnan(value):
        return Estimate(n, None, reason=undefined)
    if n < 2:
        return Estimate(n, value)
    generator, size = np.random.default_rng(seed), max(1, _CELLS // n)
    shares = np.full(n, 1 / n)
    found = np.concatenate(
        [
            statistic(generator.multinomial(n, shares, size=min(size, REPLICATES - start)).astype(float))
            for start in range(0, REPLICATES, size)
        ]
    )
    known = found[~np.isnan(found)]
    if len(known) < 0.95 * len(found):
        return Estimate(n, value)
    low, high = np.percentile(known, [2.5, 97.5])
    return Estimate(n, value, float(low), float(high))


def mean_of(values: Sequence[float], *, seed: int) -> Estimate:
    """The mean of one value per answer."""
    own = np.asarray(values, float)
    return resampled(len(own), lambda draws: draws @ own / len(own), seed=seed, undefined="")


def ratio_of(parts: Sequence[tuple[float, float]], *, seed: int) -> Estimate:
    """The sum of the first over the sum of the second: a share of cases, of which an answer may have several.

    Where all or none of the cases count, every draw says the same; the interval is then Wilson's for as many answers
    (J. Am. Stat. Assoc. 22, 1927), as if the cases of an answer were one.
    """
    own = np.asarray([part for part in parts if part[1] > 0], float).reshape(-1, 2)
    found = resampled(
        len(own), lambda draws: (draws @ own[:, 0]) / (draws @ own[:, 1]), seed=seed, undefined=""
    )
    beyond = _Z**2 / (found.n + _Z**2)
    if found.value == 0:
        return replace(found, low=0.0, high=beyond)
    return replace(found, low=1 - beyond, high=1.0) if found.value == 1 else found


def group_difference(values: Sequence[float], first: Sequence[bool], *, seed: int) -> Estimate:
    """Mean of the answers in the first group minus mean of the others."""
    own, inside = np.asarray(values, float), np.asarray(first, float)

    def difference(draws: Floats) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            first_mean: Floats = (draws @ (own * inside)) / (draws @ inside)
            other_mean: Floats = (draws @ (own * (1 - inside))) / (draws @ (1 - inside))
        return first_mean - other_mean

    return resampled(len(own), difference, seed=seed, undefined="one of the two groups is empty")


def correlations(draws: Floats, a: Floats, b: Floats) -> Floats:
    """Pearson's r of `a` and `b` in each draw; the values (… , answer) may differ from draw to draw."""
    n = draws.sum(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        left = a - (draws * a).sum(axis=-1, keepdims=True) / n
        right = b - (draws * b).sum(axis=-1, keepdims=True) / n
        spread = (draws * left**2).sum(axis=-1) * (draws * right**2).sum(axis=-1)
        return np.where(spread > 1e-18, (draws * left * right).sum(axis=-1) / np.sqrt(spread), np.nan)


def rank_correlation(a: Floats, b: Floats) -> Statistic:
    """Spearman's rho: Pearson's r of mid-ranks, which are those of each draw itself."""
    return lambda draws: correlations(draws, _ranks(draws, a), _ranks(draws, b))


def partial_rank_correlation(a: Floats, b: Floats, held: Floats) -> Statistic:
    """Rank correlation of `a` and `b` with `held` held fixed.

    The formula of partial correlation (G. U. Yule, Proc. R. Soc. Lond. A 79, 1907) on mid-ranks. Undefined where
    `held` explains one of the two wholly.
    """

    def partial(draws: Floats) -> Floats:
        x, y, z = (_ranks(draws, one) for one in (a, b, held))
        xy, xz, yz = correlations(draws, x, y), correlations(draws, x, z), correlations(draws, y, z)
        left = (1 - xz**2) * (1 - yz**2)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(left > 1e-9, (xy - xz * yz) / np.sqrt(left), np.nan)

    return partial


def _ranks(draws: Floats, values: Floats) -> Floats:
    distinct, at = np.unique(values, return_inverse=True)
    belongs = np.zeros((len(values), len(distinct)))
    belongs[np.arange(len(values)), at] = 1
    counts = draws @ belongs
    middle: Floats = np.cumsum(counts, axis=1) - counts / 2
    return middle[:, at]
