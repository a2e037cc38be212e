"""Background work: jobs that a person or a rule starts, their calls, and the workers that do them."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Key, choice

__all__ = ["Call", "Job", "Worker"]


class Job(Base):
    __tablename__ = "jobs"
    __table_args__ = (CheckConstraint(choice("kind", "preannotate", "judge"), "kind"),)

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), index=True)
    kind: Mapped[str]
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    spec: Mapped[dict[str, Any]]
    started_by: Mapped[str]
    created_at: Mapped[datetime]


class Call(Base):
    """One unit of a job; the id is the hash of what is asked, so that asking twice is one call."""

    __tablename__ = "calls"
    __table_args__ = (
        CheckConstraint(choice("status", "queued", "running", "done", "failed", "cancelled"), "status"),
        Index(None, "job_id", "status"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id"))
    """null for a live call that belongs to no batch."""
    queue: Mapped[str]
    kind: Mapped[str]
    spec: Mapped[dict[str, Any]]
    status: Mapped[str]
    generation: Mapped[int] = mapped_column(default=0)
    starts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class Worker(Base):
    """The heartbeat of a worker process, by the database's clock (seconds since 1970)."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(primary_key=True)
    beat: Mapped[float]
