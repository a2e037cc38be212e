"""What the verification table reads: newest suggestions with what became of them, and how a person wants the table."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from db.models import (
    Annotation,
    Answer,
    Call,
    Item,
    Lease,
    Preference,
    Suggestion,
    User,
    Verification,
)

__all__ = [
    "clock_of",
    "history_of",
    "models_of",
    "newest_rows",
    "outcomes_since",
    "own_labels",
    "read_preference",
    "save_preference",
    "values_by_agent",
    "withheld_items",
]


def clock_of(session: Session, project_id: int) -> tuple[int, int]:
    """(newest suggestion, newest item) of a project: what the table's list depends on."""
    suggestion = session.scalar(
        select(func.max(Suggestion.id))
        .join(Item, Item.id == Suggestion.item_id)
        .where(Item.project_id == project_id)
    )
    item = session.scalar(select(func.max(Item.id)).where(Item.project_id == project_id))
    return suggestion or 0, item or 0


def models_of(session: Session, project_id: int) -> list[str]:
    """Names of the models with suggestions in a project."""
    statement = (
        select(Suggestion.model)
        .join(Item, Item.id == Suggestion.item_id)
        .where(Item.project_id == project_id, Suggestion.planted.is_(False), Suggestion.probe.is_(False))
        .distinct()
        .order_by(Suggestion.model)
    )
    return list(session.scalars(statement))


def newest_rows(
    session: Session, project_id: int, question: str, job_id: int | None, model: str
) -> Iterable[tuple[int, str, int, int, Any, float | None, str | None]]:
    """(item id, external id, position, suggestion id, value, confidence, near match) of the newest suggestion to
    the question for each current item, of one job or one model where that is given; in order of import.
    """
    newest = (
        select(func.max(Suggestion.id))
        .join(Item, Item.id == Suggestion.item_id)
        .where(
            Item.project_id == project_id,
            Item.is_current,
            Suggestion.question == question,
            Suggestion.planted.is_(False),
        )
        .group_by(Suggestion.item_id)
    )
    if model:
        newest = newest.where(Suggestion.model == model)
    if job_id is None:
        newest = newest.where(Suggestion.probe.is_(False))
    else:
        newest = newest.join(Call, Call.id == Suggestion.call_id).where(Call.job_id == job_id)
    sure = func.coalesce(Suggestion.calibrated_confidence, Suggestion.confidence)
    rows = session.execute(
        select(
            Item.id,
            Item.external_id,
            Item.position,
            Suggestion.id,
            Suggestion.value,
            sure,
            Suggestion.near_match,
        )
        .join(Suggestion, Suggestion.item_id == Item.id)
        .where(Suggestion.id.in_(newest))
        .order_by(Item.position)
        .execution_options(yield_per=5000)
    )
    for item_id, external_id, position, suggestion_id, value, confidence, near in rows:
        yield item_id, external_id, position, suggestion_id, value[0], confidence, near


def outcomes_since(
    session: Session, project_id: int, question: str, after: int
) -> Iterable[tuple[int, int, str, str, int]]:
    """(verification id, suggestion id, outcome, login, user id) of verifications later than `after`, in order."""
    rows = session.execute(
        select(
            Verification.id,
            Verification.suggestion_id,
            Verification.outcome,
            User.login,
            Verification.user_id,
        )
        .join(Suggestion, Suggestion.id == Verification.suggestion_id)
        .join(Item, Item.id == Suggestion.item_id)
        .join(User, User.id == Verification.user_id)
        .where(Item.project_id == project_id, Suggestion.question == question, Verification.id > after)
        .order_by(Verification.id)
    )
    yield from map(tuple, rows)


def own_labels(session: Session, item_ids: Sequence[int], user_id: int, question: str) -> dict[int, Any]:
    """Item id -> the person's newest answer to the question."""
    newest = (
        select(func.max(Annotation.id))
        .where(
            Annotation.item_id.in_(item_ids), Annotation.user_id == user_id, Annotation.state == "submitted"
        )
        .group_by(Annotation.item_id)
    )
    rows = session.execute(
        select(Annotation.item_id, Answer.value)
        .join(Answer, Answer.annotation_id == Annotation.id)
        .where(Annotation.id.in_(newest), Answer.question == question)
    )
    return {item_id: value[0] for item_id, value in rows}


def values_by_agent(session: Session, project_id: int, question: str) -> Iterable[tuple[int, Any]]:
    """(item id, value) of each agent's newest suggestion to the question."""
    newest = (
        select(func.max(Suggestion.id))
        .join(Item, Item.id == Suggestion.item_id)
        .where(
            Item.project_id == project_id,
            Item.is_current,
            Suggestion.question == question,
            Suggestion.planted.is_(False),
            Suggestion.probe.is_(False),
        )
        .group_by(Suggestion.item_id, Suggestion.agent_id, Suggestion.model)
    )
    for item_id, value in session.execute(
        select(Suggestion.item_id, Suggestion.value).where(Suggestion.id.in_(newest))
    ):
        yield item_id, value[0]


def withheld_items(session: Session, project_id: int, user_id: int) -> set[int]:
    """Items that this person was given without a suggestion on purpose, and all those of a study: what an arm showed
    may differ from what the model said.
    """
    statement = select(Lease.item_id).where(
        Lease.project_id == project_id,
        Lease.user_id == user_id,
        or_(
            Lease.study_id.is_not(None),
            and_(Lease.arm.is_not(None), Lease.shown_at.is_(None)),
        ),
    )
    return set(session.scalars(statement))


def history_of(
    session: Session, item_id: int, question: str, *, user_id: int | None
) -> list[tuple[datetime, str, str, str, Any, str, str]]:
    """(moment, login, outcome, via, own label, model, model's label) of every verification, newest first; one
    person's where `user_id` is given.
    """
    statement = (
        select(
            Verification.created_at,
            User.login,
            Verification.outcome,
            Verification.via,
            Answer.value,
            Suggestion.model,
            Suggestion.value,
        )
        .join(Suggestion, Suggestion.id == Verification.suggestion_id)
        .join(User, User.id == Verification.user_id)
        .outerjoin(
            Answer,
            and_(Answer.annotation_id == Verification.annotation_id, Answer.question == Suggestion.question),
        )
        .where(Suggestion.item_id == item_id, Suggestion.question == question, Suggestion.planted.is_(False))
        .order_by(Verification.id.desc())
    )
    if user_id is not None:
        statement = statement.where(Verification.user_id == user_id)
    return [
        (moment, login, outcome, via, own[0] if own else None, model, label[0])
        for moment, login, outcome, via, own, model, label in session.execute(statement)
    ]


def read_preference(session: Session, user_id: int, page: str) -> dict[str, Any]:
    row = session.get(Preference, (user_id, page))
    return dict(row.value) if row else {}


def save_preference(session: Session, user_id: int, page: str, value: Mapping[str, Any]) -> None:
    row = session.get(Preference, (user_id, page))
    if row is None:
        session.add(Preference(user_id=user_id, page=page, value=dict(value)))
    else:
        row.value = dict(value)
