"""Conversations of a person with the assistant about one item."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Key, choice

__all__ = ["Conversation", "Turn"]


class Conversation(Base):
    __tablename__ = "conversations"
    __table_args__ = (UniqueConstraint("item_id", "user_id"),)

    id: Mapped[Key]
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]


class Turn(Base):
    """One message. An assistant's turn is stored as `streaming` before its first word exists."""

    __tablename__ = "turns"
    __table_args__ = (
        UniqueConstraint("conversation_id", "number"),
        UniqueConstraint("conversation_id", "request_id", "role"),
        CheckConstraint(choice("role", "user", "assistant"), "role"),
        CheckConstraint(
            choice("status", "streaming", "complete", "interrupted", "failed", "withheld"), "status"
        ),
        CheckConstraint(choice("help_level", "full", "hints"), "help_level"),
    )

    id: Mapped[Key]
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"))
    number: Mapped[int]
    request_id: Mapped[str]
    """Made by the browser; a repeated request finds the first one's turn."""
    role: Mapped[str]
    text: Mapped[str]
    status: Mapped[str]
    model: Mapped[str] = mapped_column(default="")
    builtin: Mapped[bool] = mapped_column(default=False)
    first_token_seconds: Mapped[float | None]
    total_seconds: Mapped[float | None]
    prompt_tokens: Mapped[int | None]
    completion_tokens: Mapped[int | None]
    cost_usd: Mapped[float | None]
    """By the configured prices; null where tokens or prices are unknown."""
    action: Mapped[str] = mapped_column(default="")
    """The quick action that asked it; empty for the person's own words."""
    help_level: Mapped[str] = mapped_column(default="full")
    section: Mapped[str] = mapped_column(default="")
    """Title of the guideline section nearest to a person's question; empty where none shares a word with it."""
    stop_requested: Mapped[bool] = mapped_column(default=False)
    """Set from any process; whoever streams the turn looks at it."""
    created_at: Mapped[datetime]
