"""Ratings for analysis: columns, not objects.

Answers given here and imported ratings come out in the same columns, so that whoever computes need not know where
a rating came from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pandas as pd
from sqlalchemy import Text, case, cast, func, select
from sqlalchemy.orm import Session

from db.columns import Extent, columns_of, extent_of
from db.models import Annotation, Answer, Item, Rating, User

__all__ = [
    "ITEM_NAME",
    "RatingsState",
    "answer_ratings",
    "count_disabled",
    "imported_circumstances",
    "imported_ratings",
    "imported_values",
    "ratings_state",
    "versioned_answers",
]


ITEM_NAME = case(
    (Item.version == 1, Item.external_id),
    else_=Item.external_id + " (version " + cast(Item.version, Text) + ")",
)
"""How an item is named among ratings: by its external id, and its version from the second on."""


@dataclass(frozen=True, slots=True)
class RatingsState:
    """What the ratings of a project are as long as nothing is added; both tables are only ever added to."""

    imported: Extent
    answered: Extent
    disabled: int
    """People who may no longer log in, in any project: their number only grows."""


def ratings_state(session: Session, project_id: int) -> RatingsState:
    return RatingsState(
        imported=extent_of(session, Rating.id, Rating.project_id == project_id),
        answered=extent_of(
            session, Annotation.id, Annotation.project_id == project_id, Annotation.state == "submitted"
        ),
        disabled=count_disabled(session),
    )


def count_disabled(session: Session) -> int:
    """People who may no longer log in, in any project."""
    return session.scalar(select(func.count(User.id)).where(User.disabled_at.is_not(None))) or 0


def imported_ratings(session: Session, project_id: int) -> pd.DataFrame:
    """Imported ratings with all that is known of them, first values only.

    One row per rating: question, item, rater, rater_kind, value (text), number, seconds, arm, position, gold,
    suggestion.
    """
    columns = [
        "question",
        "item",
        "rater",
        "rater_kind",
        "value",
        "number",
        "seconds",
        "arm",
        "position",
        "gold",
        "suggestion",
    ]
    statement = select(*(getattr(Rating, name) for name in columns)).where(
        Rating.project_id == project_id, Rating.repeat == 0
    )
    return pd.DataFrame.from_records(session.execute(statement).all(), columns=columns)


def imported_circumstances(session: Session, project_id: int, state: RatingsState) -> pd.DataFrame:
    """When and under which further columns imported ratings were given; the rows are those of `imported_values`.

    One row per rating: at (UTC moment, NaT where the table did not say), meta (categorical, JSON text).
    """
    statement = select(func.coalesce(cast(Rating.rated_at, Text), ""), cast(Rating.meta, Text), Rating.repeat)
    at, meta, repeat = columns_of(
        session,
        statement,
        key=Rating.id,
        project=Rating.project_id,
        project_id=project_id,
        extent=state.imported,
    )
    said = pd.Series([text or None for text in at.categories], dtype=object)
    moments = pd.to_datetime(said, utc=True, format="ISO8601")
    frame = pd.DataFrame({"at": moments.take(at.codes).to_numpy(), "meta": meta})
    frame["at"] = pd.to_datetime(frame["at"], utc=True)
    order = np.asarray(repeat.categories, dtype=int)[repeat.codes] if len(frame) else np.zeros(0, dtype=int)
    return frame.iloc[np.argsort(order, kind="stable")] if order.any() else frame


def imported_values(session: Session, project_id: int, state: RatingsState) -> pd.DataFrame:
    """Who gave which value, in the order of the import, a rater's repeats after all first values.

    One row per rating, categorical columns: question, item, rater, rater_kind, value (text).
    """
    statement = select(
        Rating.question, Rating.item, Rating.rater, Rating.rater_kind, Rating.value, Rating.repeat
    )
    *columns, repeat = columns_of(
        session,
        statement,
        key=Rating.id,
        project=Rating.project_id,
        project_id=project_id,
        extent=state.imported,
    )
    names = ("question", "item", "rater", "rater_kind", "value")
    frame = pd.DataFrame(dict(zip(names, columns, strict=True)))
    order = np.asarray(repeat.categories, dtype=int)[repeat.codes] if len(frame) else np.zeros(0, dtype=int)
    return frame.iloc[np.argsort(order, kind="stable")] if order.any() else frame


def answer_ratings(
    session: Session, project_id: int, state: RatingsState, questions: Sequence[str]
) -> pd.DataFrame:
    """First submissions of people to these questions, in order of submitting.

    One row per answer: question, item (external id, and version from the second on), rater (login), value (JSON
    value), disabled (whether the person is, by now).
    """
    statement = (
        select(
            Answer.question,
            ITEM_NAME.label("item"),
            User.login,
            cast(Answer.value, Text).label("value"),
            case((User.disabled_at.is_(None), 0), else_=1).label("disabled"),
        )
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .join(Item, Item.id == Annotation.item_id)
        .join(User, User.id == Annotation.user_id)
        .where(
            Annotation.revision == 1, Annotation.state == "submitted", Answer.question.in_(list(questions))
        )
    )
    question, item, rater, value, disabled = columns_of(
        session,
        statement,
        key=Annotation.id,
        project=Annotation.project_id,
        project_id=project_id,
        extent=state.answered,
    )
    return pd.DataFrame(
        {
            "question": question,
            "item": item,
            "rater": rater,
            "value": _values_of(value),
            "disabled": disabled.astype(bool) if len(disabled) else np.zeros(0, dtype=bool),
        }
    )


def _values_of(written: pd.Categorical) -> "pd.Series[Any]":
    """The values of answers, each different text read once; not as categories, or the number 1 and the truth value would
    be one.
    """
    read = np.empty(len(written.categories), dtype=object)
    read[:] = [orjson.loads(text)[0] for text in written.categories]
    return pd.Series(read[written.codes], dtype=object)


def versioned_answers(
    session: Session, project_id: int, state: RatingsState, questions: Sequence[str]
) -> pd.DataFrame:
    """Every submitted revision of people's answers to these questions, with the versions it was made under, in order of
    submitting.

    One row per answer: question, item (id), rater (login), value (JSON value), revision, schema and guidelines (ids of
    versions).
    """
    statement = (
        select(
            Answer.question,
            Annotation.item_id,
            User.login,
            cast(Answer.value, Text).label("value"),
            Annotation.revision,
            Annotation.schema_version_id,
            Annotation.guideline_version_id,
        )
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .join(User, User.id == Annotation.user_id)
        .where(Annotation.state == "submitted", Answer.question.in_(list(questions)))
    )
    question, item, rater, value, *numbers = columns_of(
        session,
        statement,
        key=Annotation.id,
        project=Annotation.project_id,
        project_id=project_id,
        extent=state.answered,
    )
    columns: dict[str, object] = {
        "question": question,
        "item": item,
        "rater": rater,
        "value": _values_of(value),
    }
    for name, column in zip(("revision", "schema", "guidelines"), numbers, strict=True):
        columns[name] = column.astype(int) if len(column) else np.zeros(0, dtype=int)
    return pd.DataFrame(columns)
