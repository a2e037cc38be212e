"""Subsets: items chosen by a query and then frozen, and the people who are to work on them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Key, choice

__all__ = ["Assignment", "Subset", "SubsetItem"]


class Subset(Base):
    __tablename__ = "subsets"
    __table_args__ = (UniqueConstraint("project_id", "name"),)

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    name: Mapped[str]
    query: Mapped[str]
    """What it was chosen by; its items do not change when the query would find others."""
    created_by: Mapped[str]
    created_at: Mapped[datetime]


class SubsetItem(Base):
    __tablename__ = "subset_items"

    subset_id: Mapped[int] = mapped_column(ForeignKey("subsets.id"), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), primary_key=True)


class Assignment(Base):
    """A subset that a person is to annotate, verify or review; its items are given to them first."""

    __tablename__ = "assignments"
    __table_args__ = (
        UniqueConstraint("subset_id", "user_id", "task"),
        CheckConstraint(choice("task", "annotate", "verify", "review"), "task"),
    )

    id: Mapped[Key]
    subset_id: Mapped[int] = mapped_column(ForeignKey("subsets.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    task: Mapped[str]
    due_at: Mapped[datetime | None]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
