"""Reads for figures of a part of the data: what judges and reviewers made of answers, with who wrote them.

Items are named as in `db.rating_frames`.
"""

import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.models import Annotation, Answer, CriterionScore, Item, Rating, Review, User, Verdict
from db.rating_frames import ITEM_NAME

__all__ = ["has_decisions", "imported_times", "judged_levels", "passed_answers", "reviewed_answers"]


def judged_levels(session: Session, project_id: int, rubric_version_id: int, criterion: str) -> pd.DataFrame:
    """What the newest verdict of each version of the judge says of each answer on one criterion, oldest first.

    One row per answer and version: answer_id, about (the item), rater (login of the author), judge (model and version of its
    prompt), level (nan: unscored), newest (whether it is the newest verdict on the answer at all).
    """
    of_project = (
        select(func.max(Verdict.id))
        .join(Answer, Answer.id == Verdict.answer_id)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .where(Annotation.project_id == project_id)
    )
    by_version = of_project.group_by(
        Verdict.answer_id, Verdict.rubric_version_id, Verdict.model, Verdict.prompt_version
    )
    last = set(session.scalars(of_project.group_by(Verdict.answer_id)))
    rows = session.execute(
        select(
            Verdict.id,
            Verdict.answer_id,
            ITEM_NAME,
            User.login,
            Verdict.model + " " + Verdict.prompt_version,
            CriterionScore.level,
        )
        .join(CriterionScore, CriterionScore.verdict_id == Verdict.id)
        .join(Answer, Answer.id == Verdict.answer_id)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .join(Item, Item.id == Annotation.item_id)
        .join(User, User.id == Annotation.user_id)
        .where(
            Verdict.id.in_(by_version),
            Verdict.rubric_version_id == rubric_version_id,
            CriterionScore.criterion == criterion,
        )
        .order_by(Verdict.id)
    ).all()
    frame = pd.DataFrame.from_records(rows, columns=["id", "answer_id", "about", "rater", "judge", "level"])
    frame = frame.assign(newest=frame["id"].isin(last), level=pd.to_numeric(frame["level"]).astype(float))
    return frame.drop(columns="id")


def passed_answers(session: Session, project_id: int) -> pd.DataFrame:
    """The newest verdict of each answer on each version of a rubric: rubric_version_id, about (the item), rater (login of
    the author), passed (None: unscored, or the rubric has no pass mark).
    """
    newest = (
        select(func.max(Verdict.id))
        .join(Answer, Answer.id == Verdict.answer_id)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .where(Annotation.project_id == project_id)
        .group_by(Verdict.answer_id, Verdict.rubric_version_id)
    )
    rows = session.execute(
        select(Verdict.rubric_version_id, ITEM_NAME, User.login, Verdict.passed)
        .join(Answer, Answer.id == Verdict.answer_id)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .join(Item, Item.id == Annotation.item_id)
        .join(User, User.id == Annotation.user_id)
        .where(Verdict.id.in_(newest))
        .order_by(Verdict.id)
    ).all()
    frame = pd.DataFrame.from_records(rows, columns=["rubric_version_id", "about", "rater", "passed"])
    return frame.astype({"passed": object})


def reviewed_answers(session: Session, project_id: int) -> pd.DataFrame:
    """The review that stands of each person's answers to an item: about (the item), rater (login of the author), outcome
    (accepted, fixed, rejected).
    """
    rows = session.execute(
        select(ITEM_NAME, User.login, Review.outcome)
        .join(Annotation, Annotation.id == Review.annotation_id)
        .join(Item, Item.id == Annotation.item_id)
        .join(User, User.id == Annotation.user_id)
        .where(Annotation.project_id == project_id)
        .order_by(Review.id)
    ).all()
    frame = pd.DataFrame.from_records(rows, columns=["about", "rater", "outcome"])
    return frame.drop_duplicates(["about", "rater"], keep="last", ignore_index=True)


def has_decisions(session: Session, project_id: int) -> bool:
    """Whether any answer of the project was judged or reviewed."""
    judged = (
        select(Verdict.id)
        .join(Answer, Answer.id == Verdict.answer_id)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .where(Annotation.project_id == project_id)
    )
    reviewed = (
        select(Review.id)
        .join(Annotation, Annotation.id == Review.annotation_id)
        .where(Annotation.project_id == project_id)
    )
    return any(session.scalar(statement.limit(1)) is not None for statement in (judged, reviewed))


def imported_times(session: Session, project_id: int) -> pd.DataFrame:
    """Imported first ratings by people with their time: rater, item, seconds, meta (dict of further columns)."""
    columns = ["rater", "item", "seconds", "meta"]
    statement = select(*(getattr(Rating, name) for name in columns)).where(
        Rating.project_id == project_id,
        Rating.rater_kind == "human",
        Rating.repeat == 0,
        Rating.seconds.is_not(None),
    )
    return pd.DataFrame.from_records(session.execute(statement).all(), columns=columns)
