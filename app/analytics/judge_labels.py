"""A judge that gives labels: how often it is right, and whether it says the same when asked again or in the other order."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from app.analytics.intervals import wilson

__all__ = [
    "BothOrders",
    "LabelJudge",
    "OverQuestions",
    "Repeats",
    "judge_names",
    "label_judge",
    "majority",
    "over_questions",
]


@dataclass(frozen=True, slots=True)
class Repeats:
    """The same question asked of the same judge again, in the same order where an order is said."""

    n: int
    """Items with two replies or more; an item in two orders counts for each."""
    same: int
    """Of them, those whose first two replies are the same label."""
    interval: tuple[float, float] | None
    """95 % of the share (Wilson)."""
    all_same: int
    """Those whose replies are all the same."""
    pearson: float | None
    """Mean over all pairs of replies (first and second, first and third …), where they are numbers that vary."""


@dataclass(frozen=True, slots=True)
class BothOrders:
    """Two answers shown in one order and in the other."""

    n: int
    """Items with a reply in each."""
    same: int
    """Of them, those whose first reply in each order is the same label."""
    interval: tuple[float, float] | None
    """95 % of the share (Wilson)."""


@dataclass(frozen=True, slots=True)
class OverQuestions:
    """A judge over all its questions, each of which counts the same, however many items it has."""

    questions: int
    right: float | None
    """Mean of the shares right, over the questions that have something to compare with."""
    low: float | None
    high: float | None
    """95 % interval, of items within these questions: normal, with the variance of each share as p (1 - p) / n."""
    both_orders: float | None
    """Mean of the shares that are the same in both orders, over the questions that have both."""


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
    both_orders: BothOrders


def over_questions(found: Sequence[LabelJudge]) -> OverQuestions:
    """The macro mean of one judge's questions."""
    shares = [(one.right / one.n, one.n) for one in found if one.n]
    same = [one.both_orders.same / one.both_orders.n for one in found if one.both_orders.n]
    ordered = sum(same) / len(same) if same else None
    if not shares:
        return OverQuestions(0, None, None, None, ordered)
    mean = sum(share for share, _ in shares) / len(shares)
    # Each question's variance at (right + 2)/(n + 4): all right on five items is no certainty (Agresti and Coull, 1998).
    near = [((share * n + 2) / (n + 4), n + 4) for share, n in shares]
    half = 1.959963984540054 * sum(share * (1 - share) / n for share, n in near) ** 0.5 / len(near)
    return OverQuestions(len(shares), mean, max(0.0, mean - half), min(1.0, mean + half), ordered)


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
    """`own`: item, repeat, value of one judge, every reply, and position where an order is said; `reference`: item ->
    label.

    Where exactly two orders occur they are those in which two answers were shown. More of them are places in a
    sequence, and say nothing here.
    """
    rows = own.sort_values(["item", "repeat"])
    orders = sorted(own["position"].dropna().unique()) if "position" in own else []
    two = len(orders) == 2
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
        repeats=_repeats(
            rows.assign(item=rows["item"] + "\0" + rows["position"].astype(str)) if two else rows
        ),
        both_orders=_both_orders(rows, orders) if two else BothOrders(0, 0, None),
    )


def _both_orders(rows: pd.DataFrame, orders: Sequence[float]) -> BothOrders:
    first, second = (
        rows[rows["position"] == order].drop_duplicates("item").set_index("item")["value"] for order in orders
    )
    both = pd.concat([first, second], axis=1, join="inner", keys=["first", "second"])
    same = int((both["first"] == both["second"]).sum())
    return BothOrders(len(both), same, wilson(same, len(both)))


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
