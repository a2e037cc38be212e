"""Imported ratings."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from db.models import Rating

__all__ = ["add_ratings", "count_ratings", "human_scores", "rating_questions", "ratings_of_item"]


def add_ratings(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        session.execute(insert(Rating), list(rows))


def count_ratings(session: Session, project_id: int) -> int:
    return session.scalar(select(func.count()).where(Rating.project_id == project_id)) or 0


def rating_questions(session: Session, project_id: int) -> list[str]:
    rows = session.scalars(
        select(Rating.question).where(Rating.project_id == project_id).distinct().order_by(Rating.question)
    )
    return list(rows)


def human_scores(
    session: Session, project_id: int, external_ids: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    """External id -> question, rater and value of people's imported ratings of the item."""
    found: dict[str, list[dict[str, Any]]] = {}
    rows = session.execute(
        select(Rating.item, Rating.question, Rating.rater, Rating.value).where(
            Rating.project_id == project_id, Rating.rater_kind == "human", Rating.item.in_(external_ids)
        )
    )
    for item, question, rater, value in rows:
        found.setdefault(item, []).append({"question": question, "rater": rater, "value": value})
    return found


def ratings_of_item(session: Session, project_id: int, item: str) -> list[dict[str, Any]]:
    """rater, rater_kind, question, value, seconds, arm of every rating of the item."""
    rows = session.scalars(
        select(Rating)
        .where(Rating.project_id == project_id, Rating.item == item)
        .order_by(Rating.question, Rating.rater)
    )
    return [
        {
            "rater": row.rater,
            "rater_kind": row.rater_kind,
            "question": row.question,
            "value": row.value,
            "seconds": row.seconds,
            "arm": row.arm,
        }
        for row in rows
    ]
