"""What people do with suggestions: keep, edit or reject them, how long they look first, and whether they go on editing."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.analytics.intervals import median_interval
from app.analytics.shares import PeopleShare, share_of

__all__ = ["Behaviour", "Middle", "behaviour", "middle"]

_FEW_WORDS = 5
"""Words below which an item is too short to speak of a reading speed. By judgement."""


@dataclass(frozen=True, slots=True)
class Middle:
    """A median with its 95 % interval by order statistics; None where there are too few values."""

    n: int
    median: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Of the suggestions that were on screen when a first answer was submitted."""

    group: str
    accepted: PeopleShare
    """The answer is the suggestion, however it came there."""
    edited: PeopleShare
    """Another answer was given."""
    rejected: PeopleShare
    """No answer was given to the question."""
    edited_after: PeopleShare
    """Of those taken with the Accept button or key: the answer is another one in the end."""
    seconds_to_accept: Middle
    """From showing the suggestion to taking it, where the page was not hidden in between."""
    seconds_per_100_words: Middle
    """The same for a hundred words of the item, where it has five words or more."""
    draft_left: Middle
    """Share of an inserted draft that is left in the answer."""


def behaviour(frame: pd.DataFrame, by: str | None = None, *, smallest: int = 1) -> list[Behaviour]:
    """By the values of a column, in their order; one entry for all without.

    `frame` has one row per shown suggestion: rater, outcome (confirms, corrects, rejects), taken (bool), seconds, words
    and draft_left (nan where unknown), and the column `by`. Groups of fewer than `smallest` rows are left out.
    """
    if by is None:
        return [_behaviour("all", frame)] if len(frame) >= smallest else []
    return [
        _behaviour(str(group), part)
        for group, part in frame[frame[by].notna()].groupby(by, sort=True)
        if len(part) >= smallest
    ]


def _behaviour(group: str, rows: pd.DataFrame) -> Behaviour:
    def share(outcome: str) -> PeopleShare:
        return share_of(rows["rater"], rows["outcome"] == outcome)

    taken = rows[rows["taken"].astype(bool)]
    readable = taken[taken["words"] >= _FEW_WORDS]
    return Behaviour(
        group=group,
        accepted=share("confirms"),
        edited=share("corrects"),
        rejected=share("rejects"),
        edited_after=share_of(taken["rater"], taken["outcome"] != "confirms"),
        seconds_to_accept=middle(taken["seconds"]),
        seconds_per_100_words=middle(100 * readable["seconds"] / readable["words"]),
        draft_left=middle(rows["draft_left"]),
    )


def middle(values: "pd.Series[float]") -> Middle:
    """Of the known values."""
    known = np.asarray(values.dropna(), dtype=np.float64)
    low, high = median_interval(known) or (None, None)
    return Middle(len(known), float(np.median(known)) if len(known) else None, low, high)
