"""The vote weighed by skill: who was right on known items says how much a rater's label is worth.

Source: Bayes' rule with labels that are equally likely beforehand, and wrong ones equally likely among themselves, as
Toloka's dynamic overlap has it; the skill is (K + right) / (2 K + n) with K = 1/2.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.analytics.coding import Floats, Ratings
from app.analytics.intervals import wilson
from app.analytics.long_ratings import Aggregate, Aggregates, Long, long_of, posterior, scores_of

__all__ = ["SkillOnGold", "held_out_vote", "skills_on_gold", "weighted_vote"]

_K = 0.5


@dataclass(frozen=True, slots=True)
class SkillOnGold:
    right: float
    n: float
    """Items whose label is known; where ratings have weights, their sum, so that several runs count as one."""
    skill: float
    """(1/2 + right) / (1 + n): 1/2 for who has rated no known item."""
    low: float | None
    high: float | None
    """95 % interval (Wilson) of the share right; None without a known item."""


def skills_on_gold(ratings: Ratings, gold: Mapping[str, str]) -> dict[str, SkillOnGold]:
    """Rater -> how often right on known items."""
    long = long_of(ratings)
    known = pd.Series(gold, dtype=object).reindex(long.items).to_numpy()[long.item]
    compared = ~pd.isna(known)
    said = np.asarray(long.labels, dtype=object)[long.label]
    weight = np.where(compared, long.weight, 0.0)
    right = np.bincount(long.rater, weight * (said == known), minlength=len(long.raters))
    n = np.bincount(long.rater, weight, minlength=len(long.raters))
    out = {}
    for place, name in enumerate(long.raters):
        hits, tries = float(right[place]), float(n[place])
        low, high = wilson(hits, tries) or (None, None)
        out[name] = SkillOnGold(hits, tries, (_K + hits) / (2 * _K + tries), low, high)
    return out


def held_out_vote(
    ratings: Ratings,
    gold: Mapping[str, str],
    *,
    models: Sequence[str] = (),
    test_gold: Mapping[str, str] = {},
) -> Sequence[Aggregate]:
    """The weighted vote in which no item has a part in the skills that decide it: each is judged by all the others.

    Skills are those of `skills_on_gold`, of `models` by `test_gold`. In order of the items' first rows.
    """
    long = long_of(ratings)
    if not long.items:
        return []
    said = np.asarray(long.labels, dtype=object)[long.label]
    known = pd.Series(gold, dtype=object).reindex(long.items).to_numpy()[long.item]
    strict = pd.Series(test_gold, dtype=object).reindex(long.items).to_numpy()[long.item]
    known = np.where(np.isin(long.raters, list(models))[long.rater], strict, known)
    weight = np.where(pd.isna(known), 0.0, long.weight)
    hits = weight * (said == known)
    cell, cells = pd.factorize(long.rater * len(long.items) + long.item)

    def without_own(of: Floats) -> Floats:
        everywhere = np.bincount(long.rater, of, minlength=len(long.raters))[long.rater]
        return np.asarray(everywhere - np.bincount(cell, of, minlength=len(cells))[cell])

    return _decided(long, (_K + without_own(hits)) / (2 * _K + without_own(weight)))


def weighted_vote(ratings: Ratings, skills: Mapping[str, float]) -> Sequence[Aggregate]:
    """The label of each item by the raters' skills, in (0, 1); shares are posterior probabilities.

    A rater no better than chance, 1 / labels, says nothing; a worse one speaks against what they name. A shared
    first place is no label. In order of the items' first rows.
    """
    long = long_of(ratings)
    if not long.items:
        return []
    return _decided(long, np.asarray([skills[name] for name in long.raters])[long.rater])


def _decided(long: Long, skill: Floats) -> Sequence[Aggregate]:
    """`skill`: of the rater of each rating."""
    labels = max(len(long.labels), 2)
    even = np.full(len(long.labels), 1 / labels)
    shares, _ = posterior(scores_of(long, np.log(skill), np.log((1 - skill) / (labels - 1)), even))
    return Aggregates(long, shares, margin=1e-9)
