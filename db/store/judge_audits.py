"""Reports of audits of the judge, as they were written."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models import JudgeAudit

__all__ = ["StoredAudit", "add_audit", "audits_of"]


@dataclass(frozen=True, slots=True)
class StoredAudit:
    id: int
    report: dict[str, Any]
    added_by: str
    created_at: datetime


def add_audit(
    session: Session, *, project_id: int, report: Mapping[str, Any], added_by: str, now: datetime
) -> None:
    """Insert a report; the same one of the same project is kept once."""
    known = session.scalars(select(JudgeAudit.report).where(JudgeAudit.project_id == project_id))
    if any(row == dict(report) for row in known):
        return
    session.add(
        JudgeAudit(
            project_id=project_id,
            rubric_hash=report["rubric_hash"],
            model=report["model"],
            report=dict(report),
            added_by=added_by,
            created_at=now,
        )
    )


def audits_of(session: Session, project_id: int) -> list[StoredAudit]:
    """Newest first."""
    rows = session.scalars(
        select(JudgeAudit).where(JudgeAudit.project_id == project_id).order_by(JudgeAudit.id.desc())
    )
    return [StoredAudit(row.id, row.report, row.added_by, row.created_at) for row in rows]
