"""Agreement on two sides of a change: alpha on each, and the difference with its interval.

The sides are different ratings, mostly of different items. An item that has ratings on both sides is drawn with both,
so that what it shares does not count as chance.
"""

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.analytics.agreement import Alpha, alpha, alphas_of_rows, count_label_sets, count_ratings
from app.analytics.coding import Floats, code_ratings, distinct_rows
from app.analytics.coincidences import Metric, alphas_of_parts, set_distances, within
from app.analytics.intervals import bootstrapped

__all__ = ["Compared", "compare", "on_the_same_items"]

_REPLICATES = 1_000
_CELLS = 2_000_000
"""Replicates x different rows that are held at once: 16 MB a matrix."""
_SETS = ("masi", "jaccard")


@dataclass(frozen=True, slots=True)
class Compared:
    """Krippendorff's alpha before and after, and what lies between."""

    before: Alpha
    after: Alpha
    difference: float | None
    """After minus before; None where either is undefined."""
    low: float | None
    high: float | None
    """95 % percentile interval, items being drawn again."""
    reason: str | None
    """Why the difference is undefined."""
    note: str | None
    common: int
    """Items with two ratings or more on both sides."""
    raters_before: int
    raters_after: int
    raters_common: int


def compare(
    ratings: pd.DataFrame, metric: Metric, *, replicates: int = _REPLICATES, seed: int = 7
) -> Compared:
    """`ratings`: item, rater, value and after (bool), one row a rating; a rater's first on each side counts.

    The interval is of a bootstrap over items, within those rated twice before only, after only, and on both sides: the
    number of each stays as it is. It speaks of these raters, and of chance in the choice of items only.
    """
    after = ratings["after"].to_numpy(bool)
    sides = [_alpha(ratings[~after], metric), _alpha(ratings[after], metric)]
    names = [set(ratings.loc[side, "rater"]) for side in (~after, after)]
    found = _difference(ratings, metric, sides, replicates, seed)
    return Compared(
        before=sides[0],
        after=sides[1],
        difference=found.value,
        low=found.low,
        high=found.high,
        reason=found.reason,
        note=found.note,
        common=found.common,
        raters_before=len(names[0]),
        raters_after=len(names[1]),
        raters_common=len(names[0] & names[1]),
    )


def on_the_same_items(ratings: pd.DataFrame) -> pd.DataFrame:
    """The ratings of items that two raters or more rated on both sides."""
    raters = ratings.groupby(["item", "after"], observed=True)["rater"].nunique()
    twice = raters[raters >= 2].reset_index().groupby("item", observed=True)["after"].nunique()
    return ratings[ratings["item"].isin(twice.index[twice == 2])]


@dataclass(frozen=True, slots=True)
class _Difference:
    value: float | None
    low: float | None
    high: float | None
    reason: str | None
    note: str | None
    common: int


def _alpha(ratings: pd.DataFrame, metric: Metric) -> Alpha:
    counts = count_label_sets(ratings) if metric in _SETS else count_ratings(ratings)
    return alpha(counts, metric)


def _difference(
    ratings: pd.DataFrame, metric: Metric, sides: list[Alpha], replicates: int, seed: int
) -> _Difference:
    before, after, values = _tables(ratings, metric)
    before[before.sum(axis=1) < 2] = 0
    after[after.sum(axis=1) < 2] = 0
    kind = (before.sum(axis=1) > 0) + 2 * (after.sum(axis=1) > 0)
    common = int((kind == 3).sum())
    undefined = [
        f"{name}: {side.reason}" for name, side in zip(("before", "after"), sides, strict=True) if side.reason
    ]
    if undefined:
        return _Difference(None, None, None, "; ".join(undefined), None, common)
    draws = _draws(before, after, kind, values, metric, replicates, seed)
    fewer = min(side.n_items for side in sides)
    found = bootstrapped(draws, fewer, what="items have two ratings on one side")
    return _Difference(found.value, found.low, found.high, None, found.note, common)


def _tables(ratings: pd.DataFrame, metric: Metric) -> tuple[Floats, Floats, tuple[object, ...]]:
    """(items x values before, the same after, values); both over all items and all values."""
    if metric in _SETS:
        ratings = ratings.assign(value=ratings["value"].map(_sorted_labels).astype(object))
    side = np.where(ratings["after"].to_numpy(bool), "a", "b")
    # A person before and the same person after rate twice, and both count.
    coded = code_ratings(ratings.assign(rater=np.char.add(side, ratings["rater"].to_numpy(str))))
    width, height = len(coded.values), len(coded.items)
    late = np.asarray([name[0] == "a" for name in coded.raters], dtype=bool)[coded.rater]
    cells = coded.item * width + coded.value
    before, after = (
        np.bincount(cells[of_side], minlength=width * height).reshape(height, width).astype(float)
        for of_side in (~late, late)
    )
    values = coded.values
    if metric in _SETS:
        values = tuple(tuple(json.loads(str(text))) for text in values)
    elif not coded.numeric:
        values = tuple(range(width))
    return before, after, values


def _sorted_labels(labels: object) -> str:
    several = labels if isinstance(labels, list | tuple | set) else [labels]
    return json.dumps(sorted({str(label) for label in several}))


def _draws(
    before: Floats,
    after: Floats,
    kind: Floats,
    values: tuple[object, ...],
    metric: Metric,
    replicates: int,
    seed: int,
) -> Floats:
    """The difference, followed by its replicates."""
    width = before.shape[1]
    rng = np.random.default_rng(seed)
    parts = [
        distinct_rows(np.hstack([before[kind == which], after[kind == which]]))
        for which in (1, 2, 3)
        if (kind == which).any()
    ]
    rows = np.vstack([different for different, _ in parts])
    frequencies = [frequency for _, frequency in parts]
    step = max(1, _CELLS // len(rows))
    found = [_differences(rows, width, np.concatenate(frequencies)[None, :], values, metric)]
    for start in range(0, replicates, step):
        size = min(step, replicates - start)
        weights = [rng.multinomial(int(f.sum()), f / f.sum(), size=size).astype(float) for f in frequencies]
        found.append(_differences(rows, width, np.hstack(weights), values, metric))
    return np.concatenate(found)


def _differences(
    rows: Floats, width: int, weights: Floats, values: tuple[object, ...], metric: Metric
) -> Floats:
    return _of(rows[:, width:], weights, values, metric) - _of(rows[:, :width], weights, values, metric)


def _of(rows: Floats, weights: Floats, values: tuple[object, ...], metric: Metric) -> Floats:
    used = rows.sum(axis=1) > 0
    rows, weights = rows[used], weights[:, used]
    if metric == "masi" or metric == "jaccard":
        distance = set_distances([value for value in values if isinstance(value, tuple)], metric)
        return alphas_of_parts(within(rows, distance), rows, weights, distance)
    return alphas_of_rows(rows, weights, np.asarray(values, dtype=float), metric)
