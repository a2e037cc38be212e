"""A person's conversation with the assistant about one item.

A turn is stored as `streaming` before its first word exists, and closed when the stream ends, is stopped or
breaks; whoever reads in between finds it, and a turn left streaming by a dead process is shown as interrupted.
On an item that measures people a reply is held back until it is whole and has been checked for the answer.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from app.agents.assistant import ACTIONS, Action, AssistantRequest, converse
from app.agents.guideline_search import BUILTIN_LABEL, nearest_section
from app.agents.leaks import leaks
from app.clock import utc_now
from app.errors import Invalid, NotAllowed, NotFound
from app.schema import LabelSchema
from app.services import arms, policy
from app.services.chat_context import request_about
from app.services.chat_limits import Limit, help_level
from app.services.context import Actor, Context
from app.services.endpoints import price_list
from app.services.media import images_of
from app.services.privacy import private_gateway
from app.services.projects import schema_of
from app.services.study_arms import withheld
from db.engine import Session, reading, transaction
from db.records import ItemRecord, LeaseRecord, ProjectRecord, TurnRecord
from db.store import chat, items, projects
from judge.llm import Finished, Gateway, ModelError, TextPiece, Usage

__all__ = ["WITHHELD", "Closed", "Opened", "Piece", "Transcript", "ask", "stop", "transcript"]

WITHHELD = (
    "The reply is not shown: it would have settled the answer for you. Ask about the guidelines instead."
)

_LONGEST_QUESTION = 8_000
_STALE_SECONDS = 300
"""A turn that has been streaming for longer belongs to a process that is gone."""
_STOP_LOOK_SECONDS = 0.3
"""How often a stream looks whether its reader wants it stopped; the wish may come through another process."""


@dataclass(frozen=True, slots=True)
class Transcript:
    turns: list[TurnRecord]
    available: bool
    builtin: bool
    label: str
    """What answers: a model's name, or what the built-in assistant is."""
    may_draft: bool
    limit: Limit


@dataclass(frozen=True, slots=True)
class Opened:
    turn_id: int
    notice: str
    """What the person should know about the help they get; empty while it is full."""


@dataclass(frozen=True, slots=True)
class Piece:
    text: str


@dataclass(frozen=True, slots=True)
class Closed:
    status: str
    message: str
    """What went wrong, for the person; empty when nothing did."""


def _own_item(session: Session, actor: Actor, item_id: int) -> tuple[ProjectRecord, LeaseRecord, ItemRecord]:
    """The item when the actor holds or has answered it; the assistant never speaks of another one."""
    project, lease = policy.require_own_item(session, actor, item_id)
    item = items.item_by_id(session, item_id)
    assert item is not None, "a hold names an item"
    return project, lease, item


def transcript(ctx: Context, actor: Actor, item_id: int) -> Transcript:
    """The actor's own conversation about the item; nobody else's."""
    with reading(ctx.engine) as session:
        project, lease, item = _own_item(session, actor, item_id)
        conversation = chat.conversation_of(session, item_id, actor.user_id or 0)
        turns = chat.turns_of(session, conversation) if conversation else []
        workplace = arms.workplace_of(project)
        limit = help_level(
            session, workplace, conversation=conversation, user_id=actor.user_id or 0, now=utc_now()
        )
        version = projects.latest_schema(session, project.id)
        schema = schema_of(version) if version else None
        may_draft = (
            workplace.assistant == "may_draft"
            and schema is not None
            and _draftable(schema, items.gold_of(session, item.id))
        )
    return Transcript(
        turns=[_as_shown(turn) for turn in turns],
        available=project.assistant_on and "chat" not in withheld(lease),
        builtin=ctx.gateway is None,
        label=ctx.gateway.model if ctx.gateway else BUILTIN_LABEL,
        may_draft=may_draft,
        limit=limit,
    )


def _draftable(schema: LabelSchema, gold: Mapping[str, Any]) -> bool:
    """Whether there is a text to draft whose right answer is not known."""
    return any(question.type == "text" and question.id not in gold for question in schema.questions)


def _as_shown(turn: TurnRecord) -> TurnRecord:
    if turn.status == "withheld":
        return replace(turn, text=WITHHELD)
    stale = utc_now() - timedelta(seconds=_STALE_SECONDS)
    if turn.status == "streaming" and turn.created_at < stale:
        return replace(turn, status="interrupted")
    return turn


@dataclass(slots=True)
class _Stream:
    """One answer under way."""

    turn_id: int
    request: AssistantRequest
    gateway: Gateway | None
    gold: Mapping[str, Any]
    """The item's known answers: with any, a language model's reply is checked before it is shown. The built-in
    assistant only quotes what everybody may read."""
    notice: str
    started: float
    pieces: list[str] = field(default_factory=list)
    first_token_seconds: float | None = None
    model: str = ""
    usage: Usage | None = None


async def ask(
    ctx: Context,
    actor: Actor,
    item_id: int,
    *,
    request_id: str,
    text: str,
    draft: Mapping[str, Any],
    action: str | None = None,
) -> AsyncIterator[Opened | Piece | Closed]:
    """Ask, and stream the answer. A request that is repeated gets the first one's turn and nothing new.

    `action` names a quick action (ACTIONS), whose words then stand for `text`. Raises NotFound for an item that
    is not the actor's, NotAllowed where the project has no assistant or its caps are used up, Invalid for an
    empty or overlong question; all before the first piece.
    """
    known = next((name for name in ACTIONS if name == action), None)
    if action and known is None:
        raise Invalid(f"no quick action {action!r}; there are {', '.join(ACTIONS)}")
    text = ACTIONS[known][0] if known else text.strip()
    if not text or len(text) > _LONGEST_QUESTION:
        raise Invalid(f"a question has 1 to {_LONGEST_QUESTION} characters, not {len(text)}")
    stream = await asyncio.to_thread(_open, ctx, actor, item_id, request_id, text, known, draft)
    if stream is None:
        yield Closed("complete", "")
        return
    yield Opened(stream.turn_id, stream.notice)
    status, message = "interrupted", ""
    try:
        pieces = ctx.loop.relay(lambda: converse(stream.request, stream.gateway))
        async for piece in _until_stopped(
            pieces, lambda: asyncio.to_thread(_wants_stop, ctx, stream.turn_id)
        ):
            if isinstance(piece, TextPiece):
                if stream.first_token_seconds is None:
                    stream.first_token_seconds = time.monotonic() - stream.started
                stream.pieces.append(piece.text)
                if not stream.gold:
                    yield Piece(piece.text)
            else:
                stream.model, stream.usage, status = piece.model, piece.usage, "complete"
        if stream.gold and status == "complete":
            reply = "".join(stream.pieces)
            request = stream.request
            if leaks(reply, request.schema, stream.gold, guidelines=request.guidelines):
                status, message = "withheld", WITHHELD
            else:
                yield Piece(reply)
    except ModelError as error:
        status, message = "failed", f"The assistant did not answer ({error.kind}): {error.detail}"
    finally:
        # Also when the reader went away: the turn must not stay open. A broken reply that was held back was
        # never checked and is not shown later either.
        if stream.gold and status in ("interrupted", "failed"):
            stream.pieces.clear()
        await asyncio.shield(asyncio.to_thread(_close, ctx, stream, status))
    yield Closed(status, message)


async def _until_stopped(
    pieces: AsyncIterator[TextPiece | Finished], wants_stop: Callable[[], Awaitable[bool]]
) -> AsyncIterator[TextPiece | Finished]:
    """The pieces, until there are no more or somebody wants an end, also before the first one."""

    async def step() -> TextPiece | Finished | None:
        return await anext(pieces, None)

    looked = time.monotonic()
    coming = asyncio.ensure_future(step())
    try:
        while True:
            done, _ = await asyncio.wait({coming}, timeout=_STOP_LOOK_SECONDS)
            if time.monotonic() - looked >= _STOP_LOOK_SECONDS:
                looked = time.monotonic()
                if await wants_stop():
                    return
            if not done:
                continue
            piece = coming.result()
            if piece is None:
                return
            yield piece
            coming = asyncio.ensure_future(step())
    finally:
        coming.cancel()
        with suppress(asyncio.CancelledError, ModelError):
            await coming


def _wants_stop(ctx: Context, turn_id: int) -> bool:
    with reading(ctx.engine) as session:
        return chat.stop_requested(session, turn_id)


def _open(
    ctx: Context,
    actor: Actor,
    item_id: int,
    request_id: str,
    text: str,
    action: Action | None,
    draft: Mapping[str, Any],
) -> _Stream | None:
    with transaction(ctx.engine) as session:
        project, lease, item = _own_item(session, actor, item_id)
        if not project.assistant_on:
            raise NotAllowed(f"the assistant is switched off in {project.name!r}")
        if "chat" in withheld(lease):
            raise NotAllowed("this item is answered without the assistant, to measure what it changes")
        user_id, now, workplace = actor.user_id or 0, utc_now(), arms.workplace_of(project)
        conversation = chat.open_conversation(session, item_id, user_id, now=now)
        if chat.turn_by_request(session, conversation, request_id, "user") is not None:
            return None
        limit = help_level(session, workplace, conversation=conversation, user_id=user_id, now=now)
        if limit.level == "none":
            raise NotAllowed(limit.message)
        gold = items.gold_of(session, item.id)
        request = request_about(session, project, item, lease, text, draft)
        guide_only = workplace.assistant == "guide_only"
        if action == "draft":
            if guide_only or not _draftable(request.schema, gold):
                raise NotAllowed("the assistant does not draft here; ask it about the guidelines")
            # A draft answers a text; that it names a label on the way is no verdict on it.
            texts = {question.id for question in request.schema.questions if question.type == "text"}
            gold = {question: value for question, value in gold.items() if question in texts}
        request = replace(
            request,
            action=action,
            history=[
                (turn.role, turn.text)
                for turn in map(_as_shown, chat.turns_of(session, conversation))
                if turn.text
            ],
            guide_only=guide_only,
            blind=[question.title for question in request.schema.questions if question.id in gold],
            hints=limit.level == "hints",
        )
        if gold:
            # The nearest verified label would be half an answer.
            request = replace(request, examples=())
        model = ctx.gateway.model if ctx.gateway else BUILTIN_LABEL
        section = nearest_section(request.item_text if action else text, request.guidelines)
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
                builtin=ctx.gateway is None and role == "assistant",
                now=now,
                action=action or "",
                help_level=limit.level,
                section=section if role == "user" else "",
            )
        assert turn is not None
    request = replace(request, images=images_of(ctx, item.content) if ctx.gateway else ())
    return _Stream(
        turn.id,
        request,
        private_gateway(ctx, project),
        gold if ctx.gateway else {},
        limit.message,
        time.monotonic(),
        model=model,
    )


def _close(ctx: Context, stream: _Stream, status: str) -> None:
    usage = stream.usage
    with transaction(ctx.engine) as session:
        chat.close_turn(
            session,
            stream.turn_id,
            text="".join(stream.pieces),
            status=status,
            model=stream.model,
            first_token_seconds=stream.first_token_seconds,
            total_seconds=time.monotonic() - stream.started,
            prompt_tokens=usage.prompt_tokens if usage else None,
            completion_tokens=usage.completion_tokens if usage else None,
            cost_usd=price_list(session, ctx.settings).cost(stream.model, usage, utc_now()),
        )


def stop(ctx: Context, actor: Actor, turn_id: int) -> None:
    """Stop one's own turn, in whichever process it streams; what was written so far stays, as interrupted."""
    with transaction(ctx.engine) as session:
        found = chat.turn_by_id(session, turn_id)
        if found is None or found[1] != actor.user_id:
            raise NotFound(f"no turn {turn_id} of yours")
        if found[0].status == "streaming":
            chat.request_stop(session, turn_id)
