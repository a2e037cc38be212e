"""Disputes about criterion scores, and their decisions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.inserting import insert_new
from db.models import Annotation, Answer, CriterionScore, Dispute, Item, User, Verdict
from db.records import DisputeRecord, record_of

__all__ = [
    "add_dispute",
    "decide",
    "disputes_of_project",
    "disputes_of_verdicts",
    "mark_seen",
    "verdict_owner",
]


def verdict_owner(session: Session, verdict_id: int, criterion: str) -> tuple[int, int] | None:
    """(project id, id of the judged person) of a verdict that has this criterion."""
    row = session.execute(
        select(Annotation.project_id, Annotation.user_id)
        .join(Answer, Answer.annotation_id == Annotation.id)
        .join(Verdict, Verdict.answer_id == Answer.id)
        .join(CriterionScore, CriterionScore.verdict_id == Verdict.id)
        .where(Verdict.id == verdict_id, CriterionScore.criterion == criterion)
    ).first()
    return (row[0], row[1]) if row else None


def add_dispute(
    session: Session,
    *,
    project_id: int,
    verdict_id: int,
    criterion: str,
    user_id: int,
    reason: str,
    now: datetime,
) -> bool:
    """Insert a dispute; False when this criterion of the verdict is disputed already."""
    statement = insert_new(session, Dispute).values(
        project_id=project_id,
        verdict_id=verdict_id,
        criterion=criterion,
        user_id=user_id,
        reason=reason,
        state="open",
        decision="",
        created_at=now,
    )
    return session.execute(statement.returning(Dispute.id)).first() is not None


def decide(
    session: Session,
    dispute_id: int,
    *,
    state: str,
    level: int | None,
    decision: str,
    decided_by: int,
    now: datetime,
) -> bool:
    """Decide an open dispute; False when somebody has already."""
    done = session.execute(
        update(Dispute)
        .where(Dispute.id == dispute_id, Dispute.state == "open")
        .values(state=state, level=level, decision=decision, decided_by=decided_by, decided_at=now)
        .returning(Dispute.id)
    ).first()
    return done is not None


def disputes_of_project(session: Session, project_id: int) -> list[dict[str, Any]]:
    """Every dispute with item, person, question, judged text and the judge's score; open ones first."""
    rows = session.execute(
        select(
            Dispute,
            Item.external_id,
            Item.id,
            User.login,
            Answer.question,
            Answer.value,
            Verdict.model,
            Verdict.rubric_version_id,
            CriterionScore.level,
            CriterionScore.rationale,
            CriterionScore.evidence,
        )
        .join(Verdict, Verdict.id == Dispute.verdict_id)
        .join(Answer, Answer.id == Verdict.answer_id)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .join(Item, Item.id == Annotation.item_id)
        .join(User, User.id == Dispute.user_id)
        .join(
            CriterionScore,
            (CriterionScore.verdict_id == Verdict.id) & (CriterionScore.criterion == Dispute.criterion),
        )
        .where(Dispute.project_id == project_id)
        .order_by(Dispute.state != "open", Dispute.id.desc())
    )
    return [
        {
            "dispute": record_of(DisputeRecord, dispute),
            "external_id": external_id,
            "item_id": item_id,
            "login": login,
            "question": question,
            "text": value[0],
            "model": model,
            "rubric_version_id": rubric_version_id,
            "judge_level": level,
            "rationale": rationale,
            "evidence": evidence,
        }
        for dispute, external_id, item_id, login, question, value, model, rubric_version_id, level, rationale,
        evidence in rows
    ]  # fmt: skip


def disputes_of_verdicts(
    session: Session, verdict_ids: Sequence[int]
) -> dict[tuple[int, str], DisputeRecord]:
    """(verdict id, criterion) -> its dispute."""
    rows = session.scalars(select(Dispute).where(Dispute.verdict_id.in_(verdict_ids)))
    return {(row.verdict_id, row.criterion): record_of(DisputeRecord, row) for row in rows}


def mark_seen(session: Session, dispute_ids: Sequence[int], user_id: int, *, now: datetime) -> None:
    """Note when the person first saw the decisions on their own disputes."""
    session.execute(
        update(Dispute)
        .where(
            Dispute.id.in_(dispute_ids),
            Dispute.user_id == user_id,
            Dispute.state != "open",
            Dispute.seen_at.is_(None),
        )
        .values(seen_at=now)
    )
