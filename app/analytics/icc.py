"""Intraclass correlations of numbers: six forms, with intervals, with or without missing ratings.

Where every rater rated every item, the analysis of variance with F-based intervals: Shrout and Fleiss, Psychol. Bull.
86(2), 1979; McGraw and Wong, Psychol. Methods 1(1), 1996, tables 4 and 7. Where ratings are missing none is thrown
away: variance components (`variance_components`), with intervals over items.
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from app.analytics.coding import Floats, Ratings, code_ratings
from app.analytics.variance_components import Components, components_of

__all__ = ["FORMS", "Form", "Icc", "icc"]

Form = Literal["icc1", "icc2", "icc3", "icc1_mean", "icc2_mean", "icc3_mean"]
FORMS: tuple[Form, ...] = ("icc1", "icc2", "icc3", "icc1_mean", "icc2_mean", "icc3_mean")
Method = Literal["analysis of variance", "variance components"]
_SAME = "all ratings are the same number"
_NO_SPREAD = 1e-12
_Values = dict[Form, float | None]
_Interval = tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Icc:
    """Shrout and Fleiss's numbering. An interval is (low, high), 95 %, or None."""

    icc1: float | None
    """One-way random: each item has other raters."""
    icc2: float | None
    """Two-way random, absolute agreement: these raters stand for others."""
    icc3: float | None
    """Two-way mixed, consistency: these raters only, their severity set aside."""
    icc2_mean: float | None
    """Of the mean of `k` ratings, two-way random."""
    reason: str | None
    n: int
    """Items that count."""
    n_raters: int
    icc1_mean: float | None = None
    icc3_mean: float | None = None
    intervals: dict[Form, _Interval] = field(default_factory=dict)
    """Form -> its interval."""
    method: Method | None = None
    """`analysis of variance` where no rating is missing, else `variance components` of all ratings."""
    n_ratings: int = 0
    k: float | None = None
    """Ratings that a mean is of: of each item, or their harmonic mean where items differ."""
    note: str | None = None
    """Why a form or an interval is missing, or not to be relied on."""


def icc(ratings: Ratings) -> Icc:
    """Of ratings that are numbers, or text that reads as such.

    Undefined (None, with the reason) with fewer than two items or raters, where no item has two ratings, and where
    nothing varies. The two-way forms are undefined where no two raters share enough items to tell raters from items.
    """
    coded = code_ratings(ratings)
    items, raters, n = len(coded.items), len(coded.raters), len(coded.item)
    per_item = np.bincount(coded.item, minlength=items)

    def undefined(reason: str) -> Icc:
        return Icc(None, None, None, None, reason, items, raters, n_ratings=n)

    if not coded.numeric:
        return undefined("the values are not numbers")
    if raters < 2 or (per_item >= 2).sum() < 2:
        return undefined("fewer than two items have two ratings")
    values = np.asarray(coded.values, float)[coded.value]
    values = values - values.mean()
    if np.ptp(values) == 0:
        return undefined(_SAME)
    note: str | None
    if n == items * raters:
        matrix = np.empty((items, raters))
        matrix[coded.item, coded.rater] = values
        method: Method = "analysis of variance"
        k = float(raters)
        found, intervals, note = _complete(matrix)
    else:
        method = "variance components"
        k = float(items / (1 / per_item).sum())
        components = components_of(coded.item, coded.rater, values)
        found, intervals, note = _incomplete(components, k)
    if all(value is None for value in found.values()):
        return undefined(note or _SAME)
    return Icc(
        **found, reason=None, n=items, n_raters=raters,
        intervals=intervals, method=method, n_ratings=n, k=k, note=note,
    )  # fmt: skip


def _of_mean(single: float, k: float) -> float | None:
    """Spearman and Brown: of the mean of k ratings. None where the ratings speak against each other too much."""
    below = 1 + (k - 1) * single
    return k * single / below if below > _NO_SPREAD else None


def _complete(values: Floats) -> tuple[_Values, dict[Form, _Interval], str | None]:
    """Of items x raters."""
    n, k = values.shape
    rows = k * (values.mean(axis=1) ** 2).sum()
    columns = n * (values.mean(axis=0) ** 2).sum()
    # What is left of a difference of 0 is rounding, and a ratio of it would be a number.
    least = _NO_SPREAD * (values**2).sum()
    residual = (values**2).sum() - rows - columns
    rows, columns, residual = (0.0 if part < least else part for part in (rows, columns, residual))
    msr, msc = rows / (n - 1), columns / (k - 1)
    mse = residual / ((n - 1) * (k - 1))
    msw = (columns + residual) / (n * (k - 1))
    absolute = msr + (k - 1) * mse + k * (msc - mse) / n
    single: dict[Form, float | None] = {
        "icc1": float((msr - msw) / (msr + (k - 1) * msw)),
        "icc2": float((msr - mse) / absolute) if absolute > 0 else None,
        "icc3": float((msr - mse) / (msr + (k - 1) * mse)) if msr + mse > 0 else None,
    }
    mean = {
        "icc1_mean": float((msr - msw) / msr) if msr > 0 else None,
        "icc2_mean": float((msr - mse) / (msr + (msc - mse) / n)) if msr + (msc - mse) / n > 0 else None,
        "icc3_mean": float((msr - mse) / msr) if msr > 0 else None,
    }
    found: _Values = {form: (single | mean)[form] for form in FORMS}
    one = _by_f(msr, msw, n - 1, n * (k - 1), k)
    three = _by_f(msr, mse, n - 1, (n - 1) * (k - 1), k)
    two = _absolute(msr, msc, mse, n, k) if single["icc2"] is not None else None
    intervals: dict[Form, _Interval] = {"icc1": one, "icc2": two, "icc3": three}
    intervals |= {"icc1_mean": _means(one, k), "icc2_mean": _means(two, k), "icc3_mean": _means(three, k)}
    if mse == 0:
        what = "the raters agree on every item" if msw == 0 else "the raters order the items alike throughout"
        return found, intervals, f"{what}: where nothing is left to vary there is no interval"
    few = f"only {n} items: the intervals rest on normal ratings" if n < 10 else None
    return found, intervals, few


def _by_f(above: float, below: float, first: int, second: int, k: int) -> _Interval:
    """Of (above - below) / (above + (k - 1) below), whose ratio of mean squares is distributed as F."""
    if below == 0 or above == 0:
        return None
    from scipy.stats import f as fisher  # slow to import, and most pages do not need it

    low = above / below / float(fisher.ppf(0.975, first, second))
    high = above / below * float(fisher.ppf(0.975, second, first))
    return float((low - 1) / (low + k - 1)), float((high - 1) / (high + k - 1))


def _absolute(msr: float, msc: float, mse: float, n: int, k: int) -> _Interval:
    """Of the two-way absolute agreement, by Satterthwaite's degrees of freedom (McGraw and Wong, table 7)."""
    if mse == 0 or msr == 0:
        return None
    from scipy.stats import f as fisher

    value = (msr - mse) / (msr + (k - 1) * mse + k * (msc - mse) / n)
    a = k * value / (n * (1 - value))
    b = 1 + k * value * (n - 1) / (n * (1 - value))
    mixed = a * msc + b * mse
    degrees = mixed**2 / ((a * msc) ** 2 / (k - 1) + (b * mse) ** 2 / ((n - 1) * (k - 1)))
    rest = k * msc + (k * n - k - n) * mse
    # Where items differ less than chance would have it the degrees of freedom may be next to nothing: no interval then.
    with np.errstate(all="ignore"):
        up, down = fisher.ppf(0.975, n - 1, degrees), fisher.ppf(0.975, degrees, n - 1)
        low = float(n * (msr - up * mse) / (up * rest + n * msr))
        high = float(n * (down * msr - mse) / (rest + n * down * msr))
    return (low, high) if low <= value <= high else None


def _means(single: _Interval, k: float) -> _Interval:
    if single is None:
        return None
    low, high = (_of_mean(bound, k) for bound in single)
    return (low, high) if low is not None and high is not None else None


def _incomplete(found: Components, k: float) -> tuple[_Values, dict[Form, _Interval], str | None]:
    single: dict[Form, float | None] = {
        "icc1": found.one_way,
        "icc2": found.absolute,
        "icc3": found.consistency,
    }
    intervals: dict[Form, _Interval] = dict(zip(single, found.intervals(k), strict=True))
    values = single | {f"{form}_mean": v if v is None else _of_mean(v, k) for form, v in single.items()}
    intervals |= {f"{form}_mean": _means(interval, k) for form, interval in intervals.items()}  # type: ignore[misc]
    return {form: values[form] for form in FORMS}, intervals, found.note
