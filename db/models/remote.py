"""Answers that programs sent to be judged, and the verdicts on them; they belong to a job and to no project.

Both texts are JSON as it was sent and is given back, in ASCII: a document column would lose the order of keys on
PostgreSQL, and refuse a NUL that an answer may hold.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Key

__all__ = ["RemoteSubmission", "RemoteVerdict"]


class RemoteSubmission(Base):
    __tablename__ = "remote_submissions"
    __table_args__ = (UniqueConstraint("job_id", "position"), UniqueConstraint("call_id"))

    id: Mapped[Key]
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"))
    position: Mapped[int]
    """Its place in the request, from 0."""
    name: Mapped[str]
    """Its id as JSON text: whoever sent it knows it by that."""
    document: Mapped[str | None]
    """{id, prompt, response, reference?, context?, images?} as it was sent; null once its time of keeping is over."""
    call_id: Mapped[str | None] = mapped_column(ForeignKey("calls.id"))
    """Null until the worker has laid out the calls of a large job."""


class RemoteVerdict(Base):
    """One verdict of such a job. Append-only."""

    __tablename__ = "remote_verdicts"

    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id"), primary_key=True)
    document: Mapped[str]
    """As the library, the command and the synchronous request give it."""
    prompt_version: Mapped[str]
    parameters: Mapped[dict[str, Any]]
    raw: Mapped[str | None]
    """The model's reply as received, as JSON text; null when no model was asked, and once its time of keeping is over."""
    seconds: Mapped[float]
    created_at: Mapped[datetime]
