"""Verdicts on suggestions: what is to be judged, and what came of it. They lie beside those on people's answers."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from db.models import Call, Item, Suggestion, Verdict

__all__ = [
    "SuggestionToJudge",
    "SuggestionVerdict",
    "judged_suggestions",
    "newest_verdict",
    "suggestion_to_judge",
    "suggestions_to_judge",
    "totals_of_question",
]


@dataclass(frozen=True, slots=True)
class SuggestionToJudge:
    """The newest suggestion to one question of an item, with what the judge needs of it."""

    suggestion_id: int
    item_id: int
    question: str
    value: Any
    rationale: str
    rubric_version_id: int | None
    """The item's own; None: the project's."""


@dataclass(frozen=True, slots=True)
class SuggestionVerdict:
    """The newest verdict on a suggestion."""

    verdict_id: int
    suggestion_id: int
    item_id: int
    external_id: str
    question: str
    value: Any
    model: str
    """That made the suggestion."""
    judge: str
    total: float | None
    passed: bool | None
    reason: str | None
    flags: list[str]


_TO_JUDGE = (
    Suggestion.id,
    Suggestion.item_id,
    Suggestion.question,
    Suggestion.value,
    Suggestion.rationale,
    Item.rubric_version_id,
)


def suggestions_to_judge(
    session: Session,
    project_id: int,
    *,
    agent_id: int | None = None,
    builtin: bool = False,
    unstored: bool = False,
    model: str | None = None,
) -> list[SuggestionToJudge]:
    """The newest suggestion to each question of each current item, in order of import, wrong ones on purpose and
    probes left out; of a stored agent, of the built-in classifier, of the agent without a record (`unstored`) or of
    a model's name where that is given.
    """
    newest = _newest(project_id)
    if agent_id is not None:
        newest = newest.where(Suggestion.agent_id == agent_id)
    elif builtin:
        newest = newest.where(Suggestion.builtin)
    elif unstored:
        newest = newest.where(
            Suggestion.agent_id.is_(None), Suggestion.builtin.is_(False), Suggestion.call_id.is_not(None)
        )
    elif model is not None:
        newest = newest.where(Suggestion.model == model)
    rows = session.execute(
        select(*_TO_JUDGE)
        .join(Item, Item.id == Suggestion.item_id)
        .where(Suggestion.id.in_(newest))
        .order_by(Item.position, Suggestion.id)
    )
    return [_to_judge(row) for row in rows]


def suggestion_to_judge(session: Session, suggestion_id: int) -> SuggestionToJudge | None:
    row = session.execute(
        select(*_TO_JUDGE).join(Item, Item.id == Suggestion.item_id).where(Suggestion.id == suggestion_id)
    ).first()
    return None if row is None else _to_judge(row)


def _to_judge(row: Any) -> SuggestionToJudge:
    suggestion_id, item_id, question, value, rationale, rubric_version_id = row
    return SuggestionToJudge(suggestion_id, item_id, question, value[0], rationale, rubric_version_id)


def _newest(project_id: int) -> Select[int]:
    return (
        select(func.max(Suggestion.id))
        .join(Item, Item.id == Suggestion.item_id)
        .where(
            Item.project_id == project_id,
            Item.is_current,
            Suggestion.planted.is_(False),
            Suggestion.probe.is_(False),
        )
        .group_by(Suggestion.item_id, Suggestion.question)
    )


def newest_verdict(session: Session, project_id: int) -> int:
    """Id of the newest verdict on a suggestion of the project; 0 without one. It says when to look again."""
    return (
        session.scalar(
            select(func.max(Verdict.id))
            .join(Suggestion, Suggestion.id == Verdict.suggestion_id)
            .join(Item, Item.id == Suggestion.item_id)
            .where(Item.project_id == project_id)
        )
        or 0
    )


def totals_of_question(session: Session, project_id: int, question: str) -> dict[int, float]:
    """Suggestion -> total of its newest verdict, where that has one."""
    newest = (
        select(func.max(Verdict.id))
        .join(Suggestion, Suggestion.id == Verdict.suggestion_id)
        .join(Item, Item.id == Suggestion.item_id)
        .where(Item.project_id == project_id, Suggestion.question == question)
        .group_by(Verdict.suggestion_id)
    )
    rows = session.execute(
        select(Verdict.suggestion_id, Verdict.total).where(Verdict.id.in_(newest), Verdict.total.is_not(None))
    )
    return {
        suggestion_id: total
        for suggestion_id, total in rows
        if suggestion_id is not None and total is not None
    }


def judged_suggestions(
    session: Session,
    project_id: int | None,
    *,
    job_id: int | None = None,
    suggestion_ids: Sequence[int] | None = None,
    every: bool = False,
) -> list[SuggestionVerdict]:
    """The newest verdict on each suggestion, in order of import: of the newest suggestion to each question of a
    project, else of those that a job of the judge was about, of these, or of every suggestion of the project.
    """
    later = aliased(Verdict)
    statement = (
        select(
            Verdict.id,
            Suggestion.id,
            Item.id,
            Item.external_id,
            Suggestion.question,
            Suggestion.value,
            Suggestion.model,
            Verdict.model,
            Verdict.total,
            Verdict.passed,
            Verdict.reason,
            Verdict.flags,
        )
        .join(Suggestion, Suggestion.id == Verdict.suggestion_id)
        .join(Item, Item.id == Suggestion.item_id)
        .where(
            Verdict.id == select(func.max(later.id)).where(later.suggestion_id == Suggestion.id).scalar_subquery(),
        )
        .order_by(Item.position, Suggestion.id)
    )  # fmt: skip
    if job_id is not None:
        statement = statement.join(Call, Call.id == Verdict.call_id).where(Call.job_id == job_id)
    elif suggestion_ids is not None:
        statement = statement.where(Suggestion.id.in_(suggestion_ids))
    elif every:
        statement = statement.where(Item.project_id == project_id)
    elif project_id is not None:
        statement = statement.where(Suggestion.id.in_(_newest(project_id)))
    names = [field.name for field in fields(SuggestionVerdict)]
    rows = [dict(zip(names, row, strict=True)) for row in session.execute(statement)]
    return [
        SuggestionVerdict(**row | {"value": row["value"][0], "flags": list(row["flags"])}) for row in rows
    ]
