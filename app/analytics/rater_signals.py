"""What may point to a careless rater, and how well each sign has found those who are often wrong.

A sign is a reason to look, no finding: on four public sets speed alone found nobody, agreement with the others did.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from app.analytics.shares import PeopleShare, share_of

__all__ = [
    "FEWEST_KNOWN",
    "MARGIN",
    "QUICK",
    "SIGNALS",
    "WITHIN_SECONDS",
    "Finds",
    "RaterSigns",
    "Signs",
    "rater_signs",
]

WITHIN_SECONDS: Final = 3.0
QUICK: Final = 1 / 3
"""Part of the item's median time below which a judgment is quick."""
FEWEST_KNOWN: Final = 10
"""Ratings of known items from which on a rater counts as often wrong or not; by judgement."""
MARGIN: Final = 0.10
"""How far below the median rater's accuracy a rater is called often wrong; by judgement."""
_FEWEST_FOR_INTERVAL = 5
_NOISE = 1e-9
"""Shares that differ by less are equal."""

SIGNALS: Final[Mapping[str, str]] = {
    "within_3s": f"share of answers within {WITHIN_SECONDS:g} seconds",
    "relative_time": "time beside the item's median",
    "top_label": "share of the label that they use most",
    "peers": "agreement with the others, own rating left out",
}
"""Name -> words."""
_SUSPECT: Final[Mapping[str, Callable[["RaterSigns"], float | None]]] = {
    "within_3s": lambda one: one.within_3s,
    "relative_time": lambda one: None if one.relative_time is None else -one.relative_time,
    "top_label": lambda one: one.top_share,
    "peers": lambda one: None if one.peers is None else -one.peers,
}
"""The higher, the more suspect."""


@dataclass(frozen=True, slots=True)
class RaterSigns:
    rater: str
    ratings: int
    timed: int
    """Of these, ratings with a time above 0."""
    within_3s: float | None
    """Share of the timed ones that took three seconds or less."""
    relative_time: float | None
    """Median over the timed ones of the time as a part of the item's median: below 1 is quicker than the others."""
    top_label: str
    top_share: float
    """How often the rater used the label that they use most."""
    peers: float | None
    """Mean over items of the share of the other ratings that say the same; None where nobody else rated."""
    known: int
    """Ratings of items whose label is known."""
    right: float | None
    """Share of these that are right."""
    often_wrong: bool | None
    """Whether `right` lies more than MARGIN below the median rater's; None below FEWEST_KNOWN known ratings."""


@dataclass(frozen=True, slots=True)
class Finds:
    """How well a sign tells raters who are often wrong from the others."""

    signal: str
    auroc: float | None
    """The chance that of two such raters the sign is worse for the one who is often wrong: .5 finds nobody."""
    low: float | None
    high: float | None
    """95 %: Hanley and McNeil, Radiology 143(1), 1982. None with fewer than five of either kind, or at 0 and 1."""
    often_wrong: int
    others: int
    reason: str | None
    """Why it is undefined."""


@dataclass(frozen=True, slots=True)
class Signs:
    judgments: PeopleShare
    """Single ratings that are right, of those to items whose label is known."""
    quick: PeopleShare
    """The same of ratings in less than a third of the item's median time."""
    others: PeopleShare
    """The same of the other timed ratings."""
    raters: list[RaterSigns]
    """Lowest agreement with the others first."""
    finds: list[Finds]
    median_right: float | None
    """Of raters with FEWEST_KNOWN known ratings."""


def rater_signs(frame: pd.DataFrame) -> Signs:
    """`frame`: item, rater, value and gold (text; gold None where unknown), seconds (nan where unknown), one row per rating.

    A rater's further rating of an item counts as one more rating, and their first one among the others, as in the figures
    that were published of such sets. Items with one
    timed rating say nothing about speed. Right and wrong come from known items only.
    """
    rows = frame.reset_index(drop=True)
    seconds = rows["seconds"].where(rows["seconds"] > 0)
    median = seconds.groupby(rows["item"]).transform("median")
    several = seconds.groupby(rows["item"]).transform("count") > 1
    part = (seconds / median).where(several)
    known = rows["gold"].notna()
    right = (rows["value"] == rows["gold"]).where(known)
    same = rows.groupby(["item", "value"])["rater"].transform("size") - 1
    more = rows.groupby("item")["rater"].transform("size") - 1
    table = rows.assign(
        within=(seconds <= WITHIN_SECONDS).astype(float).where(seconds.notna()),
        part=part,
        right=right.astype(float),
        peers=(same / more).where(more > 0),
        timed=seconds.notna(),
        known=known,
    )
    of_rater = table.groupby("rater", sort=False).agg(
        ratings=("item", "size"),
        timed=("timed", "sum"),
        within=("within", "mean"),
        part=("part", "median"),
        peers=("peers", "mean"),
        known=("known", "sum"),
        right=("right", "mean"),
    )
    tops = table.groupby(["rater", "value"], sort=False).size().reset_index(name="n")
    tops = tops.sort_values("n", ascending=False, kind="stable").drop_duplicates("rater").set_index("rater")
    label, often = tops["value"].to_dict(), tops["n"].to_dict()
    enough = of_rater[of_rater["known"] >= FEWEST_KNOWN]
    middle = float(enough["right"].median()) if len(enough) else None
    raters = []
    for name, one in of_rater.to_dict("index").items():
        raters.append(
            RaterSigns(
                rater=str(name),
                ratings=int(one["ratings"]),
                timed=int(one["timed"]),
                within_3s=_known(one["within"]),
                relative_time=_known(one["part"]),
                top_label=str(label[name]),
                top_share=often[name] / one["ratings"],
                peers=_known(one["peers"]),
                known=int(one["known"]),
                right=_known(one["right"]),
                often_wrong=None
                if middle is None or one["known"] < FEWEST_KNOWN
                else bool(middle - one["right"] > MARGIN + _NOISE),
            )
        )
    judged = rows.loc[known, "rater"], right[known].astype(bool)
    quick, timed = part < QUICK, part.notna()

    def share(of: "pd.Series[bool]") -> PeopleShare:
        return share_of(judged[0][of[known]], judged[1][of[known]])

    return Signs(
        judgments=share(known),
        quick=share(quick),
        others=share(timed & ~quick),
        raters=sorted(raters, key=lambda one: (one.peers is None, one.peers or 0.0, one.rater)),
        finds=[_finds(name, raters) for name in SIGNALS],
        median_right=middle,
    )


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _finds(signal: str, raters: list[RaterSigns]) -> Finds:
    of = _SUSPECT[signal]
    decided = [(value, one.often_wrong) for one in raters if one.often_wrong is not None and (value := of(one)) is not None]  # fmt: skip
    scores = np.asarray([value for value, _ in decided], dtype=float)
    bad = np.asarray([wrong for _, wrong in decided], dtype=bool)
    n, others = int(bad.sum()), int((~bad).sum())
    if not n or not others:
        reason = (
            f"no rater has {FEWEST_KNOWN} ratings of known items and this sign"
            if not len(bad)
            else f"of {len(bad)} raters {'all' if n else 'none'} are often wrong"
        )
        return Finds(signal, None, None, None, n, others, reason)
    ranks = pd.Series(scores).rank().to_numpy()
    area = float((ranks[bad].sum() - n * (n + 1) / 2) / (n * others))
    low = high = None
    if min(n, others) >= _FEWEST_FOR_INTERVAL and 0 < area < 1:
        first, second = area / (2 - area), 2 * area**2 / (1 + area)
        spread = area * (1 - area) + (n - 1) * (first - area**2) + (others - 1) * (second - area**2)
        half = 1.959963984540054 * float(np.sqrt(spread / (n * others)))
        low, high = max(0.0, area - half), min(1.0, area + half)
    return Finds(signal, area, low, high, n, others, None)
