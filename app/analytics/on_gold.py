"""How often aggregated labels are right on items whose label is known."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.analytics.intervals import wilson
from app.analytics.long_ratings import Aggregate

__all__ = ["OnGold", "on_gold"]

_MARGIN = 1e-9


@dataclass(frozen=True, slots=True)
class OnGold:
    n: int
    """Known items that have a rating."""
    right: int
    """Those whose label is the known one. A tie is no label, so it is not right."""
    ties: int
    """Those without a label, because several share the first place."""
    value: float | None
    """`right` of `n`."""
    low: float | None
    high: float | None
    """95 % (Wilson)."""
    split: float | None
    """The share with ties split: a tie counts as one over the labels in first place where the known one is among them."""
    split_low: float | None
    split_high: float | None
    held_out: str | None
    """How a known item was kept from deciding its own label, where the method learns from known items."""


def on_gold(items: Iterable[Aggregate], gold: Mapping[str, str], *, held_out: str | None = None) -> OnGold:
    """All shares None without a known item among `items`."""
    n = right = ties = 0
    points = 0.0
    for one in items:
        known = gold.get(one.item)
        if known is None:
            continue
        n += 1
        if one.label is not None:
            right += one.label == known
            points += one.label == known
        else:
            ties += 1
            top = max(one.shares.values())
            first = [label for label, share in one.shares.items() if share >= top - _MARGIN]
            points += (known in first) / len(first)
    low, high = wilson(right, n) or (None, None)
    split_low, split_high = wilson(points, n) or (None, None)
    return OnGold(
        n=n,
        right=right,
        ties=ties,
        value=right / n if n else None,
        low=low,
        high=high,
        split=points / n if n else None,
        split_low=split_low,
        split_high=split_high,
        held_out=held_out,
    )
