"""Where raters differ: how evenly an item's ratings are split, and which values stand against each other."""

import heapq
from typing import Any

import numpy as np
import pandas as pd

from app.analytics.coding import Coded, Codes, Floats, Ratings, code_ratings

__all__ = ["confusions", "distances", "entropies", "entropy_of", "most_split"]


def _given(coded: Coded) -> tuple[Codes, Codes, Codes]:
    """(item, value, how often the item got it) of every value that an item got."""
    values = max(len(coded.values), 1)
    cells, n = np.unique(coded.item * values + coded.value, return_counts=True)
    return cells // values, cells % values, n


def entropies(ratings: Ratings) -> Floats:
    """Shannon entropy of the values of each item, in bits, in the order of the coded items.

    0 where all raters agree. Source: C. E. Shannon, Bell Syst. Tech. J. 27, 1948, section 6.
    """
    coded = code_ratings(ratings)
    item, _, n = _given(coded)
    m = np.bincount(item, n, minlength=len(coded.items))
    # -sum n/m log(n/m) = log m - sum n log n / m
    bits = np.log2(m) - np.bincount(item, n * np.log2(n), minlength=len(m)) / m
    # Rounded, so that the same split among other values is the same number.
    return np.abs(bits.round(12))


def entropy_of(ratings: Ratings) -> "pd.Series[float]":
    """The entropies by item."""
    coded = code_ratings(ratings)
    return pd.Series(entropies(coded), index=coded.items.rename("item"))


def distances(coded: Coded) -> Floats | None:
    """How far every two ratings of an item lie apart (root mean square), in the order of the coded items.

    0 with one rating, and where all are equal. None where the values are no numbers.
    """
    if not coded.numeric:
        return None
    scale = np.asarray(coded.values, float)
    number = (scale - scale.mean())[coded.value]
    items = len(coded.items)
    m = np.bincount(coded.item, minlength=items)
    total, squares = (np.bincount(coded.item, part, minlength=items) for part in (number, number**2))
    # The sum over ordered pairs of (a - b)^2 is 2 (m S2 - S1^2).
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = 2 * (m * squares - total**2) / (m * (m - 1))
    return np.sqrt(np.where(m > 1, np.maximum(mean, 0.0), 0.0)).round(12)


def most_split(bits: Floats, names: "pd.Index[Any]", count: int, *, then: Floats | None = None) -> list[int]:
    """Places of the `count` items of the highest entropy (or distance) above 0, highest first.

    Where it is equal, those with the higher `then` come first, then by name.
    """
    split = np.flatnonzero(bits > 0)
    if then is None and len(split) > count:
        split = split[bits[split] >= np.partition(bits[split], -count)[-count]]
    second = np.zeros(len(split)) if then is None else then[split]
    order = zip(
        (-bits[split]).tolist(), (-second).tolist(), map(str, names.take(split).tolist()), split.tolist(), strict=True
    )  # fmt: skip
    return [place for *_, place in heapq.nsmallest(count, order)]


def confusions(ratings: Ratings) -> pd.DataFrame:
    """How often two different values stand against each other on one item.

    One row per unordered pair of values: one, other, pairs (of ratings), items;
    most frequent first. With n_v ratings of value v, an item has n_v * n_w pairs of v against w.
    """
    from scipy.sparse import csr_array  # slow to import, and most pages do not need it

    coded = code_ratings(ratings)
    item, value, n = _given(coded)
    shape = len(coded.items), len(coded.values)
    often = csr_array((n, (item, value)), shape=shape)
    once = csr_array((np.ones_like(n), (item, value)), shape=shape)
    # Both products have the same entries: where two values met.
    pairs, items = (often.T @ often).tocoo(), (once.T @ once).tocoo()
    names = np.asarray(coded.labels, dtype=object)
    one, other = names[pairs.row], names[pairs.col]
    table: pd.DataFrame = pd.DataFrame({"one": one, "other": other, "pairs": pairs.data, "items": items.data})
    apart: pd.DataFrame = table[one < other]
    return apart.sort_values(["pairs", "one", "other"], ascending=[False, True, True], ignore_index=True)
