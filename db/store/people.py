"""People, memberships, login sessions, tokens and the audit log."""

from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, select, update
from sqlalchemy.orm import Session

from db.models import AuditEntry, LoginSession, Membership, Token, User
from db.records import TokenRecord, UserRecord, record_of

__all__ = [
    "add_audit",
    "add_member",
    "add_session",
    "add_token",
    "add_user",
    "disable_user",
    "hold_user",
    "list_audit",
    "list_tokens",
    "list_users",
    "members",
    "password_hash_of",
    "person_in_project",
    "remove_member",
    "revoke_session",
    "revoke_token",
    "roles_of",
    "set_password_hash",
    "user_by_id",
    "user_by_login",
    "user_of_session",
    "user_of_token",
]


def add_user(
    session: Session,
    *,
    login: str,
    name: str,
    password_hash: str | None,
    is_admin: bool,
    simulated: bool,
    now: datetime,
) -> UserRecord:
    row = User(
        login=login,
        name=name,
        password_hash=password_hash,
        is_admin=is_admin,
        simulated=simulated,
        disabled_at=None,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return record_of(UserRecord, row)


def user_by_login(session: Session, login: str) -> UserRecord | None:
    row = session.scalar(select(User).where(User.login == login))
    return record_of(UserRecord, row) if row else None


def user_by_id(session: Session, user_id: int) -> UserRecord | None:
    row = session.get(User, user_id)
    return record_of(UserRecord, row) if row else None


def hold_user(session: Session, user_id: int) -> None:
    """Let other transactions that hold this person wait until this one ends; on SQLite there is no other."""
    session.execute(select(User.id).where(User.id == user_id).with_for_update())


def list_users(session: Session) -> list[UserRecord]:
    return [record_of(UserRecord, row) for row in session.scalars(select(User).order_by(User.login))]


def password_hash_of(session: Session, user_id: int) -> str | None:
    return session.scalar(select(User.password_hash).where(User.id == user_id))


def set_password_hash(session: Session, user_id: int, password_hash: str) -> None:
    session.execute(update(User).where(User.id == user_id).values(password_hash=password_hash))


def disable_user(session: Session, user_id: int, *, now: datetime) -> None:
    """Disable the account and end its login sessions and tokens."""
    session.execute(update(User).where(User.id == user_id).values(disabled_at=now))
    for table in (LoginSession, Token):
        session.execute(
            update(table).where(table.user_id == user_id, table.revoked_at.is_(None)).values(revoked_at=now)
        )


def roles_of(session: Session, user_id: int) -> dict[int, frozenset[str]]:
    """Project id -> roles, for every project this person is a member of."""
    found: dict[int, set[str]] = {}
    statement = select(Membership.project_id, Membership.role).where(Membership.user_id == user_id)
    for project_id, role in session.execute(statement):
        found.setdefault(project_id, set()).add(role)
    return {project_id: frozenset(roles) for project_id, roles in found.items()}


def person_in_project(
    session: Session, user_id: int, project_id: int
) -> tuple[UserRecord, frozenset[str]] | None:
    """The person with the roles held in one project, in one query; None for an unknown person."""
    rows = session.execute(
        select(User, Membership.role)
        .outerjoin(Membership, and_(Membership.user_id == User.id, Membership.project_id == project_id))
        .where(User.id == user_id)
    ).all()
    if not rows:
        return None
    return record_of(UserRecord, rows[0][0]), frozenset(role for _, role in rows if role is not None)


def members(session: Session, project_id: int) -> list[tuple[UserRecord, str]]:
    """(person, role) of every membership of the project, by login."""
    statement = (
        select(User, Membership.role)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.project_id == project_id)
        .order_by(User.login, Membership.role)
    )
    return [(record_of(UserRecord, user), role) for user, role in session.execute(statement)]


def add_member(session: Session, *, project_id: int, user_id: int, role: str, now: datetime) -> None:
    """Give a role; giving it again changes nothing."""
    known = session.scalar(
        select(Membership.id).where(
            Membership.project_id == project_id, Membership.user_id == user_id, Membership.role == role
        )
    )
    if known is None:
        session.add(Membership(project_id=project_id, user_id=user_id, role=role, created_at=now))
        session.flush()


def remove_member(session: Session, *, project_id: int, user_id: int, role: str) -> None:
    session.execute(
        delete(Membership).where(
            Membership.project_id == project_id, Membership.user_id == user_id, Membership.role == role
        )
    )


def add_session(
    session: Session, *, token_hash: str, user_id: int, now: datetime, expires_at: datetime
) -> None:
    session.add(
        LoginSession(
            token_hash=token_hash, user_id=user_id, created_at=now, expires_at=expires_at, revoked_at=None
        )
    )


def user_of_session(session: Session, token_hash: str, *, now: datetime) -> UserRecord | None:
    """The person behind a login session that is neither over nor revoked, of an account not disabled."""
    row = session.scalar(
        select(User)
        .join(LoginSession, LoginSession.user_id == User.id)
        .where(
            LoginSession.token_hash == token_hash,
            LoginSession.revoked_at.is_(None),
            LoginSession.expires_at > now,
            User.disabled_at.is_(None),
        )
    )
    return record_of(UserRecord, row) if row else None


def revoke_session(session: Session, token_hash: str, *, now: datetime) -> None:
    session.execute(update(LoginSession).where(LoginSession.token_hash == token_hash).values(revoked_at=now))


def add_token(
    session: Session, *, user_id: int, name: str, token_hash: str, now: datetime, expires_at: datetime | None
) -> TokenRecord:
    row = Token(
        user_id=user_id,
        name=name,
        token_hash=token_hash,
        created_at=now,
        expires_at=expires_at,
        revoked_at=None,
    )
    session.add(row)
    session.flush()
    return record_of(TokenRecord, row)


def list_tokens(session: Session, user_id: int) -> list[TokenRecord]:
    rows = session.scalars(select(Token).where(Token.user_id == user_id).order_by(Token.id))
    return [record_of(TokenRecord, row) for row in rows]


def revoke_token(session: Session, *, token_id: int, user_id: int, now: datetime) -> None:
    session.execute(
        update(Token).where(Token.id == token_id, Token.user_id == user_id).values(revoked_at=now)
    )


def user_of_token(session: Session, token_hash: str, *, now: datetime) -> UserRecord | None:
    """The person behind a bearer token that is in force, of an account not disabled."""
    row = session.scalar(
        select(User)
        .join(Token, Token.user_id == User.id)
        .where(
            Token.token_hash == token_hash,
            Token.revoked_at.is_(None),
            Token.expires_at.is_(None) | (Token.expires_at > now),
            User.disabled_at.is_(None),
        )
    )
    return record_of(UserRecord, row) if row else None


def add_audit(
    session: Session,
    *,
    actor: str,
    action: str,
    project_id: int | None,
    detail: dict[str, Any],
    now: datetime,
) -> None:
    session.add(AuditEntry(at=now, actor=actor, action=action, project_id=project_id, detail=detail))


def list_audit(
    session: Session, *, project_id: int | None, limit: int, action: str | None = None
) -> list[dict[str, Any]]:
    """The newest entries first: at, actor, action, detail; of one action when it is given."""
    statement = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    if project_id is not None:
        statement = statement.where(AuditEntry.project_id == project_id)
    if action is not None:
        statement = statement.where(AuditEntry.action == action)
    return [
        {"at": row.at, "actor": row.actor, "action": row.action, "detail": row.detail}
        for row in session.scalars(statement)
    ]
