"""Items, what is known of them beforehand (gold) and what models say about them (suggestions)."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Key, choice
from db.types import Json

__all__ = ["Gold", "Item", "Suggestion"]


class Item(Base):
    """One version of one thing to label. A changed content is a new row; old answers keep theirs."""

    __tablename__ = "items"
    __table_args__ = (
        UniqueConstraint("project_id", "external_id", "version"),
        CheckConstraint("open_slots >= 0", "open_slots_not_negative"),
        Index(
            "ix_items_current",
            "project_id",
            "external_id",
            unique=True,
            sqlite_where=text("is_current"),
            postgresql_where=text("is_current"),
        ),
        # What the next item is found with: only items that still want an answer are in this index,
        # so the search does not walk over finished ones.
        Index(
            "ix_items_open",
            "project_id",
            "position",
            sqlite_where=text("open_slots > 0"),
            postgresql_where=text("open_slots > 0"),
        ),
    )

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    external_id: Mapped[str]
    version: Mapped[int]
    is_current: Mapped[bool]
    position: Mapped[int]
    """Order of import; the order in which items are given out."""
    content: Mapped[dict[str, Any]]
    meta: Mapped[dict[str, Any]]
    """Metadata columns of the import, by name."""
    content_hash: Mapped[str]
    rubric_version_id: Mapped[int | None] = mapped_column(ForeignKey("rubric_versions.id"))
    """The item's own rubric; null means the project's."""
    open_slots: Mapped[int]
    """Wanted overlap minus people who hold or have answered the item; 0 on superseded versions."""
    created_at: Mapped[datetime]


class Gold(Base):
    """A known right answer to one question of one item."""

    __tablename__ = "gold"
    __table_args__ = (
        UniqueConstraint("item_id", "question"),
        CheckConstraint(choice("split", "train", "dev", "test"), "split"),
    )

    id: Mapped[Key]
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    question: Mapped[str]
    value: Mapped[list[Any]]
    """The value inside a one-element list, so that a plain string is JSON on both databases."""
    split: Mapped[str]
    """train: may be shown as an example and learned from. dev: prompts are tuned on it. test: figures only."""
    created_at: Mapped[datetime]


class Suggestion(Base):
    """What a model says about one question of one item; append-only, never counted as done work."""

    __tablename__ = "suggestions"
    __table_args__ = (
        CheckConstraint("confidence IS NULL OR (confidence >= 0 AND confidence <= 1)", "confidence_range"),
        CheckConstraint(
            choice(
                "confidence_source",
                "none",
                "imported",
                "cross_validated",
                "stated",
                "label_tokens",
                "samples",
                "agreement",
                "function",
            ),
            "source",
        ),
        Index(None, "item_id", "question"),
        UniqueConstraint("call_id", "item_id", "question"),
    )

    id: Mapped[Key]
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    question: Mapped[str]
    value: Mapped[list[Any]]
    """The value inside a one-element list."""
    confidence: Mapped[float | None]
    confidence_source: Mapped[str] = mapped_column(default="none")
    probabilities: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """Option -> predicted probability; null where the model gives none."""
    calibrated: Mapped[bool] = mapped_column(default=False)
    calibrated_confidence: Mapped[float | None]
    """The confidence mapped to how often it was right on gold; null without enough gold."""
    near_match: Mapped[str | None]
    """What the model said, where it was taken for the nearest label; null where it said a label."""
    rationale: Mapped[str] = mapped_column(default="")
    examples: Mapped[list[Any]]
    """Similar verified examples: [{text, label}]."""
    model: Mapped[str]
    model_version: Mapped[str]
    builtin: Mapped[bool] = mapped_column(default=False)
    simulated: Mapped[bool] = mapped_column(default=False)
    planted: Mapped[bool] = mapped_column(default=False)
    """Wrong on purpose, on an item whose right answer is known: measures who relies too much on suggestions."""
    probe: Mapped[bool] = mapped_column(default=False)
    """An answer to the same question asked again, to measure the model; never shown to annotators."""
    details: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """How it came about: prompt version and hash, parameters, usage, cost, seconds, attempts; null when imported."""
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    call_id: Mapped[str | None] = mapped_column(ForeignKey("calls.id"))
    created_at: Mapped[datetime]
