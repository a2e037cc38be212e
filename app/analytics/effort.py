"""Handling time with and without help, and the quality beside it.

What is estimated is the ratio of geometric means. Practice makes people faster over a project by more than any
help does, and people and items differ; so annotator and item are held fixed and the order is a covariate.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.analytics.intervals import median_interval, wilson

__all__ = [
    "ArmQuality",
    "ArmTime",
    "Effect",
    "GroupTime",
    "Naive",
    "arm_effects",
    "arm_quality",
    "arm_times",
    "group_times",
    "help_effect",
    "naive_effect",
]

CONTROL = "none"

_NORMAL_FROM = 20
"""Annotators from which on the interval takes the normal quantile; below, Student's t on G-1 degrees of freedom."""
_FLIPS = 20_000
_AT_ONCE = 1_000
"""Draws made together: bounds the memory with very many people."""
_SMALLEST_GROUP = 5
"""Answers below which a group's times are not shown: they would be one person's afternoon."""
_FEW = 6
"""Annotators below which a cluster-robust interval is not to be trusted; said beside it."""


@dataclass(frozen=True, slots=True)
class ArmTime:
    arm: str
    n: int
    n_raters: int
    median: float | None
    low: float | None
    high: float | None
    mean: float | None
    trimmed_mean: float | None
    """Mean without the fastest and slowest tenth."""


@dataclass(frozen=True, slots=True)
class Effect:
    """Change of handling time with help against the control, as a share: -0.09 is 9 % less time."""

    change: float | None
    low: float | None
    high: float | None
    p_value: float | None
    flip_p_value: float | None
    """By flipping the signs of the annotators' own differences; exact for up to fourteen, else of 20,000 draws."""
    reason: str | None
    """Why there is none."""
    n: int
    n_raters: int
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


def _middle(seconds: NDArray[np.float64]) -> dict[str, float | None]:
    """Median with its interval, mean, and the mean without the fastest and slowest tenth."""
    low, high = median_interval(seconds) or (None, None)
    cut = int(len(seconds) * 0.1)
    return {
        "median": float(np.median(seconds)),
        "low": low,
        "high": high,
        "mean": float(seconds.mean()),
        "trimmed_mean": float(np.sort(seconds)[cut : len(seconds) - cut].mean()),
    }


def arm_times(frame: pd.DataFrame) -> list[ArmTime]:
    """Times by arm, for a frame with columns rater, arm, seconds; one row per answered item.

    Rows without an arm are in no arm; non-positive seconds are left out. The control comes first.
    """
    usable = frame[(frame["seconds"] > 0) & frame["arm"].notna()]
    rows = []
    for arm, group in usable.groupby("arm", sort=True):
        seconds = group["seconds"].to_numpy(dtype=float)
        rows.append(
            ArmTime(
                arm=str(arm),
                n=len(seconds),
                n_raters=int(group["rater"].nunique()),
                **_middle(seconds),
            )
        )
    return sorted(rows, key=lambda row: row.arm != CONTROL)


def arm_quality(frame: pd.DataFrame) -> list[ArmQuality]:
    """Quality by arm, for a frame with columns arm, right (1, 0 or nan) or, without gold, number.

    `right` is used when any is known; the interval is Wilson's. Otherwise the mean of `number` with a normal
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
            interval = wilson(int(values.sum()), len(values))
        else:
            half = 1.96 * float(values.std(ddof=1)) / len(values) ** 0.5 if len(values) > 1 else None
            interval = None if half is None else (mean - half, mean + half)
        low, high = interval or (None, None)
        rows.append(ArmQuality(str(arm), len(values), mean, low, high, is_share))
    return sorted(rows, key=lambda row: row.arm != CONTROL)


def help_effect(frame: pd.DataFrame, *, flips: bool = True) -> Effect:
    """The pooled change of time with any help against the control.

    `frame` has columns rater, item, arm, position, seconds; one row per answered item. log(seconds) is
    regressed on help and order with annotator and item absorbed (two-way fixed effects); the interval is
    cluster-robust by annotator, with the normal quantile from twenty annotators on and t on G-1 degrees of freedom
    below. Rows with non-positive seconds are left out
    and counted; rows without an arm belong to no comparison. `flips` also computes the permutation test. Source: Cameron & Miller, J. Human Resources
    50(2), 2015, for the clustered variance; order as covariate after Baayen et al., J. Mem. Lang. 59, 2008.
    """
    compared = frame[frame["arm"].notna()]
    usable = compared[compared["seconds"] > 0]
    left_out = len(compared) - len(usable)
    helped = (usable["arm"] != CONTROL).to_numpy()
    raters, items = usable["rater"].nunique(), usable["item"].nunique()

    def undefined(reason: str) -> Effect:
        return Effect(None, None, None, None, None, reason, len(usable), raters, items, left_out, None)

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
    both = usable.assign(helped=helped).groupby("rater")["helped"].nunique()
    if not (both == 2).any():
        return undefined("arms and people are confounded: nobody worked in both arms")
    fit = _two_way(usable, helped)
    if fit is None:
        return undefined("help cannot be told apart from annotator, item and order in these answers")
    change, low, high, p_value = fit
    flip = _sign_flips(usable, helped) if flips else None
    note = f"only {raters} annotators: read the interval with care" if raters < _FEW else None
    return Effect(change, low, high, p_value, flip, None, len(usable), raters, items, left_out, note)


def _two_way(usable: pd.DataFrame, helped: NDArray[np.bool_]) -> tuple[float, float, float, float] | None:
    from scipy.stats import t as student  # slow to import, and most pages do not need it

    rater = pd.factorize(usable["rater"])[0]
    item = pd.factorize(usable["item"])[0]
    columns = [np.log(usable["seconds"].to_numpy(dtype=float)), helped.astype(float)]
    position = usable["position"].to_numpy(dtype=float)
    if not np.isnan(position).any() and np.ptp(position) > 0:
        columns.append(position)
    absorbed = _absorb(np.column_stack(columns), rater, item)
    y, x = absorbed[:, 0], absorbed[:, 1:]
    spread = (x**2).sum(axis=0)
    if spread[0] < 1e-8:
        return None
    x = x[:, spread > 1e-8]
    bread = np.linalg.pinv(x.T @ x)
    beta = bread @ x.T @ y
    residual = y - x @ beta
    scores = np.zeros((rater.max() + 1, x.shape[1]))
    np.add.at(scores, rater, x * residual[:, None])
    groups, n = len(scores), len(y)
    parameters = x.shape[1] + 1  # the constant is one of them
    correction = groups / (groups - 1) * (n - 1) / max(n - parameters, 1)
    variance = float((correction * bread @ (scores.T @ scores) @ bread)[0, 0])
    error = variance**0.5
    degrees = groups - 1 if groups < _NORMAL_FROM else np.inf
    critical = float(student.ppf(0.975, degrees))
    low, high = beta[0] - critical * error, beta[0] + critical * error
    p_value = float(2 * student.sf(abs(beta[0]) / error, degrees)) if error > 0 else 0.0
    return float(np.expm1(beta[0])), float(np.expm1(low)), float(np.expm1(high)), p_value


def _absorb(columns: NDArray[np.float64], *groupings: NDArray[np.intp]) -> NDArray[np.float64]:
    """Residuals after fixed effects of each grouping, by alternating projections to 1e-10."""
    out = columns - columns.mean(axis=0)
    sizes = [np.bincount(grouping).astype(float) for grouping in groupings]
    for _ in range(10_000):
        before = out.copy()
        for grouping, size in zip(groupings, sizes, strict=True):
            for column in range(out.shape[1]):
                means = np.bincount(grouping, out[:, column]) / size
                out[:, column] -= means[grouping]
        if np.abs(out - before).max() < 1e-10:
            break
    return np.asarray(out)


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


@dataclass(frozen=True, slots=True)
class GroupTime:
    """Times of one group of answers: a person, a day, a stretch of the order."""

    group: str
    n: int
    median: float | None
    """None, as everything below, for groups of fewer than five."""
    low: float | None
    high: float | None
    mean: float | None
    trimmed_mean: float | None
    per_hour: float | None
    """Answers in an hour of handling time."""


def group_times(frame: pd.DataFrame, by: str) -> list[GroupTime]:
    """Times by a column, in its order; non-positive seconds and rows without a group are left out."""
    usable = frame[(frame["seconds"] > 0) & frame[by].notna()]
    rows = []
    for group, part in usable.groupby(by, sort=True):
        seconds = part["seconds"].to_numpy(dtype=float)
        if len(seconds) < _SMALLEST_GROUP:
            rows.append(GroupTime(str(group), len(seconds), None, None, None, None, None, None))
            continue
        rows.append(
            GroupTime(
                group=str(group),
                n=len(seconds),
                per_hour=3600 / float(seconds.mean()),
                **_middle(seconds),
            )
        )
    return rows
