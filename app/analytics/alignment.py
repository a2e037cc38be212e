"""Whether a judge scores as people do, on an ordinal scale."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.analytics.intervals import wilson

__all__ = ["Alignment", "align", "weighted_kappa"]

_REPLICATES = 2_000
_Table = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Alignment:
    """Two raters' levels on the same answers."""

    n: int
    equal: int
    equal_interval: tuple[float, float] | None
    """95 % interval of the share of equal levels (Wilson)."""
    kappa: float | None
    """Cohen's kappa with quadratic weights."""
    low: float | None
    high: float | None
    """95 % percentile bootstrap over answers."""
    bias: float | None
    """Mean of first minus second, in levels: positive means that the first is milder."""
    bias_low: float | None
    bias_high: float | None
    reason: str | None
    """Why kappa is undefined; None when it is not."""


def _kappas(tables: _Table) -> _Table:
    """Quadratically weighted kappa of each table (…, k, k); nan where it is 0/0."""
    k = tables.shape[-1]
    weights = (np.subtract.outer(np.arange(k), np.arange(k)) / max(k - 1, 1)) ** 2
    total = tables.sum(axis=(-2, -1))
    expected = tables.sum(axis=-1)[..., :, None] * tables.sum(axis=-2)[..., None, :] / total[..., None, None]
    missed = (weights * tables).sum(axis=(-2, -1))
    by_chance = (weights * expected).sum(axis=(-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(by_chance > 0, np.maximum(1 - missed / by_chance, -1.0), np.nan)


def weighted_kappa(first: Sequence[int], second: Sequence[int], scale: Sequence[int]) -> float | None:
    """Cohen's kappa with weights that grow with the square of the distance between levels.

    `scale` holds the levels in order; distances are counted in steps of it. None when both gave one and the same
    level throughout, which leaves nothing to explain. Source: J. Cohen, Psychological Bulletin 70(4), 1968.
    """
    value = float(_kappas(_table(first, second, scale)))
    return None if np.isnan(value) else value


def _table(first: Sequence[int], second: Sequence[int], scale: Sequence[int]) -> _Table:
    place = {level: number for number, level in enumerate(scale)}
    table = np.zeros((len(scale), len(scale)))
    for a, b in zip(first, second, strict=True):
        table[place[a], place[b]] += 1
    return table


def align(first: Sequence[int], second: Sequence[int], scale: Sequence[int], *, seed: int = 7) -> Alignment:
    """How two raters' levels on the same answers agree, with intervals over answers."""
    n = len(first)
    if n == 0:
        return Alignment(0, 0, None, None, None, None, None, None, None, "no answer has both")
    table = _table(first, second, scale)
    equal = int(np.trace(table))
    steps = np.subtract.outer(np.arange(len(scale)), np.arange(len(scale)))
    drawn = np.random.default_rng(seed).multinomial(n, (table / n).ravel(), size=_REPLICATES)
    tables = drawn.reshape(-1, len(scale), len(scale)).astype(float)
    biases = (tables * steps).sum(axis=(-2, -1)) / n
    kappas = _kappas(tables)
    known = kappas[~np.isnan(kappas)]
    kappa = weighted_kappa(first, second, scale)
    enough = kappa is not None and len(known) >= 0.95 * _REPLICATES
    return Alignment(
        n=n,
        equal=equal,
        equal_interval=wilson(equal, n),
        kappa=kappa,
        low=float(np.percentile(known, 2.5)) if enough else None,
        high=float(np.percentile(known, 97.5)) if enough else None,
        bias=float((table * steps).sum() / n),
        bias_low=float(np.percentile(biases, 2.5)),
        bias_high=float(np.percentile(biases, 97.5)),
        reason="both gave one and the same level throughout" if kappa is None else None,
    )
