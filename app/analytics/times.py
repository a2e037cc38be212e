"""Handling times of groups of answers: by arm, person, day or part of the order."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.analytics.effort import CONTROL
from app.analytics.intervals import median_interval
from app.analytics.shares import PeopleShare, share_of

__all__ = ["SMALLEST_GROUP", "ArmTime", "GroupTime", "arm_times", "group_times"]

_NAMES = ("median", "low", "high", "mean", "trimmed_mean", "per_hour")
SMALLEST_GROUP = 5
"""Answers below which a group's times are not shown: they would be one person's afternoon."""


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
    per_hour: float | None
    """Answers in an hour of handling time."""
    first_pass: PeopleShare | None
    """First answers that a reviewer accepted as they were, of those reviewed; None where reviews are not known."""


@dataclass(frozen=True, slots=True)
class GroupTime:
    """Times of one group of answers: a person, a day, a stretch of the order."""

    group: str
    n: int
    n_raters: int
    median: float | None
    """None, as everything below, for groups too small to show."""
    low: float | None
    high: float | None
    mean: float | None
    trimmed_mean: float | None
    per_hour: float | None
    """Answers in an hour of handling time."""
    first_pass: PeopleShare | None


def _middle(seconds: NDArray[np.float64]) -> dict[str, float | None]:
    """Median with its interval, mean, the mean without the fastest and slowest tenth, and throughput."""
    low, high = median_interval(seconds) or (None, None)
    cut = int(len(seconds) * 0.1)
    return {
        "median": float(np.median(seconds)),
        "low": low,
        "high": high,
        "mean": float(seconds.mean()),
        "trimmed_mean": float(np.sort(seconds)[cut : len(seconds) - cut].mean()),
        "per_hour": 3600 / float(seconds.mean()),
    }


def _first_pass(rows: pd.DataFrame) -> PeopleShare | None:
    """Of a frame that may have a column accepted (1, 0, or nan where nobody reviewed)."""
    if "accepted" not in rows:
        return None
    known = rows[rows["accepted"].notna()]
    return share_of(known["rater"], known["accepted"] > 0)


def _figures(rows: pd.DataFrame, smallest: int) -> dict[str, Any]:
    """What the rows of one group come to; nothing but their number below `smallest`."""
    seconds = rows["seconds"].to_numpy(dtype=float)
    counts = {"n": len(rows), "n_raters": int(rows["rater"].nunique())}
    if len(rows) < smallest:
        return counts | dict.fromkeys((*_NAMES, "first_pass"))
    return counts | _middle(seconds) | {"first_pass": _first_pass(rows)}


def arm_times(frame: pd.DataFrame, *, smallest: int = 1) -> list[ArmTime]:
    """Times by arm, for a frame with columns rater, arm, seconds and, where known, accepted; one row per answered item.

    Rows without an arm are in no arm; non-positive seconds are left out. The control comes first. Arms of fewer than
    `smallest` answers are counted and not timed.
    """
    usable = frame[(frame["seconds"] > 0) & frame["arm"].notna()]
    rows = [
        ArmTime(arm=str(arm), **_figures(part, smallest)) for arm, part in usable.groupby("arm", sort=True)
    ]
    return sorted(rows, key=lambda row: row.arm != CONTROL)


def group_times(frame: pd.DataFrame, by: str, *, smallest: int = SMALLEST_GROUP) -> list[GroupTime]:
    """Times by a column, in its order; non-positive seconds and rows without a group are left out.

    Groups of fewer than `smallest` answers are counted and not timed.
    """
    usable = frame[(frame["seconds"] > 0) & frame[by].notna()]
    return [
        GroupTime(group=str(group), **_figures(part, smallest))
        for group, part in usable.groupby(by, sort=True)
    ]
