"""A judge that gives labels: how often it is right, and how often it says the same when asked twice."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from app.analytics.intervals import wilson

__all__ = ["LabelJudge", "Repeats", "judge_names", "label_judge", "majority"]


@dataclass(frozen=True, slots=True)
class Repeats:
    """The same question asked of the same judge again, for instance with the two answers in the other order."""

    n: int
    """Items with two replies or more."""
    same: int
    """Of them, those whose first two replies are the same label."""
    interval: tuple[float, float] | None
    """95 % of the share (Wilson)."""
    all_same: int
    """Those whose replies are all the same."""
    pearson: float | None
    """Mean over all pairs of replies (first and second, first and third …), where they are numbers that vary."""


@dataclass(frozen=True, slots=True)
class LabelJudge:
    against: str
    """`gold`, or `majority` of people where no answer is known."""
    n: int
    """Items with a reply and a reference."""
    right: float
    """Replies that equal the reference; of several replies about an item the mean counts."""
    interval: tuple[float, float] | None
    """95 % of the share that is right (Wilson)."""
    kappa: float | None
    """Cohen's, of the first reply and the reference; None where both use one label throughout."""
    no_majority: int
    """Items left out because people tie."""
    repeats: Repeats


def judge_names(rows: pd.DataFrame) -> "pd.Series[str]":
    """What to call the judge of each row: the rater's name, with the kind where a model and a judge share it. `rows`:
    rater, rater_kind.
    """
    shared = rows.groupby("rater")["rater_kind"].transform("nunique") > 1
    return rows["rater"].where(~shared, rows["rater"] + " (" + rows["rater_kind"] + ")")


def majority(people: pd.DataFrame) -> tuple[pd.Series, int]:
    """(item -> most frequent label, items with a tie). `people`: item, value, one row per rating."""
    counts = people.groupby(["item", "value"]).size().rename("n").reset_index()
    most = counts.groupby("item")["n"].transform("max")
    leaders = counts[counts["n"] == most]
    clear = leaders[~leaders["item"].duplicated(keep=False)]
    return clear.set_index("item")["value"], int(counts["item"].nunique() - len(clear))


def label_judge(own: pd.DataFrame, reference: pd.Series, *, against: str, no_majority: int = 0) -> LabelJudge:
    """`own`: item, repeat, value of one judge, every reply; `reference`: item -> label."""
    rows = own.sort_values(["item", "repeat"])
    known = rows[rows["item"].isin(reference.index)]
    hits = (known["value"] == known["item"].map(reference)).groupby(known["item"]).mean()
    right, n = float(hits.sum()), len(hits)
    first = known.drop_duplicates("item").set_index("item")["value"]
    return LabelJudge(
        against=against,
        n=n,
        right=right,
        interval=wilson(right, n),
        kappa=_kappa(first, reference.reindex(first.index)),
        no_majority=no_majority,
        repeats=_repeats(rows),
    )


def _kappa(a: pd.Series, b: pd.Series) -> float | None:
    if a.empty:
        return None
    share = pd.DataFrame({"a": a.value_counts(normalize=True), "b": b.value_counts(normalize=True)}).fillna(0)
    chance = float((share["a"] * share["b"]).sum())
    return None if chance == 1 else (float((a == b).mean()) - chance) / (1 - chance)


def _repeats(rows: pd.DataFrame) -> Repeats:
    twice = rows[rows.groupby("item")["value"].transform("size") >= 2]
    if twice.empty:
        return Repeats(0, 0, None, 0, None)
    grouped = twice.groupby("item")["value"]
    first, second = grouped.nth(0).to_numpy(), grouped.nth(1).to_numpy()
    same = int((first == second).sum())
    return Repeats(
        len(first), same, wilson(same, len(first)), int((grouped.nunique() == 1).sum()), _retest(twice)
    )


def _retest(twice: pd.DataFrame) -> float | None:
    numbers = pd.to_numeric(twice["value"], errors="coerce")
    if numbers.isna().any():
        return None
    wide = twice.assign(number=numbers).pivot_table(index="item", columns="repeat", values="number")
    found = []
    for a, b in combinations(wide.columns, 2):
        pair = wide[[a, b]].dropna().to_numpy(float)
        if len(pair) >= 2 and np.ptp(pair[:, 0]) > 0 and np.ptp(pair[:, 1]) > 0:
            found.append(float(np.corrcoef(pair.T)[0, 1]))
    return float(np.mean(found)) if found else None
