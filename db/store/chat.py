"""Conversations and their turns."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from db.models import Conversation, Item, Turn
from db.records import TurnRecord, record_of

__all__ = [
    "add_turn",
    "close_turn",
    "conversation_of",
    "count_questions",
    "open_conversation",
    "questions_of_project",
    "request_stop",
    "spent_since",
    "stop_requested",
    "turn_by_id",
    "turn_by_request",
    "turns_of",
]


def conversation_of(session: Session, item_id: int, user_id: int) -> int | None:
    return session.scalar(
        select(Conversation.id).where(Conversation.item_id == item_id, Conversation.user_id == user_id)
    )


def open_conversation(session: Session, item_id: int, user_id: int, *, now: datetime) -> int:
    """The id of this person's conversation about this item, made when there is none."""
    known = conversation_of(session, item_id, user_id)
    if known is not None:
        return known
    row = Conversation(item_id=item_id, user_id=user_id, created_at=now)
    session.add(row)
    session.flush()
    return row.id


def turns_of(session: Session, conversation_id: int) -> list[TurnRecord]:
    rows = session.scalars(select(Turn).where(Turn.conversation_id == conversation_id).order_by(Turn.number))
    return [record_of(TurnRecord, row) for row in rows]


def turn_by_id(session: Session, turn_id: int) -> tuple[TurnRecord, int] | None:
    """The turn and the id of the person whose conversation it is part of."""
    found = session.execute(
        select(Turn, Conversation.user_id)
        .join(Conversation, Conversation.id == Turn.conversation_id)
        .where(Turn.id == turn_id)
    ).first()
    return (record_of(TurnRecord, found[0]), found[1]) if found else None


def turn_by_request(session: Session, conversation_id: int, request_id: str, role: str) -> TurnRecord | None:
    row = session.scalar(
        select(Turn).where(
            Turn.conversation_id == conversation_id, Turn.request_id == request_id, Turn.role == role
        )
    )
    return record_of(TurnRecord, row) if row else None


def add_turn(
    session: Session,
    *,
    conversation_id: int,
    request_id: str,
    role: str,
    text: str,
    status: str,
    model: str,
    builtin: bool,
    now: datetime,
    action: str = "",
    help_level: str = "full",
    section: str = "",
) -> TurnRecord:
    last = session.scalar(select(func.max(Turn.number)).where(Turn.conversation_id == conversation_id))
    row = Turn(
        conversation_id=conversation_id,
        number=(last or 0) + 1,
        request_id=request_id,
        role=role,
        text=text,
        status=status,
        model=model,
        builtin=builtin,
        first_token_seconds=None,
        total_seconds=None,
        prompt_tokens=None,
        completion_tokens=None,
        cost_usd=None,
        action=action,
        help_level=help_level,
        section=section,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return record_of(TurnRecord, row)


def close_turn(
    session: Session,
    turn_id: int,
    *,
    text: str,
    status: str,
    model: str,
    first_token_seconds: float | None,
    total_seconds: float,
    prompt_tokens: int | None,
    completion_tokens: int | None,
    cost_usd: float | None,
) -> None:
    """End a streaming turn; one that is closed already stays as it is."""
    session.execute(
        update(Turn)
        .where(Turn.id == turn_id, Turn.status == "streaming")
        .values(
            text=text,
            status=status,
            model=model,
            first_token_seconds=first_token_seconds,
            total_seconds=total_seconds,
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
            cost_usd=cost_usd,
        )
    )


def request_stop(session: Session, turn_id: int) -> None:
    """Ask whoever streams the turn, in whichever process, to end it."""
    session.execute(update(Turn).where(Turn.id == turn_id).values(stop_requested=True))


def stop_requested(session: Session, turn_id: int) -> bool:
    return bool(session.scalar(select(Turn.stop_requested).where(Turn.id == turn_id)))


def count_questions(session: Session, conversation_id: int) -> int:
    statement = select(func.count()).where(Turn.conversation_id == conversation_id, Turn.role == "user")
    return session.scalar(statement) or 0


def spent_since(session: Session, user_id: int, since: datetime) -> tuple[float, float]:
    """(tokens, USD) of this person's answers from language models since a moment.

    A turn that was broken off reports no tokens; the length of what it had written stands in, four characters a
    token. A turn without a known price counts no money.
    """
    tokens = func.coalesce(Turn.prompt_tokens + Turn.completion_tokens, func.length(Turn.text) / 4.0)
    row = session.execute(
        select(func.sum(tokens), func.sum(Turn.cost_usd))
        .join(Conversation, Conversation.id == Turn.conversation_id)
        .where(
            Conversation.user_id == user_id,
            Turn.role == "assistant",
            Turn.builtin.is_(False),
            Turn.created_at >= since,
        )
    ).one()
    return float(row[0] or 0), float(row[1] or 0)


def questions_of_project(session: Session, project_id: int) -> list[tuple[str, str, str, int, datetime]]:
    """(section, text, action, person id, when) of every question asked in a project, newest first."""
    rows = session.execute(
        select(Turn.section, Turn.text, Turn.action, Conversation.user_id, Turn.created_at)
        .join(Conversation, Conversation.id == Turn.conversation_id)
        .join(Item, Item.id == Conversation.item_id)
        .where(Item.project_id == project_id, Turn.role == "user")
        .order_by(Turn.id.desc())
    )
    return [(section, text, action, user_id, at) for section, text, action, user_id, at in rows]
