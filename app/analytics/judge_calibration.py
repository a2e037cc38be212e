"""From a judge's scores to those that people would give: fitted on people's scores, used only where it helps.

It mends the level, not the rank: a judge that is two levels too strict throughout becomes right, one that scores by
length stays one. The raw score is kept and shown beside it.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from app.analytics.alignment import share_over_answers

__all__ = [
    "FEWEST_FOR_CONFIDENCE",
    "FEWEST_FOR_MAP",
    "FEWEST_FOR_RIDGE",
    "Calibration",
    "Confidence",
    "confidence",
    "fit_calibration",
]

FEWEST_FOR_MAP = 10
FEWEST_FOR_RIDGE = 100
FEWEST_FOR_CONFIDENCE = 20
_SHRINK = 5
"""Scores that the identity counts as much as: with ten scores the map goes two thirds of the way. By judgement."""
_RIDGE = 10.0
_FOLDS = 5
_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Calibration:
    kind: Literal["none", "map", "ridge", "ridge_and_map"]
    n: int
    mae_raw: float | None
    """Mean distance to people of the raw scores, in levels."""
    mae: float | None
    """The same of calibrated scores on answers left out of the fit (five folds); None where none was fitted."""
    reason: str
    """Why there is no calibration; empty where there is one."""
    weights: tuple[float, ...] = ()
    """Of the criteria, in their order; empty for a map of the own score alone."""
    intercept: float = 0.0
    knots: tuple[tuple[float, float], ...] = ()
    """(score, calibrated score), ascending in both; between them a straight line, beyond them the last one."""

    def apply(self, scores: _Floats, own: int) -> _Floats:
        """Calibrated scores from (n, criteria) raw ones; `own` is the column of the criterion."""
        if self.kind == "none":
            return scores[:, own]
        base = scores @ np.asarray(self.weights) + self.intercept if self.weights else scores[:, own]
        x, y = np.asarray(self.knots).T
        return np.asarray(np.interp(base, x, y))


def fit_calibration(
    scores: _Floats, people: _Floats, own: int, *, lowest: float, highest: float, seed: int = 7
) -> Calibration:
    """`scores`: (n, criteria) of the judge, complete rows; `people`: (n,) mean scores on criterion `own`.

    Below ten answers none; from ten a monotone map of the distributions, shrunken to the identity; from a hundred a
    ridge over all criteria, with the map after it or without. The best on answers left out is kept, and only where
    it is nearer to people than the raw scores.
    """
    n = len(people)
    raw = float(np.abs(scores[:, own] - people).mean()) if n else None
    if n < FEWEST_FOR_MAP or raw is None:
        return Calibration(
            "none", n, raw, None, f"needs {FEWEST_FOR_MAP} answers that people scored, there are {n}"
        )
    kinds: list[Literal["map", "ridge", "ridge_and_map"]] = ["map"]
    if n >= FEWEST_FOR_RIDGE and scores.shape[1] > 1:
        kinds += ["ridge", "ridge_and_map"]
    fold = np.random.default_rng(seed).permutation(n) % _FOLDS
    tried = []
    for kind in kinds:
        gaps = np.empty(n)
        for number in range(_FOLDS):
            held = fold == number
            fitted = _fit(kind, scores[~held], people[~held], own, lowest, highest)
            gaps[held] = np.abs(fitted.apply(scores[held], own) - people[held])
        tried.append((float(gaps.mean()), kind))
    best, kind = min(tried)
    if best >= raw:
        return Calibration("none", n, raw, best, "the raw scores are nearer to people on answers left out")
    fitted = _fit(kind, scores, people, own, lowest, highest)
    return Calibration(kind, n, raw, best, "", fitted.weights, fitted.intercept, fitted.knots)


def _fit(
    kind: Literal["map", "ridge", "ridge_and_map"],
    scores: _Floats,
    people: _Floats,
    own: int,
    lowest: float,
    highest: float,
) -> Calibration:
    weights: tuple[float, ...] = ()
    intercept = 0.0
    base = scores[:, own]
    if kind != "map":
        centre, scale = scores.mean(axis=0), scores.std(axis=0)
        usable = scale > 1e-9
        z = np.where(usable, (scores - centre) / np.where(usable, scale, 1), 0)
        solved = np.linalg.solve(z.T @ z + _RIDGE * np.eye(z.shape[1]), z.T @ (people - people.mean()))
        per_level = np.where(usable, solved / np.where(usable, scale, 1), 0)
        weights = tuple(map(float, per_level))
        intercept = float(people.mean() - centre @ per_level)
        base = scores @ per_level + intercept
    knots = ((lowest, lowest), (highest, highest)) if kind == "ridge" else _map(base, people, lowest, highest)
    return Calibration(kind, len(people), None, None, "", weights, intercept, knots)


def _map(base: _Floats, people: _Floats, lowest: float, highest: float) -> tuple[tuple[float, float], ...]:
    """Each distinct score to the people's quantile at its mid-rank, shrunken to itself."""
    n = len(base)
    distinct, counts = np.unique(base, return_counts=True)
    ranks = (np.cumsum(counts) - counts / 2) / n
    quantiles = np.interp(ranks, (np.arange(n) + 0.5) / n, np.sort(people))
    moved = distinct + n / (n + _SHRINK) * (quantiles - distinct)
    moved = np.clip(np.maximum.accumulate(moved), lowest, highest)
    return tuple((float(x), float(y)) for x, y in zip(distinct, moved, strict=True))


@dataclass(frozen=True, slots=True)
class Confidence:
    """The chance that a score is within one level of a person's."""

    n: int
    share: float | None
    """None below twenty scores: uncalibrated."""
    interval: tuple[float, float] | None
    """95 %; of answers, not of pairs, since what people say of one answer is alike."""


def confidence(judge: _Floats, people: _Floats, answers: Sequence[Hashable]) -> Confidence:
    """One row per pair of a judge's and a person's score; `answers` names the answer of each."""
    near = (np.abs(judge - people) <= 1 + 1e-9).astype(float)
    if len(judge) < FEWEST_FOR_CONFIDENCE:
        return Confidence(len(judge), None, None)
    return Confidence(len(judge), float(near.mean()), share_over_answers(near, answers))
