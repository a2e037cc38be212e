"""How far a project is, and when it will be done at the pace of the last week."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.clock import utc_now
from app.services import policy
from app.services.context import Actor, Context
from db.engine import reading
from db.store import progress
from db.store.progress import ProjectCounts

__all__ = ["ProjectProgress", "project_progress"]

_DAYS = 7


@dataclass(frozen=True, slots=True)
class ProjectProgress:
    counts: ProjectCounts
    overlap: float | None
    """Answers per answered item; None before the first answer."""
    per_day: float
    """First submissions a day, over the last seven days."""
    expected: datetime | None
    """When nothing will be wanted any more, at that pace; None when nothing is wanted or nothing came."""


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
        expected=now + timedelta(days=counts.wanted / per_day) if counts.wanted and per_day else None,
    )
