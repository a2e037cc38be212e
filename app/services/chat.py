"""A person's conversation with the assistant about one item.

A turn is stored as `streaming` before its first word exists, and closed when the stream ends, is stopped or
breaks; whoever reads in between finds it, and a turn left streaming by a dead process is shown as interrupted.
"""

from dataclasses import dataclass
from datetime import timedelta

from app.agents.guideline_search import BUILTIN_LABEL
from app.clock import utc_now
from app.errors import NotFound
from app.services import policy
from app.services.context import Actor, Context
from db.engine import Session, reading
from db.records import ItemRecord, ProjectRecord, TurnRecord
from db.store import chat, items, leases

__all__ = ["Opened", "Piece", "Transcript", "ask", "stop", "transcript"]

_LONGEST_QUESTION = 8_000
_STALE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Transcript:
    turns: list[TurnRecord]
    available: bool
    builtin: bool
    label: str
    """What answers: a model's name, or what the built-in assistant is."""


@dataclass(frozen=True, slots=True)
class Opened:
    turn_id: int


@dataclass(frozen=True, slots=True)
class Piece:
    text: str


def _own_item(session: Session, actor: Actor, item_id: int) -> tuple[ProjectRecord, ItemRecord]:
    """The item when the actor holds or has answered it; the assistant never speaks of another one."""
    lease = leases.lease_of(session, item_id, actor.user_id) if actor.user_id is not None else None
    item = items.item_by_id(session, item_id)
    if lease is None or item is None:
        raise NotFound(f"item {item_id} is not among those you hold or have answered")
    return policy.require(session, actor, lease.project_id, "annotate"), item


def transcript(ctx: Context, actor: Actor, item_id: int) -> Transcript:
    """The actor's own conversation about the item; nobody else's."""
    with reading(ctx.engine) as session:
        project, _ = _own_item(session, actor, item_id)
        conversation = chat.conversation_of(session, item_id, actor.user_id or 0)
        turns = chat.turns_of(session, conversation) if conversation else []
    stale = utc_now() - timedelta(seconds=_STALE_SECONDS)
    return Transcript(
        turns=[_as_seen(turn, interrupted=turn.created_at < stale) for turn in turns],
        available=project.assistant_on,
        builtin=ctx.gateway is None,
        label=ctx.gateway.model if ctx.gateway else BUILTIN_LABEL,
    )
