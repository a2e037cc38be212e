"""Studies: their documents and states, and each person's part in them."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from db.inserting import insert_new
from db.models import Annotation, Lease, Study, StudyPerson
from db.records import record_of
from db.study_records import StudyRecord

__all__ = [
    "add_study",
    "count_answers",
    "items_without_feedback",
    "list_studies",
    "next_place",
    "projects_with_studies",
    "replace_draft",
    "running_study",
    "start_study",
    "stop_study",
    "study_by_id",
    "study_by_name",
]


def add_study(
    session: Session,
    *,
    project_id: int,
    name: str,
    document: dict[str, Any],
    hash: str,
    by: str,
    now: datetime,
) -> StudyRecord | None:
    """Insert a draft; None when the project has a study of that name."""
    statement = insert_new(session, Study).values(
        project_id=project_id,
        name=name,
        document=document,
        hash=hash,
        state="draft",
        created_by=by,
        created_at=now,
        started_by="",
        stopped_by="",
        stop_reason="",
    )
    id_ = session.execute(statement.returning(Study.id)).scalar()
    return study_by_id(session, id_) if id_ is not None else None


def replace_draft(
    session: Session, study_id: int, *, document: dict[str, Any], hash: str, by: str, now: datetime
) -> bool:
    """Put another document in place of a draft's; False when it is no draft any more."""
    changed = session.execute(
        update(Study)
        .where(Study.id == study_id, Study.state == "draft")
        .values(document=document, hash=hash, created_by=by, created_at=now)
        .returning(Study.id)
    ).first()
    return changed is not None


def study_by_id(session: Session, study_id: int) -> StudyRecord | None:
    row = session.get(Study, study_id, populate_existing=True)
    return record_of(StudyRecord, row) if row else None


def study_by_name(session: Session, project_id: int, name: str) -> StudyRecord | None:
    row = session.scalar(select(Study).where(Study.project_id == project_id, Study.name == name))
    return record_of(StudyRecord, row) if row else None


def list_studies(session: Session, project_id: int) -> list[StudyRecord]:
    """Newest first."""
    rows = session.scalars(select(Study).where(Study.project_id == project_id).order_by(Study.id.desc()))
    return [record_of(StudyRecord, row) for row in rows]


def projects_with_studies(session: Session) -> set[int]:
    return set(session.scalars(select(Study.project_id).distinct()))


def running_study(session: Session, project_id: int) -> StudyRecord | None:
    row = session.scalar(select(Study).where(Study.project_id == project_id, Study.state == "running"))
    return record_of(StudyRecord, row) if row else None


def start_study(session: Session, study_id: int, *, by: str, now: datetime) -> bool:
    """Whether it was a draft and runs now."""
    return _move(session, study_id, "draft", state="running", started_by=by, started_at=now)


def stop_study(session: Session, study_id: int, *, by: str, reason: str, now: datetime) -> bool:
    """Whether it was running and is stopped now."""
    return _move(
        session, study_id, "running", state="stopped", stopped_by=by, stop_reason=reason, stopped_at=now
    )


def _move(session: Session, study_id: int, state_before: str, **values: Any) -> bool:
    changed = session.execute(
        update(Study)
        .where(Study.id == study_id, Study.state == state_before)
        .values(**values)
        .returning(Study.id)
    ).first()
    return changed is not None


def next_place(session: Session, study_id: int, user_id: int, *, now: datetime) -> tuple[int, int]:
    """(place of the person in the study, position of the next item in their order); counts the item as given."""
    given = (
        update(StudyPerson)
        .where(StudyPerson.study_id == study_id, StudyPerson.user_id == user_id)
        .values(given=StudyPerson.given + 1)
        .returning(StudyPerson.place, StudyPerson.given)
    )
    found = session.execute(given).first()
    if found is None:
        # Two who join at once would read the same number of people: the study's row is held until the commit.
        session.execute(select(Study.id).where(Study.id == study_id).with_for_update())
        count = session.scalar(select(func.count()).where(StudyPerson.study_id == study_id)) or 0
        session.execute(
            insert_new(session, StudyPerson).values(
                study_id=study_id, user_id=user_id, place=count, given=0, joined_at=now
            )
        )
        found = session.execute(given).one()
    place, after = found
    return int(place), int(after) - 1


def count_answers(session: Session, study_id: int) -> int:
    """First answers that belong to the study."""
    statement = select(func.count()).where(
        Annotation.study_id == study_id, Annotation.revision == 1, Annotation.state == "submitted"
    )
    return session.scalar(statement) or 0


def items_without_feedback(session: Session, project_id: int, user_id: int) -> set[int]:
    """Items on which a running study withholds the judge's feedback from this person."""
    rows = session.execute(
        select(Lease.item_id, Lease.help)
        .join(Study, Study.id == Lease.study_id)
        .where(Study.project_id == project_id, Study.state == "running", Lease.user_id == user_id)
    )
    return {item_id for item_id, help_ in rows if help_ is not None and help_.get("feedback") is False}
