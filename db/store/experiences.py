"""What people say after a sitting, and the answers that sittings are made of."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.inserting import insert_new
from db.models import Annotation, Experience
from db.records import record_of
from db.study_records import ExperienceRecord

__all__ = ["add_experience", "experiences_of", "known_sittings", "submits_since"]


def add_experience(session: Session, **values: Any) -> bool:
    """Insert what was said; False when this sitting's form was answered or skipped before."""
    statement = insert_new(session, Experience).values(**values).returning(Experience.id)
    return session.execute(statement).first() is not None


def known_sittings(session: Session, project_id: int, user_id: int) -> set[datetime]:
    """Beginnings of the sittings whose form this person has answered or skipped."""
    return set(
        session.scalars(
            select(Experience.began_at).where(
                Experience.project_id == project_id, Experience.user_id == user_id
            )
        )
    )


def submits_since(
    session: Session, project_id: int, user_id: int, since: datetime
) -> list[tuple[datetime, str | None, int | None]]:
    """(moment, arm, study) of this person's first submits, oldest first."""
    rows = session.execute(
        select(Annotation.submitted_at, Annotation.arm, Annotation.study_id)
        .where(
            Annotation.project_id == project_id,
            Annotation.user_id == user_id,
            Annotation.state == "submitted",
            Annotation.revision == 1,
            Annotation.submitted_at >= since,
        )
        .order_by(Annotation.submitted_at, Annotation.id)
    )
    return [(moment, arm, study) for moment, arm, study in rows]


def experiences_of(
    session: Session, project_id: int, *, study_id: int | None = None
) -> list[ExperienceRecord]:
    """What was said in a project, or in one study, oldest first; skipped forms too."""
    statement = select(Experience).where(Experience.project_id == project_id).order_by(Experience.id)
    if study_id is not None:
        statement = statement.where(Experience.study_id == study_id)
    return [record_of(ExperienceRecord, row) for row in session.scalars(statement)]
