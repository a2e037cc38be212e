"""Large reads about the judge: columns, not objects."""

import pandas as pd
from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from db.models import Annotation, Answer, CriterionScore, Dispute, HumanScore, Rating, User, Verdict

__all__ = [
    "answer_texts",
    "judged_answer_ids",
    "judges_used",
    "level_history",
    "newest_scores",
    "newest_totals",
    "rating_repeats",
    "revised_scores",
    "score_stamp",
]


def newest_totals(session: Session, project_id: int) -> pd.DataFrame:
    """The newest verdict of each answer on each rubric version: answer_id, rubric_version_id, total (nan: unscored)."""
    newest = select(func.max(Verdict.id)).group_by(Verdict.answer_id, Verdict.rubric_version_id)
    rows = session.execute(
        select(Verdict.answer_id, Verdict.rubric_version_id, Verdict.total)
        .join(Answer, Answer.id == Verdict.answer_id)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .where(Annotation.project_id == project_id, Verdict.id.in_(newest))
    ).all()
    frame = pd.DataFrame.from_records(rows, columns=["answer_id", "rubric_version_id", "total"])
    return frame.astype({"total": float})


def level_history(session: Session, project_id: int) -> pd.DataFrame:
    """Scores of the newest verdict of each answer: rubric_version_id, criterion, score, rater (login of the author),
    day (UTC) of the answer, model.
    """
    newest = select(func.max(Verdict.id)).group_by(Verdict.answer_id)
    rows = session.execute(
        select(
            Verdict.rubric_version_id,
            CriterionScore.criterion,
            func.coalesce(CriterionScore.score, CriterionScore.level),
            User.login,
            Annotation.submitted_at,
            Verdict.model,
        )
        .join(Verdict, Verdict.id == CriterionScore.verdict_id)
        .join(Answer, Answer.id == Verdict.answer_id)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .join(User, User.id == Annotation.user_id)
        .where(Annotation.project_id == project_id, Verdict.id.in_(newest), CriterionScore.level.is_not(None))
    ).all()
    frame = pd.DataFrame.from_records(
        rows, columns=["rubric_version_id", "criterion", "score", "rater", "at", "model"]
    )
    frame["day"] = pd.to_datetime(frame["at"], utc=True).dt.date
    return frame.drop(columns="at")


def revised_scores(session: Session, project_id: int) -> pd.DataFrame:
    """Answers that were changed after a verdict on them was seen, with the scores before and after.

    One row per criterion: rubric_version_id, criterion, rater, before and after (scores of the judge), answer_before,
    answer_after (ids).
    """
    columns = ["rubric_version_id", "criterion", "rater", "answer_before", "answer_after", "before", "after"]
    rows = session.execute(
        select(
            Annotation.item_id,
            User.login,
            Answer.question,
            Annotation.revision,
            Answer.id,
            Verdict.rubric_version_id,
            Verdict.seen_at,
            CriterionScore.criterion,
            func.coalesce(CriterionScore.score, CriterionScore.level),
        )
        .join(Answer, Answer.annotation_id == Annotation.id)
        .join(User, User.id == Annotation.user_id)
        .join(Verdict, Verdict.answer_id == Answer.id)
        .join(CriterionScore, CriterionScore.verdict_id == Verdict.id)
        .where(
            Annotation.project_id == project_id,
            Verdict.id.in_(
                select(func.max(Verdict.id)).group_by(Verdict.answer_id, Verdict.rubric_version_id)
            ),
        )
    ).all()
    names = [
        "item",
        "rater",
        "question",
        "revision",
        "answer",
        "rubric_version_id",
        "seen",
        "criterion",
        "score",
    ]
    frame = pd.DataFrame.from_records(rows, columns=names)
    if frame.empty:
        return pd.DataFrame(columns=columns)
    key = ["item", "rater", "question", "rubric_version_id", "criterion"]
    later = frame.assign(revision=frame["revision"] - 1)
    both = frame[frame["seen"].notna()].merge(later, on=[*key, "revision"], suffixes=("_before", "_after"))
    return both.rename(columns={"score_before": "before", "score_after": "after"})[columns]


def score_stamp(session: Session, project_id: int) -> tuple[int, ...]:
    """Changes whenever a score, a verdict, a dispute or a rating of the project is added or decided."""
    of_project = (
        select(func.count(), func.max(HumanScore.id))
        .join(Answer, Answer.id == HumanScore.answer_id)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .where(Annotation.project_id == project_id),
        select(func.max(Verdict.id))
        .join(Answer, Answer.id == Verdict.answer_id)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .where(Annotation.project_id == project_id),
        select(func.count(), func.count(Dispute.decided_at)).where(Dispute.project_id == project_id),
        select(func.max(Rating.id)).where(Rating.project_id == project_id),
    )
    return tuple(int(value or 0) for statement in of_project for value in session.execute(statement).one())


def judged_answer_ids(session: Session, project_id: int) -> list[int]:
    """Answers in their author's newest submitted revision that have a verdict, oldest first."""
    later = aliased(Annotation)
    rows = session.scalars(
        select(Answer.id)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .where(
            Annotation.project_id == project_id,
            Annotation.state == "submitted",
            exists().where(Verdict.answer_id == Answer.id),
            ~exists().where(
                later.item_id == Annotation.item_id,
                later.user_id == Annotation.user_id,
                later.revision > Annotation.revision,
            ),
        )
        .order_by(Answer.id)
    )
    return list(rows)


def answer_texts(session: Session, project_id: int) -> list[tuple[int, str]]:
    """(answer id, text) of every answer that has a verdict."""
    rows = session.execute(
        select(Answer.id, Answer.value)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .where(Annotation.project_id == project_id, exists().where(Verdict.answer_id == Answer.id))
    )
    return [(answer_id, str(value[0])) for answer_id, value in rows]


def newest_scores(session: Session, project_id: int) -> pd.DataFrame:
    """Of the newest verdict of each answer on each rubric version: answer_id, rubric_version_id, criterion, level."""
    newest = select(func.max(Verdict.id)).group_by(Verdict.answer_id, Verdict.rubric_version_id)
    rows = session.execute(
        select(Verdict.answer_id, Verdict.rubric_version_id, CriterionScore.criterion, CriterionScore.level)
        .join(Verdict, Verdict.id == CriterionScore.verdict_id)
        .join(Answer, Answer.id == Verdict.answer_id)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .where(Annotation.project_id == project_id, Verdict.id.in_(newest))
    ).all()
    return pd.DataFrame.from_records(rows, columns=["answer_id", "rubric_version_id", "criterion", "level"])


def rating_repeats(session: Session, project_id: int) -> pd.DataFrame:
    """Every imported rating, repeats too: question, item, rater, rater_kind, repeat (0 is the first), value, gold,
    seconds, position.
    """
    columns = ["question", "item", "rater", "rater_kind", "repeat", "value", "gold", "seconds", "position"]
    rows = session.execute(
        select(*(getattr(Rating, name) for name in columns)).where(Rating.project_id == project_id)
    ).all()
    return pd.DataFrame.from_records(rows, columns=columns)


def judges_used(session: Session, project_id: int) -> list[tuple[int, str, str, int]]:
    """(rubric version id, model, version of its prompt, verdicts) of every judge of the project's answers."""
    rows = session.execute(
        select(Verdict.rubric_version_id, Verdict.model, Verdict.prompt_version, func.count())
        .join(Answer, Answer.id == Verdict.answer_id)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .where(Annotation.project_id == project_id)
        .group_by(Verdict.rubric_version_id, Verdict.model, Verdict.prompt_version)
        .order_by(func.min(Verdict.id))
    )
    return [(rubric, model, prompt, count) for rubric, model, prompt, count in rows]
