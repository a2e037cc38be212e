"""Preferences between two things: whether the side on which one stood decides.

Answers name the thing, not the side, so agreement on them needs no correction; what the side does is a figure of its
own. Source of the effect: Wang et al., "Large Language Models are not Fair Evaluators", ACL 2024, for judges.
"""

from dataclasses import dataclass

import orjson
import pandas as pd

from app.analytics.shares import PeopleShare, share_of
from app.schema import PairwiseQuestion
from app.services.context import Context
from app.services.projects import schema_of
from app.services.rating_circumstances import rated
from db.engine import Session
from db.records import ProjectRecord
from db.store import projects

__all__ = ["PreferenceOrder", "preference_orders"]

_SIDES = ("left", "right")
_COLUMN = "shown_first"
"""Of an imported table: left or right, whichever stood first on the screen."""


@dataclass(frozen=True, slots=True)
class PreferenceOrder:
    question: str
    title: str
    rater_kind: str
    first: PeopleShare
    """Preferences for what stood first, of all that are no tie and whose order is known."""
    ties: int
    unknown: int
    """Preferences whose order is not known: imported ones without a column `shown_first`."""


def preference_orders(ctx: Context, session: Session, project: ProjectRecord) -> list[PreferenceOrder]:
    """Of each question that asks which of two is better, kinds of raters apart."""
    latest = projects.latest_schema(session, project.id)
    found = []
    for question in schema_of(latest).questions if latest else ():
        if not isinstance(question, PairwiseQuestion):
            continue
        frame = rated(ctx, session, project, question.id)
        for kind, rows in frame.groupby("rater_kind", sort=False, observed=True):
            chosen = rows[rows["value"].isin(_SIDES)]
            first = pd.Series([_first(*cells) for cells in zip(chosen["shown_first"], chosen["meta"], strict=True)],
                              index=chosen.index, dtype=object)  # fmt: skip
            known = first.notna()
            found.append(
                PreferenceOrder(
                    question=question.id,
                    title=question.title,
                    rater_kind=str(kind),
                    first=share_of(chosen["rater"][known], chosen["value"][known] == first[known]),
                    ties=int((rows["value"] == "tie").sum()),
                    unknown=int((~known).sum()),
                )
            )
    return found


def _first(shown_first: str | None, meta: str | None) -> str | None:
    if shown_first is not None:
        return shown_first
    said = orjson.loads(meta).get(_COLUMN) if isinstance(meta, str) else None
    return said if said in _SIDES else None
