"""Alpha over the positions of texts in which raters mark spans: does each character or token get the same label?

Every position is a unit with one value for each rater: the label, several labels of that rater joined, or outside.
Between two neighbouring boundaries of spans all positions are alike, so a stretch counts by its length and the cost
depends on the number of spans, not of characters. This is alpha for nominal values, not Krippendorff's alpha for
unitizing, which also weighs how boundaries are off. Long stretches that nobody marked are agreement: on rare, short
spans it is far above what F1 of the same spans says, and both belong side by side.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.analytics.agreement import Alpha
from app.analytics.coincidences import alphas_of_parts
from app.analytics.intervals import bootstrapped
from app.analytics.span_matching import Encoded, encode

__all__ = ["position_alpha"]

_Floats = NDArray[np.float64]
_Codes = NDArray[np.int64]

_REPLICATES = 1_000


@dataclass(frozen=True, slots=True)
class _Stretches:
    """Runs of positions without a boundary inside, in order of item and place."""

    item: _Codes
    length: _Codes
    begin: _Codes
    """With `end`, for each span the stretches it covers, as places; end-exclusive."""
    end: _Codes


def position_alpha(
    spans: pd.DataFrame,
    annotated: pd.DataFrame,
    lengths: Mapping[str, int],
    *,
    replicates: int = _REPLICATES,
    seed: int = 7,
) -> Alpha:
    """Krippendorff's nominal alpha over positions, with a 95 % percentile bootstrap interval over items.

    `spans`: rater, item, start, end (exclusive), label; `annotated`: rater, item; `lengths`: item -> its length in
    the same unit as the offsets, characters or tokens. Items with one rater are left out and counted; `n_ratings`
    counts annotations, and `n_duplicates` repeated spans. Undefined (value None, with the reason) when no item has
    two raters and when only one value occurs, as where nobody marked anything. Raises ValueError where an item has
    no length or a span lies outside it. Source: Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011.
    """
    table = encode(spans, annotated)
    size = _lengths(table, lengths)
    raters = np.bincount(table.seen_item, minlength=len(table.items))
    usable = raters >= 2
    n_items = int(usable.sum())
    draws = np.empty(0)
    reason = None if n_items else "no item has two raters"
    if reason is None:
        inside, counts = _parts(table, size, raters)
        inside, counts = inside[usable], counts[usable]
        if (counts.sum(axis=0) > 0).sum() < 2:
            reason = "only one value occurs, so agreement by chance is certain"
        else:
            drawn = np.random.default_rng(seed).multinomial(
                n_items, np.full(n_items, 1 / n_items), size=replicates
            )
            weights = np.vstack([np.ones((1, n_items)), drawn])
            draws = alphas_of_parts(inside, counts, weights, 1.0 - np.eye(counts.shape[1]))
    found = bootstrapped(draws, n_items)
    return Alpha(
        metric="nominal",
        value=found.value,
        low=found.low,
        high=found.high,
        reason=reason,
        n_items=n_items,
        n_single=len(table.items) - n_items,
        n_ratings=len(table.seen_item),
        n_raters=len(table.raters),
        n_duplicates=table.n_duplicates,
        note=found.note,
    )


def _lengths(table: Encoded, lengths: Mapping[str, int]) -> _Codes:
    known = {str(item): length for item, length in lengths.items()}
    missing = [item for item in table.items if item not in known]
    if missing:
        raise ValueError(f"{len(missing)} items have no length, the first is {missing[0]!r}")
    size = np.array([known[item] for item in table.items], dtype=np.int64)
    beyond = np.flatnonzero(table.end > size[table.item])
    if len(beyond):
        item = table.item[beyond[0]]
        raise ValueError(
            f"{len(beyond)} spans end beyond their item, the first at {table.end[beyond[0]]} "
            f"in item {table.items[item]!r} with {size[item]} positions"
        )
    return size


def _parts(table: Encoded, size: _Codes, raters: NDArray[np.intp]) -> tuple[_Floats, _Floats]:
    """Of each item, the disagreement within its positions, and positions x raters by value (last one: outside)."""
    stretches = _stretches(table, size)
    stretch, value, values = _values(table, stretches)
    cells, given = np.unique(stretch * (values + 1) + value, return_counts=True)
    stretch, value = cells // (values + 1), cells % (values + 1)
    m = raters[stretches.item].astype(float)
    outside = m - np.bincount(stretch, given, minlength=len(m))
    equal = np.bincount(stretch, given**2, minlength=len(m)) + outside**2
    disagreement = np.divide(m**2 - equal, m - 1, out=np.zeros_like(m), where=m > 1)
    n = len(table.items)
    counts = np.bincount(
        stretches.item[stretch] * (values + 1) + value,
        given * stretches.length[stretch],
        minlength=n * (values + 1),
    ).reshape(n, values + 1)
    counts[:, values] = np.bincount(stretches.item, outside * stretches.length, minlength=n)
    inside = np.bincount(stretches.item, disagreement * stretches.length, minlength=n)
    return inside.astype(float), counts.astype(float)


def _stretches(table: Encoded, size: _Codes) -> _Stretches:
    reach = int(size.max(initial=0)) + 1
    every = np.arange(len(table.items))
    line = table.item * reach
    edges = np.unique(
        np.concatenate([every * reach, every * reach + size, line + table.start, line + table.end])
    )
    # From an item's last edge to the next item's first one nothing lies: that stretch has length 0.
    item = edges // reach
    length = np.diff(edges, append=edges[-1:]) * (np.diff(item, append=item[-1:]) == 0)
    return _Stretches(
        item=item,
        length=length,
        begin=np.searchsorted(edges, line + table.start),
        end=np.searchsorted(edges, line + table.end),
    )


def _values(table: Encoded, stretches: _Stretches) -> tuple[_Codes, _Codes, int]:
    """(stretch, value) for each stretch and each rater who marked it, and how many values there are.

    Several labels of one rater on one stretch are a value of their own, whatever their order.
    """
    counts = stretches.end - stretches.begin
    span = np.repeat(np.arange(len(counts)), counts)
    stretch = np.arange(len(span)) - np.repeat(np.cumsum(counts) - counts - stretches.begin, counts)
    rows = np.unique(np.column_stack([stretch, table.rater[span], table.label[span]]), axis=0)
    marked = pd.DataFrame(rows, columns=["stretch", "rater", "label"])
    several = marked.duplicated(["stretch", "rater"], keep=False)
    alone, joint = marked[~several], marked[several]
    joined = joint["label"].astype(str).groupby([joint["stretch"], joint["rater"]]).agg(" ".join)
    codes, names = pd.factorize(joined)
    return (
        np.concatenate([alone["stretch"].to_numpy(), joined.index.get_level_values("stretch").to_numpy()]),
        np.concatenate([alone["label"].to_numpy(), codes + len(table.labels)]),
        len(table.labels) + len(names),
    )
