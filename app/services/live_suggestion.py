"""A suggestion for one item, asked for by the person in front of it: a call like any other, ahead of batches.

Who asks for help is not who was given help by chance, so the arm stays what it was: nothing at stake.
"""

from dataclasses import dataclass
from typing import Any, Literal

from app.clock import utc_now
from app.errors import NotAllowed, NotFound
from app.services import agents, arms, policy, preannotation
from app.services.classifier_labelling import ready_questions
from app.services.context import Actor, Context
from app.services.jobs import LIVE, call_key
from app.services.study_arms import withheld
from db.engine import reading, transaction
from db.store import calls, items, leases

__all__ = ["LiveSuggestion", "poll_suggestion", "request_suggestion"]


@dataclass(frozen=True, slots=True)
class LiveSuggestion:
    state: Literal["ready", "waiting", "failed"]
    reason: str
    """Why there will be none; empty unless failed."""


def _key(item_id: int, user_id: int) -> str:
    return call_key(preannotation.KIND, "live", item_id, user_id)


def request_suggestion(ctx: Context, actor: Actor, item_id: int) -> LiveSuggestion:
    """Ask for a suggestion; asking again while one is coming changes nothing.

    Raises NotAllowed where help is withheld on purpose or the role is off, Invalid where no model can answer.
    """
    with reading(ctx.engine) as session:
        project, lease = policy.require_own_item(session, actor, item_id)
        if not project.preannotation_on:
            raise NotAllowed(f"pre-annotation is switched off in {project.name!r}")
        if "suggestion" in withheld(lease):
            raise NotAllowed("this item is shown without a suggestion, to measure what suggestions change")
        if arms.answers_first(lease):
            raise NotAllowed("answer first; the suggestion comes after that")
        if arms.visible(lease):
            return LiveSuggestion("ready", "")
    # The language model where there is one; the classifier needs verified labels, and says so.
    spec: dict[str, Any] = {"project_id": project.id, "items": [item_id]}
    if ctx.gateway is not None:
        spec["agent"] = agents.DEFAULT
    else:
        spec["questions"] = ready_questions(ctx, project.id)
    with transaction(ctx.engine) as session:
        key = _key(item_id, lease.user_id)
        ctx.jobs.enqueue(session, kind=preannotation.KIND, specs={key: spec}, job_id=None, priority=LIVE)
    return LiveSuggestion("waiting", "")


def poll_suggestion(ctx: Context, actor: Actor, item_id: int) -> LiveSuggestion:
    """Whether what was asked for has come; if so it is on screen from now on, and recorded as shown."""
    with transaction(ctx.engine) as session:
        _, lease = policy.require_own_item(session, actor, item_id)
        if arms.visible(lease):
            return LiveSuggestion("ready", "")
        known = calls.call_status(session, _key(item_id, lease.user_id))
        if known is None:
            raise NotFound("no suggestion was asked for")
        status, error = known
        if status in ("failed", "cancelled"):
            return LiveSuggestion("failed", error or status)
        if status != "done":
            return LiveSuggestion("waiting", "")
        found = items.latest_suggestions(session, item_id)
        if not found:
            return LiveSuggestion("failed", "the model suggested nothing")
        leases.show_suggestions(
            session,
            lease.id,
            shown={question: row.id for question, row in found.items()},
            now=utc_now(),
        )
        return LiveSuggestion("ready", "")
