"""How much of the variance of ratings is due to items, to raters and to the rest, whichever ratings are missing.

Sums of squares of items and of raters are set equal to what is expected of them: Henderson's method 1, in closed form
by counts (Henderson, Biometrics 9(2), 1953; Searle, Casella and McCulloch, Variance Components, 1992, chapter 5). It
supposes that which ratings are missing has nothing to do with their values; where none is missing it is the analysis
of variance. The standard error leaves out each item in turn, which costs one pass over the ratings.
"""

from dataclasses import dataclass

import numpy as np

from app.analytics.agreement_intervals import within_reach
from app.analytics.coding import Codes, Floats
from app.analytics.intervals import UNSTABLE_BELOW

__all__ = ["Components", "components_of"]

_NOISE = 1e-9


@dataclass(frozen=True, slots=True)
class Components:
    """Shares of the variance; None where they cannot be told apart, or are no share of anything."""

    one_way: float | None
    """Of items in all, raters not told apart."""
    absolute: float | None
    """Of items in items, raters and the rest."""
    consistency: float | None
    """Of items in items and the rest."""
    errors: tuple[float, float, float]
    """Standard errors of the three over items; nan where undefined."""
    n_items: int
    note: str | None

    def intervals(self, k: float) -> list[tuple[float, float] | None]:
        """95 % of the three, in their order; `k`: ratings of an item, which bound how far below 0 they can lie."""
        least = -1 / (k - 1) if k > 1.5 else -2.0
        out: list[tuple[float, float] | None] = []
        for value, error in zip((self.one_way, self.absolute, self.consistency), self.errors, strict=True):
            if value is None or not error > _NOISE or value > 1 - _NOISE:
                out.append(None)
            else:
                out.append(
                    within_reach(value, error, items=self.n_items, degrees=self.n_items - 1, least=least)
                )
        return out


@dataclass(frozen=True, slots=True)
class _Sums:
    """Arrays alike: one entry for all items, or one for each item left out."""

    items: Floats
    raters: Floats
    n: Floats
    of_items: Floats
    """Sum of squared numbers of ratings per item."""
    of_raters: Floats
    total: Floats
    squares: Floats
    by_item: Floats
    """Sum over items of their squared sum over their number."""
    by_rater: Floats


def components_of(item: Codes, rater: Codes, values: Floats) -> Components:
    """Of one entry per rating: place of the item, of the rater, and the number, best taken from the middle."""
    m, sums = np.bincount(item), np.bincount(item, values)
    squares = np.bincount(item, values**2)
    given, given_sums = np.bincount(rater), np.bincount(rater, values)
    by_item = sums**2 / m
    whole = _Sums(
        items=np.array([float(len(m))]),
        raters=np.array([float(len(given))]),
        n=np.array([float(len(item))]),
        of_items=np.array([(m**2).sum()], float),
        of_raters=np.array([(given**2).sum()], float),
        total=np.array([values.sum()]),
        squares=np.array([squares.sum()]),
        by_item=np.array([by_item.sum()]),
        by_rater=np.array([(given_sums**2 / given).sum()]),
    )
    # A rater's part without one rating of theirs; nothing where it was the only one.
    left, left_sum = given[rater] - 1, given_sums[rater] - values
    part = np.divide(left_sum**2, left, out=np.zeros(len(values)), where=left > 0)
    without = _Sums(
        items=whole.items - np.ones(len(m)),
        raters=whole.raters - np.bincount(item, left == 0),
        n=whole.n - m,
        of_items=whole.of_items - m**2.0,
        of_raters=whole.of_raters - np.bincount(item, 2.0 * given[rater] - 1),
        total=whole.total - sums,
        squares=whole.squares - squares,
        by_item=whole.by_item - by_item,
        by_rater=whole.by_rater + np.bincount(item, part - (given_sums**2 / given)[rater]),
    )
    estimates = [float(one[0]) for one in _shares(whole)]
    errors = tuple(_jackknife(one) for one in _shares(without))
    known = [value if np.isfinite(value) else None for value in estimates]
    note = None
    if known[1] is None and known[0] is not None:
        note = (
            "too few ratings are shared: raters cannot be told from items, or nothing is left over for chance; two-way "
            "forms are undefined"
        )
    elif not all(error > _NOISE for error in errors):
        note = "without a single item nothing is left to compare, or to vary: no interval"
    elif len(m) < UNSTABLE_BELOW:
        note = f"only {len(m)} items: the intervals are unstable"
    return Components(known[0], known[1], known[2], errors, len(m), note)  # type: ignore[arg-type]


def _shares(s: _Sums) -> tuple[Floats, Floats, Floats]:
    """(one-way, absolute, consistency); nan where undefined."""
    mean, unit = s.total**2 / s.n, s.squares.max() / s.n
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (s.by_item - mean) / (s.items - 1)
        inside = np.maximum(s.squares - s.by_item, 0.0) / (s.n - s.items)
        size = (s.n - s.of_items / s.n) / (s.items - 1)
        one_way = _share((between - inside) / size, inside, unit)
    k_items, k_raters = s.of_items / s.n, s.of_raters / s.n
    # What each sum of squares is on average, in parts of items, raters and the rest; over the number of ratings, since
    # what is left of a determinant of 0 is rounding.
    first, second, third = (
        np.stack(row, axis=-1) / s.n[:, None]
        for row in (
            (s.n - k_items, s.items - k_raters, s.items - 1),
            (s.raters - k_items, s.n - k_raters, s.raters - 1),
            (k_items - s.raters, k_raters - s.items, s.n - s.items - s.raters + 1),
        )
    )
    seen = (s.by_item - mean, s.by_rater - mean, s.squares - s.by_item - s.by_rater + mean)
    # Cramer's rule: a solver call for each item left out is many times slower.
    minors = np.cross(second, third), np.cross(third, first), np.cross(first, second)
    determinant = (first * minors[0]).sum(axis=-1)
    parts = [(part / s.n)[:, None] * minor for part, minor in zip(seen, minors, strict=True)]
    found = np.sum(parts, axis=0)
    apart = np.abs(determinant) > _NOISE
    found = np.where(apart, found.T / np.where(apart, determinant, 1.0), np.nan)
    of_items, of_raters, rest = found
    # An estimate below 0 of the raters' part stands for none. Where the rest is estimated at 0 or below, which few
    # ratings may do, no share can be told: it would be 1 or more.
    rest = np.where(rest > _NOISE * unit, rest, np.nan)
    absolute = _share(of_items, np.maximum(of_raters, 0.0) + rest, unit)
    return one_way, absolute, _share(of_items, rest, unit)


def _share(part: Floats, rest: Floats, unit: Floats) -> Floats:
    """Of the part in both; nan where together they are nothing beside the `unit`, the mean square of the ratings."""
    whole = part + rest
    some = whole > _NOISE * np.maximum(unit, np.abs(part))
    return np.where(some, part / np.where(some, whole, 1.0), np.nan)


def _jackknife(estimates: Floats) -> float:
    """Standard error; nan where one item carries it, so that nothing is left without that item."""
    n = len(estimates)
    return float(np.sqrt((n - 1) / n * ((estimates - estimates.mean()) ** 2).sum()))
