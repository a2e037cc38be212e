"""A person's conversation with the assistant about one item.

A turn is stored as `streaming` before its first word exists, and closed when the stream ends, is stopped or
breaks; whoever reads in between finds it, and a turn left streaming by a dead process is shown as interrupted.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from app.agents.assistant import AssistantRequest, converse
from app.agents.guideline_search import BUILTIN_LABEL, Example
from app.clock import utc_now
from app.errors import Invalid, NotAllowed, NotFound
from app.services import arms, policy
from app.services.context import Actor, Context
from app.services.media import images_of
from app.services.projects import schema_of
from app.services.submissions import plain_text
from db.engine import Session, reading, transaction
from db.records import ItemRecord, ProjectRecord, TurnRecord
from db.store import chat, items, leases, projects
from judge.llm import Finished, ModelError, TextPiece, Usage

__all__ = ["Closed", "Opened", "Piece", "Transcript", "ask", "stop", "transcript"]

_LONGEST_QUESTION = 8_000
_STALE_SECONDS = 300
"""A turn that has been streaming for longer belongs to a process that is gone."""

_stopped: set[int] = set()
# Turns that a person asked to stop while this process streams them. Holds ids only, for seconds.


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


@dataclass(frozen=True, slots=True)
class Closed:
    status: str
    message: str
    """What went wrong, for the person; empty when nothing did."""


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
        turns=[
            replace(turn, status="interrupted")
            if turn.status == "streaming" and turn.created_at < stale
            else turn
            for turn in turns
        ],
        available=project.assistant_on,
        builtin=ctx.gateway is None,
        label=ctx.gateway.model if ctx.gateway else BUILTIN_LABEL,
    )


@dataclass(slots=True)
class _Stream:
    """One answer under way."""

    turn_id: int
    started: float
    pieces: list[str] = field(default_factory=list)
    first_token_seconds: float | None = None
    model: str = ""
    usage: Usage | None = None


async def ask(
    ctx: Context, actor: Actor, item_id: int, *, request_id: str, text: str, draft: Mapping[str, Any]
) -> AsyncIterator[Opened | Piece | Closed]:
    """Ask, and stream the answer. A request that is repeated gets the first one's turn and nothing new.

    Raises NotFound for an item that is not the actor's, NotAllowed where the project has no assistant, Invalid
    for an empty or overlong question; all before the first piece.
    """
    text = text.strip()
    if not text or len(text) > _LONGEST_QUESTION:
        raise Invalid(f"a question has 1 to {_LONGEST_QUESTION} characters, not {len(text)}")
    opened = await asyncio.to_thread(_open, ctx, actor, item_id, request_id, text, draft)
    if opened is None:
        yield Closed("complete", "")
        return
    stream, request = opened
    yield Opened(stream.turn_id)
    status, message = "interrupted", ""
    try:
        async for piece in ctx.loop.relay(lambda: converse(request, ctx.gateway)):
            if stream.turn_id in _stopped:
                break
            if isinstance(piece, TextPiece):
                if stream.first_token_seconds is None:
                    stream.first_token_seconds = time.monotonic() - stream.started
                stream.pieces.append(piece.text)
                yield Piece(piece.text)
            elif isinstance(piece, Finished):
                stream.model, stream.usage, status = piece.model, piece.usage, "complete"
    except ModelError as error:
        status, message = "failed", f"The assistant did not answer ({error.kind}): {error.detail}"
    finally:
        # Also when the reader went away: the turn must not stay open.
        _stopped.discard(stream.turn_id)
        await asyncio.shield(asyncio.to_thread(_close, ctx, stream, status))
    yield Closed(status, message)


def _open(
    ctx: Context, actor: Actor, item_id: int, request_id: str, text: str, draft: Mapping[str, Any]
) -> tuple[_Stream, AssistantRequest] | None:
    with transaction(ctx.engine) as session:
        project, item = _own_item(session, actor, item_id)
        if not project.assistant_on:
            raise NotAllowed(f"the assistant is switched off in {project.name!r}")
        user_id = actor.user_id or 0
        conversation = chat.open_conversation(session, item_id, user_id, now=utc_now())
        if chat.turn_by_request(session, conversation, request_id, "user") is not None:
            return None
        history = [(turn.role, turn.text) for turn in chat.turns_of(session, conversation) if turn.text]
        lease = leases.lease_of(session, item_id, user_id)
        shown = list(arms.visible(lease).values()) if lease else []
        request = _request(session, project, item, text, history, shown, draft, user_id)
        builtin = ctx.gateway is None
        model = BUILTIN_LABEL if ctx.gateway is None else ctx.gateway.model
        asked_at = utc_now()
        turn = None
        for role, words, status in (("user", text, "complete"), ("assistant", "", "streaming")):
            turn = chat.add_turn(
                session,
                conversation_id=conversation,
                request_id=request_id,
                role=role,
                text=words,
                status=status,
                model=model if role == "assistant" else "",
                builtin=builtin and role == "assistant",
                now=asked_at,
            )
        assert turn is not None
    request = replace(request, images=images_of(ctx, item.content) if ctx.gateway else ())
    return _Stream(turn.id, time.monotonic(), model=model), request


def _request(
    session: Session,
    project: ProjectRecord,
    item: ItemRecord,
    text: str,
    history: list[tuple[str, str]],
    shown: list[int],
    draft: Mapping[str, Any],
    user_id: int,
) -> AssistantRequest:
    schema_version = projects.latest_schema(session, project.id)
    guidelines = projects.latest_guidelines(session, project.id)
    if schema_version is None:
        raise NotFound(f"project {project.name!r} has no label schema")
    schema = schema_of(schema_version)
    choice = next((question for question in schema.questions if question.type == "choice"), None)
    examples = []
    if choice is not None:
        # Only what this person has answered already: the verified label of any other item would give away an
        # answer that they are, or may be, asked for.
        answered = leases.answered_items(session, project.id, user_id) - {item.id}
        examples = [
            Example(plain_text(content), str(value))
            for item_id, content, value in items.verified_texts(session, project.id, choice.id)
            if item_id in answered
        ]
    return AssistantRequest(
        question=text,
        history=history,
        item_text="\n\n".join(filter(None, (plain_text(item.content), item.content.get("context")))),
        images=(),
        schema=schema,
        guidelines=guidelines.text if guidelines else "",
        suggestions={
            question: row.value[0] for question, row in items.suggestions_by_id(session, shown).items()
        },
        draft=draft,
        examples=examples,
    )


def _close(ctx: Context, stream: _Stream, status: str) -> None:
    with transaction(ctx.engine) as session:
        chat.close_turn(
            session,
            stream.turn_id,
            text="".join(stream.pieces),
            status=status,
            model=stream.model,
            first_token_seconds=stream.first_token_seconds,
            total_seconds=time.monotonic() - stream.started,
            prompt_tokens=stream.usage.prompt_tokens if stream.usage else None,
            completion_tokens=stream.usage.completion_tokens if stream.usage else None,
        )


def stop(ctx: Context, actor: Actor, turn_id: int) -> None:
    """Stop one's own turn; what was written so far stays, marked as interrupted."""
    with reading(ctx.engine) as session:
        found = chat.turn_by_id(session, turn_id)
    if found is None or found[1] != actor.user_id:
        raise NotFound(f"no turn {turn_id} of yours")
    if found[0].status == "streaming":
        _stopped.add(turn_id)
