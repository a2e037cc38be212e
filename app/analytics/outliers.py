"""Times far beyond what an item takes: how many there are, and what capping them would change. Nothing is cut by itself."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.analytics.effort import Effect, help_effect

__all__ = ["RULE", "Outliers", "outliers"]

_TIMES = 5.0
_ENOUGH = 3
"""Answers of an item from which on its own median is taken."""
RULE = (
    f"longer than {_TIMES:g} times the item's median; where fewer than {_ENOUGH} people answered it, than {_TIMES:g} times "
    "the median of all"
)


@dataclass(frozen=True, slots=True)
class Outliers:
    rule: str
    n: int
    """Answers that it meets."""
    share: float | None
    """Of all with a positive time; None without any."""
    seconds_share: float | None
    """Of all handling time."""
    effect: Effect
    """What help changes if these times were capped at the rule's limit (winsorised)."""


def outliers(frame: pd.DataFrame) -> Outliers:
    """For a frame as `help_effect` takes it; nothing in it is changed."""
    usable = frame[frame["seconds"] > 0]
    seconds = usable["seconds"].to_numpy(dtype=float)
    by_item = usable.groupby("item")["seconds"]
    own, count = by_item.transform("median").to_numpy(dtype=float), by_item.transform("size").to_numpy()
    overall = float(np.median(seconds)) if len(seconds) else 0.0
    limit = _TIMES * np.where(count >= _ENOUGH, own, overall)
    beyond = seconds > limit
    capped = usable.assign(seconds=np.minimum(seconds, limit))
    return Outliers(
        rule=RULE,
        n=int(beyond.sum()),
        share=float(beyond.mean()) if len(seconds) else None,
        seconds_share=float(seconds[beyond].sum() / seconds.sum()) if len(seconds) else None,
        effect=help_effect(capped, flips=False),
    )
