"""How mild or strict each person scores, beside the others on the same answers."""

from dataclasses import dataclass

import pandas as pd

__all__ = ["Severity", "severities"]

_SHRINK = 10
"""Scores that the assumption of an ordinary person counts as much as. By judgement."""


@dataclass(frozen=True, slots=True)
class Severity:
    rater: str
    n: int
    """Scores on answers that others scored too, or all where nobody's answers overlap."""
    offset: float
    """Levels above the others, shrunken to zero: positive is mild."""
    compared: bool
    """Whether the others scored the same answers; else it is against the mean of all scores, and people who got
    worse answers look strict."""


def severities(people: pd.DataFrame) -> list[Severity]:
    """`people`: question, item, rater, number, one row per score; the mildest first."""
    if people.empty:
        return []
    by_item = people.groupby(["question", "item"])["number"]
    count, total = by_item.transform("count"), by_item.transform("sum")
    shared = count >= 2
    compared = bool(shared.any())
    if compared:
        rows = people[shared]
        reference = ((total - people["number"]) / (count - 1))[shared]
    else:
        rows = people
        reference = people.groupby("question")["number"].transform("mean")
    gaps = (rows["number"] - reference).groupby(rows["rater"]).agg(["mean", "count"])
    found = [
        Severity(
            str(rater),
            int(row["count"]),
            float(row["mean"] * row["count"] / (row["count"] + _SHRINK)),
            compared,
        )
        for rater, row in gaps.iterrows()
    ]
    return sorted(found, key=lambda one: -one.offset)
