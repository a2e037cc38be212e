"""How far a project is, and when it will be done at the pace of the last week."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.clock import utc_now
from app.services import policy
from app.services.context import Actor, Context
from db.engine import reading
from db.store import progress
from db.store.progress import ProjectCounts

__all__ = ["ItemsByAnswers", "OverlapProgress", "ProjectProgress", "overlap_progress", "project_progress"]

_DAYS = 7


@dataclass(frozen=True, slots=True)
class ProjectProgress:
    counts: ProjectCounts
    overlap: float | None
    """Answers per answered item; None before the first answer."""
    per_day: float
    """First submissions a day, over the last seven days."""
    expected: datetime | None
    """When nothing will be wanted any more, nor given back to an author, at that pace; None when nothing is or nothing
    came."""


def project_progress(ctx: Context, actor: Actor, project_id: int) -> ProjectProgress:
    now = utc_now()
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "see_time")
        counts = progress.project_counts(session, project_id)
        recent = progress.submitted_since(session, project_id, now - timedelta(days=_DAYS))
    per_day = recent / _DAYS
    return ProjectProgress(
        counts=counts,
        overlap=counts.answers / counts.answered_items if counts.answered_items else None,
        per_day=per_day,
        expected=now + timedelta(days=(counts.wanted + counts.returned) / per_day)
        if (counts.wanted or counts.returned) and per_day
        else None,
    )


@dataclass(frozen=True, slots=True)
class ItemsByAnswers:
    answers: int
    items: int
    through: int
    """Of these, items that want no more: nobody holds them, and no answer was given back."""


@dataclass(frozen=True, slots=True)
class OverlapProgress:
    """How many items have none, one, two … of the answers that they want."""

    overlap: int
    """Answers that the project wants an item."""
    rows: list[ItemsByAnswers]
    """From no answer to the most that an item has; every number up to the overlap."""
    items: int
    through: int
    any_answer: int
    """Items with at least one answer that counts."""


def overlap_progress(ctx: Context, actor: Actor, project_id: int) -> OverlapProgress:
    """Answers count while they are submitted and no review has rejected them since."""
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "see_quality")
        found = progress.items_by_answers(session, project_id)
    items: dict[int, list[int]] = {count: [0, 0] for count in range(project.overlap + 1)}
    for answers, done, count in found:
        of_number = items.setdefault(answers, [0, 0])
        of_number[0] += count
        of_number[1] += count if done else 0
    rows = [ItemsByAnswers(answers, *counts) for answers, counts in sorted(items.items())]
    total = sum(row.items for row in rows)
    return OverlapProgress(
        overlap=project.overlap,
        rows=rows,
        items=total,
        through=sum(row.through for row in rows),
        any_answer=total - rows[0].items,
    )
