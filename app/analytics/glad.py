"""Labels from raters of different ability on items of different difficulty: GLAD.

Source: Whitehill, Ruvolo, Wu, Bergsma and Movellan, "Whose Vote Should Count More", NIPS 2009; with normal priors, and
for more than two labels with equally likely wrong ones. The maximisation is by Newton steps on abilities and on items
in turn: with the items held, each rater's ability stands by itself, and the other way round.
"""

from collections.abc import Callable, Mapping, Sequence
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

__all__ = ["Glad", "glad"]

_Floats = NDArray[np.float64]

_STEPS = 3
"""Steps on abilities and on difficulties in one round, in turn; a round need not reach the top, only rise."""
_HALVINGS = 12


@dataclass(frozen=True, slots=True)
class Glad:
    items: Sequence[Aggregate]
    labels: tuple[str, ...]
    prevalence: tuple[float, ...]
    ability: dict[str, float]
    """Rater -> 0 for who is right half of the time, above 0 for who is more often right, below for who is less."""
    difficulty: dict[str, float]
    """Item -> above 0; the higher, the closer even able raters come to a coin. Only to be compared inside one result:
    the ratings tell ability divided by difficulty, and where the two lie by themselves comes from the priors."""
    log_likelihood: float
    rounds: int
    note: str | None
    """What to be careful about."""


def glad(
    frame: Ratings,
    *,
    gold: Mapping[str, str] | None = None,
    estimate_prevalence: bool = False,
    rounds: int = 200,
    tolerance: float = 1e-7,
) -> Glad:
    """Labels, each rater's ability and each item's difficulty, by expectation and maximisation.

    A rater is right with probability 1 / (1 + exp(-ability / difficulty)); of more than two labels, the wrong ones
    are equally likely. Ability and log(1 / difficulty) have normal priors of mean 1 and variance 1, so that a few
    ratings move them little. `frame`: item, rater, value and, where wanted, weight, as for `dawid_skene`. `gold`
    fixes items to their known label. The paper takes all labels as equally frequent; `estimate_prevalence` learns it
    instead. Without random starts: the same frame gives the same result. Ends when the log posterior changes by less
    than `tolerance` of itself. Raises ValueError without a rating.
    """
    long = long_of(frame)
    if not long.items:
        raise ValueError("there is no rating to aggregate")
    clamp = clamp_of(long, gold or {})
    wrong_labels = max(len(long.labels) - 1, 1)
    ability, clarity = np.ones(len(long.raters)), np.ones(len(long.items))
    prevalence = np.full(len(long.labels), 1 / len(long.labels))
    objective, done = -np.inf, 0
    while True:
        ease = ability[long.rater] * np.exp(clarity[long.item])
        right, wrong = -np.logaddexp(0, -ease), -np.logaddexp(0, ease) - np.log(wrong_labels)
        before = objective
        belief, likelihood = posterior(scores_of(long, right, wrong, prevalence) + clamp)
        objective = likelihood - ((ability - 1) ** 2).sum() / 2 - ((clarity - 1) ** 2).sum() / 2
        if done >= rounds or settled(before, objective, tolerance):
            break
        done += 1
        truth = belief[long.item, long.label]
        for _ in range(_STEPS):
            ability = _more_able(long, truth, ability, clarity)
            clarity = _clearer(long, truth, ability, clarity)
        if estimate_prevalence:
            prevalence = belief.mean(axis=0)
    return Glad(
        items=Aggregates(long, belief, margin=1e-9),
        labels=tuple(long.labels),
        prevalence=tuple(prevalence.tolist()),
        ability=dict(zip(long.raters, ability.tolist(), strict=True)),
        difficulty=dict(zip(long.items, np.exp(-clarity).tolist(), strict=True)),
        log_likelihood=likelihood,
        rounds=done,
        note=few_ratings(long),
    )


def _more_able(long: Long, truth: _Floats, ability: _Floats, clarity: _Floats) -> _Floats:
    """One step of the abilities, with the items as they are; `truth`: the chance that each rating is right."""
    clear = np.exp(clarity[long.item])

    def ease(of: _Floats) -> _Floats:
        return np.asarray(of[long.rater] * clear)

    return _stepped(long, truth, ability, long.rater, ease, clear)


def _clearer(long: Long, truth: _Floats, ability: _Floats, clarity: _Floats) -> _Floats:
    """One step of the items' clarity, log(1 / difficulty), with the abilities as they are."""
    able = ability[long.rater]

    def ease(of: _Floats) -> _Floats:
        return np.asarray(able * np.exp(of[long.item]))

    return _stepped(long, truth, clarity, long.item, ease, ease(clarity))


def _stepped(
    long: Long,
    truth: _Floats,
    at: _Floats,
    group: NDArray[np.intp],
    ease: Callable[[_Floats], _Floats],
    slope: _Floats,
) -> _Floats:
    """A Newton step of each entry of `at` up its own expected log posterior, halved until it does not go down.

    `group`: the entry each rating belongs to; `ease`: ability / difficulty of each rating; `slope`: its derivative.
    """
    n = len(at)

    def height(of: _Floats) -> _Floats:
        eased = ease(of)
        gain = long.weight * (truth * eased - np.logaddexp(0, eased))
        return np.asarray(np.bincount(group, gain, minlength=n) - (of - 1) ** 2 / 2)

    right = (1 + np.tanh(ease(at) / 2)) / 2
    rise = np.bincount(group, long.weight * (truth - right) * slope, minlength=n) - (at - 1)
    # The expected curvature: unlike the observed one it is never on the wrong side of 0.
    bend = np.bincount(group, long.weight * right * (1 - right) * slope**2, minlength=n) + 1
    step, now = rise / bend, height(at)
    for _ in range(_HALVINGS):
        lower = height(at + step) < now
        if not lower.any():
            return np.asarray(at + step)
        step = np.where(lower, step / 2, step)
    return np.asarray(np.where(lower, at, at + step))
