"""The choices of a project about review, made by those who review."""

from collections.abc import Mapping
from typing import Any

from app.schema.workplace import parse_workplace
from app.services import policy
from app.services.audit_log import record_action
from app.services.context import Actor, Context
from db.engine import transaction
from db.store import projects

__all__ = ["change_review_settings"]


def change_review_settings(
    ctx: Context, actor: Actor, project_id: int, *, rules: Mapping[str, Any], requeue: str, hide_names: bool
) -> None:
    """Set which answers are looked at, what becomes of rejected items and whether names are hidden.

    For those who review: it is their queue. Raises Invalid with a line per problem.
    """
    with transaction(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "decide")
        changed = {"review": dict(rules), "requeue": requeue, "hide_names": hide_names}
        workplace = parse_workplace({**project.workplace, **changed})
        projects.change_project(session, project_id, workplace=workplace.changes())
        record_action(session, actor, "project.review", project_id, settings=changed)
