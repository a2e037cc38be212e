"""How items stand, kept from one visit of the board to the next: only what changed is looked at again.

Reading every answer of a hundred thousand items into objects takes seconds. Most of them are quiet (everybody said the
same once, nobody reviewed or adjudicated), which the database tells by itself; the others are looked at one by one,
and again only after something was added about them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from app.schema import LabelSchema
from app.services import arms
from app.services.adjudication import decided_items
from app.services.context import Context
from app.services.final_labels import FinalLabel, Source, decided_questions, labels_of, standing_decisions
from app.services.item_state import Rejection, Standing
from app.services.review_rules import doubts_of, drawn_quiet, reasons
from app.services.standing import Part, parts_of
from db.engine import Session
from db.records import ProjectRecord
from db.store import board

__all__ = ["Known", "Standings", "known_of", "look_at", "made_under", "standings_of"]

_MOST_BY_NAME = 20_000
"""Items above which the whole project is read at once instead of item by item."""


@dataclass(frozen=True, slots=True)
class Standings:
    marks: board.Marks
    quiet: Standing
    """Of every quiet item that the rules do not draw."""
    quiet_items: frozenset[int]
    looked_at: Mapping[int, Standing]
    """Of the items that are not quiet, or drawn."""

    def of(self, item_id: int) -> Standing | None:
        """None for an item that nobody has answered or skipped."""
        return self.looked_at.get(item_id) or (self.quiet if item_id in self.quiet_items else None)

    def asking_others(self) -> list[int]:
        """Items with a rejection that asks somebody else."""
        return [
            item_id
            for item_id, standing in self.looked_at.items()
            if any(rejection.requeue == "other" for rejection in standing.rejected)
        ]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of some items."""

    parts: Mapping[int, Sequence[Part]]
    """Item id -> each person's part in it."""
    labels: Mapping[tuple[int, str], FinalLabel]
    """(item id, question) -> its final label."""
    decided: Mapping[int, Collection[str]]
    """Item id -> its adjudicated questions."""


def standings_of(
    ctx: Context, session: Session, project: ProjectRecord, schema: LabelSchema, needed: Sequence[str]
) -> Standings:
    """Of all current items; a change of schema or rules looks at all of them again."""

    def renew(before: Standings | None) -> Standings:
        marks = board.marks_of(session, project.id)
        changed = board.changed_items(session, project.id, before.marks, marks) if before else None
        if before is None or changed is None:
            return _all(session, project, schema, needed, marks)
        again = _look(session, project, schema, needed, sorted(changed)) if changed else {}
        return Standings(marks, before.quiet, before.quiet_items - changed, {**before.looked_at, **again})

    return ctx.figures.renewed(("standings", project.id, tuple(needed)), made_under(project, schema), renew)


def made_under(project: ProjectRecord, schema: LabelSchema) -> tuple[object, ...]:
    """What beside the answers says how items stand; where it changes all are looked at again."""
    rules = arms.workplace_of(project).review
    return schema.model_dump_json(), rules, project.aggregation, project.created_at


def _all(
    session: Session,
    project: ProjectRecord,
    schema: LabelSchema,
    needed: Sequence[str],
    marks: board.Marks,
) -> Standings:
    sources: tuple[Source, ...] = tuple("aggregate" for _ in needed)
    quiet = Standing(sources, (), 1, (), in_review=False)
    found = board.quiet_annotations(session, project.id, needed)
    quiet_items = {item_id for item_id, *_ in found}
    loud = board.answered_items(session, project.id) - quiet_items
    looked_at = _look(session, project, schema, needed, sorted(loud))
    drawn = Standing(sources, (), 1, (), in_review=True)
    looked_at |= dict.fromkeys(drawn_quiet(project, found), drawn)
    return Standings(marks, quiet, frozenset(quiet_items), looked_at)


def _look(
    session: Session, project: ProjectRecord, schema: LabelSchema, needed: Sequence[str], items: Sequence[int]
) -> dict[int, Standing]:
    return look_at(session, project, schema, needed, known_of(session, project, items))


def known_of(session: Session, project: ProjectRecord, items: Sequence[int]) -> Known:
    """Of these items, read anew; those that nobody has answered or skipped are missing."""
    named = items if len(items) <= _MOST_BY_NAME else None
    parts = parts_of(session, project.id, named)
    if named is None:
        wanted = set(items)
        parts = {item_id: of_item for item_id, of_item in parts.items() if item_id in wanted}
    decisions = standing_decisions(session, project.id, named)
    return Known(parts, labels_of(session, project, parts, decisions), decided_questions(decisions))


def look_at(
    session: Session, project: ProjectRecord, schema: LabelSchema, needed: Sequence[str], known: Known
) -> dict[int, Standing]:
    """How each of these items stands."""
    parts, labels, decided = known.parts, known.labels, known.decided
    unreviewed = [part for of_item in parts.values() for part in of_item if part.unreviewed]
    doubts = doubts_of(session, [part.newest.annotation_id for part in unreviewed])
    rules = arms.workplace_of(project).review

    def wants_review(part: Part, of_item: Sequence[Part], settled: Collection[str]) -> bool:
        others = [one for one in of_item if one is not part]
        return part.unreviewed and bool(reasons(project, schema, rules, part, others, doubts, settled))

    through = decided_items(schema, [(item_id, name) for item_id, names in decided.items() for name in names])
    found = {}
    for item_id, of_item in parts.items():
        standing = [part for part in of_item if part.answered and part.newest.state == "submitted"]
        named = [labels.get((item_id, name)) for name in needed]
        settled = decided.get(item_id, ())
        found[item_id] = Standing(
            sources=tuple(label.source if label else None for label in named),
            notes=tuple(label.note for label in named if label and label.source is None),
            submitted=len(standing),
            rejected=tuple(
                Rejection(part.review.requeue, part.user_id)
                for part in standing
                if part.rejected and part.review
            ),
            in_review=item_id not in through
            and any(wants_review(part, of_item, settled) for part in of_item),
        )
    return found
