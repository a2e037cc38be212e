"""Before a study of help: how small an effect on handling time it can see, and how many people it takes.

The study is analysed as `effort.help_effect` does: person and item held fixed, people as clusters.
"""

from dataclasses import dataclass
from typing import Literal, assert_never

import numpy as np

from app.analytics import arms_plan
from app.analytics.spread import BLOCK, TYPICAL, Spread

__all__ = ["Design", "Detectable", "Needed", "Study", "annotators_needed", "smallest_effect"]

Design = Literal[arms_plan.Design, "between"]
"""Or each person in one arm throughout."""

_MOST = 10_000
"""Annotators beyond which no number is given: no study of handling time has them."""
_FEW = 6


@dataclass(frozen=True, slots=True)
class Study:
    """What a study would be, but for its people."""

    design: Design
    items: int
    """Items that each annotator labels."""
    share: float = 0.5
    """Of the items (between: of the people) with help."""
    per_item: int | None = None
    """Annotators who label one and the same item; None: everybody labels every item."""
    block: int = BLOCK
    """Items in a block of the crossover."""
    power: float = 0.8
    alpha: float = 0.05
    """Two-sided."""


@dataclass(frozen=True, slots=True)
class Detectable:
    change: float | None
    """Of handling time, as a share: -0.09 is 9 % less. Nothing smaller is found as often as `power`."""
    log_ratio: float | None
    """The same as a distance in log seconds, for either direction."""
    error: float | None
    """Standard error of the effect in log seconds that the study would have."""
    answers: int
    reason: str | None
    """Why there is none."""
    note: str | None


@dataclass(frozen=True, slots=True)
class Needed:
    annotators: int | None
    answers: int | None
    reason: str | None
    """Why there is none."""


def smallest_effect(annotators: int, study: Study, spread: Spread = TYPICAL) -> Detectable:
    """The smallest effect that `annotators` people find with the study's power.

    With G people of n items each, a share s of them helped, k people on each item, spreads r (residual), e (effect),
    p (people) and d (drift), and t quantiles on G - 1 degrees of freedom (between: G - 2),

        log ratio = (t[1 - alpha / 2] + t[power]) * sqrt(V)
        per item:   V = (e^2 + r^2 / (n s (1 - s) (1 - 1/k))) / G
        crossover:  the same with r^2 + (block - 1) d^2 in place of r^2: a block's answers share its drift
        between:    V = (p^2 + r^2 / (n (1 - 1/k))) (1/G1 + 1/G0) + e^2 / G1, with G1 people helped and G0 not

    1 - 1/k is what holding the item fixed costs when arms are drawn for each person by itself; a plan that balances
    arms within items loses less. Practice is held fixed. Where .80 is promised, the power by the noncentral t is .78
    with four people, .795 with six, and .80 from twelve on. Sources: Bloom, Evaluation Review 19(5), 1995, for the
    multiplier; Snijders & Bosker, J. Educ. Stat. 18(3), 1993, for the variance of an effect within clusters.
    """
    answers = annotators * study.items
    reason = _impossible(annotators, study)
    if reason is not None:
        return Detectable(None, None, None, answers, reason, None)
    from scipy.stats import t as student  # slow to import, and most pages do not need it

    degrees = annotators - (2 if study.design == "between" else 1)
    quantiles = student.ppf([1 - study.alpha / 2, study.power], degrees)
    error = _variance(annotators, study, spread) ** 0.5
    log_ratio = float(quantiles.sum()) * error
    note = f"only {annotators} annotators: plan with care" if annotators < _FEW else None
    return Detectable(float(np.expm1(-log_ratio)), log_ratio, error, answers, None, note)


def annotators_needed(change: float, study: Study, spread: Spread = TYPICAL) -> Needed:
    """The fewest annotators who find a change of handling time as large as `change` (-0.1: 10 % less) as often as `power`.

    A change of 0, or of -1 and below (nothing left of the time), is no effect to plan for.
    """
    if change <= -1 or change == 0:
        return Needed(None, None, "the effect must be a change other than 0, and above -100 %")
    target = abs(float(np.log1p(change)))

    def found(annotators: int) -> bool:
        log_ratio = smallest_effect(annotators, study, spread).log_ratio
        return log_ratio is not None and log_ratio <= target

    if not found(_MOST):
        reason = _impossible(_MOST, study) or f"more than {_MOST:,} annotators would be needed"
        return Needed(None, None, reason)
    low, high = 1, _MOST  # low are too few, high are enough
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if found(middle) else (middle, high)
    return Needed(high, high * study.items, None)


def _impossible(annotators: int, study: Study) -> str | None:
    if study.items < 1 or not 0 < study.share < 1:
        return "each annotator needs items, and a share of them with help between 0 and 1"
    if study.per_item is not None and study.per_item < 2:
        return "every item is labelled once: what differs between items cannot be told apart from help"
    if study.design == "between" and annotators < 4:
        return "two annotators in each arm are the least: the spread between people is unknown"
    if annotators < 2:
        return "one annotator only: the spread between people is unknown"
    if study.design == "per item" and study.items < 2:
        return "one item each: nobody would work in both arms"
    if study.design == "crossover" and study.items < 2 * study.block:
        return f"two blocks of {study.block} are the least: nobody would work in both arms"
    return None


def _variance(annotators: int, study: Study, spread: Spread) -> float:
    """Of the estimated effect in log seconds."""
    together = annotators if study.per_item is None else min(study.per_item, annotators)
    residual = spread.residual**2
    if study.design == "crossover":
        residual += (study.block - 1) * spread.drift**2
    within = residual / (study.items * (1 - 1 / together))
    if study.design == "per item" or study.design == "crossover":
        return (spread.effect**2 + within / (study.share * (1 - study.share))) / annotators
    if study.design == "between":
        helped = min(max(round(annotators * study.share), 1), annotators - 1)
        each = spread.people**2 + within
        return each * (1 / helped + 1 / (annotators - helped)) + spread.effect**2 / helped
    assert_never(study.design)
