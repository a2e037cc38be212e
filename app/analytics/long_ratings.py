"""Ratings as numbers, and beliefs about labels as results: what the vote and the models of raters share.

Annotations are long: one row a rating, so that missing ones need nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
import pandas as pd

from app.analytics.coding import Coded, Codes, Floats, Ratings, codes_of

__all__ = [
    "FEWEST_A_RATER",
    "Aggregate",
    "Aggregates",
    "Long",
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

    item: Codes
    rater: Codes
    label: Codes
    weight: Floats
    items: list[str]
    raters: list[str]
    labels: list[str]


def long_of(ratings: Ratings) -> Long:
    """Missing values are left out; a frame may have a column weight besides item, rater and value."""
    if isinstance(ratings, Coded):
        names = _words(ratings.items.tolist()), _words(ratings.raters.tolist()), ratings.labels
        return Long(ratings.item, ratings.rater, ratings.value, np.ones(len(ratings.item)), *names)
    known = ratings["value"].notna().to_numpy()
    kept = ratings if known.all() else ratings[known]
    (item, items), (rater, raters) = _texts(kept["item"]), _texts(kept["rater"])
    label, labels = _texts(kept["value"])
    order = sorted(range(len(labels)), key=labels.__getitem__)
    place = np.argsort(order)
    weight = kept["weight"].to_numpy(float) if "weight" in kept else np.ones(len(kept))
    return Long(item, rater, place[label], weight, items, raters, [labels[number] for number in order])


def _texts(column: "pd.Series[Any]") -> tuple[Codes, list[str]]:
    """Codes of the entries as text: the number 1 and the word 1 are one."""
    codes, different = codes_of(column)
    names = different.tolist()
    words = _words(names)
    if words is names:
        return codes, names
    places, known = codes_of(pd.Series(words, dtype=object))
    return places[codes], known.tolist()


def _words(names: list[Any]) -> list[str]:
    if pd.api.types.infer_dtype(names, skipna=False) == "string":
        return names
    return [str(name) for name in names]


def votes_of(long: Long) -> Floats:
    k = len(long.labels)
    flat = np.bincount(long.item * k + long.label, long.weight, minlength=len(long.items) * k)
    return flat.reshape(len(long.items), k).astype(float)


def _entropy(shares: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(shares > 0, -shares * np.log2(shares), 0.0)
    return np.asarray(parts.sum(axis=1))


class Aggregates(Sequence[Aggregate]):
    """The labels of many items, each made when it is asked for: a third of a million objects take a second."""

    def __init__(self, long: Long, shares: Floats, *, margin: float) -> None:
        self._items, self._labels, self._shares = long.items, long.labels, shares
        self._entropy = _entropy(shares)
        self._counts = np.bincount(long.item, minlength=len(long.items))
        self._best = shares.argmax(axis=1)
        self._top = shares[np.arange(len(shares)), self._best]
        self._shared = (shares >= self._top[:, None] - margin).sum(axis=1) > 1

    def __len__(self) -> int:
        return len(self._items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Aggregates) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    @overload
    def __getitem__(self, index: int) -> Aggregate: ...
    @overload
    def __getitem__(self, index: slice) -> list[Aggregate]: ...
    def __getitem__(self, index: int | slice) -> Aggregate | list[Aggregate]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        return Aggregate(
            item=self._items[index],
            label=None if self._shared[index] else self._labels[self._best[index]],
            confidence=float(self._top[index]),
            entropy=float(self._entropy[index]),
            n=int(self._counts[index]),
            shares={
                label: share
                for label, share in zip(self._labels, self._shares[index].tolist(), strict=True)
                if share > 0
            },
        )


def posterior(scores: Floats) -> tuple[Floats, float]:
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


def clamp_of(long: Long, gold: Mapping[str, str]) -> Floats:
    """What to add to log probabilities (items x labels) so that a known item has its label for certain."""
    clamp = np.zeros((len(long.items), len(long.labels)))
    places, labels = fixed_of(long, gold)
    clamp[places] = -np.inf
    clamp[places, labels] = 0.0
    return clamp


def scores_of(long: Long, same: Floats, other: Floats, prevalence: Floats) -> Floats:
    """Log joint probabilities (items x labels) where a rating adds `same` to its own label and `other` to the rest."""
    n, k = len(long.items), len(long.labels)
    rest = np.bincount(long.item, long.weight * other, minlength=n)
    own = np.bincount(long.item * k + long.label, long.weight * (same - other), minlength=n * k)
    return np.asarray(own.reshape(n, k) + rest[:, None] + np.log(np.maximum(prevalence, _TINY)))


def settled(before: float, after: float, tolerance: float) -> bool:
    """Whether the figure that is climbed changes by less than `tolerance` of itself."""
    return bool(np.isfinite(before)) and abs(after - before) < tolerance * abs(before)
