"""One label an item out of several raters': the vote with its ties in sight, and Dawid and Skene's model.

Source: Dawid and Skene, Applied Statistics 28(1), 1979; smoothing as maximum a posteriori. Models with one number a
rater: `mace`, `glad`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.analytics.coding import Floats, Ratings
from app.analytics.long_ratings import (
    FEWEST_A_RATER,
    Aggregate,
    Aggregates,
    Long,
    few_ratings,
    fixed_of,
    long_of,
    settled,
    votes_of,
)

__all__ = ["FEWEST_A_RATER", "SMOOTHING", "Aggregate", "DawidSkene", "dawid_skene", "vote"]

SMOOTHING = 0.01
"""Added to each count unless it is said otherwise: it stops zeros from locking."""
_IMPOSSIBLE = -1e6
"""Stands for the logarithm of zero: sums stay finite, and one such rating still outweighs all others."""

_BLOCK = 20_000
"""Items that are computed together: a megabyte of probabilities of five labels."""


@dataclass(frozen=True, slots=True)
class DawidSkene:
    items: Sequence[Aggregate]
    labels: tuple[str, ...]
    prevalence: tuple[float, ...]
    confusion: dict[str, list[list[float]]]
    """Rater -> labels x labels: the chance that they say the column where the row is true."""
    accuracy: dict[str, float]
    """Rater -> sum over labels of prevalence times the diagonal."""
    log_likelihood: float
    rounds: int
    note: str | None
    """What to be careful about."""


def vote(ratings: Ratings) -> Sequence[Aggregate]:
    """The label that most ratings name; a frame may have a column weight besides.

    A shared first place is no label. In order of the items' first rows.
    """
    long = long_of(ratings)
    if not long.items:
        return []
    votes = votes_of(long)
    return Aggregates(long, votes / votes.sum(axis=1, keepdims=True), margin=1e-12)


def dawid_skene(
    ratings: Ratings,
    *,
    gold: Mapping[str, str] | None = None,
    smoothing: float = SMOOTHING,
    diagonal: float = 0.0,
    rounds: int = 200,
    tolerance: float = 1e-6,
) -> DawidSkene:
    """Labels, prevalence and each rater's confusions by expectation and maximisation.

    A frame may have a column weight besides; there several ratings of a rater for an item are that many
    observations. `gold` fixes items to their known label. `smoothing` is added to each count (0 is the paper's
    own), `diagonal` besides to the right answers: an honest prior for raters with few ratings. Ends when the
    log-likelihood changes by less than `tolerance` of itself. Raises ValueError without a rating.
    """
    long = long_of(ratings)
    if not long.items:
        raise ValueError("there is no rating to aggregate")
    n, k, raters = len(long.items), len(long.labels), len(long.raters)
    votes = votes_of(long)
    belief = votes / votes.sum(axis=1, keepdims=True)
    fixed = fixed_of(long, gold) if gold else ([], [])
    belief[fixed[0]] = np.eye(k)[fixed[1]]
    blocks = _blocks(long)
    heard = sum(block.heard @ belief[block.items] for block in blocks)
    likelihood, done, ended = -np.inf, 0, False
    while done < rounds and not ended:
        done += 1
        prevalence = (belief.sum(axis=0) + smoothing) / (n + k * smoothing)
        confusion = heard.reshape(raters, k, k).transpose(0, 2, 1) + smoothing + diagonal * np.eye(k)
        totals = confusion.sum(axis=2, keepdims=True)
        confusion = np.divide(confusion, totals, out=np.full_like(confusion, 1 / k), where=totals > 0)
        with np.errstate(divide="ignore"):
            spoken = np.maximum(np.log(confusion), _IMPOSSIBLE).transpose(0, 2, 1).reshape(raters * k, k)
            expected = np.log(prevalence)
        before, likelihood = likelihood, 0.0
        for block in blocks:
            likelihood += _believe(belief[block.items], block.said @ spoken + expected)
        belief[fixed[0]] = np.eye(k)[fixed[1]]
        heard = sum(block.heard @ belief[block.items] for block in blocks)
        ended = settled(before, likelihood, tolerance)
    return DawidSkene(
        items=Aggregates(long, belief, margin=1e-9),
        labels=tuple(long.labels),
        prevalence=tuple(float(share) for share in prevalence),
        confusion={name: confusion[number].tolist() for number, name in enumerate(long.raters)},
        accuracy={
            name: float((prevalence * np.diag(confusion[number])).sum())
            for number, name in enumerate(long.raters)
        },
        log_likelihood=likelihood,
        rounds=done,
        note=few_ratings(long),
    )


@dataclass(frozen=True, slots=True)
class _Block:
    """Some items, as many as fit into the processor's cache with all that is computed of them."""

    items: slice
    said: Any
    """Sparse, items x (rater, label): the weight of the rating. Both steps of a round are a product with it."""
    heard: Any
    """The same, transposed."""


def _blocks(long: Long) -> list[_Block]:
    from scipy.sparse import csr_array  # slow to import, and most pages do not need it

    n, k, raters = len(long.items), len(long.labels), len(long.raters)
    said = csr_array((long.weight, (long.item, long.rater * k + long.label)), shape=(n, raters * k))
    found = []
    for start in range(0, n, _BLOCK):
        items = slice(start, min(start + _BLOCK, n))
        part = said[items]
        found.append(_Block(items, part, part.T.tocsr()))
    return found


def _believe(belief: Floats, scores: Floats) -> float:
    """Put the probabilities of the labels into `belief`, from logarithms; returns the log-likelihood of the items."""
    top = scores[:, 0].copy()
    for label in range(1, scores.shape[1]):  # numpy is slow with rows as short as these
        np.maximum(top, scores[:, label], out=top)
    scores -= top[:, None]
    np.exp(scores, out=scores)
    sums = scores @ np.ones(scores.shape[1])
    np.divide(scores, sums[:, None], out=belief)
    return float((top + np.log(sums)).sum())
