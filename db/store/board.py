"""What the board of states needs of very many items: what changed since, and which items need no second look."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, String, and_, case, cast, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from db.columns import Extent
from db.models import Adjudication, Annotation, Answer, Item, Review, Verdict

__all__ = [
    "Marks",
    "answered_items",
    "changed_items",
    "marks_of",
    "names_of",
    "quiet_annotations",
    "slots_of",
]

_CHUNK = 500
"""Parameters per IN list: below SQLite's oldest limit of 999."""


@dataclass(frozen=True, slots=True)
class Marks:
    """How far the tables go that say how items stand; all four are only ever added to."""

    annotations: Extent
    reviews: Extent
    adjudications: Extent
    verdicts: Extent


def _of_project(project_id: int) -> list[tuple[InstrumentedAttribute[int], Select[Any]]]:
    """(key, select of item ids) of each table, in the order of Marks."""
    of_annotations = Annotation.project_id == project_id
    return [
        (Annotation.id, select(Annotation.item_id).where(of_annotations)),
        (Review.id, select(Annotation.item_id).join(Review, Review.annotation_id == Annotation.id).where(of_annotations)),
        (Adjudication.id, select(Adjudication.item_id).where(Adjudication.project_id == project_id)),
        (
            Verdict.id,
            select(Annotation.item_id)
            .join(Answer, Answer.annotation_id == Annotation.id)
            .join(Verdict, Verdict.answer_id == Answer.id)
            .where(of_annotations),
        ),
    ]  # fmt: skip


def marks_of(session: Session, project_id: int) -> Marks:
    found = []
    for key, statement in _of_project(project_id):
        columns = statement.with_only_columns(func.count(), func.min(key), func.max(key))
        rows, first, last = session.execute(columns).one()
        found.append(Extent(rows, first or 0, last or 0))
    return Marks(*found)


def changed_items(session: Session, project_id: int, before: Marks, now: Marks) -> set[int] | None:
    """Items that something was added about between two marks; None where rows came that are older than the last known
    one (ids may become visible out of order) or went away: then everything may have changed.
    """
    changed: set[int] = set()
    sides = zip(
        _of_project(project_id),
        (before.annotations, before.reviews, before.adjudications, before.verdicts),
        (now.annotations, now.reviews, now.adjudications, now.verdicts),
        strict=True,
    )
    for (key, statement), old, new in sides:
        if old == new:
            continue
        found = list(session.scalars(statement.where(key > old.last, key <= new.last)))
        if len(found) != new.rows - old.rows:
            return None
        changed.update(found)
    return changed


def quiet_annotations(session: Session, project_id: int, needed: Sequence[str]) -> list[tuple[int, int, int]]:
    """(item id, annotation id, position) of every answer to the quiet current items.

    Quiet: each person submitted once, everybody's answer to every question is stored alike, all of `needed` are
    answered, and there is no skip, review, adjudication or verdict.
    """
    of_project = Annotation.project_id == project_id
    loud = [
        select(Annotation.item_id).where(of_project, (Annotation.revision > 1) | (Annotation.state != "submitted")),
        *(statement for key, statement in _of_project(project_id) if key is not Annotation.id),
    ]  # fmt: skip
    by_question = (
        select(
            Annotation.item_id,
            Answer.question,
            func.count(func.distinct(cast(Answer.value, String))).label("values"),
            func.count().label("answers"),
        )
        .join(Answer, Answer.annotation_id == Annotation.id)
        .where(of_project)
        .group_by(Annotation.item_id, Answer.question)
        .subquery()
    )
    alike = (
        select(by_question.c.item_id)
        .group_by(by_question.c.item_id)
        .having(
            and_(
                func.max(by_question.c["values"]) == 1,
                # To leave a question out is another answer than to give one.
                func.max(by_question.c.answers) == func.min(by_question.c.answers),
                func.sum(case((by_question.c.question.in_(list(needed)), 1), else_=0)) == len(set(needed)),
            )
        )
    )
    rows = session.execute(
        select(Annotation.item_id, Annotation.id, Annotation.position)
        .join(Item, Item.id == Annotation.item_id)
        .where(
            of_project,
            Item.is_current,
            Annotation.item_id.in_(alike),
            *(Annotation.item_id.not_in(ids) for ids in loud),
        )
        .order_by(Annotation.id)
    )
    return [(item_id, annotation_id, position) for item_id, annotation_id, position in rows]


def answered_items(session: Session, project_id: int) -> set[int]:
    """Current items that somebody has answered or skipped."""
    statement = (
        select(Annotation.item_id)
        .join(Item, Item.id == Annotation.item_id)
        .where(Annotation.project_id == project_id, Item.is_current)
        .distinct()
    )
    return set(session.scalars(statement))


def slots_of(session: Session, project_id: int, *, contains: str = "") -> list[tuple[int, int]]:
    """(id, answers still wanted) of every current item, in order; of those with these words in their external id."""
    named = [Item.external_id.icontains(contains, autoescape=True)] if contains else []
    rows = session.execute(
        select(Item.id, Item.open_slots)
        .where(Item.project_id == project_id, Item.is_current, *named)
        .order_by(Item.position)
    )
    return [(item_id, slots) for item_id, slots in rows]


def names_of(session: Session, item_ids: Sequence[int]) -> dict[int, str]:
    """Item id -> external id."""
    found: dict[int, str] = {}
    for start in range(0, len(item_ids), _CHUNK):
        part = item_ids[start : start + _CHUNK]
        found.update(
            {
                id_: name
                for id_, name in session.execute(select(Item.id, Item.external_id).where(Item.id.in_(part)))
            }
        )
    return found
