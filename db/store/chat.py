"""Conversations and their turns."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from db.models import Conversation, Turn
from db.records import TurnRecord, record_of

__all__ = [
    "add_turn",
    "close_turn",
    "conversation_of",
    "open_conversation",
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
        )
    )
