"""What second people decide: about one person's annotation, and over several answers to one question."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Key, choice
from db.types import Json

__all__ = ["Adjudication", "Appeal", "Review"]


class Review(Base):
    """A reviewer's decision about one annotation. Append-only: each decision but the first replaces exactly one, and the
    one that nothing replaces stands.
    """

    __tablename__ = "reviews"
    __table_args__ = (
        CheckConstraint(choice("outcome", "accepted", "fixed", "rejected"), "outcome"),
        CheckConstraint(choice("requeue", "same", "other", "nobody"), "requeue"),
        UniqueConstraint("replaces"),
        UniqueConstraint("form_token"),
        Index(None, "annotation_id"),
        Index(
            "ix_reviews_first",
            "annotation_id",
            unique=True,
            sqlite_where=text("replaces IS NULL"),
            postgresql_where=text("replaces IS NULL"),
        ),
    )

    id: Mapped[Key]
    annotation_id: Mapped[int] = mapped_column(ForeignKey("annotations.id"))
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    outcome: Mapped[str]
    comment: Mapped[str] = mapped_column(default="")
    """On the item; required with a rejection unless a question has one. The annotator reads it."""
    question_comments: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Question -> comment on the answer to it."""
    requeue: Mapped[str | None]
    """Who gets the item again. Null unless rejected, or where a second reviewer who did not see the first review contradicts
    it: then nobody, and somebody has to decide."""
    answers: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """Question -> value as the reviewer fixed it; null unless fixed."""
    levels: Mapped[list[Any]] = mapped_column(default=list)
    """[{answer_id, verdict_id, rubric_version_id, criterion, level, judge, prefilled}]: the reviewer's levels where the answer is
    judged. They were given beside the judge's, so that they are in no figure of trust."""
    replaces: Mapped[int | None] = mapped_column(ForeignKey("reviews.id"))
    """The review of the same annotation that this one takes the place of; null for the first."""
    blind: Mapped[bool | None]
    """Whether its reviewer decided without seeing the one that it replaces; false where there was none or it was their own.
    Null is not known: reviews of before the column, where the row itself does not say it."""
    form_token: Mapped[str]
    """Made when the form was drawn: a repeated click is one review."""
    seconds: Mapped[float | None]
    """How long the reviewer had the form open, without idle time being known; null when not said."""
    seen_at: Mapped[datetime | None]
    """When the annotator first saw it."""
    created_at: Mapped[datetime]


class Appeal(Base):
    """An annotator's word that a rejection is wrong, once per rejection. A second reviewer answers it by a review."""

    __tablename__ = "appeals"
    __table_args__ = (UniqueConstraint("review_id"),)

    id: Mapped[Key]
    review_id: Mapped[int] = mapped_column(ForeignKey("reviews.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str]
    created_at: Mapped[datetime]


class Adjudication(Base):
    """What the answer to one question of an item is, decided over several answers. Append-only: each decision but
    the first replaces exactly one, and the one that nothing replaces stands.
    """

    __tablename__ = "adjudications"
    __table_args__ = (
        CheckConstraint(
            choice("reason", "guideline_gap", "ambiguous", "slip", "two_right", "other"), "reason"
        ),
        UniqueConstraint("replaces"),
        UniqueConstraint("form_token"),
        Index(None, "project_id"),
        Index(None, "item_id", "question"),
        Index(
            "ix_adjudications_first",
            "item_id",
            "question",
            unique=True,
            sqlite_where=text("replaces IS NULL"),
            postgresql_where=text("replaces IS NULL"),
        ),
    )

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    question: Mapped[str]
    value: Mapped[list[Any]]
    """The value inside a one-element list."""
    answer_id: Mapped[int | None] = mapped_column(ForeignKey("answers.id"))
    """The answer that was taken; null for another value."""
    reason: Mapped[str]
    """Why the answers differ."""
    comment: Mapped[str] = mapped_column(default="")
    own: Mapped[bool]
    """Whether its author had answered the item too, and said so."""
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    replaces: Mapped[int | None] = mapped_column(ForeignKey("adjudications.id"))
    """The decision that this one takes the place of; null for the first."""
    form_token: Mapped[str]
    """Made when the form was drawn: a repeated click is one decision."""
    seconds: Mapped[float | None]
    """How long the form was open, without idle time being known; null when not said."""
    created_at: Mapped[datetime]
