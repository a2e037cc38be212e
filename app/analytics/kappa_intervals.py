"""Cohen's kappa of two raters with weights and an interval, for every pair of many at once."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Literal

import numpy as np

from app.analytics.coding import Floats, Ratings, code_ratings
from app.analytics.kappas import PairKappa, WeightedKappa

__all__ = ["MOST_VALUES", "kappas_of_tables", "with_intervals"]

FEWEST_ITEMS: Final = 20
"""Items in common below which a pair gets no interval: simulated, it held the truth in 51 to 90 of 100."""
MOST_VALUES: Final = 20
"""Different values up to which pairs get intervals: of more, most cells of two raters' table are empty."""
_Z: Final = 1.959963984540054
_CELLS: Final = 8_000_000
"""Counts of pairs that are held at once: 64 MB."""
_NO_SPREAD: Final = 1e-12
Weights = Literal["nominal", "linear", "quadratic"]


def _weights(values: Floats, kind: Weights) -> Floats:
    """1 on the diagonal; elsewhere 0, or what is left of 1 after the distance in parts of the largest one."""
    if kind == "nominal":
        return np.eye(len(values))
    apart = np.abs(values[:, None] - values[None, :]) / max(float(np.ptp(values)), _NO_SPREAD)
    return np.asarray(1 - (apart if kind == "linear" else apart**2))


def kappas_of_tables(tables: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """(kappa, its standard error) of each pair from pairs x values x values counts; nan where undefined.

    The error is the large-sample one that does not suppose kappa to be 0. Sources: Cohen, Psychol. Bull. 70(4), 1968;
    Fleiss, Cohen and Everitt, Psychol. Bull. 72(5), 1969, formula 8 (14 without weights).
    """
    n = tables.sum(axis=(1, 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = tables / n[:, None, None]
        first, second = share.sum(axis=2), share.sum(axis=1)
        observed = np.einsum("pij,ij->p", share, weights)
        expected = np.einsum("pi,ij,pj->p", first, weights, second)
        kappa = (observed - expected) / (1 - expected)
        mean = (second @ weights.T)[:, :, None] + (first @ weights)[:, None, :]
        spread = weights * (1 - expected)[:, None, None] - mean * (1 - observed)[:, None, None]
        variance = (
            np.einsum("pij,pij->p", share, spread**2) - (observed * expected - 2 * expected + observed) ** 2
        ) / (n * (1 - expected) ** 4)
        error = np.sqrt(np.maximum(variance, 0.0))
    undefined = (n == 0) | (np.abs(1 - expected) < _NO_SPREAD)
    return np.where(undefined, np.nan, kappa), np.where(undefined, np.nan, error)


def _tables(ratings: Any, place: Mapping[str, int]) -> Iterator[tuple[int, Floats]]:
    """(place of the first rater, raters x raters x values x values) of some raters with all: on how many items the one
    gave this value and the other that. As many at once as fit into _CELLS.
    """
    from scipy.sparse import csr_array  # slow to import, and most pages do not need it

    of_rater = np.array([place.get(str(name), -1) for name in ratings.raters])
    rater, values, raters = of_rater[ratings.rater], len(ratings.values), len(place)
    mine = rater >= 0
    cells = rater[mine] * values + ratings.value[mine], ratings.item[mine]
    said = csr_array((np.ones(int(mine.sum())), cells), shape=(raters * values, len(ratings.items)))
    across = said.T.tocsr()
    step = max(1, _CELLS // (raters * values**2))
    for start in range(0, raters, step):
        some = said[start * values : (start + step) * values]
        tables = (some @ across).toarray().reshape(-1, values, raters, values)
        yield start, tables.transpose(0, 2, 1, 3)


def with_intervals(ratings: Ratings, pairs: Sequence[PairKappa]) -> list[PairKappa]:
    """The pairs with 95 % intervals, and with linear and quadratic weights where all values are numbers.

    An interval is the estimate plus and minus 1.96 standard errors, within -1 and 1; none where the error is 0, as for
    two raters who agree throughout, since that says nothing about the next item, and none below FEWEST_ITEMS. It is
    too narrow where two raters agree on nearly everything. Why a kappa has none stands beside it. Above MOST_VALUES
    different values the pairs come back as they are, with that reason.
    """
    coded = code_ratings(ratings)
    if not pairs:
        return []
    if len(coded.values) > MOST_VALUES:
        many = f"more than {MOST_VALUES} different values: no interval"
        return [pair if pair.kappa is None else replace(pair, no_interval=many) for pair in pairs]
    names = sorted({name for pair in pairs for name in (pair.rater_a, pair.rater_b)})
    at = {name: number for number, name in enumerate(names)}
    first = np.asarray([at[pair.rater_a] for pair in pairs])
    second = np.asarray([at[pair.rater_b] for pair in pairs])
    values = np.asarray(coded.values if coded.numeric else range(len(coded.values)), float)
    kinds: tuple[Weights, ...] = ("nominal", "linear", "quadratic") if coded.numeric else ("nominal",)
    figures = {kind: np.full((2, len(pairs)), np.nan) for kind in kinds}
    for start, tables in _tables(coded, at):
        mine = np.flatnonzero((first >= start) & (first < start + len(tables)))
        some = tables[first[mine] - start, second[mine]]
        for kind in kinds:
            figures[kind][:, mine] = kappas_of_tables(some, _weights(values, kind))
    few = np.asarray([pair.n < FEWEST_ITEMS for pair in pairs])
    found = {
        kind: _estimates(kappas, np.where(few, 0.0, errors)) for kind, (kappas, errors) in figures.items()
    }
    nothing: list[WeightedKappa | None] = [None] * len(pairs)
    return [
        _with(pair, plain, linear, quadratic)
        for pair, plain, linear, quadratic in zip(
            pairs,
            found["nominal"],
            found.get("linear", nothing),
            found.get("quadratic", nothing),
            strict=True,
        )
    ]


def _with(
    pair: PairKappa, plain: WeightedKappa, linear: WeightedKappa | None, quadratic: WeightedKappa | None
) -> PairKappa:
    why = None
    if pair.kappa is not None and plain.low is None:
        if pair.n < FEWEST_ITEMS:
            why = f"fewer than {FEWEST_ITEMS} items in common: no interval"
        else:
            never = "they agree on no item" if pair.agree == 0 else "one of them says the same throughout"
            why = f"{'they agree on every item' if pair.agree == pair.n else never}: no interval"
    # Not `replace`, which takes four times as long for a hundred thousand pairs.
    return PairKappa(
        rater_a=pair.rater_a,
        rater_b=pair.rater_b,
        kappa=pair.kappa,
        reason=pair.reason,
        n=pair.n,
        agree=pair.agree,
        low=plain.low,
        high=plain.high,
        no_interval=why,
        linear=linear,
        quadratic=quadratic,
    )


def _estimates(kappas: Floats, errors: Floats) -> list[WeightedKappa]:
    out = []
    for kappa, error in zip(kappas.tolist(), errors.tolist(), strict=True):
        if math.isnan(kappa):
            out.append(WeightedKappa(None, None, None))
        elif error < 1e-9:
            out.append(WeightedKappa(kappa, None, None))
        else:
            low, high = max(-1.0, kappa - _Z * error), min(1.0, kappa + _Z * error)
            out.append(WeightedKappa(kappa, low, high))
    return out
