"""Intervals for simple figures."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "UNSTABLE_BELOW",
    "Estimate",
    "Share",
    "bootstrapped",
    "clustered_wilson",
    "difference_of_shares",
    "known_median",
    "mean_interval",
    "median_interval",
    "sign_test",
    "undefined_among",
    "wilson",
]

_Z = 1.959963984540054
UNSTABLE_BELOW = 30
"""Items with two or more ratings below which a bootstrap interval is shown as unstable; by judgement."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its bootstrap interval over items."""

    value: float | None
    low: float | None
    high: float | None
    """95 % interval; None with fewer than two items."""
    note: str | None
    """Why not to rely on the interval, or why there is none."""


def bootstrapped(
    draws: NDArray[np.float64], n_items: int, *, what: str = "items have two ratings"
) -> Estimate:
    """Of the estimate followed by its replicates; all None without draws. Undefined replicates (nan) are left out.

    `n_items`: items with at least two ratings (`what` they are), the ones that were drawn. No interval, but the reason
    in the note, where every replicate is 1 as nobody disagrees, and where the interval does not hold the estimate.
    """
    if not len(draws):
        return Estimate(None, None, None, None)
    value, low, high = float(draws[0]), None, None
    note = f"only {n_items} {what}: the interval is unstable" if n_items < UNSTABLE_BELOW else None
    sample = draws[1:][~np.isnan(draws[1:])]
    if len(sample) and n_items > 1:
        low, high = (float(bound) for bound in np.quantile(sample, [0.025, 0.975]))
        if low == high == value == 1:
            low = high = None
            note = "nobody disagrees, so drawing the items again says nothing: no interval"
        elif not low - 1e-9 <= value <= high + 1e-9:
            low = high = None
            note = "the interval does not hold the estimate: too few items carry it"
    return Estimate(value, low, high, undefined_among(draws, note))


def undefined_among(draws: NDArray[np.float64], note: str | None) -> str | None:
    """The note, and how many replicates (all but the first of `draws`) are undefined, if any."""
    undefined = int(np.isnan(draws[1:]).sum())
    if not undefined:
        return note
    said = f"{undefined:,} of {len(draws) - 1:,} replicates are undefined and left out"
    return f"{note}; {said}" if note else said


def wilson(successes: float, n: float) -> tuple[float, float] | None:
    """95 % interval of a share; None without observations. Fractions are for numbers of effective observations.

    Source: Wilson, J. Am. Stat. Assoc. 22, 1927.
    """
    if n == 0:
        return None
    share = successes / n
    centre = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
    # Rounding would leave 6e-17 and .9999999 where nothing and everything succeeded.
    return (
        0.0 if successes <= 0 else max(0.0, centre - half),
        1.0 if successes >= n else min(1.0, centre + half),
    )


def clustered_wilson(successes: NDArray[np.float64], n: NDArray[np.float64]) -> tuple[float, float] | None:
    """95 % interval of a share over several people's decisions; None without observations.

    One entry is one person: how many of their `n` decisions count as successes. What one person decides is not
    independent, so Wilson's interval takes the number of independent decisions that would vary as much, on the
    t quantile for the number of people, and never more than there are. For one person, or when all decisions are
    the same, it is the plain one: then it speaks of these people only. Source: Korn & Graubard, Survey
    Methodology 24(2), 1998, for the effective number; Franco et al., J. Surv. Stat. Methodol. 7(3), 2019, for Wilson.
    """
    total, people = float(n.sum()), int((n > 0).sum())
    if total == 0:
        return None
    share = float(successes.sum()) / total
    variance = float(((successes - share * n) ** 2).sum()) / total**2
    if people < 2 or variance == 0 or share in (0, 1):
        return wilson(share * total, total)
    from scipy.stats import t as student  # slow to import, and most pages do not need it

    variance *= people / (people - 1)
    effective = share * (1 - share) / variance * (_Z / float(student.ppf(0.975, people - 1))) ** 2
    effective = min(effective, total)
    return wilson(share * effective, effective)


def difference_of_shares(
    first: tuple[float, float], second: tuple[float, float]
) -> tuple[float, float] | None:
    """95 % interval of the first share minus the second, each as (successes, n); None where either has no observation.

    Holds where hardly anything goes wrong, which an interval from the spread does not: one error in a hundred has next to
    none. Source: Newcombe, Statistics in Medicine 17(8), 1998, 873-890, method 10.
    """
    bounds = wilson(*first), wilson(*second)
    if bounds[0] is None or bounds[1] is None:
        return None
    (low, high), (other_low, other_high) = bounds[0], bounds[1]
    one, other = first[0] / first[1], second[0] / second[1]
    return (
        one - other - math.hypot(one - low, other_high - other),
        one - other + math.hypot(high - one, other - other_low),
    )


@dataclass(frozen=True, slots=True)
class Share:
    """How many of n, with the interval of Wilson; undefined without any."""

    count: int
    n: int
    value: float | None
    low: float | None
    high: float | None

    @classmethod
    def of(cls, count: int, n: int) -> "Share":
        low, high = wilson(count, n) or (None, None)
        return cls(count, n, count / n if n else None, low, high)


def known_median(values: Iterable[float | None]) -> float | None:
    """The middle of the values that are known; None without any."""
    known = [value for value in values if value is not None]
    return median(known) if known else None


def mean_interval(
    values: NDArray[np.float64], *, replicates: int = 1_000, seed: int = 7
) -> tuple[float, float] | None:
    """95 % percentile bootstrap interval of the mean; None with fewer than two values.

    Quick where few different values occur: to draw them again is one multinomial draw.
    """
    if len(values) < 2:
        return None
    different, often = np.unique(values, return_counts=True)
    drawn = np.random.default_rng(seed).multinomial(len(values), often / len(values), size=replicates)
    low, high = np.quantile(drawn @ different / len(values), [0.025, 0.975])
    return float(low), float(high)


def median_interval(values: NDArray[np.float64]) -> tuple[float, float] | None:
    """95 % interval of the median by order statistics; None with fewer than six values.

    The ranks come from the binomial distribution with p = 1/2, so no shape is assumed. Below six values no pair
    of ranks reaches 95 %. Source: Conover, Practical Nonparametric Statistics, 3rd ed., section 3.2.
    """
    n = len(values)
    if n < 6:
        return None
    from scipy.stats import binom  # slow to import, and most pages do not need it

    rank = int(binom.ppf(0.025, n, 0.5))
    ordered = np.sort(values)
    return float(ordered[max(rank - 1, 0)]), float(ordered[min(n - rank, n - 1)])


def sign_test(better: int, worse: int) -> float | None:
    """Exact two-sided p that pairs which differ go either way with the same chance; None without such a pair.

    On pairs of right and wrong answers it is the exact test of McNemar (Psychometrika 12, 1947).
    """
    if better + worse == 0:
        return None
    from scipy.stats import binomtest

    return float(binomtest(better, better + worse).pvalue)
