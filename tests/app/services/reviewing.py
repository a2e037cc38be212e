"""Reviews in tests: all that waits, and decisions by somebody who has seen what stands."""

from typing import Any

from app.services.context import Actor, Context
from app.services.review import review
from app.services.review_case import ReviewCase
from app.services.review_queue import review_queue
from db.engine import reading
from db.store import reviews


def cases_of(ctx: Context, actor: Actor, project_id: int, **more: Any) -> list[ReviewCase]:
    """The whole queue of one reviewer."""
    return review_queue(ctx, actor, project_id, limit=1_000, **more).cases


def standing_review(ctx: Context, annotation_id: int) -> int | None:
    with reading(ctx.engine) as session:
        found = reviews.latest_review(session, annotation_id)
    return found.id if found else None


def review_up_to_date(ctx: Context, actor: Actor, project_id: int, annotation_id: int, **more: Any) -> bool:
    """A review in place of the one that stands."""
    replaces = standing_review(ctx, annotation_id)
    return review(ctx, actor, project_id, annotation_id, replaces=replaces, **more)
