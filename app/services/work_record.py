"""What one person has done: their own answers only."""

from typing import Any

from app.services import policy
from app.services.context import Actor, Context
from db.engine import reading
from db.store import annotations

__all__ = ["own_answers"]


def own_answers(
    ctx: Context, actor: Actor, project_id: int, *, offset: int, limit: int
) -> tuple[list[dict[str, Any]], int]:
    """A page of the actor's own annotations, newest first, and how many there are."""
    if actor.user_id is None:
        return [], 0
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "annotate")
        found, total = annotations.list_own(session, project_id, actor.user_id, offset=offset, limit=limit)
        answers = annotations.answers_of(session, [annotation.id for annotation, _ in found])
    rows = [
        {
            "item": external_id,
            "state": annotation.state + (", late" if annotation.late else ""),
            "revision": annotation.revision,
            "answers": annotation.skip_reason
            or "; ".join(
                f"{answer.question}: {_short(answer.value[0])}" for answer in answers[annotation.id]
            ),
            "submitted": annotation.submitted_at,
            "open": f"/?project={project_id}&item={annotation.item_id}",
        }
        for annotation, external_id in found
    ]
    return rows, total


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 160 else f"{text[:159]}…"
