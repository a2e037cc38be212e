"""Agreement about single labels: is this one given by all or by some, whatever else is said.

A coefficient over all labels hides which of them people confuse. For each label, every other one is taken together.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.analytics.agreement import Counts
from app.analytics.agreement_intervals import Evidence, estimated, least_alpha
from app.analytics.coding import Floats, distinct_rows

__all__ = ["MOST_LABELS", "LabelAgreement", "by_label", "label_agreement"]

MOST_LABELS = 50
"""Labels that get figures of their own, those with the most ratings: more is no table that anybody reads."""

_REPLICATES = 1_000


@dataclass(frozen=True, slots=True)
class LabelAgreement:
    label: str
    n_ratings: int
    """Ratings that give the label, in items with two ratings or more."""
    n_items: int
    """Items with two ratings or more in which somebody gives it."""
    of_items: int
    """Items with two ratings or more."""
    alpha: float | None
    """Krippendorff's, nominal: this label against all others together."""
    low: float | None
    high: float | None
    """95 % interval over items."""
    specific: float | None
    """The chance that another rater of the item gives the label too, once one has."""
    specific_low: float | None
    specific_high: float | None
    reason: str | None
    """Why there is no alpha."""
    note: str | None
    """Why not to rely on the interval of alpha, or why there is none."""
    specific_note: str | None
    """The same of the specific agreement."""


def label_agreement(label: str, given: Floats, ratings: Floats, *, seed: int = 7) -> LabelAgreement:
    """Figures of one label: `given` and `ratings` hold, per item, ratings with the label and ratings in all.

    Items with fewer than two ratings are left out. Sources: Krippendorff 2011 for alpha; Spitzer and Fleiss, Br. J.
    Psychiatry 125, 1974, for the specific agreement, with several raters as in Cicchetti and Feinstein, J. Clin.
    Epidemiol. 43(6), 1990: sum n (n - 1) / (m - 1) over sum n.
    """
    usable = ratings >= 2
    rows, often = distinct_rows(np.column_stack([given[usable], ratings[usable]]).astype(float))
    if not len(rows):
        nothing = None, None, None
        return LabelAgreement(label, 0, 0, 0, *nothing, *nothing, "no item has two ratings", None, None)
    n, m = rows[:, 0], rows[:, 1]
    items = int(often.sum())
    drawn = np.random.default_rng(seed).multinomial(items, often / items, size=_REPLICATES).astype(float)
    weights = np.vstack([often[None, :], drawn])
    with_it, all_ = weights @ n, weights @ m
    apart = weights @ (2 * n * (m - n) / (m - 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        # By chance 2 n (N - n) / (N (N - 1)); nan where the label is given always or never.
        alphas = 1 - (all_ - 1) * apart / (2 * with_it * (all_ - with_it))
        alphas = np.where(np.isfinite(alphas), alphas, np.nan)
        same = (weights @ (n * (n - 1) / (m - 1))) / with_it
    total, everything = float(with_it[0]), float(all_[0])
    reason = None
    if total == 0:
        reason = "nobody gives it"
    elif total == everything:
        reason = "everybody gives it, so agreement by chance is certain"
    given_in, split = int(often[n > 0].sum()), int(often[(n > 0) & (n < m)].sum())
    rarer = min(given_in, int(often[n < m].sum()))
    evidence = Evidence(items, split, rarer, "have it, or lack it")
    chance = 1 - (total**2 + (everything - total) ** 2) / everything**2
    alpha = estimated(
        np.empty(0) if reason else alphas, evidence, least=least_alpha(float(m.min())), chance=chance
    )
    # Where it is given by all who rate an item, what is not seen are items with it that are split.
    specific = estimated(
        same if total else np.empty(0),
        Evidence(given_in, split, rarer, "have it, or lack it", "it"),
        least=0.0,
        chance=1.0,
    )
    return LabelAgreement(
        label=label,
        n_ratings=int(total),
        n_items=given_in,
        of_items=items,
        alpha=alpha.value,
        low=alpha.low,
        high=alpha.high,
        specific=specific.value,
        specific_low=specific.low,
        specific_high=specific.high,
        reason=reason,
        note=alpha.note,
        specific_note=specific.note,
    )


def by_label(counts: Counts) -> list[LabelAgreement]:
    """Figures of each label, most often given first; of sets of labels, of each member. None where labels are too many."""
    if counts.reason is not None:
        return []
    ratings, often = counts.table.sum(axis=1), counts.table.sum(axis=0)
    by_value = counts.table.tocsc()
    columns = _columns(counts)
    order = sorted(columns, key=lambda label: (-often[columns[label]].sum(), label))[:MOST_LABELS]
    return [label_agreement(label, by_value[:, columns[label]].sum(axis=1), ratings) for label in order]


def _columns(counts: Counts) -> Mapping[str, list[int]]:
    """Label -> columns of the table that give it: its own, or those of the sets with it."""
    if not any(isinstance(value, tuple) for value in counts.values):
        return {label: [place] for place, label in enumerate(counts.labels)}
    out: dict[str, list[int]] = {}
    for place, labels in enumerate(counts.values):
        for label in labels if isinstance(labels, tuple) else ():
            out.setdefault(label, []).append(place)
    return out
