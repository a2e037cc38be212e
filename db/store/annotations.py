"""Drafts, annotations with their answers, and what people made of suggestions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from db.inserting import insert_new
from db.models import Annotation, Answer, Draft, Verification
from db.records import AnnotationRecord, AnswerRecord, DraftRecord, record_of

__all__ = [
    "add_annotation",
    "add_verifications",
    "annotation_by_id",
    "annotation_by_token",
    "annotations_of_items",
    "answer_by_id",
    "answers_of",
    "count_submitted",
    "delete_draft",
    "draft_of",
    "first_submitted_at",
    "latest_annotation",
    "list_own",
    "note_verifications",
    "save_draft",
    "simulated_count",
    "verifications_of",
]


def draft_of(session: Session, item_id: int, user_id: int) -> DraftRecord | None:
    row = session.scalar(select(Draft).where(Draft.item_id == item_id, Draft.user_id == user_id))
    return record_of(DraftRecord, row) if row else None


def save_draft(
    session: Session,
    *,
    item_id: int,
    user_id: int,
    version: int,
    answers: Mapping[str, Any],
    provenance: Mapping[str, Any],
    tab: str,
    now: datetime,
) -> bool:
    """Store a draft typed on top of `version` (0 for the first); False when another save came first."""
    values = {
        "answers": dict(answers),
        "provenance": dict(provenance),
        "tab": tab,
        "saved_at": now,
        "version": version + 1,
    }
    if version == 0:
        statement = insert_new(session, Draft).values(item_id=item_id, user_id=user_id, **values)
        done = session.execute(statement.returning(Draft.id)).first()
        return done is not None
    changed = session.execute(
        update(Draft)
        .where(Draft.item_id == item_id, Draft.user_id == user_id, Draft.version == version)
        .values(**values)
        .returning(Draft.id)
    ).first()
    return changed is not None


def delete_draft(session: Session, item_id: int, user_id: int) -> None:
    session.execute(delete(Draft).where(Draft.item_id == item_id, Draft.user_id == user_id))


def annotation_by_token(session: Session, form_token: str) -> AnnotationRecord | None:
    row = session.scalar(select(Annotation).where(Annotation.form_token == form_token))
    return record_of(AnnotationRecord, row) if row else None


def annotation_by_id(session: Session, annotation_id: int) -> AnnotationRecord | None:
    row = session.get(Annotation, annotation_id)
    return record_of(AnnotationRecord, row) if row else None


def first_submitted_at(session: Session, item_id: int, user_id: int) -> datetime | None:
    """When this person first submitted this item; None when they have not."""
    return session.scalar(
        select(func.min(Annotation.submitted_at)).where(
            Annotation.item_id == item_id, Annotation.user_id == user_id, Annotation.state == "submitted"
        )
    )


def latest_annotation(session: Session, item_id: int, user_id: int) -> AnnotationRecord | None:
    row = session.scalar(
        select(Annotation)
        .where(Annotation.item_id == item_id, Annotation.user_id == user_id)
        .order_by(Annotation.revision.desc())
        .limit(1)
    )
    return record_of(AnnotationRecord, row) if row else None


def annotations_of_items(session: Session, item_ids: Sequence[int]) -> list[AnnotationRecord]:
    """Everybody's annotations of these items, oldest first."""
    rows = session.scalars(select(Annotation).where(Annotation.item_id.in_(item_ids)).order_by(Annotation.id))
    return [record_of(AnnotationRecord, row) for row in rows]


def authors_of(session: Session, annotation_ids: Sequence[int]) -> dict[int, int]:
    """Annotation -> whose it is."""
    found: dict[int, int] = {}
    for start in range(0, len(annotation_ids), 500):
        part = annotation_ids[start : start + 500]
        rows = session.execute(select(Annotation.id, Annotation.user_id).where(Annotation.id.in_(part)))
        found |= {annotation_id: user_id for annotation_id, user_id in rows}
    return found


def list_own(
    session: Session, project_id: int, user_id: int, *, offset: int, limit: int
) -> tuple[list[AnnotationRecord], int]:
    """A page of this person's annotations, newest first, and how many there are."""
    own = select(Annotation).where(Annotation.project_id == project_id, Annotation.user_id == user_id)
    total = session.scalar(own.with_only_columns(func.count())) or 0
    rows = session.scalars(own.order_by(Annotation.id.desc()).offset(offset).limit(limit))
    return [record_of(AnnotationRecord, row) for row in rows], total


def count_submitted(session: Session, project_id: int, user_id: int) -> int:
    """How many items this person has submitted in the project, whatever the number of revisions."""
    return (
        session.scalar(
            select(func.count(func.distinct(Annotation.item_id))).where(
                Annotation.project_id == project_id,
                Annotation.user_id == user_id,
                Annotation.state == "submitted",
            )
        )
        or 0
    )


def simulated_count(session: Session, project_id: int) -> int:
    """How many annotations of the project are simulated."""
    statement = select(func.count()).where(Annotation.project_id == project_id, Annotation.simulated)
    return session.scalar(statement) or 0


def add_annotation(
    session: Session, *, answers: Mapping[str, Mapping[str, Any]], **values: Any
) -> tuple[AnnotationRecord, list[AnswerRecord]]:
    """Insert one annotation with its answers: question -> `value`, and the other columns of an answer by name."""
    row = Annotation(**values)
    session.add(row)
    session.flush()
    answer_rows = [
        Answer(annotation_id=row.id, question=question, **{**columns, "value": [columns["value"]]})
        for question, columns in answers.items()
    ]
    session.add_all(answer_rows)
    session.flush()
    return record_of(AnnotationRecord, row), [record_of(AnswerRecord, answer) for answer in answer_rows]


def answers_of(session: Session, annotation_ids: Sequence[int]) -> dict[int, list[AnswerRecord]]:
    """Annotation id -> its answers."""
    found: dict[int, list[AnswerRecord]] = {annotation_id: [] for annotation_id in annotation_ids}
    rows = session.scalars(select(Answer).where(Answer.annotation_id.in_(annotation_ids)).order_by(Answer.id))
    for row in rows:
        found[row.annotation_id].append(record_of(AnswerRecord, row))
    return found


def answer_by_id(session: Session, answer_id: int) -> AnswerRecord | None:
    row = session.get(Answer, answer_id)
    return record_of(AnswerRecord, row) if row else None


def add_verifications(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        session.execute(insert(Verification), list(rows))


def note_verifications(
    session: Session, annotation_id: int, *, via: str, looked_seconds: float | None
) -> None:
    """Say how the verifications of an annotation came about."""
    session.execute(
        update(Verification)
        .where(Verification.annotation_id == annotation_id)
        .values(via=via, looked_seconds=looked_seconds)
    )


def verifications_of(session: Session, annotation_ids: Sequence[int]) -> dict[tuple[int, int], str]:
    """(annotation id, suggestion id) -> outcome."""
    rows = session.execute(
        select(Verification.annotation_id, Verification.suggestion_id, Verification.outcome).where(
            Verification.annotation_id.in_(annotation_ids)
        )
    )
    return {(annotation_id, suggestion_id): outcome for annotation_id, suggestion_id, outcome in rows}
