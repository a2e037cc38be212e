"""Levels that people and judges gave answers on the criteria of a rubric, in the shape of ratings.

What is rated is an answer. Items are named as in `db.rating_frames`.
"""

from typing import Final

import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.models import Annotation, Answer, CriterionScore, HumanScore, Item, User, Verdict
from db.rating_frames import ITEM_NAME

__all__ = ["levels_of_judges", "levels_of_people"]

_COLUMNS: Final = ("rubric_version_id", "criterion", "answer_id", "about", "rater", "level", "at")


def levels_of_people(session: Session, project_id: int) -> pd.DataFrame:
    """Scores that people gave blind, in their order.

    One row per score: rubric_version_id, criterion, answer_id, about (the item that was answered), rater (login), level
    (number; nan where the person could not say), at (UTC), by_lot (False: the answer was chosen for its value), disabled
    (whether the person is, by now).
    """
    rows = session.execute(
        select(
            HumanScore.rubric_version_id,
            HumanScore.criterion,
            HumanScore.answer_id,
            ITEM_NAME,
            User.login,
            HumanScore.level,
            HumanScore.created_at,
            HumanScore.drawn,
            User.disabled_at,
        )
        .join(Answer, Answer.id == HumanScore.answer_id)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .join(Item, Item.id == Annotation.item_id)
        .join(User, User.id == HumanScore.user_id)
        .where(Annotation.project_id == project_id)
        .order_by(HumanScore.id)
    ).all()
    frame = pd.DataFrame.from_records(rows, columns=[*_COLUMNS, "drawn", "disabled_at"])
    frame = frame.assign(by_lot=frame["drawn"] == "lot", disabled=frame["disabled_at"].notna())
    return _typed(frame.drop(columns=["drawn", "disabled_at"]))


def levels_of_judges(session: Session, project_id: int) -> pd.DataFrame:
    """Levels by the newest verdict of each version of the judge on each answer, unscored ones left out.

    One row per level: the columns of `levels_of_people` up to `at`, rater being the model and the version of its prompt.
    """
    newest = (
        select(func.max(Verdict.id))
        .join(Answer, Answer.id == Verdict.answer_id)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .where(Annotation.project_id == project_id)
        .group_by(Verdict.answer_id, Verdict.rubric_version_id, Verdict.model, Verdict.prompt_version)
    )
    rows = session.execute(
        select(
            Verdict.rubric_version_id,
            CriterionScore.criterion,
            Verdict.answer_id,
            ITEM_NAME,
            Verdict.model + " " + Verdict.prompt_version,
            CriterionScore.level,
            Verdict.created_at,
        )
        .join(CriterionScore, CriterionScore.verdict_id == Verdict.id)
        .join(Answer, Answer.id == Verdict.answer_id)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .join(Item, Item.id == Annotation.item_id)
        .where(Verdict.id.in_(newest), CriterionScore.level.is_not(None))
        .order_by(Verdict.id)
    ).all()
    return _typed(pd.DataFrame.from_records(rows, columns=list(_COLUMNS)))


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(
        level=pd.to_numeric(frame["level"]).astype(float), at=pd.to_datetime(frame["at"], utc=True)
    )
