"""Ratings that came from outside as a long table."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Key, choice

__all__ = ["Rating"]


class Rating(Base):
    """One rater's value for one question of one item, as imported."""

    __tablename__ = "ratings"
    __table_args__ = (
        UniqueConstraint("project_id", "question", "item", "rater", "rater_kind", "repeat"),
        CheckConstraint(choice("rater_kind", "human", "model", "judge"), "rater_kind"),
        Index(None, "project_id", "id"),
    )

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    item: Mapped[str]
    """The external id; joins with `items.external_id` where the project has such an item."""
    rater: Mapped[str]
    rater_kind: Mapped[str]
    question: Mapped[str]
    value: Mapped[str]
    number: Mapped[float | None]
    """The value as a number, null where it is not one."""
    repeat: Mapped[int] = mapped_column(default=0)
    """0 for a rater's first value of an item and question, 1 for the second, and so on."""
    seconds: Mapped[float | None]
    arm: Mapped[str | None]
    """`none` is the control; null where the table did not say."""
    position: Mapped[int | None]
    gold: Mapped[str | None]
    suggestion: Mapped[str | None]
    """What a model had suggested when the rating was given; null where nothing was shown, or the table did not say."""
    confidence: Mapped[float | None]
    meta: Mapped[dict[str, Any]]
    rated_at: Mapped[datetime | None]
