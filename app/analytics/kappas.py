"""Cohen's kappa of two raters, and of every pair of many at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from app.analytics.coding import Coded, Codes, Ratings, code_ratings

__all__ = ["MOST_RATERS", "PairKappa", "WeightedKappa", "cohen_kappa", "pairwise_kappas"]

MOST_RATERS = 500
"""Raters that are compared pair by pair, 124,750 pairs: some seconds, and 45 MB of JSON."""

_NOTHING_SHARED = "no item in common"
_ONE_VALUE = "both gave one and the same value throughout"


@dataclass(frozen=True, slots=True)
class WeightedKappa:
    """Kappa that counts near values as near; undefined where the unweighted one is."""

    value: float | None
    low: float | None
    high: float | None
    """95 % interval; None where it cannot be given."""


@dataclass(frozen=True, slots=True)
class PairKappa:
    rater_a: str
    rater_b: str
    kappa: float | None
    reason: str | None
    n: int
    """Items that both rated; the only ones that count."""
    agree: int
    low: float | None = None
    high: float | None = None
    """95 % interval, where `kappa_intervals` gave one."""
    no_interval: str | None = None
    """Why kappa has no interval; None where it has one, or is undefined itself."""
    linear: WeightedKappa | None = None
    quadratic: WeightedKappa | None = None
    """With weights, where all values are numbers."""


def cohen_kappa(a: "pd.Series[Any]", b: "pd.Series[Any]") -> tuple[float | None, str | None, int, int]:
    """(kappa, reason when undefined, n, agreeing items) of two raters on their shared items, nominal.

    `a` and `b` hold one value per item, indexed by item. Source: Cohen, Educ. Psychol. Meas. 20(1), 1960.
    """
    both = pd.concat([a, b], axis=1, join="inner", keys=["a", "b"]).dropna()
    agree = int((both["a"] == both["b"]).sum())
    counts_a, counts_b = both["a"].value_counts(), both["b"].value_counts()
    chance = int((counts_a * counts_b.reindex(counts_a.index).fillna(0)).sum())
    kappa, reason = _kappa(len(both), agree, chance)
    return kappa, reason, len(both), agree


def _kappa(n: int, agree: int, chance: int) -> tuple[float | None, str | None]:
    """`chance`: sum over the values of how often the one and how often the other gave it."""
    if n == 0:
        return None, _NOTHING_SHARED
    if chance == n * n:
        return None, _ONE_VALUE
    expected = chance / n**2
    return (agree / n - expected) / (1 - expected), None


def pairwise_kappas(ratings: Ratings, *, most_raters: int = MOST_RATERS) -> list[PairKappa]:
    """Cohen's kappa of every pair of raters.

    With more than `most_raters` raters, those with the most ratings are taken.
    """
    coded = code_ratings(ratings)
    names = [str(name) for name in coded.raters]
    given = np.bincount(coded.rater, minlength=len(names))
    most_first = sorted(range(len(names)), key=lambda rater: (-given[rater], names[rater]))
    chosen = sorted(most_first[:most_raters], key=lambda rater: names[rater])
    n, agree, chance = _shared(coded, chosen)
    pairs = []
    for first, second in combinations(range(len(chosen)), 2):
        shared, equal = n[first][second], agree[first][second]
        kappa, reason = _kappa(shared, equal, chance[first][second])
        pairs.append(PairKappa(names[chosen[first]], names[chosen[second]], kappa, reason, shared, equal))
    return pairs


def _shared(coded: Coded, chosen: Sequence[int]) -> tuple[list[list[int]], list[list[int]], list[list[int]]]:
    """For each two raters: items that both rated, those with equal values, and `chance` as in `_kappa`.

    Three sparse products: who rated an item with whom, who gave it the same value as whom, and how often a rater
    gave a value on the items that another one rated. No pair of ratings is looked at by itself.
    """
    from scipy.sparse import csr_array  # slow to import, and most pages do not need it

    place = np.full(len(coded.raters), -1)
    place[list(chosen)] = np.arange(len(chosen))
    rater = place[coded.rater]
    mine = rater >= 0
    rater, item, value = rater[mine], coded.item[mine], coded.value[mine]
    raters, items, values = len(chosen), len(coded.items), max(len(coded.values), 1)

    def marks(row: Codes, column: Codes, shape: tuple[int, int]) -> Any:
        return csr_array((np.ones(len(row), dtype=np.int64), (row, column)), shape=shape)

    by_item = marks(item, rater, (items, raters))
    # Only the combinations that occur: items x values would be far too many rows where each value is another.
    same, said = pd.factorize(item * values + value)
    by_value = marks(same, rater, (len(said), raters))
    word, words = pd.factorize(rater * values + value)
    given = (marks(word, item, (len(words), items)) @ by_item).tocoo()
    giver, what, other = words[given.row] // values, words[given.row] % values, given.col.astype(np.intp)
    pairs = raters * raters, values
    here = csr_array((given.data, (giver * raters + other, what)), shape=pairs)
    there = csr_array((given.data, (other * raters + giver, what)), shape=pairs)
    chance = np.asarray(here.multiply(there).sum(axis=1)).reshape(raters, raters)
    n, agree = (by_item.T @ by_item).toarray(), (by_value.T @ by_value).toarray()
    return n.tolist(), agree.tolist(), chance.tolist()
