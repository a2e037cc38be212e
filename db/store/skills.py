"""How good agents were on gold, as measured and kept."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models import AgentSkill
from db.records import SkillRecord, record_of

__all__ = ["add_skill", "latest_figures", "skills_of"]


def add_skill(session: Session, **values: Any) -> None:
    session.add(AgentSkill(**values))


def skills_of(session: Session, project_id: int) -> list[SkillRecord]:
    """All that was ever measured in a project, newest first."""
    rows = session.scalars(
        select(AgentSkill).where(AgentSkill.project_id == project_id).order_by(AgentSkill.id.desc())
    )
    return [record_of(SkillRecord, row) for row in rows]


def latest_figures(session: Session, project_id: int, agent: str) -> dict[str, dict[str, Any]]:
    """Question -> figures of the newest measurement of this agent."""
    rows = session.scalars(
        select(AgentSkill)
        .where(AgentSkill.project_id == project_id, AgentSkill.agent == agent)
        .order_by(AgentSkill.id)
    )
    return {row.question: row.figures for row in rows}
