"""Ratings as numbers, and beliefs about labels as results: what the vote and the models of raters share.

Annotations are long: one row a rating, so that missing ones need nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = [
    "FEWEST_A_RATER",
    "Aggregate",
    "Long",
    "aggregates_of",
    "clamp_of",
    "few_ratings",
    "fixed_of",
    "long_of",
    "posterior",
    "scores_of",
    "settled",
    "votes_of",
]

FEWEST_A_RATER = 20
"""Ratings a rater below which Dawid and Skene's confusions are guesses: beside the vote it is then no default."""

_Floats = NDArray[np.float64]

_TINY = 1e-300


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
class Long:
    """Ratings as numbers, one entry a rating: places in the names below."""

    item: NDArray[np.intp]
    rater: NDArray[np.intp]
    label: NDArray[np.intp]
    weight: _Floats
    items: list[str]
    raters: list[str]
    labels: list[str]


def long_of(frame: pd.DataFrame) -> Long:
    """Of a frame with columns item, rater, value and, where wanted, weight; missing values are left out."""
    kept = frame[frame["value"].notna()]
    item, items = pd.factorize(kept["item"].astype(str))
    rater, raters = pd.factorize(kept["rater"].astype(str))
    label, labels = pd.factorize(kept["value"].astype(str), sort=True)
    weight = kept["weight"].to_numpy(float) if "weight" in kept else np.ones(len(kept))
    return Long(item, rater, label, weight, list(items), list(raters), list(labels))


def votes_of(long: Long) -> _Floats:
    k = len(long.labels)
    flat = np.bincount(long.item * k + long.label, long.weight, minlength=len(long.items) * k)
    return flat.reshape(len(long.items), k).astype(float)


def _entropy(shares: _Floats) -> _Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(shares > 0, -shares * np.log2(shares), 0.0)
    return np.asarray(parts.sum(axis=1))


def aggregates_of(long: Long, shares: _Floats, *, margin: float) -> list[Aggregate]:
    """The items with these shares (items x labels); a lead of at most `margin` is a shared first place."""
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


def posterior(scores: _Floats) -> tuple[_Floats, float]:
    """Probabilities (items x labels) and log-likelihood of the log joint probabilities of each item's labels."""
    top = scores.max(axis=1, keepdims=True)
    weights = np.exp(scores - top)
    totals = weights.sum(axis=1, keepdims=True)
    return weights / totals, float((top + np.log(totals)).sum())


def few_ratings(long: Long) -> str | None:
    """What to be careful about where raters have fewer than FEWEST_A_RATER ratings."""
    raters = len(long.raters)
    few = int((np.bincount(long.rater, minlength=raters) < FEWEST_A_RATER).sum())
    return (
        f"{few} of {raters} raters have fewer than {FEWEST_A_RATER} ratings: prefer the vote" if few else None
    )


def fixed_of(long: Long, gold: Mapping[str, str]) -> tuple[list[int], list[int]]:
    """Places of the known items and of their labels; what occurs in no rating is left out."""
    places = {name: number for number, name in enumerate(long.items)}
    labels = {name: number for number, name in enumerate(long.labels)}
    known = [
        (places[item], labels[label]) for item, label in gold.items() if item in places and label in labels
    ]
    return [place for place, _ in known], [label for _, label in known]


def clamp_of(long: Long, gold: Mapping[str, str]) -> _Floats:
    """What to add to log probabilities (items x labels) so that a known item has its label for certain."""
    clamp = np.zeros((len(long.items), len(long.labels)))
    places, labels = fixed_of(long, gold)
    clamp[places] = -np.inf
    clamp[places, labels] = 0.0
    return clamp


def scores_of(long: Long, same: _Floats, other: _Floats, prevalence: _Floats) -> _Floats:
    """Log joint probabilities (items x labels) where a rating adds `same` to its own label and `other` to the rest."""
    n, k = len(long.items), len(long.labels)
    rest = np.bincount(long.item, long.weight * other, minlength=n)
    own = np.bincount(long.item * k + long.label, long.weight * (same - other), minlength=n * k)
    return np.asarray(own.reshape(n, k) + rest[:, None] + np.log(np.maximum(prevalence, _TINY)))


def settled(before: float, after: float, tolerance: float) -> bool:
    """Whether the figure that is climbed changes by less than `tolerance` of itself."""
    return bool(np.isfinite(before)) and abs(after - before) < tolerance * abs(before)
