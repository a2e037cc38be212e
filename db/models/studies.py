"""Studies of help: what was written down before, who takes part, and what people say after a sitting."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Key, choice
from db.types import Json

__all__ = ["Experience", "Study", "StudyPerson"]


class Study(Base):
    """One comparison of arms of help. Once it has started, its document never changes."""

    __tablename__ = "studies"
    __table_args__ = (
        UniqueConstraint("project_id", "name"),
        CheckConstraint(choice("state", "draft", "running", "stopped"), "state"),
        Index(
            "ix_studies_running",
            "project_id",
            unique=True,
            sqlite_where=text("state = 'running'"),
            postgresql_where=text("state = 'running'"),
        ),
    )

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    name: Mapped[str]
    document: Mapped[dict[str, Any]]
    """Arms, design, seed, outcome and stopping rule (app.schema.study), whole."""
    hash: Mapped[str]
    """SHA-256 of the canonical JSON of the document, hexadecimal."""
    state: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    """When the document in force was written down."""
    started_by: Mapped[str] = mapped_column(default="")
    started_at: Mapped[datetime | None]
    stopped_by: Mapped[str] = mapped_column(default="")
    """The login of who stopped it; `rule` when its own rule did."""
    stopped_at: Mapped[datetime | None]
    stop_reason: Mapped[str] = mapped_column(default="")


class StudyPerson(Base):
    """One person's part in a study: which row of the plan is theirs, and how far they are in it."""

    __tablename__ = "study_people"
    __table_args__ = (UniqueConstraint("study_id", "place"),)

    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    place: Mapped[int]
    """0, 1, … in the order in which people joined."""
    given: Mapped[int] = mapped_column(default=0)
    """Items given out to this person in the study."""
    joined_at: Mapped[datetime]


class Experience(Base):
    """What one person said after one sitting, or that they would rather not say."""

    __tablename__ = "experiences"
    __table_args__ = (UniqueConstraint("project_id", "user_id", "began_at"), Index(None, "study_id"))

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    study_id: Mapped[int | None] = mapped_column(ForeignKey("studies.id"))
    """The study that most of the sitting's answers belong to; null for none."""
    form: Mapped[str]
    """Which form was asked, by the hash of its content."""
    began_at: Mapped[datetime]
    """First and last submit of the sitting."""
    ended_at: Mapped[datetime]
    arms: Mapped[dict[str, Any]]
    """Arm -> answers of the sitting in it; those in no arm are not counted."""
    answers: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """Question -> value on its scale; null when the person skipped the form."""
    created_at: Mapped[datetime]
