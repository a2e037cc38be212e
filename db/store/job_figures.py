"""What the calls of a job came to: money, pace, failures, labels."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.models import Call, Gold, Item, Suggestion
from db.store.calls import LAYING_OUT

__all__ = [
    "JobSuggestion",
    "JobTotals",
    "TriedVariant",
    "finished_since",
    "gold_values",
    "invalid_replies",
    "job_failures",
    "job_labels",
    "job_totals",
    "prompt_of",
    "suggestions_of",
    "tried_variants",
]


@dataclass(frozen=True, slots=True)
class JobTotals:
    """Sums over the calls of a job that have ended."""

    ended: int
    prompt_tokens: int
    completion_tokens: int
    unknown_tokens: int
    """Calls with a reply whose tokens the endpoint did not report."""
    cost_usd: float | None
    """None when no call has a known price."""
    unpriced: int
    mean_seconds: float | None
    first: datetime | None
    last: datetime | None
    """When the first and the last call ended."""
    suggestions: int
    near: int
    """Suggestions taken from a label that was merely near."""


def job_totals(session: Session, job_id: int) -> JobTotals:
    ended = (Call.job_id == job_id, Call.status.in_(("done", "failed")), Call.kind.not_in(LAYING_OUT))
    row = session.execute(
        select(
            func.count(),
            func.sum(Call.prompt_tokens),
            func.sum(Call.completion_tokens),
            func.count(Call.prompt_tokens),
            func.sum(Call.cost_usd),
            func.count(Call.cost_usd),
            func.avg(Call.seconds),
            func.min(Call.finished_at),
            func.max(Call.finished_at),
        ).where(*ended)
    ).one()
    given = session.execute(
        select(func.count(), func.count(Suggestion.near_match))
        .join(Call, Call.id == Suggestion.call_id)
        .where(Call.job_id == job_id)
    ).one()
    count, prompt, completion, known, cost, priced, seconds, first, last = row
    return JobTotals(
        ended=count,
        prompt_tokens=int(prompt or 0),
        completion_tokens=int(completion or 0),
        unknown_tokens=count - known,
        cost_usd=None if priced == 0 else float(cost),
        unpriced=count - priced,
        mean_seconds=None if seconds is None else float(seconds),
        first=first,
        last=last,
        suggestions=given[0],
        near=given[1],
    )


def prompt_of(session: Session, job_id: int) -> str | None:
    """Hash of the prompt, but for the item, that the job's suggestions came from; None before the first."""
    statement = (
        select(Suggestion.model_version)
        .join(Call, Call.id == Suggestion.call_id)
        .where(Call.job_id == job_id)
        .order_by(Suggestion.id)
        .limit(1)
    )
    return session.scalar(statement)


def finished_since(session: Session, job_id: int, moment: datetime) -> int:
    statement = select(func.count()).where(Call.job_id == job_id, Call.finished_at >= moment)
    return session.scalar(statement) or 0


def job_failures(session: Session, job_id: int) -> list[tuple[str, int, str, str]]:
    """(outcome, calls, external id of one, its words), the most frequent first."""
    rows = session.execute(
        select(Call.outcome, func.count(), func.min(Call.id))
        .where(Call.job_id == job_id, Call.status == "failed")
        .group_by(Call.outcome)
        .order_by(func.count().desc())
    ).all()
    found = []
    for outcome, count, call_id in rows:
        error, external_id = session.execute(
            select(Call.error, Item.external_id)
            .outerjoin(Item, Item.id == Call.item_id)
            .where(Call.id == call_id)
        ).one()
        found.append((outcome or "unavailable", count, external_id or "", error or ""))
    return found


def invalid_replies(session: Session, job_id: int) -> Iterable[tuple[str, list[dict[str, Any]]]]:
    """(external id, [{question, problem, said}]) of the calls with an answer that the schema does not know."""
    rows = session.execute(
        select(Item.external_id, Call.report)
        .join(Item, Item.id == Call.item_id)
        .where(Call.job_id == job_id, Call.report.is_not(None))
    )
    for external_id, report in rows:
        if report.get("invalid"):
            yield external_id, report["invalid"]


def job_labels(session: Session, job_id: int) -> Iterable[tuple[str, Any, float | None]]:
    """(question, value, confidence) of each suggestion of a job."""
    rows = session.execute(
        select(Suggestion.question, Suggestion.value, Suggestion.confidence)
        .join(Call, Call.id == Suggestion.call_id)
        .where(Call.job_id == job_id)
    )
    for question, value, confidence in rows:
        yield question, value[0], confidence


@dataclass(frozen=True, slots=True)
class JobSuggestion:
    item_id: int
    item: str
    """External id."""
    question: str
    value: Any
    confidence: float | None


def suggestions_of(session: Session, job_id: int) -> Iterable[JobSuggestion]:
    """What a job suggested, one row per item and question."""
    rows = session.execute(
        select(Item.id, Item.external_id, Suggestion.question, Suggestion.value, Suggestion.confidence)
        .join(Suggestion, Suggestion.item_id == Item.id)
        .join(Call, Call.id == Suggestion.call_id)
        .where(Call.job_id == job_id)
    )
    for item_id, external_id, question, value, confidence in rows:
        yield JobSuggestion(item_id, external_id, question, value[0], confidence)


def gold_values(session: Session, project_id: int, split: str) -> dict[tuple[int, str], Any]:
    """(item id, question) -> known value, of one split."""
    rows = session.execute(
        select(Gold.item_id, Gold.question, Gold.value)
        .join(Item, Item.id == Gold.item_id)
        .where(Item.project_id == project_id, Gold.split == split)
    )
    return {(item_id, question): value[0] for item_id, question, value in rows}


@dataclass(frozen=True, slots=True)
class TriedVariant:
    """One call of a search for a better prompt that has ended."""

    variant: int
    item_id: int
    answers: dict[str, Any]
    """Question -> answer; empty where the call failed."""
    cost_usd: float | None
    seconds: float | None


def tried_variants(session: Session, job_id: int) -> Iterable[TriedVariant]:
    rows = session.execute(
        select(Call.spec, Call.report, Call.cost_usd, Call.seconds).where(
            Call.job_id == job_id, Call.status.in_(("done", "failed"))
        )
    )
    for spec, report, cost_usd, seconds in rows:
        answers = (report or {}).get("answers", {})
        yield TriedVariant(spec["variant"], spec["items"][0], answers, cost_usd, seconds)
