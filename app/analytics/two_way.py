"""The effect of help on log seconds with annotator and item held fixed, and how sure it is.

Annotators are clusters. Where every item has many answers the cluster-robust variance is right; where it has few, the
items' own means swallow much of what they are compared with, and the variance is taken from leaving annotators out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

__all__ = ["INTERVALS", "Method", "TwoWay", "two_way"]

Method = Literal["cluster-robust", "jackknife"]
INTERVALS: dict[Method, str] = {
    "cluster-robust": "cluster-robust by annotator",
    "jackknife": "by leaving out each annotator in turn, as few people answered each item",
}
"""Where an interval comes from, for people."""

ANSWERS_PER_ITEM = 20
"""Mean number of answers an item from which on the cluster-robust variance is taken. By simulation: with 24 annotators and no
effect it rejects 26 % of the time at 2 answers an item, 11 % at 5, 7 % at 24, where 5 % are meant."""
_NORMAL_FROM = 20
"""Annotators in both arms from which on the interval takes the normal quantile; below, Student's t on one degree less."""
_ROUNDING = 1e-12
"""Log seconds below which effect and standard error are rounding."""
_MOST_GROUPS = 200
"""Annotators up to which each is left out by itself. More are left out in as many groups, drawn by lot: what one round
costs grows with the cube of their number."""
_NOTHING = 1e-8
"""Sum of squares below which a column is explained by annotators and items."""


@dataclass(frozen=True, slots=True)
class TwoWay:
    """Of log seconds."""

    effect: float
    low: float | None
    """95 % interval; None, as p_value, where leaving out one annotator leaves nothing to compare."""
    high: float | None
    p_value: float | None
    method: Method


def two_way(
    rater: NDArray[np.intp],
    item: NDArray[np.intp],
    log_seconds: NDArray[np.float64],
    helped: NDArray[np.bool_],
    position: NDArray[np.float64],
) -> TwoWay | None:
    """Least squares of log seconds on help and position with rater and item (numbered from 0) absorbed.

    The position is left out where it is unknown or the same throughout. None where help cannot be told apart from the
    rest. An annotator who worked in one arm only says how items differ and nothing about help, so the degrees of freedom
    count those of both arms. Sources: Cameron & Miller, J. Human Resources 50(2), 2015, for the clustered variance; MacKinnon, Nielsen & Webb,
    J. Appl. Econometrics 38(5), 2023, for leaving clusters out; Kott, J. Official Statistics 17(4), 2001, for groups.
    """
    columns = [log_seconds, helped.astype(float)]
    if not np.isnan(position).any() and np.ptp(position) > 0:
        columns.append(position)
    table = np.column_stack(columns)
    sides = [np.bincount(rater, side, minlength=int(rater.max()) + 1) > 0 for side in (helped, ~helped)]
    both = int((sides[0] & sides[1]).sum())
    if len(item) < ANSWERS_PER_ITEM * (int(item.max()) + 1):
        return _left_out(table, rater, item, both)
    return _all_in(table, rater, item, both)


def _all_in(
    table: NDArray[np.float64], rater: NDArray[np.intp], item: NDArray[np.intp], both: int
) -> TwoWay | None:
    absorbed = _absorb(table, rater, item)
    y, x = absorbed[:, 0], absorbed[:, 1:]
    spread = (x**2).sum(axis=0)
    if spread[0] < _NOTHING:
        return None
    x = x[:, spread > _NOTHING]
    beta = _solution(x.T @ x, x.T @ y)
    if beta is None:
        return None
    bread = np.linalg.inv(x.T @ x)
    residual = y - x @ beta
    scores = np.zeros((rater.max() + 1, x.shape[1]))
    np.add.at(scores, rater, x * residual[:, None])
    groups, n = len(scores), len(y)
    parameters = x.shape[1] + 1  # the constant is one of them
    correction = groups / (groups - 1) * (n - 1) / max(n - parameters, 1)
    variance = float((correction * bread @ (scores.T @ scores) @ bread)[0, 0])
    return _interval(float(beta[0]), variance**0.5, min(groups, both), "cluster-robust")


def _interval(effect: float, error: float, groups: int, method: Method) -> TwoWay:
    if groups < 2:
        return TwoWay(effect, None, None, None, method)
    if abs(effect) < _ROUNDING and error < _ROUNDING:
        return TwoWay(0.0, 0.0, 0.0, 1.0, method)
    from scipy.stats import t as student  # slow to import, and most pages do not need it

    degrees = groups - 1 if groups < _NORMAL_FROM else np.inf
    half = float(student.ppf(0.975, degrees)) * error
    p_value = float(2 * student.sf(abs(effect) / error, degrees)) if error > 0 else 0.0
    return TwoWay(effect, effect - half, effect + half, p_value, method)


def _absorb(columns: NDArray[np.float64], *groupings: NDArray[np.intp]) -> NDArray[np.float64]:
    """Residuals after fixed effects of each grouping, by alternating projections to 1e-10."""
    out = columns - columns.mean(axis=0)
    sizes = [np.bincount(grouping).astype(float) for grouping in groupings]
    for _ in range(10_000):
        before = out.copy()
        for grouping, size in zip(groupings, sizes, strict=True):
            for column in range(out.shape[1]):
                means = np.bincount(grouping, out[:, column]) / size
                out[:, column] -= means[grouping]
        if np.abs(out - before).max() < 1e-10:
            break
    return np.asarray(out)


def _left_out(
    table: NDArray[np.float64], rater: NDArray[np.intp], item: NDArray[np.intp], both: int
) -> TwoWay | None:
    """The effect, with the variance of leaving out each annotator, or group of them, in turn."""
    people = int(rater.max()) + 1
    group = np.arange(people)
    if people > _MOST_GROUPS:
        group = np.random.default_rng(0).permutation(people) % _MOST_GROUPS
    products = _Products(table, rater, item)
    effect = products.effect_without(np.zeros(people, bool))
    if effect is None:
        return None
    rounds = int(group.max()) + 1
    found = [products.effect_without(group == number) for number in range(rounds)]
    if any(one is None for one in found):
        return TwoWay(effect, None, None, None, "jackknife")
    off = np.array(found, dtype=float) - effect
    return _interval(
        effect, float((rounds - 1) / rounds * (off @ off)) ** 0.5, min(rounds, both), "jackknife"
    )


class _Products:
    """Cross products of the columns (log seconds, help, position) and the annotators' dummies, each item's mean taken out.

    An item adds to them by itself, so leaving people out changes no more than what the items they answered add.
    """

    def __init__(self, table: NDArray[np.float64], rater: NDArray[np.intp], item: NDArray[np.intp]) -> None:
        scale = table.std(axis=0)
        scale[scale == 0] = 1.0
        self.columns = (table - table.mean(axis=0)) / scale
        self.unit = float(scale[0] / scale[1])
        self.item, people, items = item, int(rater.max()) + 1, int(item.max()) + 1
        self.count = np.bincount(item).astype(float)
        self.by = sparse.csr_matrix((np.ones(len(item)), (item, rater)), shape=(items, people))
        """Answers of each person to each item."""
        self.sums = _sums(item, self.columns, items)
        between = self.by.T @ sparse.diags(1 / self.count) @ self.by
        each = np.bincount(rater).astype(float)
        self.people = sparse.diags(each) - between
        if self.people.nnz > 0.2 * people**2:
            self.people = self.people.toarray()
        self.diagonal = each - between.diagonal()
        self.mixed = _sums(rater, self.columns, people) - self.by.T @ (self.sums / self.count[:, None])
        self.plain = self.columns.T @ self.columns - self.sums.T @ (self.sums / self.count[:, None])
        order = np.argsort(rater, kind="stable")
        self.rows = np.split(order, np.cumsum(np.bincount(rater))[:-1])
        self.solved = np.zeros_like(self.mixed)

    def effect_without(self, out: NDArray[np.bool_]) -> float | None:
        """The effect of help without these people; None where it cannot be told apart from the rest."""
        rows = np.concatenate([np.zeros(0, np.intp), *(self.rows[person] for person in out.nonzero()[0])])
        touched, place = np.unique(self.item[rows], return_inverse=True)
        before, sums, by = self.count[touched], self.sums[touched], self.by[touched]
        after = before - np.bincount(place, minlength=len(touched))
        left = np.divide(1.0, after, out=np.zeros_like(after), where=after > 0)
        rest = sums - _sums(place, self.columns[rows], len(touched))
        more = (left - 1 / before)[:, None]
        stay = (~out).astype(float)[:, None]
        mixed = stay * (self.mixed + by.T @ (sums / before[:, None] - rest * left[:, None]))
        plain = self.plain - self.columns[rows].T @ self.columns[rows]
        plain += sums.T @ (sums / before[:, None]) - rest.T @ (rest * left[:, None])

        def people(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.asarray(stay * (self.people @ vectors - by.T @ (more * (by @ vectors))))

        diagonal = self.diagonal - by.power(2).T @ more[:, 0]
        solved = _solve(
            people, np.where(out | (diagonal <= 0), 1.0, diagonal), mixed, stay * self.solved, len(self.item)
        )
        if not out.any():
            self.solved = solved
        products = plain - mixed.T @ solved
        if products[1, 1] < _NOTHING * len(self.item):
            return None
        kept = [1, *np.flatnonzero(products.diagonal()[2:] > _NOTHING * len(self.item)) + 2]
        beta = _solution(products[np.ix_(kept, kept)], products[kept, 0])
        return None if beta is None else float(beta[0]) * self.unit


def _solution(products: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Coefficients; None where one column follows from the other, help from the order."""
    unit = np.sqrt(products.diagonal())
    if np.linalg.det(products / np.outer(unit, unit)) < _NOTHING:
        return None
    return np.asarray(np.linalg.solve(products, right))


def _sums(place: NDArray[np.intp], values: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Sums of each column by place."""
    return np.column_stack([np.bincount(place, column, minlength=size) for column in values.T])


def _solve(
    matrix: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    diagonal: NDArray[np.float64],
    right: NDArray[np.float64],
    start: NDArray[np.float64],
    scale: float,
) -> NDArray[np.float64]:
    """Conjugate gradients for a semidefinite matrix, all columns of `right` at once; `scale`: what a column that is not
    explained comes to, as a sum of squares.

    The dummies are one too many in each part that items connect; the right-hand sides have nothing in that direction, so
    the steps never enter it.
    """
    x = start.copy()
    residual = right - matrix(x)
    # A column that items explain has nothing but rounding on the right: relative to that, no step would ever be enough.
    goal = 1e-22 * np.maximum((right**2).sum(axis=0), scale)
    scaled = residual / diagonal[:, None]
    direction, size = scaled.copy(), (residual * scaled).sum(axis=0)
    for _ in range(10 * len(diagonal) + 100):
        open_ = (residual**2).sum(axis=0) > goal
        if not open_.any():
            break
        ahead = matrix(direction)
        curvature = (direction * ahead).sum(axis=0)
        step = np.divide(size, curvature, out=np.zeros_like(size), where=open_ & (curvature > 0))
        x += step * direction
        residual -= step * ahead
        scaled = residual / diagonal[:, None]
        size, last = (residual * scaled).sum(axis=0), size
        direction = scaled + np.divide(size, last, out=np.zeros_like(size), where=last > 0) * direction
    return x
