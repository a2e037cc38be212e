"""What the judge may do on a criterion: only what its measured agreement with people allows.

Open: its scores may be relied on, prefilled and pass answers by themselves. Closed: they are advice, marked as
unproven, or hidden where the project wants that. A new model, prompt or rubric starts closed, and a judge that
drifts away from people closes by itself.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from app.analytics.alignment import Alignment, align
from app.services.arms import workplace_of
from app.services.judge_scores import BY_RULE, ScoredCriterion, judge_of, scored_criteria
from db.engine import Engine, Session
from db.records import ProjectRecord
from rubrics import Rubric

__all__ = ["Gate", "GateState", "Gates", "aligned", "gate_for", "gate_of", "gates_of_project", "rubric_open"]

GateState = Literal["rule", "advisory", "doubtful", "drifted", "proven"]
"""rule: a deterministic check, which errs the same way for everybody and is open. advisory: too few scores of people.
doubtful: the agreement may lie below the set level. drifted: it did not, and among the newest scores it does."""

_RECENT = 30
"""Newest scores that are looked at by themselves for drift."""
_FRESH_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Gate:
    state: GateState
    n: int
    """Scores of people by lot beside this version of the judge."""
    needed: int
    level: float
    """What the lower end of the interval of kappa must reach."""
    low: float | None
    """The lower end; None below ten answers, however many people scored each of them."""
    recent: float | None
    """Kappa among the newest scores; None below thirty."""

    @property
    def open(self) -> bool:
        return self.state in ("rule", "proven")


def aligned(rows: pd.DataFrame, scale: Sequence[int]) -> Alignment:
    """The judge beside people: `rows` as in ScoredCriterion, with a level of both."""
    return align(
        rows["level"].astype(int).to_list(),
        rows["human"].astype(int).to_list(),
        scale,
        answers=rows["answer"].to_list(),
    )


def gate_of(one: ScoredCriterion, *, level: float, needed: int) -> Gate:
    """The gate of one criterion and version of the judge."""
    rows = one.rows[one.rows["drawn"] == "lot"].dropna(subset=["human", "level"])
    n = len(rows)
    if not one.scale:
        return Gate("advisory", n, needed, level, None, None)
    found = aligned(rows, one.scale)
    newest = aligned(rows.tail(_RECENT), one.scale) if n >= _RECENT else None
    recent = newest.kappa if newest else None
    state: GateState
    if n < needed:
        state = "advisory"
    elif found.low is None or found.low < level:
        state = "doubtful"
    elif n > _RECENT and newest is not None and (newest.high is not None and newest.high < found.low):
        state = "drifted"
    else:
        state = "proven"
    if one.deterministic and state == "advisory":
        state = "rule"
    return Gate(state, n, needed, level, found.low, recent)


Gates = Mapping[tuple[int, str, str], Gate]
"""(rubric version id, criterion, version of the judge or BY_RULE) -> its gate; what nobody scored beside is missing."""

_known: dict[tuple[str, int, str], tuple[float, Gates]] = {}


def gates_of_project(engine: Engine, session: Session, project: ProjectRecord) -> Gates:
    """The gate of every version of the judge: what one has earned opens nothing for another. Up to half a minute old:
    every page of feedback asks.
    """
    key = (str(engine.url), project.id, project.created_at.isoformat())
    cached = _known.get(key)
    if cached is not None and time.monotonic() < cached[0]:
        return cached[1]
    workplace = workplace_of(project)
    gates = {
        (one.rubric_version_id, one.criterion, one.judge): gate_of(
            one, level=workplace.judge_level, needed=workplace.judge_needed
        )
        for one in scored_criteria(session, project)
        if one.rubric_version_id is not None
    }
    _known[key] = (time.monotonic() + _FRESH_SECONDS, gates)
    return gates


def gate_for(gates: Gates, verdict: Mapping[str, Any], criterion: str) -> Gate | None:
    """The gate that stands before this verdict on a criterion; None where nobody has scored beside its judge."""
    version = verdict["rubric_version_id"]
    return gates.get((version, criterion, BY_RULE)) or gates.get((version, criterion, judge_of(verdict)))


def rubric_open(rubric: Rubric, verdict: Mapping[str, Any], gates: Gates) -> bool:
    """Whether every required criterion of a verdict may be relied on."""
    for criterion in rubric.criteria:
        gate = gate_for(gates, verdict, criterion.id)
        if criterion.required and not (gate.open if gate else criterion.check is not None):
            return False
    return True
