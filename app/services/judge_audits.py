"""Audits of the judge kept with a project, for its page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.clock import utc_now
from app.errors import Invalid
from app.services import policy
from app.services.audit_log import record_action
from app.services.context import Actor, Context
from db.engine import reading, transaction
from db.store import judge_audits
from judge import JudgeError
from judge.probes import AuditReport

__all__ = ["KeptAudit", "keep_audit", "kept_audits"]


@dataclass(frozen=True, slots=True)
class KeptAudit:
    report: AuditReport
    added_by: str
    added_at: datetime


def keep_audit(ctx: Context, actor: Actor, project_id: int, document: Mapping[str, Any]) -> None:
    """Keep a report that `milo judge audit --out` wrote; the same one twice is kept once. Raises Invalid."""
    try:
        report = AuditReport.from_json(document)
    except JudgeError as error:
        raise Invalid(str(error)) from error
    with transaction(ctx.engine) as session:
        policy.require(session, actor, project_id, "decide")
        judge_audits.add_audit(
            session, project_id=project_id, report=report.to_json(), added_by=actor.login, now=utc_now()
        )
        record_action(
            session, actor, "judge.audit", project_id, model=report.model, rubric=report.rubric_hash
        )


def kept_audits(ctx: Context, actor: Actor, project_id: int) -> list[KeptAudit]:
    """Newest first."""
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "see_quality")
        return [
            KeptAudit(AuditReport.from_json(row.report), row.added_by, row.created_at)
            for row in judge_audits.audits_of(session, project_id)
        ]
