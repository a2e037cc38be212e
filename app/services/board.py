"""The board: in which state every item is on its way to a final label. One item, one state."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

from app.errors import Invalid
from app.schema import LabelSchema
from app.services import policy
from app.services.adjudication import schema_in_force
from app.services.context import Actor, Context
from app.services.item_states import Standing, standings_of
from db.engine import reading
from db.store import answered
from db.store import board as items

__all__ = ["ITEM_STATES", "MOST_LISTED", "Board", "BoardColumn", "ItemState", "board"]

ItemState = Literal["not_started", "in_work", "submitted", "in_review", "rejected", "adjudicated", "final"]
ITEM_STATES: Final[tuple[ItemState, ...]] = get_args(ItemState)

MOST_LISTED: Final = 500
"""Items of a column that are named; a query finds the others."""


@dataclass(frozen=True, slots=True)
class BoardColumn:
    state: ItemState
    count: int
    items: list[tuple[int, str]]
    """(id, external id) of the first MOST_LISTED, in order of import."""
    share: float | None
    """Of all items; None in a project without any."""


@dataclass(frozen=True, slots=True)
class Board:
    columns: list[BoardColumn]
    """One for each state, in the order of the way."""
    n: int
    questions: list[str]
    """Whose final labels an item needs to be through."""


def board(ctx: Context, actor: Actor, project_id: int, *, question: str | None = None) -> Board:
    """Every current item in its state: for all questions that need a label, or for one of them.

    The first that holds: *adjudicated*, every needed question has a final label, one at least by adjudication;
    *not_started*, nobody has answered it or holds it; *rejected*, an answer was rejected and the next one has not
    come; *in_work*, somebody holds it or it wants more answers; *in_review*, the project's rules want an answer
    looked at that nobody has reviewed; *final*, every needed question has a label by review or out of the answers;
    *submitted*, all answers are there and no label follows from them. Needed are the required questions but free
    texts, which each stand for themselves; where a project has no such question, all.
    """
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "read_all")
        schema = schema_in_force(session, project)
        needed = _needed(schema) if question is None else [q.id for q in schema.questions if q.id == question]
        if not needed:
            raise Invalid(f"{question}: is no question of this project")
        slots = items.slots_of(session, project_id)
        held = answered.items_held(session, project_id)
        standings = standings_of(ctx, session, project, schema, needed)
        found: dict[ItemState, list[int]] = {state: [] for state in ITEM_STATES}
        for item_id, wanted in slots:
            found[_state(standings.of(item_id), wanted=wanted, held=item_id in held)].append(item_id)
        first = {state: ids[:MOST_LISTED] for state, ids in found.items()}
        names = items.names_of(session, [item_id for ids in first.values() for item_id in ids])
    total = len(slots)
    return Board(
        columns=[
            BoardColumn(
                state=state,
                count=len(ids),
                items=[(item_id, names[item_id]) for item_id in first[state]],
                share=len(ids) / total if total else None,
            )
            for state, ids in found.items()
        ],
        n=total,
        questions=needed,
    )


def _needed(schema: LabelSchema) -> list[str]:
    required = [question.id for question in schema.questions if question.required and question.type != "text"]
    return required or [question.id for question in schema.questions]


def _state(standing: Standing | None, *, wanted: int, held: bool) -> ItemState:
    if standing is None:
        return "in_work" if held else "not_started"
    labelled = None not in standing.sources
    if labelled and "adjudicated" in standing.sources:
        return "adjudicated"
    if not standing.submitted and not held:
        return "not_started"
    to_somebody_else = "other" in standing.rejected and wanted > 0
    nothing_left = len(standing.rejected) == standing.submitted > 0 and not wanted
    if "same" in standing.rejected or (not held and (to_somebody_else or nothing_left)):
        return "rejected"
    if held or wanted:
        return "in_work"
    if standing.in_review:
        return "in_review"
    return "final" if labelled else "submitted"
