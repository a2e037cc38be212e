"""Single questions in full, for figures of a part of their answers: what people said, when, of which items, and
what is known or suggested. Items are named as in `db.rating_frames`.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from db.columns import Extent, extent_of
from db.models import Annotation, Answer, Call, Gold, Item, Job, Rating, Suggestion, User
from db.rating_frames import ITEM_NAME

__all__ = [
    "answers_in_full",
    "imported_suggestions",
    "item_facts",
    "item_metadata",
    "known_labels",
    "known_state",
    "metadata_state",
    "suggested_labels",
]


def answers_in_full(
    session: Session, project_id: int, question: str, schema_ids: Sequence[int]
) -> pd.DataFrame:
    """What people said to a question, with when and how, also where they left it empty.

    One row per first submission under one of these versions of the schema, in order of submitting: item (as in
    `rating_frames.answer_ratings`), rater (login), value (None where it was left empty), at (UTC), shown_order (None where it was
    the schema's).
    """
    rows = session.execute(
        select(ITEM_NAME, User.login, Answer.value, Annotation.submitted_at, Answer.shown_order)
        .select_from(Annotation)
        .join(Item, Item.id == Annotation.item_id)
        .join(User, User.id == Annotation.user_id)
        .outerjoin(Answer, and_(Answer.annotation_id == Annotation.id, Answer.question == question))
        .where(
            Annotation.project_id == project_id,
            Annotation.revision == 1,
            Annotation.state == "submitted",
            Annotation.schema_version_id.in_(list(schema_ids)),
        )
        .order_by(Annotation.id)
    ).all()
    columns: dict[str, list[Any]] = {"item": [], "rater": [], "value": [], "at": [], "shown_order": []}
    for item, rater, value, at, order in rows:
        for name, cell in zip(columns, (item, rater, value[0] if value else None, at, order), strict=True):
            columns[name].append(cell)
    frame = pd.DataFrame({name: pd.Series(cells, dtype=object) for name, cells in columns.items()})
    return frame.assign(at=pd.to_datetime(frame["at"], utc=True))


def item_facts(
    session: Session, project_id: int
) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """(item as in `answer_ratings`, content, metadata) of every version of every item."""
    rows = session.execute(
        select(ITEM_NAME, Item.content, Item.meta)
        .where(Item.project_id == project_id)
        .execution_options(yield_per=1000)
    )
    yield from ((name, content, meta) for name, content, meta in rows)


def known_labels(session: Session, project_id: int, question: str) -> list[tuple[str, Any, str]]:
    """(item as in `answer_ratings`, right value, split) of known items; imported gold is for figures: split test."""
    here = session.execute(
        select(ITEM_NAME, Gold.value, Gold.split)
        .join(Item, Item.id == Gold.item_id)
        .where(Item.project_id == project_id, Gold.question == question)
    )
    imported = session.execute(
        select(Rating.item, Rating.gold)
        .where(Rating.project_id == project_id, Rating.question == question, Rating.gold.is_not(None))
        .distinct()
    )
    return [
        *((item, gold, "test") for item, gold in imported),
        *((item, value[0], split) for item, value, split in here),
    ]


def known_state(session: Session, project_id: int) -> tuple[int, int, datetime | None]:
    """Changes when known answers are added here: how many, the last id, and when the newest was added."""
    rows, last, newest = session.execute(
        select(func.count(), func.max(Gold.id), func.max(Gold.created_at))
        .join(Item, Item.id == Gold.item_id)
        .where(Item.project_id == project_id)
    ).one()
    return rows, last or 0, newest


def suggested_labels(
    session: Session, project_id: int, question: str
) -> list[tuple[str, str, Any, datetime]]:
    """(item, model, value, when) of every suggestion to a question, oldest first; without planted ones and probes."""
    rows = session.execute(
        select(ITEM_NAME, Suggestion.model, Suggestion.value, Suggestion.created_at)
        .join(Item, Item.id == Suggestion.item_id)
        .where(
            Item.project_id == project_id,
            Suggestion.question == question,
            Suggestion.planted.is_(False),
            Suggestion.probe.is_(False),
        )
        .order_by(Suggestion.id)
    )
    return [(item, model, value[0], at) for item, model, value, at in rows]


def item_metadata(session: Session, project_id: int) -> list[tuple[int, str, Mapping[str, Any]]]:
    """(id, name as in `rating_frames.answer_ratings`, metadata) of every version of every item."""
    rows = session.execute(select(Item.id, ITEM_NAME, Item.meta).where(Item.project_id == project_id))
    return [(item_id, name, meta) for item_id, name, meta in rows]


def metadata_state(session: Session, project_id: int) -> tuple[Extent, int]:
    """Changes when items are added, and when a job computes metadata of those that are there: nothing else changes them."""
    computed = session.scalar(
        select(func.count())
        .select_from(Call)
        .join(Job, Job.id == Call.job_id)
        .where(Job.project_id == project_id, Job.kind == "metadata", Call.status == "done")
    )
    return extent_of(session, Item.id, Item.project_id == project_id), computed or 0


def imported_suggestions(session: Session, project_id: int, question: str) -> pd.DataFrame:
    """Imported ratings by people who were shown a suggestion: item, rater, value, suggestion, meta (dict)."""
    columns = ["item", "rater", "value", "suggestion", "meta"]
    statement = select(*(getattr(Rating, name) for name in columns)).where(
        Rating.project_id == project_id,
        Rating.question == question,
        Rating.rater_kind == "human",
        Rating.repeat == 0,
        Rating.suggestion.is_not(None),
    )
    return pd.DataFrame.from_records(session.execute(statement).all(), columns=columns)
