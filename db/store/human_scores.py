"""People's scores on a rubric, and the verdicts they are compared with."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.inserting import insert_new
from db.models import Annotation, Answer, CriterionScore, HumanScore, Item, User, Verdict

__all__ = ["add_scores", "judged_answers", "paired_levels"]


def add_scores(
    session: Session,
    *,
    answer_id: int,
    rubric_version_id: int,
    user_id: int,
    levels: Mapping[str, int | None],
    now: datetime,
) -> int:
    """Insert a person's levels by criterion; those given before stay. Returns how many are new."""
    rows = [
        {
            "answer_id": answer_id,
            "rubric_version_id": rubric_version_id,
            "criterion": criterion,
            "user_id": user_id,
            "level": level,
            "created_at": now,
        }
        for criterion, level in levels.items()
    ]
    statement = insert_new(session, HumanScore).values(rows).returning(HumanScore.id)
    return len(session.execute(statement).all())


def judged_answers(session: Session, project_id: int, user_id: int) -> list[tuple[int, int]]:
    """(answer id, rubric version id) of the newest verdicts on answers that this person neither wrote nor scored."""
    newest = select(func.max(Verdict.id)).group_by(Verdict.answer_id)
    scored = select(HumanScore.answer_id).where(HumanScore.user_id == user_id)
    rows = session.execute(
        select(Answer.id, Verdict.rubric_version_id)
        .join(Verdict, Verdict.answer_id == Answer.id)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .where(
            Annotation.project_id == project_id,
            Annotation.user_id != user_id,
            Verdict.id.in_(newest),
            Answer.id.not_in(scored),
        )
    )
    return [(answer_id, rubric_id) for answer_id, rubric_id in rows]


def paired_levels(session: Session, project_id: int) -> list[dict[str, Any]]:
    """One row per person's score: rubric_version_id, criterion, answer, item, rater, human (level or None), and
    judge: the level of the newest verdict on that rubric version, None where it is unscored, with its model.
    """
    newest = select(func.max(Verdict.id)).group_by(Verdict.answer_id, Verdict.rubric_version_id)
    rows = session.execute(
        select(
            HumanScore.rubric_version_id,
            HumanScore.criterion,
            HumanScore.answer_id,
            Item.external_id,
            User.login,
            HumanScore.level,
            CriterionScore.level,
            Verdict.model,
        )
        .join(Answer, Answer.id == HumanScore.answer_id)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .join(Item, Item.id == Annotation.item_id)
        .join(User, User.id == HumanScore.user_id)
        .join(
            Verdict,
            (Verdict.answer_id == HumanScore.answer_id)
            & (Verdict.rubric_version_id == HumanScore.rubric_version_id),
        )
        .join(
            CriterionScore,
            (CriterionScore.verdict_id == Verdict.id) & (CriterionScore.criterion == HumanScore.criterion),
        )
        .where(Annotation.project_id == project_id, Verdict.id.in_(newest))
        .order_by(HumanScore.id)
    )
    names = ("rubric_version_id", "criterion", "answer", "item", "rater", "human", "judge", "model")
    return [dict(zip(names, row, strict=True)) for row in rows]
