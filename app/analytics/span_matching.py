"""Which spans of two raters go together: the same ones, or a one-to-one matching of those that overlap.

All items and all pairs of raters at once: one table of spans, sorted, gives every two rows that touch.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["Encoded", "Matching", "encode", "matched", "pairs_until"]

Matching = Literal["exact", "overlap"]

_Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Encoded:
    """Spans as numbers, one entry a span, and who annotated what; both without repetitions."""

    item: _Codes
    rater: _Codes
    label: _Codes
    start: _Codes
    end: _Codes
    """Exclusive."""
    seen_item: _Codes
    """With `seen_rater`, one entry an annotation, sorted by item, then rater: also those without any span."""
    seen_rater: _Codes
    items: list[str]
    raters: list[str]
    labels: list[str]
    n_duplicates: int
    """Further spans of one rater with the same place and label; the first one counts."""


def encode(spans: pd.DataFrame, annotated: pd.DataFrame) -> Encoded:
    """Spans (rater, item, start, end, label) and annotations (rater, item) as numbers, names in order of text.

    An annotation without a span has no row in `spans`, which is why `annotated` is needed; a span whose rater and
    item are missing there is an annotation all the same. Raises ValueError for a span that does not end after its
    start or starts before 0.
    """
    wrong = (spans["start"] < 0) | (spans["end"] <= spans["start"])
    if wrong.any():
        first = spans[wrong].iloc[0]
        raise ValueError(
            f"{int(wrong.sum())} spans have no room, the first from {first['start']} to {first['end']} "
            f"in item {first['item']!r}"
        )
    both = pd.concat([spans[["rater", "item"]], annotated[["rater", "item"]]]).astype(str)
    rater, raters = pd.factorize(both["rater"], sort=True)
    item, items = pd.factorize(both["item"], sort=True)
    label, labels = pd.factorize(spans["label"].astype(str), sort=True)
    rows = np.column_stack(
        [item[: len(spans)], label, spans["start"], spans["end"], rater[: len(spans)]]
    ).astype(np.int64)
    kept = np.unique(rows, axis=0)
    seen = np.unique(np.column_stack([item, rater]).astype(np.int64), axis=0)
    return Encoded(
        item=kept[:, 0],
        rater=kept[:, 4],
        label=kept[:, 1],
        start=kept[:, 2],
        end=kept[:, 3],
        seen_item=seen[:, 0],
        seen_rater=seen[:, 1],
        items=list(items),
        raters=list(raters),
        labels=list(labels),
        n_duplicates=len(rows) - len(kept),
    )


def pairs_until(stop: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Every two places i < j with j < stop[i]; `stop[i]` is above i."""
    places = np.arange(len(stop))
    counts = stop - places - 1
    first = np.repeat(places, counts)
    begun = np.repeat(np.cumsum(counts) - counts, counts)
    return first, np.arange(len(first)) - begun + first + 1


def matched(spans: Encoded, matching: Matching) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows of `spans` that match, as (row of the rater first in order, row of the other), for every two raters.

    exact: same item, label, start and end. overlap: same item and label, at least one position in common, each span
    matched once at most; as many as can be.
    """
    # `encode` sorts by item, label, start, end, rater: what touches a span begins before that span's end.
    if matching == "exact":
        rows = np.column_stack([spans.item, spans.label, spans.start, spans.end])
        place = np.cumsum(np.any(np.diff(rows, axis=0, prepend=rows[:1]) != 0, axis=1))
        stop = np.searchsorted(place, place, side="right")
    else:
        reach = int(spans.end.max(initial=0)) + 1
        line = (spans.item * len(spans.labels) + spans.label) * reach
        stop = np.searchsorted(line + spans.start, line + spans.end, side="left")
    one, other = pairs_until(stop)
    swap = spans.rater[one] > spans.rater[other]
    one, other = np.where(swap, other, one), np.where(swap, one, other)
    between = spans.rater[one] != spans.rater[other]
    one, other = one[between], other[between]
    return (one, other) if matching == "exact" else _one_to_one(spans, one, other)


def _one_to_one(
    spans: Encoded, one: NDArray[np.intp], other: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The largest matching among overlapping spans of every two raters.

    Taken in order of the earlier end, then of the later end. It is a largest one: the span that ends first can only
    overlap spans that hold its last position, and of these the one that ends first overlaps no span, among those
    left, that the others do not overlap too.
    """
    ends = spans.end[one], spans.end[other]
    order = np.lexsort((np.maximum(*ends), np.minimum(*ends)))
    one, other = one[order], other[order]
    # A span plays once for every other rater: a vertex is a span and the rater it is compared with.
    raters = max(len(spans.raters), 1)
    left = np.unique(one * raters + spans.rater[other], return_inverse=True)[1]
    right = np.unique(other * raters + spans.rater[one], return_inverse=True)[1]
    taken: list[NDArray[np.intp]] = []
    open_edges = np.arange(len(one))
    while len(open_edges):
        # What comes first for both of its spans is what taking one edge after the other would take.
        a, b = left[open_edges], right[open_edges]
        first = _is_first(a) & _is_first(b)
        taken.append(open_edges[first])
        open_edges = open_edges[~(np.isin(a, a[first]) | np.isin(b, b[first]))]
    rows = np.concatenate(taken) if taken else open_edges
    return one[rows], other[rows]


def _is_first(codes: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether each code occurs there for the first time."""
    out = np.zeros(len(codes), dtype=bool)
    out[np.unique(codes, return_index=True)[1]] = True
    return out
