"""Who holds which item, what they typed, submitted and thought of a suggestion."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Key, choice

__all__ = ["Annotation", "Answer", "Draft", "Lease", "Verification"]


class Lease(Base):
    """One person's hold on one item. The unique index over held slots is what makes the overlap a promise."""

    __tablename__ = "leases"
    __table_args__ = (
        UniqueConstraint("item_id", "user_id"),
        CheckConstraint(choice("state", "held", "done", "late", "skipped", "expired"), "state"),
        CheckConstraint(choice("arm", "none", "suggestion"), "arm"),
        Index(
            "ix_leases_slot",
            "item_id",
            "slot",
            unique=True,
            sqlite_where=text("state IN ('held', 'done')"),
            postgresql_where=text("state IN ('held', 'done')"),
        ),
        Index(
            "ix_leases_expiry",
            "project_id",
            "expires_at",
            sqlite_where=text("state = 'held'"),
            postgresql_where=text("state = 'held'"),
        ),
        Index(None, "user_id", "project_id", "state"),
    )

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    slot: Mapped[int]
    """0 … overlap-1 while held or done."""
    state: Mapped[str]
    """`late`: answered after the lease ran out and another person had taken the slot."""
    arm: Mapped[str | None]
    """Which help was shown. `none` is the control: a suggestion existed and was withheld. Null where no help
    was at stake: pre-annotation is off, or there was no suggestion."""
    shown: Mapped[dict[str, Any]]
    """Question -> id of the suggestion on screen."""
    visit_key: Mapped[str] = mapped_column(unique=True)
    """Names this person's stay on this item to the browser's event stream."""
    form_token: Mapped[str] = mapped_column(unique=True)
    """Made when the item was given out; a submit that repeats it is answered with the first one's result."""
    granted_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Draft(Base):
    """What a person has typed so far; the one mutable row, guarded by its version number."""

    __tablename__ = "drafts"
    __table_args__ = (UniqueConstraint("item_id", "user_id"),)

    id: Mapped[Key]
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    version: Mapped[int]
    answers: Mapped[dict[str, Any]]
    tab: Mapped[str]
    saved_at: Mapped[datetime]


class Annotation(Base):
    """One revision of a person's answers to one item, or the fact that they skipped it."""

    __tablename__ = "annotations"
    __table_args__ = (
        UniqueConstraint("item_id", "user_id", "revision"),
        CheckConstraint(choice("state", "submitted", "skipped"), "state"),
        CheckConstraint(choice("arm", "none", "suggestion"), "arm"),
        Index(None, "project_id", "user_id", "submitted_at"),
        Index(None, "project_id", "state"),
    )

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    revision: Mapped[int]
    state: Mapped[str]
    skip_reason: Mapped[str] = mapped_column(default="")
    arm: Mapped[str | None]
    late: Mapped[bool] = mapped_column(default=False)
    """Submitted after the lease ran out: kept, and beyond the overlap."""
    schema_version_id: Mapped[int] = mapped_column(ForeignKey("schema_versions.id"))
    guideline_version_id: Mapped[int] = mapped_column(ForeignKey("guideline_versions.id"))
    form_token: Mapped[str] = mapped_column(unique=True)
    position: Mapped[int]
    """How many items this person had submitted in this project before: the order, for practice effects."""
    simulated: Mapped[bool] = mapped_column(default=False)
    submitted_at: Mapped[datetime]


class Answer(Base):
    """The answer to one question in one annotation."""

    __tablename__ = "answers"
    __table_args__ = (UniqueConstraint("annotation_id", "question"),)

    id: Mapped[Key]
    annotation_id: Mapped[int] = mapped_column(ForeignKey("annotations.id"))
    question: Mapped[str]
    value: Mapped[list[Any]]
    """The value inside a one-element list."""
    suggestion_id: Mapped[int | None] = mapped_column(ForeignKey("suggestions.id"))
    """The suggestion that was on screen; null when none was shown."""


class Verification(Base):
    """What a person made of a suggestion that they were shown."""

    __tablename__ = "verifications"
    __table_args__ = (
        UniqueConstraint("annotation_id", "suggestion_id"),
        CheckConstraint(choice("outcome", "confirms", "corrects", "rejects"), "outcome"),
        Index(None, "suggestion_id"),
    )

    id: Mapped[Key]
    annotation_id: Mapped[int] = mapped_column(ForeignKey("annotations.id"))
    suggestion_id: Mapped[int] = mapped_column(ForeignKey("suggestions.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    outcome: Mapped[str]
    created_at: Mapped[datetime]
