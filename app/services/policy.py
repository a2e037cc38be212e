"""Who may do what: the one place where roles are read. Services call it; pages only hide what it refuses.

The account is read again at each check: page callbacks and fragments run without the page's own check, and an
account may have been disabled in between.
"""

from typing import Literal

from app.errors import NotAllowed, NotFound
from app.services.context import Actor
from db.engine import Session
from db.records import JobRecord, LeaseRecord, ProjectRecord
from db.store import leases, people, projects

__all__ = [
    "Action",
    "allowed",
    "may",
    "require",
    "require_account",
    "require_admin",
    "require_job",
    "require_own_item",
    "roles_in",
    "visible_projects",
]

Action = Literal[
    "annotate",
    "read_all",
    "see_quality",
    "see_time",
    "configure",
    "export",
    "run_jobs",
    "decide",
    "run_studies",
    "edit_rubrics",
]

_ROLES: dict[Action, frozenset[str]] = {
    "annotate": frozenset({"annotator", "qa_lead"}),
    "read_all": frozenset({"qa_lead"}),
    "see_quality": frozenset({"qa_lead", "manager"}),
    "see_time": frozenset({"qa_lead", "manager"}),
    "configure": frozenset(),  # administrators only
    "export": frozenset({"qa_lead", "manager"}),
    "run_jobs": frozenset({"qa_lead"}),
    "decide": frozenset({"qa_lead"}),
    "run_studies": frozenset({"qa_lead", "manager"}),
    "edit_rubrics": frozenset({"qa_lead"}),
}

_WORDS: dict[Action, str] = {
    "annotate": "work on items",
    "read_all": "read the answers of others",
    "see_quality": "see quality figures",
    "see_time": "see handling times",
    "configure": "change the project",
    "export": "export answers",
    "run_jobs": "start jobs",
    "decide": "review answers and decide about them",
    "run_studies": "run studies",
    "edit_rubrics": "edit rubrics",
}


_DISABLED = "this account is disabled; ask an administrator"


def require_account(session: Session, actor: Actor) -> Actor:
    """The actor as the account is at present. Raises NotAllowed for one that is disabled."""
    if actor.user_id is None:
        return actor
    user = people.user_by_id(session, actor.user_id)
    if user is None or user.disabled_at is not None:
        raise NotAllowed(_DISABLED)
    return Actor(user.id, user.login, user.name, user.is_admin)


def roles_in(session: Session, actor: Actor, project_id: int) -> frozenset[str]:
    """The roles of the actor in one project; an administrator has every right without a membership."""
    return (
        frozenset()
        if actor.user_id is None
        else people.roles_of(session, actor.user_id).get(project_id, frozenset())
    )


def allowed(action: Action, roles: frozenset[str], *, is_admin: bool) -> bool:
    """Whether someone with these roles in the project may do it.

    Annotating is the exception for administrators: answers belong to members of the project only.
    """
    if action == "annotate":
        return bool(roles & _ROLES[action])
    return is_admin or bool(roles & _ROLES[action])


def may(session: Session, actor: Actor, project_id: int, action: Action) -> bool:
    """Whether the actor's roles in the project cover the action; `require` is what guards it."""
    return allowed(action, roles_in(session, actor, project_id), is_admin=actor.is_admin)


def require(session: Session, actor: Actor, project_id: int, action: Action) -> ProjectRecord:
    """The project, when the actor may do `action` in it.

    Raises NotFound for a project that the actor has no part in, NotAllowed when the role does not cover it.
    """
    project = projects.project_by_id(session, project_id)
    roles: frozenset[str] = frozenset()
    if actor.user_id is not None:
        found = people.person_in_project(session, actor.user_id, project_id)
        if found is None or found[0].disabled_at is not None:
            raise NotAllowed(_DISABLED)
        user, roles = found
        actor = Actor(user.id, user.login, user.name, user.is_admin)
    if project is None or not (roles or actor.is_admin):
        raise NotFound(f"no project {project_id} that you are a member of")
    if not allowed(action, roles, is_admin=actor.is_admin):
        held = ", ".join(sorted(roles)) or "administrator"
        raise NotAllowed(f"your role in {project.name!r} ({held}) does not let you {_WORDS[action]}")
    return project


def require_job(session: Session, actor: Actor, job: JobRecord) -> None:
    """May the actor see and steer this job: by role in its project; one of no project is of whoever asked for it.

    Raises NotFound for a job that the actor has no part in, NotAllowed when the role does not cover it.
    """
    if job.project_id is not None:
        require(session, actor, job.project_id, "run_jobs")
        return
    actor = require_account(session, actor)
    if not (actor.is_admin or actor.login == job.started_by):
        raise NotFound(f"no job {job.id}")


def require_own_item(session: Session, actor: Actor, item_id: int) -> tuple[ProjectRecord, LeaseRecord]:
    """The project and the hold, when the actor holds or has answered the item and may still work in the project.

    Raises NotFound for any other item, whether it exists or not.
    """
    lease = leases.lease_of(session, item_id, actor.user_id) if actor.user_id is not None else None
    if lease is None:
        raise NotFound(f"item {item_id} is not among those you hold or have answered")
    return require(session, actor, lease.project_id, "annotate"), lease


def require_admin(session: Session, actor: Actor) -> Actor:
    """Raises NotAllowed for anybody but an administrator."""
    actor = require_account(session, actor)
    if not actor.is_admin:
        raise NotAllowed("only an administrator may do this")
    return actor


def visible_projects(session: Session, actor: Actor) -> list[tuple[ProjectRecord, frozenset[str]]]:
    """Every project the actor has a part in, with the roles held there; administrators see all."""
    actor = require_account(session, actor)
    roles = {} if actor.user_id is None else people.roles_of(session, actor.user_id)
    return [
        (project, roles.get(project.id, frozenset()))
        for project in projects.list_projects(session)
        if actor.is_admin or project.id in roles
    ]
