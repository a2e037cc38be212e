"""Visits and the browser events they are derived from."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Key, choice

__all__ = ["Event", "TimeObjection", "Visit"]


class Visit(Base):
    """One person's stay on one item, with the ledger derived from its events (seconds)."""

    __tablename__ = "visits"
    __table_args__ = (
        CheckConstraint(choice("stage", "annotate", "rework", "review"), "stage"),
        Index(None, "item_id", "user_id"),
        Index(None, "project_id", "user_id"),
    )

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    opened_at: Mapped[datetime]
    last_event_at: Mapped[datetime]
    idle_rule_seconds: Mapped[int]
    """The project's idle rule when the visit began; printed beside its numbers."""
    reading: Mapped[float] = mapped_column(default=0.0)
    working: Mapped[float] = mapped_column(default=0.0)
    chatting: Mapped[float] = mapped_column(default=0.0)
    waiting_model: Mapped[float] = mapped_column(default=0.0)
    waiting_judge: Mapped[float] = mapped_column(default=0.0)
    idle: Mapped[float] = mapped_column(default=0.0)
    hidden: Mapped[float] = mapped_column(default=0.0)
    tabs: Mapped[int] = mapped_column(default=1)
    """How many browser tabs showed the item during the visit."""
    stage: Mapped[str] = mapped_column(default="annotate")
    """`annotate` until the first submit, `rework` while revising a submitted answer."""
    outcome: Mapped[str | None]
    """`submitted` or `skipped` once so; null while open or left."""
    simulated: Mapped[bool] = mapped_column(default=False)


class Event(Base):
    """One thing the browser reported, stamped by the server."""

    __tablename__ = "events"
    __table_args__ = (UniqueConstraint("visit_id", "tab", "seq"),)

    id: Mapped[Key]
    visit_id: Mapped[int] = mapped_column(ForeignKey("visits.id"))
    tab: Mapped[str]
    seq: Mapped[int]
    kind: Mapped[str]
    at: Mapped[datetime]
    """Server time: when the batch arrived, minus how long before that the tab says it happened."""
    data: Mapped[dict[str, Any]]


class TimeObjection(Base):
    """A person says that a visit's figure is wrong. The figure stays; the objection stands beside it."""

    __tablename__ = "time_objections"
    __table_args__ = (UniqueConstraint("visit_id"),)

    id: Mapped[Key]
    visit_id: Mapped[int] = mapped_column(ForeignKey("visits.id"))
    reason: Mapped[str]
    answer: Mapped[str] = mapped_column(default="")
    """What a manager or QA lead said to it."""
    left_out: Mapped[bool] = mapped_column(default=False)
    """Whether the visit is left out of the reports since."""
    answered_by: Mapped[str] = mapped_column(default="")
    answered_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
