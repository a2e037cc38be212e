"""One label an item out of several raters': the vote with its ties in sight, and Dawid and Skene's model.

Annotations are long: one row a rating, so that missing ones need nothing. Source: Dawid and Skene, Applied
Statistics 28(1), 1979; smoothing as maximum a posteriori.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
import pandas as pd

from app.analytics.coding import Coded, Codes, Floats, Ratings, codes_of

__all__ = ["FEWEST_A_RATER", "Aggregate", "DawidSkene", "dawid_skene", "vote"]

FEWEST_A_RATER = 20
"""Ratings a rater below which Dawid and Skene's confusions are guesses: beside the vote it is then no default."""

_IMPOSSIBLE = -1e6
"""Stands for the logarithm of zero: sums stay finite, and one such rating still outweighs all others."""

_BLOCK = 20_000
"""Items that are computed together: a megabyte of probabilities of five labels."""


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


@dataclass(frozen=True, slots=True)
class _Long:
    item: Codes
    rater: Codes
    label: Codes
    weight: Floats
    items: list[str]
    raters: list[str]
    labels: list[str]


def _long(ratings: Ratings) -> _Long:
    if isinstance(ratings, Coded):
        names = _words(ratings.items.tolist()), _words(ratings.raters.tolist()), ratings.labels
        return _Long(ratings.item, ratings.rater, ratings.value, np.ones(len(ratings.item)), *names)
    known = ratings["value"].notna().to_numpy()
    kept = ratings if known.all() else ratings[known]
    (item, items), (rater, raters) = _texts(kept["item"]), _texts(kept["rater"])
    label, labels = _texts(kept["value"])
    order = sorted(range(len(labels)), key=labels.__getitem__)
    place = np.argsort(order)
    weight = kept["weight"].to_numpy(float) if "weight" in kept else np.ones(len(kept))
    return _Long(item, rater, place[label], weight, items, raters, [labels[number] for number in order])


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


def _votes(long: _Long) -> Floats:
    k = len(long.labels)
    flat = np.bincount(long.item * k + long.label, long.weight, minlength=len(long.items) * k)
    return flat.reshape(len(long.items), k).astype(float)


def _entropy(shares: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(shares > 0, -shares * np.log2(shares), 0.0)
    return np.asarray(parts.sum(axis=1))


class _Aggregates(Sequence[Aggregate]):
    """The labels of many items, each made when it is asked for: a third of a million objects take a second."""

    def __init__(self, long: _Long, shares: Floats, *, margin: float) -> None:
        self._items, self._labels, self._shares = long.items, long.labels, shares
        self._entropy = _entropy(shares)
        self._counts = np.bincount(long.item, minlength=len(long.items))
        self._best = shares.argmax(axis=1)
        self._top = shares[np.arange(len(shares)), self._best]
        self._shared = (shares >= self._top[:, None] - margin).sum(axis=1) > 1

    def __len__(self) -> int:
        return len(self._items)

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


def vote(ratings: Ratings) -> Sequence[Aggregate]:
    """The label that most ratings name; a frame may have a column weight besides.

    A shared first place is no label. In order of the items' first rows.
    """
    long = _long(ratings)
    if not long.items:
        return []
    votes = _votes(long)
    return _Aggregates(long, votes / votes.sum(axis=1, keepdims=True), margin=1e-12)


def dawid_skene(
    ratings: Ratings,
    *,
    gold: Mapping[str, str] | None = None,
    smoothing: float = 0.01,
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
    long = _long(ratings)
    if not long.items:
        raise ValueError("there is no rating to aggregate")
    n, k, raters = len(long.items), len(long.labels), len(long.raters)
    votes = _votes(long)
    belief = votes / votes.sum(axis=1, keepdims=True)
    fixed = _fixed(long, gold) if gold else ([], [])
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
        ended = bool(np.isfinite(before)) and abs(likelihood - before) < tolerance * abs(before)
    few = int((np.bincount(long.rater, minlength=raters) < FEWEST_A_RATER).sum())
    return DawidSkene(
        items=_Aggregates(long, belief, margin=1e-9),
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


@dataclass(frozen=True, slots=True)
class _Block:
    """Some items, as many as fit into the processor's cache with all that is computed of them."""

    items: slice
    said: Any
    """Sparse, items x (rater, label): the weight of the rating. Both steps of a round are a product with it."""
    heard: Any
    """The same, transposed."""


def _blocks(long: _Long) -> list[_Block]:
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


def _fixed(long: _Long, gold: Mapping[str, str]) -> tuple[list[int], list[int]]:
    places = {name: number for number, name in enumerate(long.items)}
    labels = {name: number for number, name in enumerate(long.labels)}
    known = [
        (places[item], labels[label]) for item, label in gold.items() if item in places and label in labels
    ]
    return [place for place, _ in known], [label for _, label in known]
