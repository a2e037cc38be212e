"""Who holds which item, what they typed, submitted and thought of a suggestion."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Key, choice
from db.types import Json

__all__ = ["Annotation", "Answer", "Draft", "DraftCheck", "Lease", "Verification"]


class Lease(Base):
    """One person's hold on one item. The unique index over held slots is what makes the overlap a promise."""

    __tablename__ = "leases"
    __table_args__ = (
        UniqueConstraint("item_id", "user_id"),
        CheckConstraint(choice("state", "held", "done", "late", "skipped", "expired"), "state"),
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
        Index(
            "ix_leases_returned",
            "user_id",
            "project_id",
            sqlite_where=text("returned"),
            postgresql_where=text("returned"),
        ),
    )

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    slot: Mapped[int]
    """0 … overlap-1 while held or done."""
    state: Mapped[str]
    """`late`: answered after the lease ran out and another person had taken the slot."""
    returned: Mapped[bool] = mapped_column(default=False)
    """A review gave the answer back to this person, who has not answered anew; the slot stays theirs."""
    arm: Mapped[str | None]
    """Which help was shown. `none` is the control: help existed and was withheld. Without a study there are also
    `suggestion`, and `after_answer`: it is shown once the person has answered alone. With one, the arms are the
    study's. Null where no help was at stake: pre-annotation is off, or there was no suggestion."""
    study_id: Mapped[int | None] = mapped_column(ForeignKey("studies.id"))
    """The study that drew the arm; null where none did."""
    study_position: Mapped[int | None]
    """Which of this person's items of the study it is, from 0: the order that the arms were drawn in."""
    help: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """What the arm of the study gives: suggestion, chat, feedback -> whether; null without a study, where the
    project's settings hold."""
    shown: Mapped[dict[str, Any]]
    """Question -> id of the suggestion on screen (or to be, once `shown_at` is set)."""
    shown_at: Mapped[datetime | None]
    """When the suggestions could first be seen; null while they are withheld."""
    first_answers: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """What the person answered before the suggestions were shown; null unless the arm is `after_answer`."""
    orders: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Question -> values of its options in the order on screen, where that is not the schema's."""
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
    provenance: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Question -> where the words of a text come from (app.schema.provenance)."""
    tab: Mapped[str]
    saved_at: Mapped[datetime]


class Annotation(Base):
    """One revision of a person's answers to one item, or the fact that they skipped it."""

    __tablename__ = "annotations"
    __table_args__ = (
        UniqueConstraint("item_id", "user_id", "revision"),
        CheckConstraint(choice("state", "submitted", "skipped"), "state"),
        Index(None, "project_id", "user_id", "submitted_at"),
        Index(None, "project_id", "state"),
        Index(
            "ix_annotations_study_id",
            "study_id",
            sqlite_where=text("study_id IS NOT NULL"),
            postgresql_where=text("study_id IS NOT NULL"),
        ),
    )

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    revision: Mapped[int]
    state: Mapped[str]
    skip_reason: Mapped[str] = mapped_column(default="")
    arm: Mapped[str | None]
    study_id: Mapped[int | None] = mapped_column(ForeignKey("studies.id"))
    study_position: Mapped[int | None]
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
    shown_at: Mapped[datetime | None]
    """When that suggestion could first be seen."""
    first_value: Mapped[list[Any] | None] = mapped_column(Json)
    """The person's own value before they saw the suggestion, in a one-element list; null unless they answered
    first."""
    shown_order: Mapped[list[Any] | None] = mapped_column(Json)
    """Values of the options in the order on screen; null where it was the schema's."""
    provenance: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """Where the words of a text answer come from (app.schema.provenance); null for other questions, and where
    the browser did not say."""
    draft_survival: Mapped[float | None]
    """Share of the inserted draft's characters that are still in the answer, in [0, 1]; null without a draft."""


class Verification(Base):
    """What a person made of a suggestion that they were shown."""

    __tablename__ = "verifications"
    __table_args__ = (
        UniqueConstraint("annotation_id", "suggestion_id"),
        CheckConstraint(choice("outcome", "confirms", "corrects", "rejects"), "outcome"),
        CheckConstraint(choice("via", "work", "table", "bulk"), "via"),
        Index(None, "suggestion_id"),
    )

    id: Mapped[Key]
    annotation_id: Mapped[int] = mapped_column(ForeignKey("annotations.id"))
    suggestion_id: Mapped[int] = mapped_column(ForeignKey("suggestions.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    outcome: Mapped[str]
    via: Mapped[str] = mapped_column(default="work")
    """On the Work page, one by one in the table, or many rows of the table at once."""
    looked_seconds: Mapped[float | None]
    """How long the row of the table was in view before; 0 for one that never was, null on the Work page."""
    created_at: Mapped[datetime]


class DraftCheck(Base):
    """A verdict on a draft, asked for by its writer before submitting. Append-only."""

    __tablename__ = "draft_checks"
    __table_args__ = (UniqueConstraint("request_id"), Index(None, "item_id", "user_id"))

    id: Mapped[Key]
    request_id: Mapped[str]
    """Made by the browser; a repeated request is answered with the first one's verdict."""
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    question: Mapped[str]
    text: Mapped[str]
    text_hash: Mapped[str]
    """SHA-256 of the text in UTF-8, hexadecimal."""
    rubric_version_id: Mapped[int] = mapped_column(ForeignKey("rubric_versions.id"))
    verdict: Mapped[dict[str, Any]]
    """In the judge's outward shape."""
    raw: Mapped[str | None]
    seconds: Mapped[float]
    created_at: Mapped[datetime]
