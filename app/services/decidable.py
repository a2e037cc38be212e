"""Items that somebody may have to decide, kept from one visit of Adjudicate to the next: what changed is read again.

Reading all answers to ten thousand items that people differ on takes half a second, at each click. What was said first
and how the item stands changes only when something is added about the item, which the marks of the board tell.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.analytics.answer_distance import answer_key, mean_apart
from app.schema import LabelSchema
from app.services.adjudication import first_values, needed_questions
from app.services.context import Context
from app.services.final_labels import Source, standing_decisions
from app.services.item_state import Standing
from app.services.item_states import known_of, look_at, made_under
from db.engine import Session
from db.records import ProjectRecord
from db.store import answered, board

__all__ = ["Decidable", "FirstSaid", "decidable_items", "look"]


@dataclass(frozen=True, slots=True)
class FirstSaid:
    """What people said first to one question of an item."""

    apart: float
    """Mean distance of two answers, 0 to 1."""
    people: int
    values: int
    """How many different ones there are."""
    source: Source | None
    """What makes the final label; None where there is none."""


@dataclass(frozen=True, slots=True)
class Decidable:
    """One item that somebody has answered or skipped."""

    people: frozenset[int]
    """Who has ever submitted it."""
    questions: Mapping[str, FirstSaid]
    """Of every question of the schema."""
    standing: Standing


@dataclass(frozen=True, slots=True)
class _Kept:
    marks: board.Marks
    items: Mapping[int, Decidable]


def decidable_items(
    ctx: Context, session: Session, project: ProjectRecord, schema: LabelSchema
) -> Mapping[int, Decidable]:
    """Item id -> the item, of those whose answers differ, were reworked or adjudicated.

    Items of which there is a newer version by now may be among them. A change of schema or rules reads all again.
    """

    def renew(before: _Kept | None) -> _Kept:
        marks = board.marks_of(session, project.id)
        changed = board.changed_items(session, project.id, before.marks, marks) if before else None
        if before is None or changed is None:
            return _Kept(marks, look(session, project, schema, _candidates(session, project.id)))
        if not changed:
            return _Kept(marks, before.items)
        again = look(session, project, schema, _candidates(session, project.id, sorted(changed)))
        return _Kept(marks, {**before.items, **again})

    return ctx.figures.renewed(("decidable", project.id), made_under(project, schema), renew).items


def _candidates(session: Session, project_id: int, item_ids: Sequence[int] | None = None) -> list[int]:
    """Of the project, or of these. Once an item is one it stays one: nothing that makes it one is ever taken back."""
    found = {
        *answered.differing_items(session, project_id, item_ids),
        *answered.reworked_items(session, project_id, item_ids),
        *(item_id for item_id, _ in standing_decisions(session, project_id, item_ids)),
    }
    return sorted(found)


def look(
    session: Session, project: ProjectRecord, schema: LabelSchema, item_ids: Sequence[int]
) -> dict[int, Decidable]:
    """These items, read anew; those that nobody has answered or skipped are missing."""
    known = known_of(session, project, item_ids)
    standings = look_at(session, project, schema, needed_questions(schema), known)
    found = {}
    for item_id, of_item in known.parts.items():
        said = {}
        for question in schema.questions:
            values, label = first_values(of_item, question.id), known.labels.get((item_id, question.id))
            said[question.id] = FirstSaid(
                apart=mean_apart(question, values),
                people=len(values),
                values=len(set(map(answer_key, values))),
                source=label.source if label else None,
            )
        people = frozenset(part.user_id for part in of_item if part.answered)
        found[item_id] = Decidable(people, said, standings[item_id])
    return found
