"""What subset queries ask the database, saved subsets, and who is to work on them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from db.bulk import insert_tuples
from db.inserting import insert_new
from db.models import (
    Annotation,
    Answer,
    Assignment,
    Call,
    Gold,
    Item,
    Review,
    Subset,
    SubsetItem,
    Suggestion,
    User,
    Verification,
)
from db.records import SubsetRecord, record_of

__all__ = [
    "add_subset",
    "all_items",
    "answered_by",
    "answers_by_people",
    "assign",
    "assigned_subsets",
    "assignment_progress",
    "external_id",
    "items_named",
    "items_of_job",
    "items_of_model",
    "items_of_subset",
    "items_with_gold",
    "list_subsets",
    "metadata",
    "newest_suggestions",
    "subset_by_name",
    "unassign",
    "verification_states",
]

_CHUNK = 500


def _current(project_id: int) -> Any:
    return and_(Item.project_id == project_id, Item.is_current)


def all_items(session: Session, project_id: int) -> list[int]:
    """Ids of the current items, in order of import."""
    return list(session.scalars(select(Item.id).where(_current(project_id)).order_by(Item.position)))


def items_named(session: Session, project_id: int, external_ids: Sequence[str]) -> dict[str, int]:
    """External id -> id of the current version."""
    found: dict[str, int] = {}
    for start in range(0, len(external_ids), _CHUNK):
        part = external_ids[start : start + _CHUNK]
        rows = session.execute(
            select(Item.external_id, Item.id).where(_current(project_id), Item.external_id.in_(part))
        )
        found.update((name, item_id) for name, item_id in rows)
    return found


def external_id(session: Session, item_id: int) -> str:
    return session.scalar(select(Item.external_id).where(Item.id == item_id)) or ""


def metadata(session: Session, project_id: int) -> Iterable[tuple[int, Mapping[str, Any]]]:
    """(item id, metadata) of every current item."""
    for item_id, meta in session.execute(select(Item.id, Item.meta).where(_current(project_id))):
        yield int(item_id), meta


def answered_by(session: Session, project_id: int, login: str) -> set[int]:
    statement = (
        select(Annotation.item_id)
        .join(User, User.id == Annotation.user_id)
        .where(Annotation.project_id == project_id, Annotation.state == "submitted", User.login == login)
    )
    return set(session.scalars(statement))


def answers_by_people(
    session: Session, project_id: int, question: str | None
) -> Iterable[tuple[int, int, str, Any]]:
    """(item id, person, question, value) of everybody's newest revisions."""
    newest = (
        select(func.max(Annotation.id))
        .where(Annotation.project_id == project_id)
        .group_by(Annotation.item_id, Annotation.user_id)
    )
    statement = (
        select(Annotation.item_id, Annotation.user_id, Answer.question, Answer.value)
        .join(Answer, Answer.annotation_id == Annotation.id)
        .where(Annotation.id.in_(newest), Annotation.state == "submitted")
    )
    if question is not None:
        statement = statement.where(Answer.question == question)
    for item_id, user_id, asked, value in session.execute(statement):
        yield item_id, user_id, asked, value[0]


def newest_suggestions(
    session: Session, project_id: int, question: str | None
) -> Iterable[tuple[int, str, Any, float | None]]:
    """(item id, question, value, confidence) of the newest suggestion to each question."""
    newest = (
        select(func.max(Suggestion.id))
        .join(Item, Item.id == Suggestion.item_id)
        .where(_current(project_id), Suggestion.planted.is_(False), Suggestion.probe.is_(False))
        .group_by(Suggestion.item_id, Suggestion.question)
    )
    sure = func.coalesce(Suggestion.calibrated_confidence, Suggestion.confidence)
    statement = select(Suggestion.item_id, Suggestion.question, Suggestion.value, sure).where(
        Suggestion.id.in_(newest)
    )
    if question:
        statement = statement.where(Suggestion.question == question)
    for item_id, asked, value, confidence in session.execute(statement):
        yield item_id, asked, value[0], confidence


def items_of_job(session: Session, project_id: int, job_id: int) -> set[int]:
    statement = (
        select(Suggestion.item_id)
        .join(Call, Call.id == Suggestion.call_id)
        .join(Item, Item.id == Suggestion.item_id)
        .where(_current(project_id), Call.job_id == job_id)
    )
    return set(session.scalars(statement))


def items_of_model(
    session: Session, project_id: int, *, agent_id: int | None, builtin: bool, model: str | None
) -> set[int]:
    """Items with a suggestion of a stored agent, of the built-in classifier, of the agent without a record
    (neither given), or of an imported model's name.
    """
    statement = (
        select(Suggestion.item_id)
        .join(Item, Item.id == Suggestion.item_id)
        .where(_current(project_id), Suggestion.planted.is_(False))
    )
    if model is not None:
        statement = statement.where(Suggestion.model == model)
    elif builtin:
        statement = statement.where(Suggestion.builtin)
    elif agent_id is not None:
        statement = statement.where(Suggestion.agent_id == agent_id)
    else:
        statement = statement.where(
            Suggestion.agent_id.is_(None), Suggestion.builtin.is_(False), Suggestion.call_id.is_not(None)
        )
    return set(session.scalars(statement))


def items_with_gold(session: Session, project_id: int, split: str | None) -> set[int]:
    statement = select(Gold.item_id).join(Item, Item.id == Gold.item_id).where(_current(project_id))
    if split is not None:
        statement = statement.where(Gold.split == split)
    return set(session.scalars(statement))


def verification_states(session: Session, project_id: int) -> dict[int, set[str]]:
    """Item id -> outcomes of verifications of its suggestions."""
    statement = (
        select(Suggestion.item_id, Verification.outcome)
        .join(Verification, Verification.suggestion_id == Suggestion.id)
        .join(Item, Item.id == Suggestion.item_id)
        .where(_current(project_id))
    )
    found: dict[int, set[str]] = {}
    for item_id, outcome in session.execute(statement):
        found.setdefault(item_id, set()).add(outcome)
    return found


def add_subset(
    session: Session,
    *,
    project_id: int,
    name: str,
    query: str,
    item_ids: Sequence[int],
    created_by: str,
    now: datetime,
) -> SubsetRecord | None:
    """Store a subset; None when the name is taken."""
    statement = insert_new(session, Subset).values(
        project_id=project_id, name=name, query=query, created_by=created_by, created_at=now
    )
    subset_id = session.execute(statement.returning(Subset.id)).scalar()
    if subset_id is None:
        return None
    insert_tuples(
        session, SubsetItem, ("subset_id", "item_id"), [(subset_id, item_id) for item_id in item_ids]
    )
    return record_of(SubsetRecord, session.get_one(Subset, subset_id))


def subset_by_name(session: Session, project_id: int, name: str) -> SubsetRecord | None:
    row = session.scalar(select(Subset).where(Subset.project_id == project_id, Subset.name == name))
    return record_of(SubsetRecord, row) if row else None


def list_subsets(session: Session, project_id: int) -> list[tuple[SubsetRecord, int]]:
    """(subset, number of items), newest first."""
    count = select(func.count()).where(SubsetItem.subset_id == Subset.id).scalar_subquery()
    rows = session.execute(
        select(Subset, count).where(Subset.project_id == project_id).order_by(Subset.id.desc())
    )
    return [(record_of(SubsetRecord, row), number) for row, number in rows]


def items_of_subset(session: Session, subset_id: int) -> set[int]:
    return set(session.scalars(select(SubsetItem.item_id).where(SubsetItem.subset_id == subset_id)))


def assign(
    session: Session,
    *,
    subset_id: int,
    user_id: int,
    task: str,
    due_at: datetime | None,
    created_by: str,
    now: datetime,
) -> bool:
    """Give a subset to a person; False when they have it for this task already."""
    statement = insert_new(session, Assignment).values(
        subset_id=subset_id, user_id=user_id, task=task, due_at=due_at, created_by=created_by, created_at=now
    )
    return session.execute(statement.returning(Assignment.id)).first() is not None


def unassign(session: Session, assignment_id: int, project_id: int) -> bool:
    row = session.get(Assignment, assignment_id)
    if row is None or session.get_one(Subset, row.subset_id).project_id != project_id:
        return False
    session.delete(row)
    return True


def assigned_subsets(session: Session, project_id: int, user_id: int, task: str) -> list[int]:
    """Ids of the subsets that a person is to work on, the first due first."""
    statement = (
        select(Assignment.subset_id)
        .join(Subset, Subset.id == Assignment.subset_id)
        .where(Subset.project_id == project_id, Assignment.user_id == user_id, Assignment.task == task)
        .order_by(case((Assignment.due_at.is_(None), 1), else_=0), Assignment.due_at, Assignment.id)
    )
    return list(session.scalars(statement))


def assignment_progress(
    session: Session, project_id: int
) -> list[tuple[int, int, str, str, str, datetime | None, int, int]]:
    """(assignment, subset id, subset, login, task, due, items, items done by that person), in order of the
    date due.

    Done means: answered for annotating, verified for verifying, an answer of it reviewed for reviewing.
    """

    def distinct(source: Any, person: Any, *conditions: Any) -> Any:
        """How many items of the assignment's subset `source` has rows of its person for."""
        column = source.item_id
        return (
            select(func.count(func.distinct(column)))
            .select_from(SubsetItem)
            .where(SubsetItem.subset_id == Assignment.subset_id, column == SubsetItem.item_id)
            .where(person == Assignment.user_id, *conditions)
            .correlate(Assignment)
            .scalar_subquery()
        )

    annotated = distinct(Annotation, Annotation.user_id, Annotation.state == "submitted")
    verified = distinct(Suggestion, Verification.user_id, Verification.suggestion_id == Suggestion.id)
    reviewed = distinct(Annotation, Review.reviewer_id, Review.annotation_id == Annotation.id)
    done = case(
        (Assignment.task == "annotate", annotated), (Assignment.task == "verify", verified), else_=reviewed
    )
    total = select(func.count()).where(SubsetItem.subset_id == Assignment.subset_id).scalar_subquery()
    rows = session.execute(
        select(
            Assignment.id,
            Subset.id,
            Subset.name,
            User.login,
            Assignment.task,
            Assignment.due_at,
            total,
            done,
        )
        .join(Subset, Subset.id == Assignment.subset_id)
        .join(User, User.id == Assignment.user_id)
        .where(Subset.project_id == project_id)
        .order_by(case((Assignment.due_at.is_(None), 1), else_=0), Assignment.due_at, Assignment.id)
    )
    return [tuple(row) for row in rows]
