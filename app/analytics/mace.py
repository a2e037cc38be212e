"""Labels from raters of whom some do not look: MACE, each rater's chance of knowing rather than guessing.

Where Dawid and Skene need a table of confusions a rater, one number and what a rater says when guessing are enough
here, and who always gives the same answer is found without any known item. Source: Hovy, Berg-Kirkpatrick, Vaswani
and Hovy, "Learning Whom to Trust with MACE", NAACL 2013; fitted by expectation and maximisation with smoothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.analytics.coding import Ratings
from app.analytics.long_ratings import (
    Aggregate,
    Aggregates,
    Long,
    clamp_of,
    few_ratings,
    long_of,
    posterior,
    scores_of,
    settled,
)

__all__ = ["Mace", "mace"]

_Floats = NDArray[np.float64]

_TINY = 1e-300


@dataclass(frozen=True, slots=True)
class Mace:
    items: Sequence[Aggregate]
    labels: tuple[str, ...]
    prevalence: tuple[float, ...]
    competence: dict[str, float]
    """Rater -> the chance, in [0, 1], that they look at an item and say what is true; else they guess."""
    guesses: dict[str, list[float]]
    """Rater -> how often they say each label when they guess; says little where competence is near 1."""
    log_likelihood: float
    rounds: int
    """Of the start that was kept."""
    note: str | None
    """What to be careful about."""


@dataclass(frozen=True, slots=True)
class _Fit:
    belief: _Floats
    prevalence: _Floats
    competence: _Floats
    guesses: _Floats
    log_likelihood: float
    rounds: int


def mace(
    frame: Ratings,
    *,
    gold: Mapping[str, str] | None = None,
    estimate_prevalence: bool = False,
    smoothing: float = 0.01,
    restarts: int = 10,
    rounds: int = 200,
    tolerance: float = 1e-6,
    seed: int = 7,
) -> Mace:
    """Labels, and how often each rater knows rather than guesses, by expectation and maximisation.

    `frame`: item, rater, value and, where wanted, weight, as for `dawid_skene`. `gold` fixes items to their known
    label. The paper takes all labels as equally frequent; `estimate_prevalence` learns it instead, which matters
    where one label is rare (ZenCrowd_us: accuracy .794 without, .823 with; the vote has .861). `smoothing` is added
    to each count. Of `restarts` starts, the first neutral and the others random by `seed`, the likeliest end is kept;
    each ends when the log-likelihood changes by less than `tolerance` of itself. Raises ValueError without a rating.
    """
    long = long_of(frame)
    if not long.items:
        raise ValueError("there is no rating to aggregate")
    rng = np.random.default_rng(seed)
    raters, k = len(long.raters), len(long.labels)
    clamp = clamp_of(long, gold or {})

    def end_of(competence: _Floats, guesses: _Floats) -> _Fit:
        return _climbed(
            long,
            clamp,
            competence,
            guesses,
            estimate_prevalence=estimate_prevalence,
            smoothing=smoothing,
            rounds=rounds,
            tolerance=tolerance,
        )

    best = end_of(np.full(raters, 0.5), np.full((raters, k), 1 / k))
    for _ in range(restarts - 1):
        fit = end_of(rng.uniform(size=raters), rng.dirichlet(np.ones(k), size=raters))
        best = fit if fit.log_likelihood > best.log_likelihood else best
    return Mace(
        items=Aggregates(long, best.belief, margin=1e-9),
        labels=tuple(long.labels),
        prevalence=tuple(best.prevalence.tolist()),
        competence=dict(zip(long.raters, best.competence.tolist(), strict=True)),
        guesses=dict(zip(long.raters, best.guesses.tolist(), strict=True)),
        log_likelihood=best.log_likelihood,
        rounds=best.rounds,
        note=few_ratings(long),
    )


def _climbed(
    long: Long,
    clamp: _Floats,
    competence: _Floats,
    guesses: _Floats,
    *,
    estimate_prevalence: bool,
    smoothing: float,
    rounds: int,
    tolerance: float,
) -> _Fit:
    """Where one start ends; competence is the paper's theta, guesses its xi."""
    raters, k = guesses.shape
    total = np.bincount(long.rater, long.weight, minlength=raters)
    prevalence = np.full(k, 1 / k)
    likelihood, done = -np.inf, 0
    while True:
        knew = competence[long.rater]
        guessed = np.maximum((1 - knew) * guesses[long.rater, long.label], _TINY)
        before = likelihood
        belief, likelihood = posterior(
            scores_of(long, np.log(knew + guessed), np.log(guessed), prevalence) + clamp
        )
        if done >= rounds or settled(before, likelihood, tolerance):
            return _Fit(belief, prevalence, competence, guesses, likelihood, done)
        done += 1
        # Who says what is true either knew it or guessed it; who says anything else guessed.
        known = long.weight * belief[long.item, long.label] * knew / (knew + guessed)
        knowing = np.bincount(long.rater, known, minlength=raters)
        guessing = np.bincount(long.rater * k + long.label, long.weight - known, minlength=raters * k)
        guesses = _shares(guessing.reshape(raters, k), smoothing)
        competence = _shares(np.column_stack([knowing, total - knowing]), smoothing)[:, 0]
        if estimate_prevalence:
            prevalence = _shares(belief.sum(axis=0, keepdims=True), smoothing)[0]


def _shares(counts: "NDArray[np.floating | np.integer]", smoothing: float) -> _Floats:
    """Each row as shares; equal ones where nothing was counted."""
    smooth = np.maximum(counts, 0.0) + smoothing
    totals = smooth.sum(axis=1, keepdims=True)
    equal = np.full(smooth.shape, 1 / smooth.shape[1])
    return np.asarray(np.divide(smooth, totals, out=equal, where=totals > 0))
