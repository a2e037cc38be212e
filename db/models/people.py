"""People, what they may do in which project, and how they are logged in."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Key, choice

__all__ = ["AuditEntry", "CohortMember", "LoginSession", "Membership", "Preference", "Token", "User"]


class User(Base):
    __tablename__ = "users"

    id: Mapped[Key]
    login: Mapped[str] = mapped_column(unique=True)
    """Lower case; what is typed at the login page."""
    name: Mapped[str]
    password_hash: Mapped[str | None]
    """argon2id; null means that this person cannot log in with a password."""
    is_admin: Mapped[bool] = mapped_column(default=False)
    simulated: Mapped[bool] = mapped_column(default=False)
    """A made-up person of a demo history; never able to log in."""
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Membership(Base):
    """One role of one person in one project; several rows for several roles."""

    __tablename__ = "memberships"
    __table_args__ = (
        UniqueConstraint("project_id", "user_id", "role"),
        CheckConstraint(choice("role", "annotator", "qa_lead", "manager"), "role"),
        Index(None, "user_id"),
    )

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    role: Mapped[str]
    created_at: Mapped[datetime]


class CohortMember(Base):
    """The cohort of one person in one project, at most one: a group of people by which figures are split.

    The row is what holds at present; what was before stands in the audit log.
    """

    __tablename__ = "cohort_members"
    __table_args__ = (CheckConstraint("cohort <> ''", "named"), Index(None, "user_id"))

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    cohort: Mapped[str]
    set_at: Mapped[datetime]


class LoginSession(Base):
    """A login that can be taken back: the cookie holds a secret, the table its SHA-256."""

    __tablename__ = "login_sessions"

    id: Mapped[Key]
    token_hash: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class Token(Base):
    """A bearer token for `/v1`; only its SHA-256 is stored."""

    __tablename__ = "tokens"

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class AuditEntry(Base):
    """Who did what, when; rows are never changed."""

    __tablename__ = "audit_log"
    __table_args__ = (Index(None, "project_id", "at"),)

    id: Mapped[Key]
    at: Mapped[datetime]
    actor: Mapped[str]
    """The login, or `operator` for the command line."""
    action: Mapped[str]
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"))
    detail: Mapped[dict[str, Any]]


class Preference(Base):
    """How one person wants one page to look."""

    __tablename__ = "preferences"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    page: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[dict[str, Any]]
