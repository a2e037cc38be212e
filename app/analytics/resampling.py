"""Drawing items again: how often each different one comes when as many as there are are drawn with replacement."""

from collections.abc import Iterator

import numpy as np

from app.analytics.coding import Floats

__all__ = ["drawn_again"]

_MOST_MULTINOMIAL = 5_000
"""Different items up to which a multinomial draw is quicker than drawing the items one by one."""
_CELLS = 2_000_000
"""Replicates x different items that are held at once: 16 MB a matrix."""


def drawn_again(frequency: Floats, replicates: int, seed: int, *, width: int = 0) -> Iterator[Floats]:
    """Weights in blocks of (some replicates, different items); `frequency`: how often each different item occurs, `width`:
    how many figures of a replicate are held at once where these are more.
    """
    rng = np.random.default_rng(seed)
    different, items = len(frequency), int(frequency.sum())
    of_item = (
        np.repeat(np.arange(different), frequency.astype(int)) if different > _MOST_MULTINOMIAL else None
    )
    step = max(1, _CELLS // max(different, width))
    for start in range(0, replicates, step):
        size = min(step, replicates - start)
        if of_item is None:
            yield rng.multinomial(items, frequency / items, size=size).astype(float)
        else:
            drawn = (of_item[rng.integers(0, items, items)] for _ in range(size))
            yield np.stack([np.bincount(draw, minlength=different) for draw in drawn]).astype(float)
