"""Appeals: an annotator disagrees with a rejection, once, and a reviewer who has not looked at the answer decides.

Where every reviewer has looked at it, one of them decides: else the author would wait for ever.
"""

from typing import Final

from app.clock import utc_now
from app.errors import Conflict, Invalid, NotFound
from app.schema import LabelSchema
from app.services import policy
from app.services.adjudication import decided_items, schema_in_force
from app.services.audit_log import record_action
from app.services.context import Actor, Context
from app.services.final_labels import standing_decisions
from db.engine import Session, transaction
from db.records import AnnotationRecord
from db.review_records import ReviewRecord
from db.store import annotations, appeals, leases, people, reviews

__all__ = ["LONGEST_REASON", "appeal", "check_fresh", "deciders", "waiting_appeals"]

LONGEST_REASON: Final = 2_000
"""Characters."""


def appeal(ctx: Context, actor: Actor, project_id: int, review_id: int, reason: str) -> bool:
    """Contest the rejection of one's own answer; False when it is contested already.

    The item is not given back to its author while nobody has decided. Raises Invalid without a reason or against
    what is no rejection, NotFound for a review of somebody else's answer, Conflict where the rejection does not
    stand any more or the item was adjudicated.
    """
    reason = reason.strip()
    if not reason:
        raise Invalid("say why you disagree; a second reviewer reads it")
    if len(reason) > LONGEST_REASON:
        raise Invalid(f"your reason has {len(reason)} characters; at most {LONGEST_REASON} are kept")
    with transaction(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "annotate")
        review = reviews.review_by_id(session, review_id)
        annotation = annotations.annotation_by_id(session, review.annotation_id) if review else None
        if (
            review is None
            or annotation is None
            or (annotation.project_id, annotation.user_id) != (project_id, actor.user_id)
        ):
            raise NotFound(f"no review {review_id} of an answer of yours")
        leases.lock_item(session, annotation.item_id)
        if review.outcome != "rejected":
            raise Invalid("only a rejection can be contested")
        standing = reviews.latest_review(session, annotation.id)
        latest = annotations.latest_annotation(session, annotation.item_id, annotation.user_id)
        if standing is None or standing.id != review.id or latest is None or latest.id != annotation.id:
            raise Conflict("this rejection does not stand any more; reload the page and look at what does")
        schema = schema_in_force(session, project)
        if decided_items(schema, standing_decisions(session, project_id, [annotation.item_id])):
            raise Conflict("this item was decided over all answers; there is nothing left to contest")
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


def waiting_appeals(session: Session, project_id: int, schema: LabelSchema) -> list[tuple[int, int, int]]:
    """(annotation id, item id, author id) of what is contested and waits for a reviewer, oldest appeal first.

    Nothing of an item waits that is through by adjudication.
    """
    found = appeals.open_appeals(session, project_id)
    through = decided_items(
        schema, standing_decisions(session, project_id, sorted({row[1] for row in found}))
    )
    return [row for row in found if row[1] not in through]


def deciders(session: Session, project_id: int) -> set[int]:
    """The members of a project who may decide about answers."""
    return {
        user.id
        for user, role in people.members(session, project_id)
        if user.disabled_at is None and policy.allowed("decide", frozenset({role}), is_admin=False)
    }


def check_fresh(session: Session, actor: Actor, annotation: AnnotationRecord, standing: ReviewRecord) -> None:
    """Raises Invalid where the actor has reviewed an answer whose rejection is contested, and somebody else could."""
    if not appeals.appeals_of(session, [standing.id]):
        return
    had = {review.reviewer_id for review, _ in reviews.reviews_of(session, [annotation.id])[annotation.id]}
    others = deciders(session, annotation.project_id) - had - {annotation.user_id}
    if actor.user_id in had and others:
        raise Invalid(
            "its author disagrees with the rejection: somebody decides who has not looked at this answer yet"
        )
