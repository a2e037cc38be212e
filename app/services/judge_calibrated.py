"""What people would give where the judge gave this: its calibrated score, and the chance to be near a person.

Fitted on people's blind scores for each criterion and version of the judge. The raw score stays and is shown beside.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from app.analytics.judge_calibration import Calibration, Confidence, confidence, fit_calibration
from app.services.judge_scores import ScoredCriterion, judge_of, scored_criteria
from db.engine import Engine, Session
from db.records import ProjectRecord

__all__ = ["Calibrated", "add_calibrated", "calibrated_of", "calibrated_of_project", "judged_together"]

_FRESH_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Calibrated:
    """One criterion under one version of the judge."""

    calibration: Calibration
    confidence: Confidence
    criteria: tuple[str, ...]
    """Whose scores the calibration takes, in its order."""
    criterion: str

    def score(self, raw: Mapping[str, float | None]) -> float | None:
        """The calibrated score from the raw ones by criterion; None without a calibration or where one is missing."""
        values = [raw.get(name) for name in self.criteria]
        if self.calibration.kind == "none" or any(value is None for value in values):
            return None
        row = np.asarray([values], dtype=float)
        return float(self.calibration.apply(row, self.criteria.index(self.criterion))[0])


def judged_together(found: Sequence[ScoredCriterion], one: ScoredCriterion) -> list[ScoredCriterion]:
    """The criteria that the same version of the judge scored, rules left out."""
    return [
        other for other in found
        if (other.rubric_version_id, other.judge) == (one.rubric_version_id, one.judge) and not other.deterministic
    ]  # fmt: skip


def calibrated_of(one: ScoredCriterion, together: Sequence[ScoredCriterion]) -> Calibrated:
    """Fitted on the answers, drawn by lot, that have a score of every criterion of this judge."""
    both = one.rows[one.rows["drawn"] == "lot"].dropna(subset=["human", "score"])
    people = both.groupby("answer")["human"].mean().reindex(both["answer"].drop_duplicates())
    sides = together if not one.deterministic else [one]
    columns = {
        other.criterion: other.rows.dropna(subset="score")
        .drop_duplicates("answer")
        .set_index("answer")["score"]
        for other in sides
    }
    table = pd.DataFrame(columns).reindex(people.index).dropna()
    target = people.reindex(table.index)
    lowest, highest = (
        (min(one.scale), max(one.scale)) if one.scale else (float(people.min()), float(people.max()))
        if len(people) else (0.0, 1.0)
    )  # fmt: skip
    fitted = fit_calibration(
        table.to_numpy(float),
        target.to_numpy(float),
        list(columns).index(one.criterion),
        lowest=lowest,
        highest=highest,
    )
    near = confidence(both["score"].to_numpy(float), both["human"].to_numpy(float), both["answer"].to_list())
    return Calibrated(fitted, near, tuple(columns), one.criterion)


_known: dict[tuple[str, int, str], tuple[float, Mapping[tuple[int, str, str], Calibrated]]] = {}


def calibrated_of_project(
    engine: Engine, session: Session, project: ProjectRecord
) -> Mapping[tuple[int, str, str], Calibrated]:
    """(rubric version id, criterion, version of the judge) -> what is known; rules and criteria without an order are
    not in it. Up to half a minute old: every page of feedback asks.
    """
    key = (str(engine.url), project.id, project.created_at.isoformat())
    cached = _known.get(key)
    if cached is not None and time.monotonic() < cached[0]:
        return cached[1]
    found = scored_criteria(session, project)
    known = {
        (one.rubric_version_id, one.criterion, one.judge): calibrated_of(one, judged_together(found, one))
        for one in found
        if one.rubric_version_id is not None and not one.deterministic and _ordered(one)
    }
    _known[key] = (time.monotonic() + _FRESH_SECONDS, known)
    return known


def _ordered(one: ScoredCriterion) -> bool:
    criteria = one.rubric.criteria if one.rubric else ()
    return any(criterion.id == one.criterion and criterion.scale != "nominal" for criterion in criteria)


def add_calibrated(row: Mapping[str, Any], known: Mapping[tuple[int, str, str], Calibrated]) -> None:
    """Give each scored criterion of a verdict its `calibrated` score (or None) and its `confidence`: {n, share,
    interval}, without a share below twenty scores of people; None where nobody scored beside this judge.
    """
    judge = judge_of(row)
    raw = {score["id"]: score["score"] for score in row["criteria"]}
    for score in row["criteria"]:
        one = known.get((row["rubric_version_id"], score["id"], judge))
        scored = one is not None and score["level"] is not None
        score["calibrated"] = one.score(raw) if one and scored else None
        score["confidence"] = asdict(one.confidence) if one and scored else None
