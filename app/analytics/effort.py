"""Handling time with and without help, and the quality beside it.

What is estimated is the ratio of geometric means. Practice makes people faster over a project by more than any
help does, and people and items differ; so annotator and item are held fixed and the order is a covariate.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.analytics.intervals import clustered_wilson, difference_of_shares
from app.analytics.two_way import Method, TwoWay, two_way

__all__ = [
    "CONTROL",
    "ArmQuality",
    "Effect",
    "Naive",
    "arm_effects",
    "arm_quality",
    "counted_difference",
    "help_effect",
    "naive_effect",
]

CONTROL = "none"

_FLIPS = 20_000
_AT_ONCE = 1_000
"""Draws made together: bounds the memory with very many people."""
_FEW = 6
"""Annotators in both arms below which an interval over annotators is not to be trusted; said beside it."""


@dataclass(frozen=True, slots=True)
class Effect:
    """Change of handling time with help against the control, as a share: -0.09 is 9 % less time."""

    change: float | None
    low: float | None
    """95 % interval, by `method`; None, as `p_value`, also where it hangs on one annotator, which `note` says."""
    high: float | None
    p_value: float | None
    method: Method | None
    """Where the variance comes from: scores of annotators as clusters, or leaving them out in turn."""
    flip_p_value: float | None
    """By flipping the signs of the annotators' own differences; exact for up to fourteen, else of 20,000 draws."""
    reason: str | None
    """Why there is none."""
    n: int
    n_raters: int
    n_both: int
    """Annotators who worked both with and without help: the others say nothing about help."""
    n_items: int
    left_out: int
    """Rows with zero or negative seconds."""
    note: str | None


@dataclass(frozen=True, slots=True)
class ArmQuality:
    arm: str
    n: int
    value: float | None
    """Share right against gold where `is_share`, else the mean value."""
    low: float | None
    high: float | None
    is_share: bool


def arm_quality(frame: pd.DataFrame) -> list[ArmQuality]:
    """Quality by arm, for a frame with columns rater, arm, right (0 to 1, or nan) or, without gold, number.

    `right` is used when any is known; the interval is Wilson's with people as clusters. Otherwise the mean of `number` with a normal
    interval. The control comes first.
    """
    rows = []
    is_share = bool(frame["right"].notna().any())
    column = "right" if is_share else "number"
    usable = frame[frame[column].notna() & frame["arm"].notna()]
    for arm, group in usable.groupby("arm", sort=True):
        values = group[column].to_numpy(dtype=float)
        mean = float(values.mean())
        interval: tuple[float, float] | None
        if is_share:
            people = group.groupby("rater", observed=True)[column]
            interval = clustered_wilson(
                people.sum().to_numpy(dtype=float), people.count().to_numpy().astype(np.float64)
            )
        else:
            half = 1.96 * float(values.std(ddof=1)) / len(values) ** 0.5 if len(values) > 1 else None
            interval = None if half is None else (mean - half, mean + half)
        low, high = interval or (None, None)
        rows.append(ArmQuality(str(arm), len(values), mean, low, high, is_share))
    return sorted(rows, key=lambda row: row.arm != CONTROL)


def counted_difference(frame: pd.DataFrame) -> tuple[float, float] | None:
    """95 % interval of the share right with any help minus without, from the numbers of answers alone; None without
    answers of known truth on both sides. Columns arm and right, as for `arm_quality`.
    """
    known = frame[frame["right"].notna() & frame["arm"].notna()]
    sides = [known.loc[side, "right"] for side in (known["arm"] != CONTROL, known["arm"] == CONTROL)]
    helped, control = ((float(right.sum()), float(len(right))) for right in sides)
    return difference_of_shares(helped, control)


def help_effect(frame: pd.DataFrame, *, flips: bool = True) -> Effect:
    """The pooled change of time with any help against the control.

    `frame` has columns rater, item, arm, position, seconds; one row per answered item. log(seconds) is
    regressed on help and order with annotator and item absorbed (two-way fixed effects); how the interval over
    annotators comes about depends on how many answered each item (`two_way`). Rows with non-positive seconds are left
    out and counted; rows without an arm belong to no comparison. `flips` also computes the permutation test. Source:
    order as covariate after Baayen et al., J. Mem. Lang. 59, 2008.
    """
    compared = frame[frame["arm"].notna()]
    usable = compared[compared["seconds"] > 0]
    left_out = len(compared) - len(usable)
    helped = (usable["arm"] != CONTROL).to_numpy()
    raters, items = usable["rater"].nunique(), usable["item"].nunique()
    n_both = int((usable.assign(helped=helped).groupby("rater")["helped"].nunique() == 2).sum())

    def undefined(reason: str) -> Effect:
        return Effect(
            None, None, None, None, None, None, reason, len(usable), raters, n_both, items, left_out, None
        )

    if not len(usable):
        return undefined("no answer has both an arm and a positive time")
    if helped.all():
        return undefined(
            "there is no control arm: every item was shown with help, so nothing can be compared"
        )
    if not helped.any():
        return undefined("no answer was given with help")
    if raters < 2:
        return undefined("one annotator only: the spread between people is unknown")
    if not n_both:
        return undefined("arms and people are confounded: nobody worked in both arms")
    fit = two_way(
        pd.factorize(usable["rater"])[0],
        pd.factorize(usable["item"])[0],
        np.log(usable["seconds"].to_numpy(dtype=float)),
        helped,
        usable["position"].to_numpy(dtype=float),
    )
    if fit is None:
        return undefined("help cannot be told apart from annotator, item and order in these answers")
    return Effect(
        change=float(np.expm1(fit.effect)),
        low=None if fit.low is None else float(np.expm1(fit.low)),
        high=None if fit.high is None else float(np.expm1(fit.high)),
        p_value=fit.p_value,
        method=fit.method,
        flip_p_value=_sign_flips(usable, helped) if flips else None,
        reason=None,
        n=len(usable),
        n_raters=raters,
        n_both=n_both,
        n_items=items,
        left_out=left_out,
        note=_note(fit, n_both),
    )


def _note(fit: TwoWay, both: int) -> str | None:
    if fit.low is None:
        return "without one of the annotators nothing could be compared, so how sure it is cannot be said"
    if both >= _FEW:
        return None
    return f"only {both} annotators worked both with and without help: read the interval with care"


def _sign_flips(usable: pd.DataFrame, helped: NDArray[np.bool_]) -> float | None:
    """P of the mean of the annotators' own differences (help - none) of item-adjusted log seconds, under flips of
    their signs; None when nobody worked in both arms. Order is no part of it: it takes random or balanced orders.
    """
    log_seconds = np.log(usable["seconds"].to_numpy(dtype=float))
    item, rater = pd.factorize(usable["item"])[0], pd.factorize(usable["rater"])[0]
    adjusted = log_seconds - (np.bincount(item, log_seconds) / np.bincount(item))[item]
    counts = [np.bincount(rater, side, minlength=rater.max() + 1) for side in (helped, ~helped)]
    both = (counts[0] > 0) & (counts[1] > 0)
    if not both.any():
        return None
    means = [
        np.bincount(rater, adjusted * side, minlength=rater.max() + 1)[both] / count[both]
        for side, count in zip((helped, ~helped), counts, strict=True)
    ]
    differences = means[0] - means[1]
    people = len(differences)
    if people <= 14:
        signs = 1.0 - 2.0 * ((np.arange(2**people)[:, None] >> np.arange(people)) & 1)
        reached = np.abs(signs @ differences) >= abs(differences.sum()) - 1e-12
        return float(reached.mean())
    rng = np.random.default_rng(0)
    reached_in_all = 0
    for _ in range(_FLIPS // _AT_ONCE):
        signs = rng.choice((-1.0, 1.0), size=(_AT_ONCE, people))
        reached_in_all += int((np.abs(signs @ differences) >= abs(differences.sum()) - 1e-12).sum())
    return (1 + reached_in_all) / (_FLIPS + 1)


def arm_effects(frame: pd.DataFrame) -> dict[str, Effect]:
    """Each kind of help against the control, among those who worked with it: arm -> effect, as `help_effect`."""
    out = {}
    for arm in sorted(set(frame["arm"].dropna()) - {CONTROL}):
        people = set(frame.loc[frame["arm"] == arm, "rater"])
        out[str(arm)] = help_effect(
            frame[frame["rater"].isin(people) & frame["arm"].isin((arm, CONTROL))].reset_index(drop=True)
        )
    return out


@dataclass(frozen=True, slots=True)
class Naive:
    """What a comparison without order, people and items would say; shown so that the difference is seen."""

    means: float
    """Mean with help over mean without, as a change."""
    medians: float


def naive_effect(frame: pd.DataFrame) -> Naive | None:
    """None without positive times in both arms."""
    usable = frame[(frame["seconds"] > 0) & frame["arm"].notna()]
    helped = usable["arm"] != CONTROL
    if not helped.any() or helped.all():
        return None
    with_help, without = usable.loc[helped, "seconds"], usable.loc[~helped, "seconds"]
    return Naive(
        float(with_help.mean() / without.mean() - 1), float(with_help.median() / without.median() - 1)
    )
