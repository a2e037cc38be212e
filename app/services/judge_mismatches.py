"""Where judge and people are apart: the answers behind a cell, the worst first, and why a QA lead thinks they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from app.clock import utc_now
from app.errors import Invalid, NotFound
from app.services import policy
from app.services.audit_log import record_action
from app.services.context import Actor, Context
from app.services.judge_scores import ScoredCriterion, scored_criteria
from db.engine import Session, reading, transaction
from db.records import ProjectRecord
from db.store import annotations, human_scores, items, verdicts

__all__ = ["CAUSES", "Confusion", "Mismatch", "confusion", "mismatches", "note_mismatch"]

CAUSES: Mapping[str, str] = {
    "judge_wrong": "the judge is wrong",
    "people_wrong": "people are wrong",
    "rubric_unclear": "the rubric is unclear",
    "answer_ambiguous": "the answer allows both",
    "both_right": "neighbouring levels, both right",
}


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often people gave a level where the judge gave another: one count per score of a person."""

    scale: tuple[int, ...]
    counts: list[list[int]]
    """[people's level][judge's level], in the order of the scale."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One answer on one criterion, with everything that helps to see who is right."""

    answer_id: int | None
    external_id: str
    text: str
    """The answer; empty for imported ratings."""
    judge: float
    rationale: str
    evidence: list[str]
    people: dict[str, float]
    """Login -> level."""
    gap: float
    """Judge minus the mean of people, in levels."""
    cause: str | None


def _criterion(session: Session, project: ProjectRecord, key: tuple[int | None, str, str]) -> ScoredCriterion:
    for one in scored_criteria(session, project):
        if (one.rubric_version_id, one.criterion, one.judge) == key:
            return one
    raise NotFound(f"nobody has scored {key[1]!r} beside {key[2]!r}")


def confusion(ctx: Context, actor: Actor, project_id: int, key: tuple[int | None, str, str]) -> Confusion:
    """`key`: rubric version id, criterion, judge, as in CriterionQuality."""
    with reading(ctx.engine) as session:
        one = _criterion(session, policy.require(session, actor, project_id, "see_quality"), key)
    rows = _fair(one.rows).dropna(subset="level")
    table = pd.crosstab(rows["human"].astype(int), rows["level"].astype(int))
    table = table.reindex(index=one.scale, columns=one.scale, fill_value=0)
    return Confusion(one.scale, [[int(count) for count in row] for row in table.to_numpy()])


def _fair(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["drawn"] == "lot"].dropna(subset=["human", "score"])


def mismatches(
    ctx: Context,
    actor: Actor,
    project_id: int,
    key: tuple[int | None, str, str],
    *,
    people: int | None = None,
    judge: int | None = None,
    limit: int = 20,
) -> list[Mismatch]:
    """The answers with the largest gap first; of one cell of the confusion where `people` and `judge` are given."""
    with reading(ctx.engine) as session:
        one = _criterion(session, policy.require(session, actor, project_id, "read_all"), key)
        rows = one.rows.dropna(subset=["human", "score"])
        if people is not None and judge is not None:
            cell = _fair(rows)
            inside = cell[(cell["human"] == people) & (cell["level"] == judge)]["answer"]
            rows = rows[rows["answer"].isin(inside)]
        causes = human_scores.mismatch_causes(session, project_id)
        found = []
        for _, group in rows.groupby("answer", sort=False):
            first = group.iloc[0]
            gap = float(first["score"] - group["human"].mean())
            found.append((abs(gap), gap, first, group))
        if people is None or judge is None:
            found = [row for row in found if row[0] > 0]
        found.sort(key=lambda row: -row[0])
        out = []
        for _, gap, first, group in found[:limit]:
            answer_id = None if one.rubric_version_id is None else int(first["answer_id"])
            said = _said(session, answer_id, one) if answer_id is not None else {}
            out.append(
                Mismatch(
                    answer_id=answer_id,
                    external_id=str(first["external_id"]),
                    text=_text(session, answer_id),
                    judge=float(first["score"]),
                    rationale=said.get("rationale", ""),
                    evidence=[entry["quote"] for entry in said.get("evidence", [])],
                    people={
                        str(rater): float(level)
                        for rater, level in zip(group["rater"], group["human"], strict=True)
                    },
                    gap=gap,
                    cause=causes.get((answer_id, one.rubric_version_id, one.criterion))
                    if answer_id is not None and one.rubric_version_id is not None
                    else None,
                )
            )
        return out


def _text(session: Session, answer_id: int | None) -> str:
    answer = annotations.answer_by_id(session, answer_id) if answer_id is not None else None
    return str(answer.value[0]) if answer else ""


def _said(session: Session, answer_id: int, one: ScoredCriterion) -> dict[str, Any]:
    """What this version of the judge said about the criterion."""
    for verdict in reversed(verdicts.verdicts_of_answers(session, [answer_id])[answer_id]):
        judge = f"{verdict['model']} {verdict['prompt_version']}"
        if one.deterministic or judge == one.judge:
            return next((score for score in verdict["criteria"] if score["id"] == one.criterion), {})
    return {}


def note_mismatch(
    ctx: Context,
    actor: Actor,
    project_id: int,
    *,
    answer_id: int,
    rubric_version_id: int,
    criterion: str,
    cause: str | None,
) -> None:
    """Say why judge and people are apart on an answer; None takes it back. The last word counts."""
    if cause is not None and cause not in CAUSES:
        raise Invalid(f"cause {cause!r}; there are {', '.join(CAUSES)}")
    with transaction(ctx.engine) as session:
        policy.require(session, actor, project_id, "decide")
        answer = annotations.answer_by_id(session, answer_id)
        annotation = annotations.annotation_by_id(session, answer.annotation_id) if answer else None
        item = items.item_by_id(session, annotation.item_id) if annotation else None
        if item is None or item.project_id != project_id:
            raise NotFound(f"no answer {answer_id} in this project")
        human_scores.note_cause(
            session,
            answer_id=answer_id,
            rubric_version_id=rubric_version_id,
            criterion=criterion,
            cause=cause,
            noted_by=actor.login,
            now=utc_now(),
        )
        record_action(
            session, actor, "judge.mismatch", project_id, answer=answer_id, criterion=criterion, cause=cause
        )
