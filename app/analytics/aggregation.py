"""One label an item out of several raters': the vote with its ties in sight, and Dawid and Skene's model.

Source: Dawid and Skene, Applied Statistics 28(1), 1979; smoothing as maximum a posteriori. Models with one number a
rater: `mace`, `glad`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.analytics.long_ratings import (
    FEWEST_A_RATER,
    Aggregate,
    aggregates_of,
    few_ratings,
    fixed_of,
    long_of,
    posterior,
    settled,
    votes_of,
)

__all__ = ["FEWEST_A_RATER", "Aggregate", "DawidSkene", "dawid_skene", "vote"]

_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DawidSkene:
    items: list[Aggregate]
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


def vote(frame: pd.DataFrame) -> list[Aggregate]:
    """The label that most ratings name, for a frame with columns item, rater, value and, where wanted, weight.

    A shared first place is no label. In order of the items' first rows.
    """
    if frame["value"].notna().sum() == 0:
        return []
    long = long_of(frame)
    votes = votes_of(long)
    return aggregates_of(long, votes / votes.sum(axis=1, keepdims=True), margin=1e-12)


def dawid_skene(
    frame: pd.DataFrame,
    *,
    gold: Mapping[str, str] | None = None,
    smoothing: float = 0.01,
    diagonal: float = 0.0,
    rounds: int = 200,
    tolerance: float = 1e-6,
) -> DawidSkene:
    """Labels, prevalence and each rater's confusions by expectation and maximisation.

    `frame`: item, rater, value and, where wanted, weight; several ratings of a rater for an item are that many
    observations. `gold` fixes items to their known label. `smoothing` is added to each count (0 is the paper's
    own), `diagonal` besides to the right answers: an honest prior for raters with few ratings. Ends when the
    log-likelihood changes by less than `tolerance` of itself. Raises ValueError without a rating.
    """
    long = long_of(frame)
    if not long.items:
        raise ValueError("there is no rating to aggregate")
    n, k, raters = len(long.items), len(long.labels), len(long.raters)
    votes = votes_of(long)
    belief = votes / votes.sum(axis=1, keepdims=True)
    fixed = fixed_of(long, gold or {})
    belief[fixed[0]] = np.eye(k)[fixed[1]]
    cell = long.rater * k + long.label
    likelihood, done, ended = -np.inf, 0, False
    while done < rounds and not ended:
        done += 1
        prevalence = (belief.sum(axis=0) + smoothing) / (n + k * smoothing)
        counts = np.empty((k, raters * k))
        for true in range(k):
            counts[true] = np.bincount(cell, long.weight * belief[long.item, true], minlength=raters * k)
        confusion = counts.reshape(k, raters, k).transpose(1, 0, 2) + smoothing + diagonal * np.eye(k)
        totals = confusion.sum(axis=2, keepdims=True)
        confusion = np.divide(confusion, totals, out=np.full_like(confusion, 1 / k), where=totals > 0)
        with np.errstate(divide="ignore"):
            log_confusion = np.log(confusion)
            scores = np.tile(np.log(prevalence), (n, 1))
        spoken = log_confusion[long.rater, :, long.label] * long.weight[:, None]
        for true in range(k):
            scores[:, true] += np.bincount(long.item, np.maximum(spoken[:, true], -1e6), minlength=n)
        before = likelihood
        belief, likelihood = posterior(scores)
        belief[fixed[0]] = np.eye(k)[fixed[1]]
        ended = settled(before, likelihood, tolerance)
    return DawidSkene(
        items=aggregates_of(long, belief, margin=1e-9),
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
