"""People's scores on a rubric, the verdicts they are compared with, and why the two are apart."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from db.inserting import insert_new
from db.models import (
    Adjudication,
    Annotation,
    Answer,
    CriterionScore,
    Dispute,
    HumanScore,
    Item,
    MismatchCause,
    Review,
    User,
    Verdict,
)

__all__ = [
    "Drawn",
    "JudgedAnswer",
    "add_scores",
    "judged_answers",
    "mismatch_causes",
    "note_cause",
    "paired_levels",
    "scores_of_people",
]

Drawn = Literal["lot", "value"]


def add_scores(
    session: Session,
    *,
    answer_id: int,
    rubric_version_id: int,
    user_id: int,
    levels: Mapping[str, int | None],
    drawn: Drawn,
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
            "drawn": drawn,
            "created_at": now,
        }
        for criterion, level in levels.items()
    ]
    statement = insert_new(session, HumanScore).values(rows).returning(HumanScore.id)
    return len(session.execute(statement).all())


@dataclass(frozen=True, slots=True)
class JudgedAnswer:
    """A judged answer that a person may score."""

    answer_id: int
    rubric_version_id: int
    total: float | None
    flags: list[str]
    contested: bool
    """Whether its author's dispute is open."""


def judged_answers(session: Session, project_id: int, user_id: int) -> list[JudgedAnswer]:
    """The newest verdicts on answers that this person neither wrote nor scored.

    Nor reviewed or adjudicated: there the verdicts stood in view, and a score after that is not blind.
    """
    newest = select(func.max(Verdict.id)).group_by(Verdict.answer_id)
    scored = select(HumanScore.answer_id).where(HumanScore.user_id == user_id)
    contested = select(Dispute.verdict_id).where(Dispute.project_id == project_id, Dispute.state == "open")
    rows = session.execute(
        select(Answer.id, Verdict.rubric_version_id, Verdict.total, Verdict.flags, Verdict.id.in_(contested))
        .join(Verdict, Verdict.answer_id == Answer.id)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .where(
            Annotation.project_id == project_id,
            Annotation.user_id != user_id,
            Verdict.id.in_(newest),
            Answer.id.not_in(scored),
            Annotation.id.not_in(select(Review.annotation_id).where(Review.reviewer_id == user_id)),
            Annotation.item_id.not_in(select(Adjudication.item_id).where(Adjudication.author_id == user_id)),
        )
    )
    return [JudgedAnswer(*row) for row in rows]


_PAIRED = (
    "rubric_version_id", "criterion", "answer_id", "verdict_id", "external_id", "rater", "author", "human", "drawn",
    "scored_at", "level", "score", "model", "prompt_version", "flags", "judged_at",
)  # fmt: skip


def paired_levels(session: Session, project_id: int) -> list[dict[str, Any]]:
    """One row per person's score and version of the judge (model and prompt) that judged the answer on that rubric
    version, newest verdict of each: rubric_version_id, criterion, answer_id, verdict_id, external_id, rater and
    author (logins), human (level, None where they could not say), drawn, scored_at, level and score of the judge
    (None where unscored), model, prompt_version, flags, judged_at. Oldest scores first.
    """
    newest = select(func.max(Verdict.id)).group_by(
        Verdict.answer_id, Verdict.rubric_version_id, Verdict.model, Verdict.prompt_version
    )
    author = User.__table__.alias("author")
    rows = session.execute(
        select(
            HumanScore.rubric_version_id,
            HumanScore.criterion,
            HumanScore.answer_id,
            Verdict.id,
            Item.external_id,
            User.login,
            author.c.login,
            HumanScore.level,
            HumanScore.drawn,
            HumanScore.created_at,
            CriterionScore.level,
            CriterionScore.score,
            Verdict.model,
            Verdict.prompt_version,
            Verdict.flags,
            Verdict.created_at,
        )
        .join(Answer, Answer.id == HumanScore.answer_id)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .join(Item, Item.id == Annotation.item_id)
        .join(User, User.id == HumanScore.user_id)
        .join(author, author.c.id == Annotation.user_id)
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
    return [dict(zip(_PAIRED, row, strict=True)) for row in rows]


def note_cause(
    session: Session,
    *,
    answer_id: int,
    rubric_version_id: int,
    criterion: str,
    cause: str | None,
    noted_by: str,
    now: datetime,
) -> None:
    """Say why judge and people are apart, in place of what was said before; None takes it back."""
    key = {"answer_id": answer_id, "rubric_version_id": rubric_version_id, "criterion": criterion}
    session.execute(
        delete(MismatchCause).where(*(getattr(MismatchCause, name) == value for name, value in key.items()))
    )
    if cause is not None:
        session.execute(insert(MismatchCause).values(**key, cause=cause, noted_by=noted_by, noted_at=now))


def mismatch_causes(session: Session, project_id: int) -> dict[tuple[int, int, str], str]:
    """(answer id, rubric version id, criterion) -> cause."""
    rows = session.execute(
        select(
            MismatchCause.answer_id,
            MismatchCause.rubric_version_id,
            MismatchCause.criterion,
            MismatchCause.cause,
        )
        .join(Answer, Answer.id == MismatchCause.answer_id)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .where(Annotation.project_id == project_id)
    )
    return {(answer, rubric, criterion): cause for answer, rubric, criterion, cause in rows}


def scores_of_people(session: Session, project_id: int) -> list[dict[str, Any]]:
    """answer_id, rubric_version_id, criterion, user_id, level (None: could not say), drawn, created_at; oldest first."""
    names = ("answer_id", "rubric_version_id", "criterion", "user_id", "level", "drawn", "created_at")
    rows = session.execute(
        select(*(getattr(HumanScore, name) for name in names))
        .join(Answer, Answer.id == HumanScore.answer_id)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .where(Annotation.project_id == project_id)
        .order_by(HumanScore.id)
    )
    return [dict(zip(names, row, strict=True)) for row in rows]
