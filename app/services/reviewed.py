"""What was reviewed: a list from which a decision can be looked at and made again."""

from dataclasses import dataclass
from datetime import datetime

from app.services import policy
from app.services.arms import workplace_of
from app.services.context import Actor, Context
from app.services.standing import parts_of
from db.engine import reading
from db.store import appeals, items, people, reviews

__all__ = ["ReviewedLine", "reviewed"]


@dataclass(frozen=True, slots=True)
class ReviewedLine:
    """One review."""

    annotation_id: int
    item: str
    """External id."""
    annotator: str
    """Login; empty where names are hidden."""
    reviewer: str
    outcome: str
    comment: str
    """Of the item, else the first one on a question."""
    state: str
    """stands, replaced (by a later review), contradicted (by a review that was blind to it, or the other way round),
    answered anew (by its author), contested (by its author), superseded (the item has a newer version)."""
    seconds: float | None
    created_at: datetime


def reviewed(
    ctx: Context, actor: Actor, project_id: int, *, mine: bool, names: bool = False, offset: int, limit: int
) -> tuple[list[ReviewedLine], int]:
    """A page of reviews, newest first, and how many there are; one's own or everybody's.

    `names` asks to see whose answers they are where the project hides names. Reviews of one's own answers are left
    out of the page: they are on My work.
    """
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "decide")
        hidden = workplace_of(project).hide_names and not names
        found, total = reviews.list_reviews(
            session,
            project_id,
            by=(actor.user_id or 0) if mine else None,
            not_of=actor.user_id or 0,
            offset=offset,
            limit=limit,
        )
        known = items.items_by_ids(session, list({about.item_id for _, about in found}))
        parts = parts_of(session, project_id, sorted(known))
        logins = {user.id: user.login for user in people.list_users(session)}
        contested = appeals.appeals_of(session, [review.id for review, _ in found])
    last = {(item_id, part.user_id): part for item_id, of_item in parts.items() for part in of_item}
    lines = []
    for review, about in found:
        part = last[about.item_id, about.user_id]
        if part.newest.annotation_id != about.id:
            state = "answered anew"
        elif part.disputed and review.id in {one.id for one in part.reviews[-2:]}:
            state = "contradicted"
        elif part.review is None or part.review.id != review.id:
            state = "replaced"
        elif not known[about.item_id].is_current:
            state = "superseded"
        else:
            state = "contested" if review.id in contested else "stands"
        lines.append(
            ReviewedLine(
                annotation_id=about.id,
                item=known[about.item_id].external_id,
                annotator="" if hidden else logins.get(about.user_id, "?"),
                reviewer=logins.get(review.reviewer_id, "?"),
                outcome=review.outcome,
                comment=review.comment or next(iter(review.question_comments.values()), ""),
                state=state,
                seconds=review.seconds,
                created_at=review.created_at,
            )
        )
    return lines, total
