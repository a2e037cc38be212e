"""Rubric versions as a project has used them, and the answers that a draft of one can be tried on."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.models import Annotation, Answer, Item, Project, RubricVersion, User, Verdict
from db.records import RubricRecord, record_of

__all__ = ["hold_rubric_in_force", "items_by_version", "text_answers", "verdicts_by_version", "versions"]


def versions(session: Session, ids: Collection[int]) -> list[RubricRecord]:
    """The versions of these ids, oldest first."""
    rows = session.scalars(
        select(RubricVersion).where(RubricVersion.id.in_(list(ids))).order_by(RubricVersion.id)
    )
    return [record_of(RubricRecord, row) for row in rows]


def verdicts_by_version(session: Session, project_id: int) -> dict[int, int]:
    """Rubric version id -> how many verdicts on the project's answers were made by it."""
    rows = session.execute(
        select(Verdict.rubric_version_id, func.count())
        .join(Answer, Answer.id == Verdict.answer_id)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .where(Annotation.project_id == project_id)
        .group_by(Verdict.rubric_version_id)
    )
    return {version: count for version, count in rows}


def items_by_version(session: Session, project_id: int) -> dict[int, int]:
    """Rubric version id -> how many current items name it as their own."""
    rows = session.execute(
        select(Item.rubric_version_id, func.count())
        .where(Item.project_id == project_id, Item.is_current, Item.rubric_version_id.is_not(None))
        .group_by(Item.rubric_version_id)
    )
    return {version: count for version, count in rows if version is not None}


def hold_rubric_in_force(session: Session, project_id: int) -> int | None:
    """The id of the version in force, which nobody else changes until the transaction ends."""
    return session.scalar(select(Project.rubric_version_id).where(Project.id == project_id).with_for_update())


def text_answers(
    session: Session,
    project_id: int,
    questions: Collection[str],
    *,
    ids: Sequence[int] | None = None,
    limit: int,
) -> list[dict[str, Any]]:
    """The newest submitted answers to these questions, each person's last one to an item: answer_id, question,
    text, external_id, item_id, content, rubric_version_id (the item's own, or None) and login. `ids` names some.
    """
    newest = (
        select(func.max(Annotation.id))
        .where(Annotation.project_id == project_id, Annotation.state == "submitted")
        .group_by(Annotation.item_id, Annotation.user_id)
    )
    statement = (
        select(
            Answer.id,
            Answer.question,
            Answer.value,
            Item.external_id,
            Item.id,
            Item.content,
            Item.rubric_version_id,
            User.login,
        )
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .join(Item, Item.id == Annotation.item_id)
        .join(User, User.id == Annotation.user_id)
        .where(Annotation.id.in_(newest), Answer.question.in_(list(questions)))
        .order_by(Answer.id.desc())
    )
    if ids is not None:
        statement = statement.where(Answer.id.in_(list(ids)))
    names = (
        "answer_id", "question", "text", "external_id", "item_id", "content", "rubric_version_id", "login",
    )  # fmt: skip
    found = []
    for row in session.execute(statement.limit(limit)):
        given = dict(zip(names, row, strict=True))
        given["text"] = str(given["text"][0] or "")
        if given["text"].strip():
            found.append(given)
    return found
