"""Background work: jobs that a person or a rule starts, their calls, and the workers that do them."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Key, choice
from db.types import Json

__all__ = ["Call", "EndpointLimit", "Job", "Price", "Worker"]


class Job(Base):
    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint(choice("kind", "preannotate", "judge", "metadata", "search", "judge_remote"), "kind"),
        UniqueConstraint("started_by", "idempotency_key"),
    )

    id: Mapped[Key]
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"), index=True)
    """Null for what was asked for over HTTP: that belongs to whoever asked, and to no project."""
    kind: Mapped[str]
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    spec: Mapped[dict[str, Any]]
    started_by: Mapped[str]
    """The login, or `operator` for the command line."""
    idempotency_key: Mapped[str | None]
    """What a program calls its request, so that sending it again starts nothing; null where it gave no name."""
    paused: Mapped[str | None]
    """Why its calls are not made at present; null while they are."""
    budget_usd: Mapped[float | None]
    """What its calls may cost in all before it pauses."""
    spent_usd: Mapped[float] = mapped_column(default=0.0)
    """What its calls have cost, those that failed too; calls whose price is unknown are not in it."""
    created_at: Mapped[datetime]


class Call(Base):
    """One unit of a job; the id is the hash of what is asked, so that asking twice is one call."""

    __tablename__ = "calls"
    __table_args__ = (
        CheckConstraint(
            choice("status", "queued", "running", "done", "failed", "cancelled", "paused"), "status"
        ),
        Index(None, "job_id", "status"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id"))
    """null for a live call that belongs to no batch."""
    item_id: Mapped[int | None] = mapped_column(ForeignKey("items.id"))
    """The item it is about; null for a call about many."""
    queue: Mapped[str]
    kind: Mapped[str]
    spec: Mapped[dict[str, Any]]
    status: Mapped[str]
    generation: Mapped[int] = mapped_column(default=0)
    starts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    outcome: Mapped[str | None]
    """ok, refused, filtered, truncated, invalid or unavailable; null while there is none."""
    prompt_tokens: Mapped[int | None]
    completion_tokens: Mapped[int | None]
    cost_usd: Mapped[float | None]
    """Null where the endpoint reported no tokens or the price is unknown."""
    seconds: Mapped[float | None]
    """From asking to the end of the reply, waits between attempts included."""
    report: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """What people look into when it went wrong: attempts, replies that fit nothing."""
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class Worker(Base):
    """The heartbeat of a worker process, by the database's clock (seconds since 1970)."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(primary_key=True)
    beat: Mapped[float]


class EndpointLimit(Base):
    """How hard one endpoint may be driven, by all workers together."""

    __tablename__ = "endpoint_limits"

    queue: Mapped[str] = mapped_column(primary_key=True)
    concurrency: Mapped[int]
    starts: Mapped[int | None]
    """Calls that may start in `period_seconds`; null means as many as there is room for."""
    period_seconds: Mapped[float | None]
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]


class Price(Base):
    """What a model's tokens cost from a date on. Rows are added, never changed."""

    __tablename__ = "prices"
    __table_args__ = (UniqueConstraint("model", "valid_from"),)

    id: Mapped[Key]
    model: Mapped[str]
    valid_from: Mapped[datetime]
    input_usd_per_million: Mapped[float]
    output_usd_per_million: Mapped[float]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
