"""Cohorts: the group of people that somebody belongs to in a project, at most one."""

from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from db.inserting import insert_new
from db.models import Annotation, Answer, CohortMember, HumanScore, Membership, User
from db.records import UserRecord, record_of

__all__ = ["cohort_of", "cohorts_of_all", "cohorts_of_project", "people_of_project", "set_cohort"]


def cohort_of(session: Session, project_id: int, user_id: int) -> str | None:
    row = session.get(CohortMember, (project_id, user_id))
    return row.cohort if row else None


def cohorts_of_project(session: Session, project_id: int) -> dict[str, str]:
    """Login -> cohort, of those who are in one; by login."""
    rows = session.execute(
        select(User.login, CohortMember.cohort)
        .join(User, User.id == CohortMember.user_id)
        .where(CohortMember.project_id == project_id)
        .order_by(User.login)
    )
    return {login: cohort for login, cohort in rows}


def cohorts_of_all(session: Session) -> list[tuple[str, int, str]]:
    """(login, project id, cohort) of everybody who is in one, by login and project."""
    rows = session.execute(
        select(User.login, CohortMember.project_id, CohortMember.cohort)
        .join(User, User.id == CohortMember.user_id)
        .order_by(User.login, CohortMember.project_id)
    )
    return [(login, project_id, cohort) for login, project_id, cohort in rows]


def people_of_project(session: Session, project_id: int) -> list[UserRecord]:
    """Everybody with a part in the project: members, and whoever answered or scored in it; by login."""
    scored = (
        select(HumanScore.user_id)
        .join(Answer, Answer.id == HumanScore.answer_id)
        .join(Annotation, Annotation.id == Answer.annotation_id)
        .where(Annotation.project_id == project_id)
    )
    rows = session.scalars(
        select(User)
        .where(
            or_(
                User.id.in_(select(Membership.user_id).where(Membership.project_id == project_id)),
                User.id.in_(select(Annotation.user_id).where(Annotation.project_id == project_id)),
                User.id.in_(scored),
            )
        )
        .order_by(User.login)
    )
    return [record_of(UserRecord, row) for row in rows]


def set_cohort(session: Session, *, project_id: int, user_id: int, cohort: str | None, now: datetime) -> None:
    """Put the person into the cohort and out of any other; None takes them out."""
    key = CohortMember.project_id == project_id, CohortMember.user_id == user_id
    if cohort is None:
        session.execute(delete(CohortMember).where(*key))
        return
    values = {"project_id": project_id, "user_id": user_id, "cohort": cohort, "set_at": now}
    # Somebody else may set it at the same moment: the later word holds.
    session.execute(insert_new(session, CohortMember).values([values]))
    session.execute(update(CohortMember).where(*key).values(cohort=cohort, set_at=now))
