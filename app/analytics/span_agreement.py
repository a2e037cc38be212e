"""How far raters mark the same spans: F1 of every two raters, and its mean.

Frames: `spans` has rater, item, start, end (exclusive), label, one row a span; `annotated` has rater, item, one row
an annotation, since an item in which a rater marked nothing is an answer too. What nobody marked has no natural
number of spans, so chance cannot be taken out; F1 needs no such number, and kappa comes close to it as that number
grows. Source: Hripcsak and Rothschild, J. Am. Med. Inform. Assoc. 12(3), 2005. Alpha over positions: `span_alpha`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.analytics.intervals import bootstrapped
from app.analytics.span_matching import Matching, encode, matched, pairs_until

__all__ = ["Matching", "MeanF1", "SpanCounts", "SpanPair", "count_spans", "mean_f1", "pairwise_f1"]

_Floats = NDArray[np.float64]

_REPLICATES = 1_000
_CELLS = 4_000_000
"""Replicates x pairs held at once in a bootstrap: 32 MB a table."""
_NO_SPAN = "neither marked a span"


@dataclass(frozen=True, slots=True)
class SpanCounts:
    """Spans and matches of every two raters, by item they both annotated."""

    raters: tuple[str, ...]
    items: tuple[str, ...]
    """Those that two raters or more annotated."""
    pairs: NDArray[np.intp]
    """pairs x 2: places in `raters` of every two raters with an item in common."""
    item: NDArray[np.intp]
    """With `pair`, place of each of the rows below: an item and two raters who annotated it."""
    pair: NDArray[np.intp]
    first: _Floats
    """Spans of the pair's first rater in the item."""
    second: _Floats
    exact: _Floats
    """Spans with the same start, end and label."""
    overlap: _Floats
    """Spans of one label that overlap, matched one to one, as many as can be."""
    n_duplicates: int
    """Further spans of one rater with the same place and label; the first one counts."""


@dataclass(frozen=True, slots=True)
class SpanPair:
    rater_a: str
    rater_b: str
    exact: float | None
    """F1 of spans with the same start, end and label."""
    overlap: float | None
    """F1 of spans with the same label that overlap, matched one to one."""
    reason: str | None
    n: int
    """Items that both annotated; the only ones that count."""
    spans_a: int
    spans_b: int


@dataclass(frozen=True, slots=True)
class MeanF1:
    matching: Matching
    value: float | None
    low: float | None
    high: float | None
    """95 % percentile interval over items: it speaks of these raters only."""
    reason: str | None
    n_items: int
    """Items that two of these raters annotated."""
    n_pairs: int
    """Pairs of raters with an item in common."""
    n_undefined: int
    """Those among them where neither marked a span; left out of the mean."""
    note: str | None


def count_spans(spans: pd.DataFrame, annotated: pd.DataFrame) -> SpanCounts:
    """Count what every two raters marked and what of it matches, in the items both annotated.

    A span repeated by its rater counts once; spans of one rater may overlap. Raises ValueError for a span that does
    not end after its start.
    """
    table = encode(spans, annotated)
    raters = len(table.raters)
    seen = table.seen_item * raters + table.seen_rater
    own = np.bincount(np.searchsorted(seen, table.item * raters + table.rater), minlength=len(seen))
    one, other = pairs_until(np.searchsorted(table.seen_item, table.seen_item, side="right"))
    shared, item = np.unique(table.seen_item[one], return_inverse=True)
    names, pair = np.unique(table.seen_rater[one] * raters + table.seen_rater[other], return_inverse=True)
    # Ascending, because annotations are sorted by item, then rater.
    place = seen[one] * raters + table.seen_rater[other]

    def per_row(matching: Matching) -> _Floats:
        a, b = matched(table, matching)
        of_match = (table.item[a] * raters + table.rater[a]) * raters + table.rater[b]
        return np.bincount(np.searchsorted(place, of_match), minlength=len(place)).astype(float)

    return SpanCounts(
        raters=tuple(table.raters),
        items=tuple(table.items[number] for number in shared),
        pairs=np.column_stack(np.divmod(names, max(raters, 1))),
        item=item,
        pair=pair,
        first=own[one].astype(float),
        second=own[other].astype(float),
        exact=per_row("exact"),
        overlap=per_row("overlap"),
        n_duplicates=table.n_duplicates,
    )


def pairwise_f1(counts: SpanCounts) -> list[SpanPair]:
    """F1 of every two raters over all items both annotated: 2 * matches / (spans of one + spans of the other).

    The spans of all items are pooled, so that an item counts by its spans. Which of the two is taken as right makes
    no difference. Undefined, with the reason, where neither marked a span. In order of the raters' names.
    """
    pairs = len(counts.pairs)
    sums = [
        np.bincount(counts.pair, values, minlength=pairs)
        for values in (counts.first, counts.second, counts.exact, counts.overlap)
    ]
    shared = np.bincount(counts.pair, minlength=pairs)
    out = []
    for (a, b), n, first, second, exact, overlap in zip(counts.pairs, shared, *sums, strict=True):
        spans = first + second
        out.append(
            SpanPair(
                rater_a=counts.raters[a],
                rater_b=counts.raters[b],
                exact=float(2 * exact / spans) if spans else None,
                overlap=float(2 * overlap / spans) if spans else None,
                reason=None if spans else _NO_SPAN,
                n=int(n),
                spans_a=int(first),
                spans_b=int(second),
            )
        )
    return out


def mean_f1(
    counts: SpanCounts,
    matching: Matching,
    *,
    against: str | None = None,
    replicates: int = _REPLICATES,
    seed: int = 7,
) -> MeanF1:
    """Mean of the F1 of every two raters, each pair with the same weight, with a bootstrap interval over items.

    `against` takes the pairs with that rater only: with the known answers as a rater, the mean of the raters' F1
    against them. Pooled inside a pair (micro over items), averaged over pairs (macro over raters): on greinacher2017
    this gives .886 exact against gold and .827 between annotators, where pooling raters too gives .885 and .824.
    Undefined (value None, with the reason) without two raters on one item and where no pair marked a span. In [0, 1].
    """
    chosen = np.ones(len(counts.pairs), dtype=bool)
    if against is not None:
        name = counts.raters.index(against) if against in counts.raters else -1
        chosen = (counts.pairs == name).any(axis=1)
    rows = chosen[counts.pair]
    items, item = np.unique(counts.item[rows], return_inverse=True)
    pairs, pair = np.unique(counts.pair[rows], return_inverse=True)
    spans = (counts.first + counts.second)[rows]
    matches = (counts.exact if matching == "exact" else counts.overlap)[rows]
    defined = np.bincount(pair, spans, minlength=len(pairs)) > 0
    reason = None
    if not len(pairs):
        reason = "no item has two raters" if against is None else f"no item has {against!r} and another rater"
    elif not defined.any():
        reason = "no rater marked a span"
    draws = np.empty(0)
    if reason is None:
        kept = defined[pair]
        column = (np.cumsum(defined) - 1)[pair[kept]]
        shape = (len(items), int(defined.sum()))
        draws = np.concatenate(
            list(
                _means(
                    _sparse(spans[kept], item[kept], column, shape),
                    _sparse(2 * matches[kept], item[kept], column, shape),
                    replicates=replicates,
                    seed=seed,
                )
            )
        )
    found = bootstrapped(draws, len(items))
    return MeanF1(
        matching=matching,
        value=found.value,
        low=found.low,
        high=found.high,
        reason=reason,
        n_items=len(items),
        n_pairs=len(pairs),
        n_undefined=int((~defined).sum()),
        note=found.note,
    )


def _sparse(values: _Floats, item: NDArray[np.intp], column: NDArray[np.intp], shape: tuple[int, int]) -> Any:
    from scipy.sparse import csr_array  # slow to import, and most pages do not need it

    return csr_array((values, (item, column)), shape=shape)


def _means(spans: Any, matches: Any, *, replicates: int, seed: int) -> Iterator[_Floats]:
    """The estimate, followed by its bootstrap replicates in blocks; items x pairs of spans and of 2 * matches."""
    items, pairs = spans.shape
    rng = np.random.default_rng(seed)
    block = max(1, _CELLS // pairs)
    weights = np.ones((1, items))
    done = 0
    while True:
        below = (spans.T @ weights.T).T
        f1 = np.divide((matches.T @ weights.T).T, below, out=np.zeros_like(below), where=below > 0)
        marked = (below > 0).sum(axis=1)
        yield np.divide(f1.sum(axis=1), marked, out=np.full(len(f1), np.nan), where=marked > 0)
        if done >= replicates:
            return
        size = min(block, replicates - done)
        weights = rng.multinomial(items, np.full(items, 1 / items), size=size).astype(float)
        done += size
