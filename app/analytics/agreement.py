"""How far raters agree beyond chance, with missing ratings, and with an interval.

Every coefficient depends on an item only through its row of counts (how often each value was given), and few
different rows occur. So the bootstrap over items is one multinomial draw over the distinct rows, whatever the
number of items.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.analytics.coincidences import Metric, alphas, moment_alphas
from app.analytics.intervals import bootstrapped

__all__ = [
    "Alpha",
    "Counts",
    "Metric",
    "PairKappa",
    "alpha",
    "cohen_kappa",
    "confusions",
    "count_label_sets",
    "count_ratings",
    "entropy_of",
    "pairwise_kappas",
    "percent_agreement",
]

_Floats = NDArray[np.float64]

_REPLICATES = 1_000


@dataclass(frozen=True, slots=True)
class Counts:
    """Ratings of one question as counts."""

    table: _Floats
    """items x values: how many raters gave the item the value."""
    values: tuple[object, ...]
    """The values in order: numbers ascending, else text ascending; a set of labels is a sorted tuple."""
    n_items: int
    n_ratings: int
    n_raters: int
    n_duplicates: int
    """Further ratings of the same rater for the same item; the first one counts."""
    numeric: bool
    """Whether every value is a number."""


@dataclass(frozen=True, slots=True)
class Alpha:
    """Krippendorff's alpha of one question."""

    metric: Metric
    value: float | None
    low: float | None
    high: float | None
    """95 % percentile interval over items: it speaks of these raters only."""
    reason: str | None
    """Why it is undefined; None when it is not."""
    n_items: int
    """Items with at least two ratings: the ones that count."""
    n_single: int
    """Items with one rating, left out."""
    n_ratings: int
    n_raters: int
    n_duplicates: int
    note: str | None


def count_ratings(frame: pd.DataFrame) -> Counts:
    """Count a long frame with columns item, rater, value, one row per rating of one question.

    Values are numbers when all of them read as numbers. Missing values are left out.
    """
    frame = frame.loc[frame["value"].notna(), ["item", "rater", "value"]]
    kept = frame.drop_duplicates(["item", "rater"])
    numbers = pd.to_numeric(kept["value"], errors="coerce")
    numeric = bool(numbers.notna().all()) and len(kept) > 0
    codes, values = pd.factorize(numbers if numeric else kept["value"].astype(str), sort=True)
    return _counted(kept, codes, values.tolist(), numeric=numeric, n_duplicates=len(frame) - len(kept))


def count_label_sets(frame: pd.DataFrame) -> Counts:
    """Count a long frame with columns item, rater, value, where each value is a collection of labels.

    For questions with several answers at once. Neither the order of labels nor a repeated one matters; an empty
    collection is the answer "none of them", a lone text the set of that one label. Missing values are left out.
    """
    frame = frame.loc[frame["value"].notna(), ["item", "rater", "value"]]
    kept = frame.drop_duplicates(["item", "rater"])
    seen, texts = pd.factorize(kept["value"].map(_set_as_text).astype(str))
    sets = [tuple(json.loads(text)) for text in texts]
    values = sorted(sets)
    place = {labels: number for number, labels in enumerate(values)}
    codes = np.array([place[labels] for labels in sets], dtype=np.intp)[seen]
    return _counted(kept, codes, values, numeric=False, n_duplicates=len(frame) - len(kept))


def _set_as_text(labels: Iterable[object]) -> str:
    return json.dumps([labels] if isinstance(labels, str) else sorted({str(label) for label in labels}))


def _counted(
    kept: pd.DataFrame,
    codes: NDArray[np.intp],
    values: Sequence[object],
    *,
    numeric: bool,
    n_duplicates: int,
) -> Counts:
    item_codes, items = pd.factorize(kept["item"])
    flat = np.bincount(item_codes * max(len(values), 1) + codes, minlength=len(items) * len(values))
    return Counts(
        table=flat.reshape(len(items), len(values)).astype(float),
        values=tuple(values),
        n_items=len(items),
        n_ratings=len(kept),
        n_raters=int(kept["rater"].nunique()),
        n_duplicates=n_duplicates,
        numeric=numeric,
    )


def alpha(counts: Counts, metric: Metric, *, replicates: int = _REPLICATES, seed: int = 7) -> Alpha:
    """Krippendorff's alpha with a 95 % percentile bootstrap interval over items.

    Items with fewer than two ratings are left out and counted. Undefined (value None, with the reason) when no
    item has two ratings, when only one value occurs, when numbers are needed and there are none, or when sets of
    labels are needed (masi, jaccard) and the counts are not of `count_label_sets`. In (-inf, 1]. Source:
    Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011; Passonneau, LREC 2006, for masi.
    """
    usable = counts.table.sum(axis=1) >= 2
    table = counts.table[usable]
    seen = table.sum(axis=0) > 0
    reason = None
    if not len(table):
        reason = "no item has two ratings"
    elif metric in ("ordinal", "interval") and not counts.numeric:
        reason = "the values are not numbers"
    elif metric in ("masi", "jaccard") and not all(isinstance(value, tuple) for value in counts.values):
        reason = "the values are not sets of labels"
    elif seen.sum() == 1:
        reason = "only one value occurs, so agreement by chance is certain"
    draws = np.empty(0) if reason else _estimates(table, counts, metric, replicates, seed)
    found = bootstrapped(draws, len(table))
    return Alpha(
        metric=metric,
        value=found.value,
        low=found.low,
        high=found.high,
        reason=reason,
        n_items=int(usable.sum()),
        n_single=int((~usable).sum()),
        n_ratings=counts.n_ratings,
        n_raters=counts.n_raters,
        n_duplicates=counts.n_duplicates,
        note=found.note,
    )


def _estimates(table: _Floats, counts: Counts, metric: Metric, replicates: int, seed: int) -> _Floats:
    """The estimate, followed by its bootstrap replicates."""
    rng = np.random.default_rng(seed)
    if metric == "interval" and table.shape[1] > 60:
        weights = np.ones((1, len(table)))
        values = np.asarray(counts.values, dtype=float)
        draws = [moment_alphas(table, values, weights)]
        for _ in range(replicates):
            draw = np.bincount(rng.integers(0, len(table), len(table)), minlength=len(table)).astype(float)
            draws.append(moment_alphas(table, values, draw[None, :]))
        return np.concatenate(draws)
    rows, frequency = np.unique(table, axis=0, return_counts=True)
    samples = rng.multinomial(len(table), frequency / len(table), size=replicates)
    weights = np.vstack([frequency[None, :], samples]).astype(float)
    return alphas(rows, weights, counts.values, metric)


def percent_agreement(counts: Counts) -> float | None:
    """Share of pairs of ratings of one item that are equal, averaged over items with at least two ratings."""
    table = counts.table
    m = table.sum(axis=1)
    usable = m >= 2
    if not usable.any():
        return None
    same = (table[usable] * (table[usable] - 1)).sum(axis=1)
    return float((same / (m[usable] * (m[usable] - 1))).mean())


@dataclass(frozen=True, slots=True)
class PairKappa:
    rater_a: str
    rater_b: str
    kappa: float | None
    reason: str | None
    n: int
    """Items that both rated; the only ones that count."""
    agree: int


def cohen_kappa(a: "pd.Series[Any]", b: "pd.Series[Any]") -> tuple[float | None, str | None, int, int]:
    """(kappa, reason when undefined, n, agreeing items) of two raters on their shared items, nominal.

    `a` and `b` hold one value per item, indexed by item. Source: Cohen, Educ. Psychol. Meas. 20(1), 1960.
    """
    both = pd.concat([a, b], axis=1, join="inner", keys=["a", "b"]).dropna()
    n = len(both)
    if n == 0:
        return None, "no item in common", 0, 0
    agree = int((both["a"] == both["b"]).sum())
    share_a, share_b = both["a"].value_counts() / n, both["b"].value_counts() / n
    expected = float((share_a * share_b.reindex(share_a.index).fillna(0.0)).sum())
    if expected >= 1:
        return None, "both gave one and the same value throughout", n, agree
    return (agree / n - expected) / (1 - expected), None, n, agree


def pairwise_kappas(frame: pd.DataFrame, *, most_raters: int = 60) -> list[PairKappa]:
    """Cohen's kappa of every pair of raters, for a frame with columns item, rater, value of one question.

    With more than `most_raters` raters, those with the most ratings are taken.
    """
    kept = frame.loc[frame["value"].notna()].drop_duplicates(["item", "rater"])
    by_rater = {
        str(rater): group.set_index("item")["value"] for rater, group in kept.groupby("rater", sort=True)
    }
    chosen = sorted(sorted(by_rater, key=lambda rater: -len(by_rater[rater]))[:most_raters])
    pairs = []
    for first, second in combinations(chosen, 2):
        kappa, reason, n, agree = cohen_kappa(by_rater[first], by_rater[second])
        pairs.append(PairKappa(first, second, kappa, reason, n, agree))
    return pairs


def entropy_of(ratings: pd.DataFrame) -> "pd.Series[float]":
    """Shannon entropy of the values of each item, in bits, by item; 0 where all raters agree.

    `ratings`: item, value, one row a rating. Source: C. E. Shannon, Bell Syst. Tech. J. 27, 1948, section 6.
    """
    counts = ratings.groupby(["item", ratings["value"].map(str)]).size()
    totals = counts.groupby(level="item").transform("sum")
    shares = counts / totals
    return (-shares * np.log2(shares)).groupby(level="item").sum().abs()


def confusions(ratings: pd.DataFrame) -> pd.DataFrame:
    """How often two different values stand against each other on one item.

    `ratings`: item, rater, value. One row per unordered pair of values: one, other, pairs (of ratings), items;
    most frequent first. With n_v ratings of value v, an item has n_v * n_w pairs of v against w.
    """
    counts = ratings.groupby(["item", ratings["value"].map(str)]).size().rename("n").reset_index()
    both = counts.merge(counts, on="item")
    both = both[both["value_x"] < both["value_y"]]
    both = both.assign(pairs=both["n_x"] * both["n_y"])
    table = both.groupby(["value_x", "value_y"]).agg(pairs=("pairs", "sum"), items=("item", "nunique"))
    table = table.reset_index().rename(columns={"value_x": "one", "value_y": "other"})
    return table.sort_values(["pairs", "one", "other"], ascending=[False, True, True], ignore_index=True)
