"""Intervals for simple figures."""

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["clustered_wilson", "median_interval", "wilson"]

_Z = 1.959963984540054


def wilson(successes: float, n: float) -> tuple[float, float] | None:
    """95 % interval of a share; None without observations. Fractions are for numbers of effective observations.

    Source: Wilson, J. Am. Stat. Assoc. 22, 1927.
    """
    if n == 0:
        return None
    share = successes / n
    centre = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
    return max(0.0, centre - half), min(1.0, centre + half)


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
