"""Whether help is trusted too much or too little, and whether it moves what people answer.

Over-reliance keeps what is wrong; under-reliance changes what is right. Neither can be seen in accuracy alone: good
suggestions hide the first, bad ones the second.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.analytics.effort import CONTROL
from app.analytics.shares import PeopleShare, share_of

__all__ = ["LabelShare", "LabelShift", "Reliance", "label_shift", "label_shifts", "reliance"]


@dataclass(frozen=True, slots=True)
class Reliance:
    """What was done with the suggestions of one group."""

    group: tuple[str, ...]
    """Values of the columns grouped by, in their order; empty for all suggestions."""
    over: PeopleShare
    """Wrong suggestions kept, of the wrong ones."""
    under: PeopleShare
    """Right suggestions changed, of the right ones."""


def reliance(frame: pd.DataFrame, *by: str) -> list[Reliance]:
    """Over- and under-reliance by the columns `by`, in their order; one entry for all when there are none.

    `frame` has one row per suggestion that was shown and whose truth is known: rater, right (the suggestion was
    true), kept (the answer is the suggestion, unchanged), and the columns `by`: rater, arm, or any group. Rows where
    right, kept or a group is missing are left out. Source of the terms: Parasuraman & Riley, Human Factors 39(2), 1997
    (misuse and disuse).
    """
    usable = frame.dropna(subset=["right", "kept", *by])
    usable = usable.assign(right=usable["right"].astype(bool), kept=usable["kept"].astype(bool))
    if not by:
        return [_reliance((), usable)]
    return [
        _reliance(tuple(str(value) for value in key), part)
        for key, part in usable.groupby(list(by), sort=True)
    ]


def _reliance(group: tuple[str, ...], rows: pd.DataFrame) -> Reliance:
    wrong, right = rows[~rows["right"]], rows[rows["right"]]
    return Reliance(group, share_of(wrong["rater"], wrong["kept"]), share_of(right["rater"], ~right["kept"]))


@dataclass(frozen=True, slots=True)
class LabelShare:
    arm: str
    label: str
    count: int
    n: int
    """Answers in the arm."""
    value: float


@dataclass(frozen=True, slots=True)
class LabelShift:
    """How far help moves the distribution of labels away from the control's."""

    shares: list[LabelShare]
    """Every label in every arm, the control first; over all answers, whoever gave them."""
    distance: float | None
    """Total variation distance in [0, 1], within people: the share of answers that would have to change."""
    chance: float | None
    """What the distance reaches in 95 % of draws without a shift: it is never 0 by itself."""
    p_value: float | None
    """Of no shift, by permuting arms within people."""
    reason: str | None
    """Why there is no distance."""
    n: int
    n_raters: int
    n_both: int
    """People with answers on both sides: the comparison rests on them."""


def label_shift(frame: pd.DataFrame, *, draws: int = 2_000, seed: int = 0) -> LabelShift:
    """The labels with any help against those without, for a frame with columns rater, arm, label; one row per answer.

    People differ in the labels they use and in how much help they had, so shares are compared within each person
    and averaged with the weights of Mantel and Haenszel, helped * control / all; when everybody had help on the same
    share of items, the distance is that of the plain distributions. The test permutes arms within people, which is what
    a study that randomises items within people did; where blocks of items were randomised instead, give their
    number in a column `block`, and whole blocks change places. Rows without arm or label are left out. Source:
    Mantel & Haenszel, J. Natl. Cancer Inst. 22(4), 1959; Good, Permutation Tests, 2000, for stratified permutation.
    """
    usable = frame[frame["arm"].notna() & frame["label"].notna()]
    label, names = pd.factorize(usable["label"].astype(str), sort=True)
    helped = (usable["arm"] != CONTROL).to_numpy()
    rater = pd.factorize(usable["rater"])[0]
    both = usable.assign(helped=helped).groupby("rater")["helped"].nunique() == 2
    counts = len(usable), len(both), int(both.sum())
    shares = _label_shares(usable)

    def undefined(reason: str) -> LabelShift:
        return LabelShift(shares, None, None, None, reason, *counts)

    if not len(usable):
        return undefined("no answer has both an arm and a label")
    if helped.all() or not helped.any():
        return undefined("there is no control arm" if helped.all() else "no answer was given with help")
    if not both.any():
        return undefined("arms and people are confounded: nobody worked in both arms")
    if len(names) == 1:
        return undefined("only one label was used")
    block = pd.factorize(usable["block"])[0] if "block" in usable else None
    rng = np.random.default_rng(seed)
    excess, weight = np.zeros((draws + 1, len(names))), np.zeros(draws + 1)
    for rows in usable.groupby(rater).indices.values():
        if helped[rows].all() or not helped[rows].any():
            continue
        blocks = None if block is None else block[rows]
        drawn = _helped_labels(label[rows], helped[rows], blocks, len(names), draws, rng)
        n, n_helped = len(rows), drawn.sum(axis=1)
        excess += drawn - np.outer(n_helped / n, np.bincount(label[rows], minlength=len(names)))
        weight += n_helped * (n - n_helped) / n
    distances = np.minimum(np.abs(excess).sum(axis=1) / 2 / weight, 1.0)  # but for rounding
    found, null = float(distances[0]), distances[1:]
    p_value = (1 + int((null >= found - 1e-12).sum())) / (draws + 1)
    return LabelShift(shares, found, float(np.quantile(null, 0.95)), p_value, None, *counts)


def _helped_labels(
    label: NDArray[np.intp],
    helped: NDArray[np.bool_],
    block: NDArray[np.intp] | None,
    n_labels: int,
    draws: int,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """How often one person gave each label with help: as it was, then in `draws` permutations; draws + 1 rows."""
    as_it_was = np.bincount(label[helped], minlength=n_labels)[None, :]
    if block is None:
        counts = np.bincount(label, minlength=n_labels)
        drawn = rng.multivariate_hypergeometric(counts, int(helped.sum()), size=draws)
    else:
        unit = pd.factorize(2 * block + helped)[0]
        tables, sides = np.zeros((unit.max() + 1, n_labels)), np.zeros(unit.max() + 1)
        np.add.at(tables, (unit, label), 1.0)
        sides[unit] = helped
        drawn = rng.permuted(np.tile(sides, (draws, 1)), axis=1) @ tables
    return np.concatenate([as_it_was, drawn]).astype(float)


def _label_shares(usable: pd.DataFrame) -> list[LabelShare]:
    counts = usable.assign(label=usable["label"].astype(str)).groupby("arm")["label"].value_counts()
    table = counts.unstack(fill_value=0).sort_index(axis=0).sort_index(axis=1)
    arms = sorted(table.index, key=lambda arm: arm != CONTROL)
    return [
        LabelShare(str(arm), str(label), int(count), int(total), float(count / total))
        for arm in arms
        for total in (table.loc[arm].sum(),)
        for label, count in table.loc[arm].items()
    ]


def label_shifts(frame: pd.DataFrame, *, draws: int = 2_000, seed: int = 0) -> dict[str, LabelShift]:
    """Each kind of help against the control, among those who worked with it: arm -> shift, as `label_shift`."""
    out = {}
    for arm in sorted(set(frame["arm"].dropna()) - {CONTROL}):
        people = set(frame.loc[frame["arm"] == arm, "rater"])
        compared = frame[frame["rater"].isin(people) & frame["arm"].isin((arm, CONTROL))]
        out[str(arm)] = label_shift(compared, draws=draws, seed=seed)
    return out
