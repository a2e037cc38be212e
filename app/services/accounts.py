"""Accounts, login sessions, tokens and memberships."""

import hashlib
import re
import secrets
from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.clock import utc_now
from app.errors import Conflict, Invalid, NotFound
from app.services import policy
from app.services.audit_log import record_action
from app.services.context import Actor, Context
from db.engine import Session, reading, transaction
from db.records import TokenRecord, UserRecord
from db.store import people

__all__ = [
    "ROLES",
    "actor_of_session",
    "actor_of_token",
    "add_user",
    "disable_user",
    "end_session",
    "give_role",
    "issue_token",
    "list_members",
    "list_tokens",
    "list_users",
    "revoke_token",
    "set_password",
    "sign_in",
    "take_role",
]

ROLES = ("annotator", "qa_lead", "manager")

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,63}")
_MINIMUM_PASSWORD = 8

_hasher = PasswordHasher()
# Checked when the login is unknown, so that its answer takes as long as one for a known login.
_DUMMY_HASH = _hasher.hash(secrets.token_hex(8))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _checked_password(password: str) -> str:
    if len(password) < _MINIMUM_PASSWORD:
        raise Invalid(f"the password has {len(password)} characters; at least {_MINIMUM_PASSWORD} are needed")
    return _hasher.hash(password)


def add_user(
    ctx: Context, actor: Actor, *, login: str, name: str, password: str, is_admin: bool
) -> UserRecord:
    """Make an account. Raises Invalid for a malformed login or short password, Conflict for a taken login."""
    login = login.strip().lower()
    if not _LOGIN.fullmatch(login):
        raise Invalid(f"login {login!r}: 2 to 64 of a-z 0-9 . _ @ + -, beginning with a letter or digit")
    password_hash = _checked_password(password)
    with transaction(ctx.engine) as session:
        policy.require_admin(session, actor)
        if people.user_by_login(session, login) is not None:
            raise Conflict(f"there is an account {login!r} already")
        user = people.add_user(
            session,
            login=login,
            name=name.strip() or login,
            password_hash=password_hash,
            is_admin=is_admin,
            simulated=False,
            now=utc_now(),
        )
        record_action(session, actor, "user.add", None, login=login, is_admin=is_admin)
        return user


def set_password(ctx: Context, actor: Actor, *, login: str, password: str) -> None:
    """Set somebody's password (administrators), or one's own."""
    password_hash = _checked_password(password)
    with transaction(ctx.engine) as session:
        if actor.login != login:
            policy.require_admin(session, actor)
        people.set_password_hash(session, _user(session, login).id, password_hash)
        record_action(session, actor, "user.password", None, login=login)


def disable_user(ctx: Context, actor: Actor, *, login: str) -> None:
    """End an account with its sessions and tokens; what the person did stays."""
    with transaction(ctx.engine) as session:
        policy.require_admin(session, actor)
        people.disable_user(session, _user(session, login).id, now=utc_now())
        record_action(session, actor, "user.disable", None, login=login)


def list_users(ctx: Context, actor: Actor) -> list[UserRecord]:
    with reading(ctx.engine) as session:
        policy.require_admin(session, actor)
        return people.list_users(session)


def _user(session: Session, login: str) -> UserRecord:
    user = people.user_by_login(session, login.strip().lower())
    if user is None:
        raise NotFound(f"no account {login!r}")
    return user


def give_role(ctx: Context, actor: Actor, *, project_id: int, login: str, role: str) -> None:
    """Make somebody a member of the project in one more role."""
    if role not in ROLES:
        raise Invalid(f"role {role!r}; there are {', '.join(ROLES)}")
    with transaction(ctx.engine) as session:
        policy.require(session, actor, project_id, "configure")
        people.add_member(
            session, project_id=project_id, user_id=_user(session, login).id, role=role, now=utc_now()
        )
        record_action(session, actor, "member.add", project_id, login=login, role=role)


def take_role(ctx: Context, actor: Actor, *, project_id: int, login: str, role: str) -> None:
    with transaction(ctx.engine) as session:
        policy.require(session, actor, project_id, "configure")
        people.remove_member(session, project_id=project_id, user_id=_user(session, login).id, role=role)
        record_action(session, actor, "member.remove", project_id, login=login, role=role)


def list_members(ctx: Context, actor: Actor, project_id: int) -> list[tuple[UserRecord, str]]:
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "read_all")
        return people.members(session, project_id)


def sign_in(ctx: Context, *, login: str, password: str) -> str | None:
    """The secret of a new login session, or None when login and password do not belong together."""
    with reading(ctx.engine) as session:
        user = people.user_by_login(session, login.strip().lower())
        stored = people.password_hash_of(session, user.id) if user else None
    try:
        _hasher.verify(stored or _DUMMY_HASH, password)
    except (VerificationError, InvalidHashError):
        return None
    if user is None or stored is None or user.disabled_at is not None:
        return None
    secret = secrets.token_urlsafe(32)
    now = utc_now()
    with transaction(ctx.engine) as session:
        people.add_session(
            session,
            token_hash=_digest(secret),
            user_id=user.id,
            now=now,
            expires_at=now + timedelta(hours=ctx.settings.session_hours),
        )
    return secret


def _actor(user: UserRecord | None) -> Actor | None:
    return Actor(user.id, user.login, user.name, user.is_admin) if user else None


def actor_of_session(ctx: Context, secret: str) -> Actor | None:
    """Who is logged in with this cookie, or None."""
    with reading(ctx.engine) as session:
        return _actor(people.user_of_session(session, _digest(secret), now=utc_now()))


def end_session(ctx: Context, secret: str) -> None:
    with transaction(ctx.engine) as session:
        people.revoke_session(session, _digest(secret), now=utc_now())


def issue_token(ctx: Context, actor: Actor, *, name: str, days: int | None) -> tuple[str, TokenRecord]:
    """A bearer token of one's own for `/v1`; the secret is shown once and never stored."""
    if actor.user_id is None:
        raise Invalid("a token belongs to an account; the command line has none")
    secret = "milo_" + secrets.token_urlsafe(32)
    now = utc_now()
    with transaction(ctx.engine) as session:
        policy.visible_projects(session, actor)  # refuses a disabled account
        token = people.add_token(
            session,
            user_id=actor.user_id,
            name=name.strip() or "token",
            token_hash=_digest(secret),
            now=now,
            expires_at=now + timedelta(days=days) if days else None,
        )
        record_action(session, actor, "token.add", None, name=token.name)
    return secret, token


def list_tokens(ctx: Context, actor: Actor) -> list[TokenRecord]:
    if actor.user_id is None:
        return []
    with reading(ctx.engine) as session:
        return people.list_tokens(session, actor.user_id)


def revoke_token(ctx: Context, actor: Actor, *, token_id: int) -> None:
    if actor.user_id is not None:
        with transaction(ctx.engine) as session:
            people.revoke_token(session, token_id=token_id, user_id=actor.user_id, now=utc_now())
            record_action(session, actor, "token.revoke", None, token_id=token_id)


def actor_of_token(ctx: Context, secret: str) -> Actor | None:
    """Who this bearer token belongs to, or None."""
    with reading(ctx.engine) as session:
        return _actor(people.user_of_token(session, _digest(secret), now=utc_now()))
