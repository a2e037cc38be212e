"""One label an item out of several raters': the vote with its ties in sight, and Dawid and Skene's model.

Annotations are long: one row a rating, so that missing ones need nothing. Source: Dawid and Skene, Applied
Statistics 28(1), 1979; smoothing as maximum a posteriori.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["FEWEST_A_RATER", "Aggregate", "DawidSkene", "dawid_skene", "vote"]

FEWEST_A_RATER = 20
"""Ratings a rater below which Dawid and Skene's confusions are guesses: beside the vote it is then no default."""

_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Aggregate:
    """The label of one item."""

    item: str
    label: str | None
    """None where the first place is shared."""
    confidence: float
    """Share of the votes, or the model's probability, of the label in first place."""
    entropy: float
    """Of all labels, in bits."""
    n: int
    """Ratings."""
    shares: dict[str, float]
    """Label -> share or probability; the soft label."""


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


@dataclass(frozen=True, slots=True)
class _Long:
    item: NDArray[np.intp]
    rater: NDArray[np.intp]
    label: NDArray[np.intp]
    weight: _Floats
    items: list[str]
    raters: list[str]
    labels: list[str]


def _long(frame: pd.DataFrame) -> _Long:
    kept = frame[frame["value"].notna()]
    item, items = pd.factorize(kept["item"].astype(str))
    rater, raters = pd.factorize(kept["rater"].astype(str))
    label, labels = pd.factorize(kept["value"].astype(str), sort=True)
    weight = kept["weight"].to_numpy(float) if "weight" in kept else np.ones(len(kept))
    return _Long(item, rater, label, weight, list(items), list(raters), list(labels))


def _votes(long: _Long) -> _Floats:
    k = len(long.labels)
    flat = np.bincount(long.item * k + long.label, long.weight, minlength=len(long.items) * k)
    return flat.reshape(len(long.items), k).astype(float)


def _entropy(shares: _Floats) -> _Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(shares > 0, -shares * np.log2(shares), 0.0)
    return np.asarray(parts.sum(axis=1))


def _aggregates(long: _Long, shares: _Floats, *, margin: float) -> list[Aggregate]:
    entropy = _entropy(shares)
    counts = np.bincount(long.item, minlength=len(long.items))
    best = shares.argmax(axis=1)
    shared = (shares >= shares.max(axis=1, keepdims=True) - margin).sum(axis=1) > 1
    return [
        Aggregate(
            item=name,
            label=None if shared[number] else long.labels[best[number]],
            confidence=float(shares[number, best[number]]),
            entropy=float(entropy[number]),
            n=int(counts[number]),
            shares={
                label: float(share)
                for label, share in zip(long.labels, shares[number], strict=True)
                if share > 0
            },
        )
        for number, name in enumerate(long.items)
    ]


def vote(frame: pd.DataFrame) -> list[Aggregate]:
    """The label that most ratings name, for a frame with columns item, rater, value and, where wanted, weight.

    A shared first place is no label. In order of the items' first rows.
    """
    if frame["value"].notna().sum() == 0:
        return []
    long = _long(frame)
    votes = _votes(long)
    return _aggregates(long, votes / votes.sum(axis=1, keepdims=True), margin=1e-12)


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
    long = _long(frame)
    if not long.items:
        raise ValueError("there is no rating to aggregate")
    n, k, raters = len(long.items), len(long.labels), len(long.raters)
    votes = _votes(long)
    belief = votes / votes.sum(axis=1, keepdims=True)
    fixed = _fixed(long, gold or {})
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
        top = scores.max(axis=1, keepdims=True)
        weights = np.exp(scores - top)
        before, likelihood = likelihood, float((top[:, 0] + np.log(weights.sum(axis=1))).sum())
        belief = weights / weights.sum(axis=1, keepdims=True)
        belief[fixed[0]] = np.eye(k)[fixed[1]]
        ended = bool(np.isfinite(before)) and abs(likelihood - before) < tolerance * abs(before)
    few = int((np.bincount(long.rater, minlength=raters) < FEWEST_A_RATER).sum())
    return DawidSkene(
        items=_aggregates(long, belief, margin=1e-9),
        labels=tuple(long.labels),
        prevalence=tuple(float(share) for share in prevalence),
        confusion={name: confusion[number].tolist() for number, name in enumerate(long.raters)},
        accuracy={
            name: float((prevalence * np.diag(confusion[number])).sum())
            for number, name in enumerate(long.raters)
        },
        log_likelihood=likelihood,
        rounds=done,
        note=f"{few} of {raters} raters have fewer than {FEWEST_A_RATER} ratings: prefer the vote"
        if few
        else None,
    )


def _fixed(long: _Long, gold: Mapping[str, str]) -> tuple[list[int], list[int]]:
    places = {name: number for number, name in enumerate(long.items)}
    labels = {name: number for number, name in enumerate(long.labels)}
    known = [
        (places[item], labels[label]) for item, label in gold.items() if item in places and label in labels
    ]
    return [place for place, _ in known], [label for _, label in known]
