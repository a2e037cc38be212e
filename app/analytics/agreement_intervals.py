"""Intervals of coefficients of agreement: within what is possible, and honest where little disagrees.

A symmetric interval of a coefficient near 1 is too short on its lower side, and has no width at all where nobody
disagrees. Wilson's interval for a share has neither fault. So the coefficient is read as a share on the way from its
least possible value to 1, seen on as many independent items as would make it vary as much as its standard error says.
Sources: Wilson, J. Am. Stat. Assoc. 22, 1927; Korn and Graubard, Survey Methodology 24(2), 1998, for the effective
number with the t quantile. Measured coverage: docs/decisions/0023-intervals-of-agreement.md.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from app.analytics.coding import Floats
from app.analytics.count_rows import Rows
from app.analytics.intervals import UNSTABLE_BELOW, Estimate, undefined_among

__all__ = [
    "CARRYING",
    "Evidence",
    "chance_of_difference",
    "estimated",
    "evidence_of",
    "interval_of",
    "least_alpha",
    "t_quantile",
    "unseen",
    "within_reach",
]

CARRYING = 10
"""Items that differ, or have the rarer label, below which an interval is called unstable. Simulated, intervals with
some five of either still held the truth in 92 of 100 or more; by judgement twice that."""
_NO_SPREAD = 1e-12


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the items can tell: those with two ratings or more, or the part of them that counts."""

    items: int
    split: int
    """Those in which two ratings differ."""
    rarer: int
    """Those with the rarer of two labels, or with any value but the most frequent one."""
    rarer_what: str = "have another value than the most frequent one"
    items_what: str = "two ratings"
    """What `items` have."""

    @property
    def note(self) -> str | None:
        """Why not to rely on the interval; None where nothing speaks against it."""
        if self.items == 1:
            return f"only one item has {self.items_what}: no interval"
        if self.items and not self.split:
            return (
                f"no ratings of the {self.items:,} items differ: the interval says how rare a disagreement must be "
                "not to be seen in so many"
            )
        if self.items < UNSTABLE_BELOW:
            return f"only {self.items} items have {self.items_what}: the interval is unstable"
        if self.rarer < CARRYING:
            return f"only {self.rarer} items {self.rarer_what}: the interval is unstable"
        if self.split < CARRYING:
            return f"only {self.split} items have ratings that differ: the interval is unstable"
        return None


def evidence_of(rows: Rows, often: Floats) -> Evidence:
    """Of items x values counts, each row with how often it occurs; rows with fewer than two ratings do not count."""
    usable = rows.sum(axis=1) >= 2
    rows, often = rows[usable], often[usable]
    if not len(often):
        return Evidence(0, 0, 0)
    most = np.zeros(rows.shape[1])
    most[(often @ rows).argmax()] = 1
    total = rows.sum(axis=1)
    # The sum of squares of counts is the square of their sum where one value has them all.
    return Evidence(
        items=int(often.sum()),
        split=int(often[(rows**2).sum(axis=1) < total**2].sum()),
        rarer=int(often[rows @ most < total].sum()),
    )


def least_alpha(fewest: float) -> float:
    """Below which no alpha and no Fleiss' kappa of items with `fewest` ratings or more can lie, the end of samples aside.

    All of m ratings of an item differ: the disagreement is m / (m - 1) of that by chance.
    """
    return -1.0 / (fewest - 1.0)


@lru_cache(maxsize=256)
def t_quantile(degrees: int) -> float:
    """Student's t below which 97.5 % lie."""
    from scipy.special import stdtrit  # slow to import, and most pages do not need it

    return float(stdtrit(degrees, 0.975))


def within_reach(
    value: float, error: float, *, items: int, degrees: int, least: float
) -> tuple[float, float]:
    """95 % interval of a coefficient in [least, 1] with this standard error over `items`; it holds the value.

    Without any spread (all items alike) every item counts as one observation. `degrees`, 1 or more: of freedom of t.
    """
    value, least = float(value), float(min(least, value))
    if least >= 1:
        return value, value
    share = min(max((value - least) / (1 - least), 0.0), 1.0)
    spread = error / (1 - least)
    effective = float(items)
    if spread > _NO_SPREAD and 0 < share < 1:
        effective = share * (1 - share) / spread**2
    reach = t_quantile(degrees) ** 2 / effective
    centre = (share + reach / 2) / (1 + reach)
    half = math.sqrt(reach * share * (1 - share) + reach**2 / 4) / (1 + reach)
    low, high = max(0.0, centre - half), min(1.0, centre + half)
    return min(value, least + (1 - least) * low), max(value, least + (1 - least) * high)


def unseen(items: int) -> float:
    """Up to which share of items may disagree when none of `items` did: 3.84 / (n + 3.84), nearly the rule of three.

    Wilson's upper bound of a share of 0; the exact two-sided one is 3.69 / n.
    """
    reach = t_quantile(10**6) ** 2
    return reach / (items + reach)


def chance_of_difference(rows: Rows, often: Floats) -> float:
    """How often two ratings, drawn from all with replacement, differ."""
    share = often @ rows
    share = share / share.sum()
    return float(1 - np.sum(share**2))


def estimated(draws: Floats, evidence: Evidence, *, least: float, chance: float) -> Estimate:
    """Of a coefficient followed by its bootstrap replicates, whose spread is the standard error; all None without draws.

    `least`: the least it can be. `chance`: how often two ratings differ by chance, of which the disagreement is a
    part. Undefined replicates (nan) are left out, and counted in the note.
    """
    if not len(draws):
        return Estimate(None, None, None, None)
    value, sample = float(draws[0]), draws[1:][~np.isnan(draws[1:])]
    error = float(sample.std(ddof=1)) if len(sample) > 1 else None
    low, high = interval_of(value, error, evidence, least=least, chance=chance) or (None, None)
    return Estimate(value, low, high, undefined_among(draws, evidence.note))


def interval_of(
    value: float, error: float | None, evidence: Evidence, *, least: float, chance: float
) -> tuple[float, float] | None:
    """95 % of a coefficient with this standard error, as in `estimated`; None where nothing says how sure it is."""
    if evidence.items > 1 and not evidence.split and chance > _NO_SPREAD:
        return max(least, value - unseen(evidence.items) / chance), value
    if evidence.items > 1 and evidence.split and error is not None:
        return within_reach(value, error, items=evidence.items, degrees=evidence.items - 1, least=least)
    return None
