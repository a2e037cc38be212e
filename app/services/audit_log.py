"""The audit log: who did what, written in the transaction that does it."""

from app.clock import utc_now
from app.services.context import Actor
from db.engine import Session
from db.store import people

__all__ = ["record_action"]


def record_action(
    session: Session, actor: Actor, action: str, project_id: int | None, **detail: object
) -> None:
    """Note an action with its details; `project_id` is None for what concerns no project."""
    people.add_audit(
        session, actor=actor.login, action=action, project_id=project_id, detail=detail, now=utc_now()
    )
