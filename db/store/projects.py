"""Projects, their schema and guideline versions, rubric versions and agents."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from db.models import Agent, GuidelineVersion, Item, Project, RubricVersion, SchemaVersion
from db.records import (
    AgentRecord,
    GuidelineRecord,
    ProjectRecord,
    RubricRecord,
    SchemaRecord,
    record_of,
)

__all__ = [
    "add_agent",
    "add_guidelines",
    "add_project",
    "add_rubric",
    "add_schema",
    "agent_by_name",
    "change_overlap",
    "change_project",
    "guidelines_by_id",
    "hold_project",
    "latest_guidelines",
    "latest_schema",
    "list_agents",
    "list_guidelines",
    "list_projects",
    "list_schemas",
    "project_by_id",
    "project_by_name",
    "project_by_sample",
    "rubric_by_id",
    "schema_by_id",
]


def add_project(session: Session, *, now: datetime, **values: Any) -> ProjectRecord:
    row = Project(created_at=now, **values)
    session.add(row)
    session.flush()
    return record_of(ProjectRecord, row)


def hold_project(session: Session, project_id: int) -> None:
    """Let other transactions that hold this project wait until this one ends; on SQLite there is no other."""
    session.execute(select(Project.id).where(Project.id == project_id).with_for_update())


def change_project(session: Session, project_id: int, **values: Any) -> None:
    session.execute(update(Project).where(Project.id == project_id).values(**values))


def change_overlap(session: Session, project_id: int, *, before: int, after: int) -> None:
    """Give every current item its new number of open slots; one that has more answers already has none."""
    opened = Item.open_slots + (after - before)
    session.execute(
        update(Item)
        .where(Item.project_id == project_id, Item.is_current)
        .values(
            open_slots=func.max(opened, 0)
            if session.get_bind().dialect.name == "sqlite"
            else func.greatest(opened, 0)
        )
    )


def project_by_id(session: Session, project_id: int) -> ProjectRecord | None:
    row = session.get(Project, project_id)
    return record_of(ProjectRecord, row) if row else None


def project_by_name(session: Session, name: str) -> ProjectRecord | None:
    row = session.scalar(select(Project).where(Project.name == name))
    return record_of(ProjectRecord, row) if row else None


def project_by_sample(session: Session, sample_key: str) -> ProjectRecord | None:
    row = session.scalar(select(Project).where(Project.sample_key == sample_key))
    return record_of(ProjectRecord, row) if row else None


def list_projects(session: Session) -> list[ProjectRecord]:
    return [record_of(ProjectRecord, row) for row in session.scalars(select(Project).order_by(Project.id))]


def add_schema(
    session: Session,
    *,
    project_id: int,
    source: str,
    document: dict[str, Any],
    created_by: str,
    now: datetime,
) -> SchemaRecord:
    number = (latest.number if (latest := latest_schema(session, project_id)) else 0) + 1
    row = SchemaVersion(
        project_id=project_id,
        number=number,
        source=source,
        document=document,
        created_by=created_by,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return record_of(SchemaRecord, row)


def latest_schema(session: Session, project_id: int) -> SchemaRecord | None:
    row = session.scalar(
        select(SchemaVersion)
        .where(SchemaVersion.project_id == project_id)
        .order_by(SchemaVersion.number.desc())
        .limit(1)
    )
    return record_of(SchemaRecord, row) if row else None


def schema_by_id(session: Session, schema_version_id: int) -> SchemaRecord | None:
    row = session.get(SchemaVersion, schema_version_id)
    return record_of(SchemaRecord, row) if row else None


def list_schemas(session: Session, project_id: int) -> list[SchemaRecord]:
    """All versions, newest first."""
    rows = session.scalars(
        select(SchemaVersion)
        .where(SchemaVersion.project_id == project_id)
        .order_by(SchemaVersion.number.desc())
    )
    return [record_of(SchemaRecord, row) for row in rows]


def add_guidelines(
    session: Session, *, project_id: int, text: str, created_by: str, now: datetime
) -> GuidelineRecord:
    number = (latest.number if (latest := latest_guidelines(session, project_id)) else 0) + 1
    row = GuidelineVersion(
        project_id=project_id, number=number, text=text, created_by=created_by, created_at=now
    )
    session.add(row)
    session.flush()
    return record_of(GuidelineRecord, row)


def latest_guidelines(session: Session, project_id: int) -> GuidelineRecord | None:
    row = session.scalar(
        select(GuidelineVersion)
        .where(GuidelineVersion.project_id == project_id)
        .order_by(GuidelineVersion.number.desc())
        .limit(1)
    )
    return record_of(GuidelineRecord, row) if row else None


def list_guidelines(session: Session, project_id: int) -> list[GuidelineRecord]:
    """All versions, newest first."""
    rows = session.scalars(
        select(GuidelineVersion)
        .where(GuidelineVersion.project_id == project_id)
        .order_by(GuidelineVersion.number.desc())
    )
    return [record_of(GuidelineRecord, row) for row in rows]


def guidelines_by_id(session: Session, guideline_version_id: int) -> GuidelineRecord | None:
    row = session.get(GuidelineVersion, guideline_version_id)
    return record_of(GuidelineRecord, row) if row else None


def add_rubric(
    session: Session, *, name: str, version: int, hash: str, document: dict[str, Any], now: datetime
) -> RubricRecord:
    """Store a rubric version; one with the same hash is the same rubric and is returned as it is."""
    row = session.scalar(select(RubricVersion).where(RubricVersion.hash == hash))
    if row is None:
        row = RubricVersion(name=name, version=version, hash=hash, document=document, created_at=now)
        session.add(row)
        session.flush()
    return record_of(RubricRecord, row)


def rubric_by_id(session: Session, rubric_version_id: int) -> RubricRecord | None:
    row = session.get(RubricVersion, rubric_version_id)
    return record_of(RubricRecord, row) if row else None


def add_agent(
    session: Session,
    *,
    name: str,
    kind: str,
    configuration: dict[str, Any],
    hash: str,
    created_by: str,
    now: datetime,
) -> AgentRecord:
    row = Agent(
        name=name, kind=kind, configuration=configuration, hash=hash, created_by=created_by, created_at=now
    )
    session.add(row)
    session.flush()
    return record_of(AgentRecord, row)


def agent_by_name(session: Session, name: str) -> AgentRecord | None:
    row = session.scalar(select(Agent).where(Agent.name == name))
    return record_of(AgentRecord, row) if row else None


def list_agents(session: Session) -> list[AgentRecord]:
    return [record_of(AgentRecord, row) for row in session.scalars(select(Agent).order_by(Agent.name))]
