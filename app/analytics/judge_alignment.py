"""How a judge's scores follow people's, on the same answers: rank, level and distance, each with its interval.

The people's score of an answer is the mean of theirs. Intervals resample answers; they speak of these people.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["ScoreAlignment", "Statistic", "ceiling", "follow"]

_REPLICATES = 1_000
_LARGEST_GRID = 4_000
"""Cells of the table of distinct scores up to which Kendall's tau gets an interval."""
_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Statistic:
    value: float | None
    """None where it is undefined: fewer than two answers, or one side the same throughout."""
    low: float | None = None
    high: float | None = None
    """95 % percentile bootstrap over answers; None where more than one replicate in twenty is undefined."""


@dataclass(frozen=True, slots=True)
class ScoreAlignment:
    n: int
    """Answers with a score of both."""
    pearson: Statistic
    spearman: Statistic
    kendall: Statistic
    """tau-b, which allows for ties."""
    rmse: Statistic
    mae: Statistic
    """Mean absolute distance, in levels."""
    bias: Statistic
    """Mean of judge minus people, in levels: positive is a milder judge."""
    within_one: Statistic
    """Share of answers less than or exactly one level apart."""


@dataclass(frozen=True, slots=True)
class _Grid:
    """Distinct scores of both sides, in order, and how often each pair of them occurred (one table or many)."""

    x: _Floats
    y: _Floats
    counts: _Floats
    """(…, distinct x, distinct y)"""


def follow(
    judge: _Floats, people: _Floats, *, replicates: int = _REPLICATES, seed: int = 7
) -> ScoreAlignment:
    """`judge` and `people` hold one finite score per answer, in the same order; without replicates no intervals."""
    n = len(judge)
    if n == 0:
        none = Statistic(None)
        return ScoreAlignment(0, none, none, none, none, none, none, none)
    x, at_x = np.unique(judge, return_inverse=True)
    y, at_y = np.unique(people, return_inverse=True)
    table = np.zeros((len(x), len(y)))
    np.add.at(table, (at_x, at_y), 1)
    cells = np.argwhere(table > 0)
    drawn = np.random.default_rng(seed).multinomial(n, table[tuple(cells.T)] / n, size=replicates)
    grid = _Grid(x, y, table[None])
    few = len(x) * len(y) <= _LARGEST_GRID
    many = None
    if few:
        tables = np.zeros((replicates, len(x), len(y)))
        tables[:, cells[:, 0], cells[:, 1]] = drawn
        many = _Grid(x, y, tables)
    a, b = x[cells[:, 0]], y[cells[:, 1]]
    weights = drawn.astype(float)
    own = table[tuple(cells.T)][None]
    gap = a - b

    def mean(of: _Floats) -> Statistic:
        return _statistic((own @ of)[0] / n, weights @ of / n)

    squared = mean(gap**2)
    return ScoreAlignment(
        n=n,
        pearson=_statistic(_pearson(own, a, b)[0], _pearson(weights, a, b)),
        spearman=_statistic(_spearman(own, cells, grid)[0], _spearman(weights, cells, grid)),
        kendall=_statistic(_kendall(grid)[0], _kendall(many) if many is not None else None),
        rmse=Statistic(
            *(None if value is None else value**0.5 for value in (squared.value, squared.low, squared.high))
        ),
        mae=mean(np.abs(gap)),
        bias=mean(gap),
        within_one=mean((np.abs(gap) <= 1 + 1e-9).astype(float)),
    )


def _statistic(value: float, replicates: _Floats | None) -> Statistic:
    if np.isnan(value):
        return Statistic(None)
    if replicates is None or not len(replicates):
        return Statistic(float(value))
    known = replicates[~np.isnan(replicates)]
    if len(known) < 0.95 * len(replicates):
        return Statistic(float(value))
    low, high = np.percentile(known, [2.5, 97.5])
    return Statistic(float(value), float(low), float(high))


def _pearson(weights: _Floats, a: _Floats, b: _Floats) -> _Floats:
    """Weighted correlation of each row of weights (…, cells); `a` and `b` may differ from row to row."""
    n = weights.sum(axis=-1, keepdims=True)
    centred_a = a - (weights * a).sum(axis=-1, keepdims=True) / n
    centred_b = b - (weights * b).sum(axis=-1, keepdims=True) / n
    together = (weights * centred_a * centred_b).sum(axis=-1)
    spread = (weights * centred_a**2).sum(axis=-1) * (weights * centred_b**2).sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(spread > 1e-18, together / np.sqrt(spread), np.nan)


def _spearman(weights: _Floats, cells: NDArray[np.int64], grid: _Grid) -> _Floats:
    """Pearson of mid-ranks, which are those of each resample itself."""
    ranks = []
    for side, size in ((0, len(grid.x)), (1, len(grid.y))):
        counts = np.zeros((len(weights), size))
        for cell, column in zip(cells[:, side], weights.T, strict=True):
            counts[:, cell] += column
        mid = np.cumsum(counts, axis=1) - counts / 2
        ranks.append(mid[:, cells[:, side]])
    return _pearson(weights, ranks[0], ranks[1])


def _kendall(grid: _Grid) -> _Floats:
    """tau-b from tables of counts: M. Kendall, Biometrika 33, 1945."""
    counts = grid.counts
    # Pairs in the same order: each cell with everything below and to the right of it.
    after = counts[:, ::-1, ::-1].cumsum(axis=1).cumsum(axis=2)[:, ::-1, ::-1]
    right = np.zeros_like(counts)
    right[:, :-1, :-1] = after[:, 1:, 1:]
    same = (counts * right).sum(axis=(1, 2))
    after = counts[:, ::-1, :].cumsum(axis=1).cumsum(axis=2)[:, ::-1, :]
    left = np.zeros_like(counts)
    left[:, :-1, 1:] = after[:, 1:, :-1]
    other = (counts * left).sum(axis=(1, 2))
    n = counts.sum(axis=(1, 2))
    pairs = n * (n - 1) / 2
    rows, columns = counts.sum(axis=2), counts.sum(axis=1)
    untied_x = pairs - (rows * (rows - 1) / 2).sum(axis=1)
    untied_y = pairs - (columns * (columns - 1) / 2).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(untied_x * untied_y > 0, (same - other) / np.sqrt(untied_x * untied_y), np.nan)


def ceiling(people: pd.DataFrame) -> tuple[int, Mapping[str, float]]:
    """What a person reaches against the mean of the others on the same answers: (people, name -> mean over them).

    `people` has item, rater and number, one row per score. Names as in ScoreAlignment. Only answers that two people
    or more scored count; people with fewer than two such answers are left out. It is the figure that a judge can be
    asked to reach: no judge follows people better than they follow each other.
    """
    total = people.groupby("item")["number"].transform("sum")
    count = people.groupby("item")["number"].transform("count")
    shared = people.assign(others=(total - people["number"]) / (count - 1))[count >= 2]
    found: list[ScoreAlignment] = []
    for _, rows in shared.groupby("rater"):
        if len(rows) >= 2:
            found.append(follow(rows["number"].to_numpy(float), rows["others"].to_numpy(float), replicates=0))
    names: Sequence[str] = ("pearson", "spearman", "kendall", "rmse", "mae", "within_one")
    means = {}
    for name in names:
        values = [value for one in found if (value := getattr(one, name).value) is not None]
        if values:
            means[name] = float(np.mean(values))
    return len(found), means
