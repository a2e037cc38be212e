"""The board: in which state every item is on its way to a final label, and what it waits for."""

from dataclasses import dataclass
from typing import Final

from app.errors import Invalid
from app.services import policy
from app.services.adjudication import needed_questions, schema_in_force
from app.services.appeals import waiting_appeals
from app.services.context import Actor, Context
from app.services.item_state import ITEM_STATES, ItemState, staff_of, state_of
from app.services.item_states import standings_of
from app.services.subsets import resolve
from db.engine import reading
from db.store import answered
from db.store import board as items

__all__ = ["MOST_LISTED", "Board", "BoardColumn", "BoardItem", "board"]

MOST_LISTED: Final = 500
"""Items of a column that are named; a query finds the others."""


@dataclass(frozen=True, slots=True)
class BoardItem:
    item_id: int
    external_id: str
    why: str
    """What it waits for, or what it came to, in a few words."""


@dataclass(frozen=True, slots=True)
class BoardColumn:
    state: ItemState
    count: int
    items: list[BoardItem]
    """The first MOST_LISTED, in order of import."""
    share: float | None
    """Of all items; None where there is none."""


@dataclass(frozen=True, slots=True)
class Board:
    columns: list[BoardColumn]
    """One for each state, in the order of the way."""
    n: int
    questions: list[str]
    """Whose final labels an item needs to be through."""


def board(
    ctx: Context,
    actor: Actor,
    project_id: int,
    *,
    question: str | None = None,
    contains: str = "",
    query: str = "",
) -> Board:
    """Every current item in its state: for all questions that need a label, or for one of them.

    `contains` keeps items with these words in their id, `query` those that the query finds. The first state that
    holds: *adjudicated*, every needed question has a final label, one at least by adjudication; *not_started*, nobody
    has answered it or holds it; *in_review*, an author disagrees with a rejection; *rejected*, an answer was rejected and the next one will come, from its author or from
    somebody else; *in_work*, somebody holds it or it wants more answers; *in_review*, the project's rules want an
    answer looked at that nobody has reviewed; *final*, every needed question has a label by review or out of the
    answers; *undecided*, no label follows and no answer will come: they tie, reviews contradict each other, or what
    was rejected goes to nobody who is left. Needed are the required questions but free texts, which each stand for
    themselves; where a project has no such question, all.
    """
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "read_all")
        schema = schema_in_force(session, project)
        needed = (
            needed_questions(schema)
            if question is None
            else [q.id for q in schema.questions if q.id == question]
        )
        if not needed:
            raise Invalid(f"{question}: is no question of this project")
        slots = items.slots_of(session, project_id, contains=contains)
        if query:
            among = set(resolve(session, project_id, query))
            slots = [(item_id, wanted) for item_id, wanted in slots if item_id in among]
        held = answered.items_held(session, project_id)
        contested = {item_id for _, item_id, _ in waiting_appeals(session, project_id, schema)}
        standings = standings_of(ctx, session, project, schema, needed)
        staff = staff_of(session, project_id, standings.asking_others())
        found: dict[ItemState, list[tuple[int, str]]] = {state: [] for state in ITEM_STATES}
        for item_id, wanted in slots:
            state, why = state_of(
                item_id,
                standings.of(item_id),
                staff,
                wanted=wanted,
                held=item_id in held,
                contested=item_id in contested,
            )
            found[state].append((item_id, why))
        first = {state: rows[:MOST_LISTED] for state, rows in found.items()}
        names = items.names_of(session, [item_id for rows in first.values() for item_id, _ in rows])
    total = len(slots)
    return Board(
        columns=[
            BoardColumn(
                state=state,
                count=len(rows),
                items=[BoardItem(item_id, names[item_id], why) for item_id, why in first[state]],
                share=len(rows) / total if total else None,
            )
            for state, rows in found.items()
        ],
        n=total,
        questions=needed,
    )
