"""One figure of a slice, of whatever kind: with interval, what it counts, and what is counted beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.analytics.agreement import Alpha, Counts, Metric, alpha
from app.analytics.alignment import Alignment
from app.analytics.intervals import mean_interval
from app.analytics.shares import share_of
from app.analytics.span_agreement import MeanF1

__all__ = [
    "FEWEST",
    "Figure",
    "Unit",
    "alpha_figure",
    "f1_figure",
    "judge_figures",
    "level_figure",
    "share_figure",
]

FEWEST: Final = 10
"""Items, or answers, below which a slice shows no figure: it would say more about few people than about the slice."""

Unit = Literal["alpha", "kappa", "F1", "share", "level"]


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    unit: Unit
    value: float | None
    """None with the reason, also where fewer than FEWEST stand behind it."""
    low: float | None
    high: float | None
    """95 % interval."""
    n: int
    of: str
    """What n counts."""
    n_raters: int | None
    """People (or models, or judges) behind it; None where the figure is not about raters."""
    reason: str | None
    note: str | None = None
    apart: Mapping[str, int] = field(default_factory=dict)
    """Counted beside it and not in it, such as unscored answers; zeros are left out."""
    bounds: tuple[float, float] | None = None
    """Of a level: the lowest and the highest there is."""


def _figure(made: Figure) -> Figure:
    """Without a value where too few stand behind it, and without zeros beside it."""
    apart = {name: n for name, n in made.apart.items() if n}
    if made.n >= FEWEST:
        return replace(made, apart=apart)
    reason = f"only {made.n} {made.of}; below {FEWEST} a slice shows no figure" if made.n else f"no {made.of}"
    return replace(made, value=None, low=None, high=None, reason=reason, note=None, apart=apart)


def alpha_figure(name: str, counts: Counts | Alpha, metric: Metric) -> Figure:
    """Krippendorff's alpha; of counts it is not computed where too few items have two ratings."""
    of = "items with two ratings"
    if isinstance(counts, Counts):
        items = int((counts.table.sum(axis=1) >= 2).sum())
        few = f"only {items} items have two ratings; below {FEWEST} a slice shows no figure"
        found = alpha(replace(counts, reason=few) if items < FEWEST and not counts.reason else counts, metric)
    else:
        found = counts
    return _figure(
        Figure(
            name,
            "alpha",
            found.value,
            found.low,
            found.high,
            found.n_items,
            of,
            found.n_raters,
            found.reason,
            found.note,
            {"items with one rating": found.n_single},
        )
    )


def f1_figure(name: str, found: MeanF1, raters: int) -> Figure:
    return _figure(
        Figure(
            name,
            "F1",
            found.value,
            found.low,
            found.high,
            found.n_items,
            "items with two answers",
            raters,
            found.reason,
            found.note,
            {"pairs that marked nothing": found.n_undefined},
        )
    )


def share_figure(
    name: str,
    rater: "pd.Series[Any]",
    hit: "pd.Series[bool]",
    of: str,
    apart: Mapping[str, int] | None = None,
) -> Figure:
    """A share with an interval that allows for people who differ."""
    found = share_of(rater, hit)
    return _figure(
        Figure(
            name,
            "share",
            found.value,
            found.low,
            found.high,
            found.n,
            of,
            found.n_raters,
            None,
            None,
            apart or {},
        )
    )


def level_figure(
    name: str,
    levels: NDArray[np.float64],
    of: str,
    raters: int | None,
    apart: Mapping[str, int],
    bounds: tuple[float, float],
) -> Figure:
    """Mean level, one level an answer, with a bootstrap interval over answers."""
    same = len(levels) > 0 and float(np.ptp(levels)) == 0
    low, high = (None, None) if same else mean_interval(levels) or (None, None)
    mean = float(levels.mean()) if len(levels) else None
    note = "all levels are the same: no interval" if same else None
    return _figure(Figure(name, "level", mean, low, high, len(levels), of, raters, None, note, apart, bounds))


def judge_figures(judge: str, found: Alignment, raters: int, apart: Mapping[str, int]) -> list[Figure]:
    """Of one version of the judge beside people, pair by pair."""
    low, high = found.equal_interval or (None, None)
    equal = found.equal / found.n if found.n else None
    of = "scores of people on answers that the judge scored"
    if found.n and found.answers < FEWEST:
        few = f"only {found.answers} answers have both; below {FEWEST} a slice shows no figure"
        nothing = replace(found, kappa=None, low=None, high=None, reason=few, note=None)
        found, equal, low, high = nothing, None, None, None
    return [
        _figure(
            Figure(
                f"kappa with people, {judge}",
                "kappa",
                found.kappa,
                found.low,
                found.high,
                found.n,
                of,
                raters,
                found.reason,
                found.note,
                apart,
            )
        ),
        _figure(
            Figure(
                f"equal to people, {judge}",
                "share",
                equal,
                low,
                high,
                found.n,
                of,
                raters,
                found.reason if equal is None else None,
                None,
                apart,
            )
        ),
    ]
