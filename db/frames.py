"""Large reads for analysis: columns, not objects.

Each function says what a row is. Ratings stand in `db.rating_frames`.
"""

from collections.abc import Iterator
from typing import Any

import pandas as pd
from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from db.models import (
    Annotation,
    Answer,
    CriterionScore,
    Gold,
    Item,
    Review,
    Suggestion,
    TimeObjection,
    User,
    Verdict,
    Visit,
)

__all__ = [
    "count_first_answers",
    "criterion_levels",
    "export_rows",
    "gold_shares",
    "handling_seconds",
    "suggestions_with_gold",
    "time_rows",
]


def _frame(session: Session, statement: Any, columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame.from_records(session.execute(statement).all(), columns=columns)


def _handling() -> Any:
    """Handling seconds of a person on an item: reading, working and chatting over all visits before the first
    submit. Rework is the same sum over the visits after it.
    """
    spent = Visit.reading + Visit.working + Visit.chatting
    first = Visit.stage == "annotate"

    def own(column: Any) -> Any:
        return func.sum(case((first, column), else_=0.0))

    return (
        select(
            Visit.item_id,
            Visit.user_id,
            own(spent).label("handling"),
            own(Visit.reading).label("reading"),
            own(Visit.working).label("working"),
            own(Visit.chatting).label("chatting"),
            own(Visit.waiting_model).label("waiting_model"),
            own(Visit.waiting_judge).label("waiting_judge"),
            own(Visit.idle).label("idle"),
            own(Visit.hidden).label("hidden"),
            func.sum(case((Visit.stage == "rework", spent), else_=0.0)).label("rework"),
        )
        .outerjoin(TimeObjection, TimeObjection.visit_id == Visit.id)
        .group_by(Visit.item_id, Visit.user_id)
        # A figure that was contested and found wrong: the whole time on the item is unknown, not shorter.
        .having(func.sum(case((TimeObjection.left_out, 1), else_=0)) == 0)
        .subquery()
    )


handling_seconds = [
    "handling",
    "reading",
    "working",
    "chatting",
    "waiting_model",
    "waiting_judge",
    "idle",
    "hidden",
    "rework",
]


def time_rows(session: Session, project_id: int) -> pd.DataFrame:
    """First submissions with their time.

    One row per person and item: item, rater, arm, study (id, nan without one), position, seconds (handling), the other
    parts of the ledger, annotation (id), item_id, day, right (share of gold questions answered right, nan without gold),
    accepted (1 or 0 by the first review, nan without one), simulated.
    """
    handling = _handling()
    statement = (
        select(
            Item.external_id,
            User.login,
            Annotation.arm,
            Annotation.study_id,
            Annotation.position,
            *(getattr(handling.c, name) for name in handling_seconds),
            Annotation.id,
            Annotation.item_id,
            Annotation.simulated,
            Annotation.submitted_at,
        )
        .join(Item, Item.id == Annotation.item_id)
        .join(User, User.id == Annotation.user_id)
        .join(handling, and_(handling.c.item_id == Item.id, handling.c.user_id == User.id))
        .where(Annotation.project_id == project_id, Annotation.revision == 1, Annotation.state == "submitted")
    )
    names = [
        "item",
        "rater",
        "arm",
        "study",
        "position",
        "seconds",
        *handling_seconds[1:],
        "annotation",
        "item_id",
        "simulated",
        "day",
    ]
    frame = _frame(session, statement, names)
    frame["day"] = [moment.date().isoformat() for moment in frame["day"]]
    frame["right"] = frame["annotation"].map(gold_shares(session, project_id)).astype(float)
    frame["accepted"] = frame["annotation"].map(_first_reviews(session, project_id)).astype(float)
    frame["study"] = frame["study"].astype(float)
    return frame


def gold_shares(session: Session, project_id: int) -> "pd.Series[float]":
    """Annotation -> share of its questions with a known answer that were answered right, for first submissions."""
    judged = (
        select(Answer.annotation_id, Answer.value, Gold.value)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .join(Gold, and_(Gold.item_id == Annotation.item_id, Gold.question == Answer.question))
        .where(Annotation.project_id == project_id, Annotation.revision == 1)
    )
    right = _frame(session, judged, ["annotation", "value", "gold"])
    right["right"] = [float(value == gold) for value, gold in zip(right["value"], right["gold"], strict=True)]
    return right.groupby("annotation")["right"].mean()


def _first_reviews(session: Session, project_id: int) -> dict[int, float]:
    """Annotation -> 1 where its first review accepted it as it was, else 0."""
    first = (
        select(func.min(Review.id))
        .join(Annotation, Annotation.id == Review.annotation_id)
        .where(Annotation.project_id == project_id)
        .group_by(Review.annotation_id)
    )
    rows = session.execute(select(Review.annotation_id, Review.outcome).where(Review.id.in_(first)))
    return {annotation_id: float(outcome == "accepted") for annotation_id, outcome in rows}


def criterion_levels(session: Session, project_id: int) -> pd.DataFrame:
    """The newest verdict of each answer.

    One row per criterion: rubric_version_id, criterion, level (nan when unscored), reason, rater, simulated.
    """
    newest = select(func.max(Verdict.id)).group_by(Verdict.answer_id)
    statement = (
        select(
            Verdict.rubric_version_id,
            CriterionScore.criterion,
            CriterionScore.level,
            CriterionScore.reason,
            User.login,
            Verdict.simulated,
        )
        .join(Verdict, Verdict.id == CriterionScore.verdict_id)
        .join(Answer, Answer.id == Verdict.answer_id)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .join(User, User.id == Annotation.user_id)
        .where(Annotation.project_id == project_id, Verdict.id.in_(newest))
    )
    columns = ["rubric_version_id", "criterion", "level", "reason", "rater", "simulated"]
    return _frame(session, statement, columns)


def export_rows(session: Session, project_id: int) -> Iterator[dict[str, Any]]:
    """Every annotation of every person, streamed in order: the columns that need no second look-up."""
    handling = _handling()
    statement = (
        select(
            Annotation,
            Item,
            User.login,
            User.simulated,
            *(getattr(handling.c, name) for name in handling_seconds),
        )
        .join(Item, Item.id == Annotation.item_id)
        .join(User, User.id == Annotation.user_id)
        .outerjoin(handling, and_(handling.c.item_id == Item.id, handling.c.user_id == User.id))
        .where(Annotation.project_id == project_id)
        .order_by(Annotation.id)
        .execution_options(yield_per=1000)
    )
    for annotation, item, login, simulated, *seconds in session.execute(statement):
        yield {
            "annotation_id": annotation.id,
            "item_id": item.id,
            "external_id": item.external_id,
            "item_version": item.version,
            "metadata": item.meta,
            "annotator": login,
            "simulated": annotation.simulated or simulated,
            "revision": annotation.revision,
            "state": annotation.state,
            "skip_reason": annotation.skip_reason,
            "arm": annotation.arm,
            "late": annotation.late,
            "position": annotation.position,
            "schema_version_id": annotation.schema_version_id,
            "guideline_version_id": annotation.guideline_version_id,
            "submitted_at": annotation.submitted_at,
            "seconds": dict(zip(handling_seconds, seconds, strict=True)),
        }


def suggestions_with_gold(session: Session, project_id: int) -> list[tuple[str, str, float | None, Any, Any]]:
    """(question, model, confidence, suggested value, right value): the newest suggestion of each model per item."""
    newest = (
        select(func.max(Suggestion.id))
        .where(Suggestion.planted.is_(False))
        .group_by(Suggestion.item_id, Suggestion.question, Suggestion.model)
    )
    rows = session.execute(
        select(Suggestion.question, Suggestion.model, Suggestion.confidence, Suggestion.value, Gold.value)
        .join(Item, Item.id == Suggestion.item_id)
        .join(Gold, and_(Gold.item_id == Suggestion.item_id, Gold.question == Suggestion.question))
        .where(Item.project_id == project_id, Item.is_current, Suggestion.id.in_(newest))
    )
    return [
        (question, model, confidence, value[0], gold[0]) for question, model, confidence, value, gold in rows
    ]


def count_first_answers(session: Session, project_id: int, *, study_id: int | None = None) -> int:
    """First submissions of people, of a study where given: one per person and item."""
    statement = select(func.count()).where(
        Annotation.project_id == project_id, Annotation.revision == 1, Annotation.state == "submitted"
    )
    if study_id is not None:
        statement = statement.where(Annotation.study_id == study_id)
    return session.scalar(statement) or 0
