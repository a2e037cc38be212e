"""Cohorts: groups of people by which a project's figures are split, such as experts and crowd; one a person at most.

A cohort says what holds at present: figures of earlier answers go by it too. Changes stand in the audit log.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.clock import utc_now
from app.errors import Invalid, NotFound
from app.services import policy
from app.services.audit_log import record_action
from app.services.context import Actor, Context
from db.engine import Session, reading, transaction
from db.store import cohorts, people

__all__ = ["InCohort", "all_cohorts", "list_cohorts", "may_set", "members_of", "set_cohort"]

_LONGEST = 64


@dataclass(frozen=True, slots=True)
class InCohort:
    login: str
    name: str
    simulated: bool
    disabled: bool
    cohort: str
    """Empty: in none."""


def list_cohorts(ctx: Context, actor: Actor, project_id: int) -> list[InCohort]:
    """Everybody with a part in the project: members, and whoever answered or scored in it; by login."""
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "see_quality")
        known = cohorts.cohorts_of_project(session, project_id)
        return [
            InCohort(
                login=user.login,
                name=user.name,
                simulated=user.simulated,
                disabled=user.disabled_at is not None,
                cohort=known.get(user.login, ""),
            )
            for user in cohorts.people_of_project(session, project_id)
        ]


def all_cohorts(ctx: Context, actor: Actor) -> dict[str, dict[int, str]]:
    """Login -> project id -> cohort, of everybody who is in one; for administrators."""
    found: dict[str, dict[int, str]] = {}
    with reading(ctx.engine) as session:
        policy.require_admin(session, actor)
        for login, project_id, cohort in cohorts.cohorts_of_all(session):
            found.setdefault(login, {})[project_id] = cohort
    return found


def may_set(ctx: Context, actor: Actor, project_id: int) -> bool:
    with reading(ctx.engine) as session:
        return policy.may(session, actor, project_id, "decide")


def set_cohort(ctx: Context, actor: Actor, project_id: int, *, logins: Sequence[str], cohort: str) -> None:
    """Put people of the project into a cohort, and out of any other; an empty name takes them out. All of them or nobody.

    For those who decide about answers. Raises NotFound for somebody who has no part in the project, Invalid for a
    name that is too long or has line breaks.
    """
    name = cohort.strip()
    if len(name) > _LONGEST or not name.isprintable():
        raise Invalid(f"cohort {name[:80]!r}: a name on one line of up to {_LONGEST} characters")
    with transaction(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "decide")
        part = {one.id for one in cohorts.people_of_project(session, project_id)}
        for login in dict.fromkeys(login.strip().lower() for login in logins):
            user = people.user_by_login(session, login)
            if user is None:
                raise NotFound(f"no account {login!r}")
            before = cohorts.cohort_of(session, project_id, user.id) or ""
            if name == before:
                continue
            if name and user.id not in part:
                raise NotFound(
                    f"{login!r} has no part in {project.name!r}: give a role first, milo user role {login} …"
                )
            cohorts.set_cohort(
                session, project_id=project_id, user_id=user.id, cohort=name or None, now=utc_now()
            )
            record_action(session, actor, "cohort.set", project_id, login=login, cohort=name, before=before)


def members_of(session: Session, project_id: int, cohort: str) -> frozenset[str]:
    """Logins. Raises Invalid for a cohort that nobody is in."""
    known = cohorts.cohorts_of_project(session, project_id)
    found = frozenset(login for login, name in known.items() if name == cohort)
    if not found:
        there = (
            ", ".join(sorted(set(known.values()))) or "none; milo user cohort LOGIN PROJECT NAME makes one"
        )
        raise Invalid(f"cohort {cohort!r}: there are {there}")
    return found
