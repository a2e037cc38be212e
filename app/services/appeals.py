"""Appeals: an annotator disagrees with a rejection, once, and a reviewer who has not looked at the answer decides."""

from typing import Final

from app.clock import utc_now
from app.errors import Conflict, Invalid, NotFound
from app.services import policy
from app.services.audit_log import record_action
from app.services.context import Actor, Context
from db.engine import transaction
from db.store import annotations, appeals, leases, reviews

__all__ = ["LONGEST_REASON", "appeal"]

LONGEST_REASON: Final = 2_000
"""Characters."""


def appeal(ctx: Context, actor: Actor, project_id: int, review_id: int, reason: str) -> bool:
    """Contest the rejection of one's own answer; False when it is contested already.

    The item is not given back to its author while nobody has decided. Raises Invalid without a reason or against
    what is no rejection, NotFound for a review of somebody else's answer, Conflict where the rejection does not
    stand any more.
    """
    reason = reason.strip()
    if not reason:
        raise Invalid("say why you disagree; a second reviewer reads it")
    if len(reason) > LONGEST_REASON:
        raise Invalid(f"your reason has {len(reason)} characters; at most {LONGEST_REASON} are kept")
    with transaction(ctx.engine) as session:
        policy.require(session, actor, project_id, "annotate")
        review = reviews.review_by_id(session, review_id)
        annotation = annotations.annotation_by_id(session, review.annotation_id) if review else None
        if (
            review is None
            or annotation is None
            or (annotation.project_id, annotation.user_id) != (project_id, actor.user_id)
        ):
            raise NotFound(f"no review {review_id} of an answer of yours")
        if review.outcome != "rejected":
            raise Invalid("only a rejection can be contested")
        standing = reviews.latest_review(session, annotation.id)
        latest = annotations.latest_annotation(session, annotation.item_id, annotation.user_id)
        if standing is None or standing.id != review.id or latest is None or latest.id != annotation.id:
            raise Conflict("this rejection does not stand any more; reload the page and look at what does")
        stored = appeals.add_appeal(
            session,
            review_id=review_id,
            author_id=annotation.user_id,
            reason=reason,
            created_at=utc_now(),
        )
        if stored:
            leases.return_item(session, annotation.item_id, annotation.user_id, form_token=None)
            record_action(session, actor, "appeal", project_id, review=review_id, annotation=annotation.id)
    return stored
