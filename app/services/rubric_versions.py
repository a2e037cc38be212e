"""The versions of rubrics that a project's answers were judged on."""

from dataclasses import dataclass

from app.services import policy
from app.services.context import Actor, Context
from db import judge_frames
from db.engine import reading
from db.store import projects

__all__ = ["VersionInUse", "versions_in_use"]


@dataclass(frozen=True, slots=True)
class VersionInUse:
    id: int
    name: str
    version: int
    answers: int
    """Answers with a verdict on it."""


def versions_in_use(ctx: Context, actor: Actor, project_id: int) -> list[VersionInUse]:
    """Oldest first."""
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "see_quality")
        totals = judge_frames.newest_totals(session, project_id)
        found = []
        for id_, count in totals["rubric_version_id"].value_counts().sort_index().items():
            record = projects.rubric_by_id(session, int(str(id_)))
            if record is not None:
                found.append(VersionInUse(record.id, record.name, record.version, int(count)))
        return found
