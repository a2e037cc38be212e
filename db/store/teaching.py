"""Items whose answer is known well enough to learn from: gold, and what people made of suggestions they checked."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.models import Annotation, Answer, Gold, Item, Suggestion, Verification

__all__ = ["teaching_items", "verified_texts"]


def verified_texts(
    session: Session, project_id: int, question: str
) -> list[tuple[int, Mapping[str, Any], Any]]:
    """(item id, content, value) of items whose answer to `question` is known: gold, and where there is none what
    a person made of a suggestion that they checked.
    """
    statement = (
        select(Item.id, Item.content, Gold.value)
        .join(Gold, Gold.item_id == Item.id)
        .where(Item.project_id == project_id, Item.is_current, Gold.question == question)
        .order_by(Item.position)
    )
    known = [(item_id, content, value[0]) for item_id, content, value in session.execute(statement)]
    seen = {item_id for item_id, *_ in known}
    verified = (
        select(Item.id, Item.content, Answer.value)
        .join(Annotation, Annotation.item_id == Item.id)
        .join(Answer, Answer.annotation_id == Annotation.id)
        .where(
            Item.project_id == project_id,
            Item.is_current,
            Answer.question == question,
            Annotation.id.in_(_newest_verified(project_id, question)),
        )
        .order_by(Item.position)
    )
    return known + [
        (item_id, content, value[0])
        for item_id, content, value in session.execute(verified)
        if item_id not in seen and value[0] not in (None, "", [])
    ]


def _newest_verified(project_id: int, question: str) -> Any:
    """Ids of the newest annotation of each item in which a suggestion to `question` was checked."""
    return (
        select(func.max(Annotation.id))
        .join(Verification, Verification.annotation_id == Annotation.id)
        .join(Suggestion, Suggestion.id == Verification.suggestion_id)
        .where(
            Annotation.project_id == project_id,
            Annotation.state == "submitted",
            Annotation.simulated.is_(False),
            Suggestion.question == question,
            Suggestion.planted.is_(False),
        )
        .group_by(Annotation.item_id)
    )


def teaching_items(
    session: Session, project_id: int, *, limit: int
) -> list[tuple[int, Mapping[str, Any], str, dict[str, Any]]]:
    """(item id, content, content hash, question -> value) of items that may be shown as examples, oldest first:
    gold of the training split, and answers that people gave while checking a suggestion on items without gold.
    """
    found: dict[int, tuple[Mapping[str, Any], str, dict[str, Any]]] = {}
    taught = (
        select(Item.id, Item.content, Item.content_hash, Gold.question, Gold.value)
        .join(Gold, Gold.item_id == Item.id)
        .where(Item.project_id == project_id, Item.is_current, Gold.split == "train")
        .order_by(Item.position)
    )
    verified = (
        select(Item.id, Item.content, Item.content_hash, Answer.question, Answer.value)
        .join(Annotation, Annotation.item_id == Item.id)
        .join(Answer, Answer.annotation_id == Annotation.id)
        .join(Verification, Verification.annotation_id == Annotation.id)
        .join(
            Suggestion,
            (Suggestion.id == Verification.suggestion_id) & (Suggestion.question == Answer.question),
        )
        .where(
            Item.project_id == project_id,
            Item.is_current,
            Annotation.simulated.is_(False),
            Suggestion.planted.is_(False),
            Item.id.not_in(select(Gold.item_id)),
        )
        .order_by(Item.position, Annotation.id)
    )
    for statement in (taught, verified):
        for item_id, content, content_hash, question, value in session.execute(statement.limit(limit * 10)):
            if value[0] in (None, "", []):
                continue
            if item_id not in found and len(found) >= limit:
                break
            found.setdefault(item_id, (content, content_hash, {}))[2][question] = value[0]
    return [(item_id, *rest) for item_id, rest in found.items()]
