"""What a person has typed and not yet submitted."""

from collections.abc import Mapping

from app.clock import utc_now
from app.errors import Conflict, Invalid, NotFound
from app.services import policy
from app.services.context import Actor, Context
from db.engine import transaction
from db.records import DraftRecord
from db.store import annotations

__all__ = ["save_draft"]

_LARGEST_DRAFT = 2_000_000
"""Characters over all answers; far above any answer, low enough that a broken client fills no disk."""


def save_draft(
    ctx: Context,
    actor: Actor,
    item_id: int,
    *,
    version: int,
    answers: Mapping[str, object],
    tab: str,
    provenance: Mapping[str, object] | None = None,
) -> DraftRecord:
    """Store a draft that was typed on top of `version`.

    Raises Conflict with the stored draft when another tab or machine saved in between: nothing is overwritten.
    Raises NotFound for an item that the actor neither holds nor has answered.
    """
    sources = provenance or {}
    if sum(len(str(value)) for value in (*answers.values(), *sources.values())) > _LARGEST_DRAFT:
        raise Invalid(f"the draft is larger than {_LARGEST_DRAFT:,} characters")
    if actor.user_id is None:
        raise NotFound("the command line keeps no drafts")
    with transaction(ctx.engine) as session:
        policy.require_own_item(session, actor, item_id)
        saved = annotations.save_draft(
            session,
            item_id=item_id,
            user_id=actor.user_id,
            version=version,
            answers=answers,
            provenance=sources,
            tab=tab[:64],
            now=utc_now(),
        )
        stored = annotations.draft_of(session, item_id, actor.user_id)
        if stored is None:
            raise Conflict(
                "this item was submitted in the meantime; the draft is closed", {"submitted": True}
            )
        if not saved:
            current = {
                "version": stored.version,
                "answers": dict(stored.answers),
                "provenance": dict(stored.provenance),
                "saved_at": stored.saved_at.isoformat(),
            }
            raise Conflict("the draft was changed in another tab or on another machine", current)
        return stored
