"""The board: in which state every item is on its way to a final label. One item, one state."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from app.errors import Invalid
from app.schema import LabelSchema
from app.services import arms, policy
from app.services.adjudication import schema_in_force
from app.services.context import Actor, Context
from app.services.final_labels import FinalLabel, decided_questions, labels_of, standing_decisions
from app.services.review_rules import doubts_of, reasons
from app.services.standing import Part, parts_of
from db.engine import reading
from db.store import answered

__all__ = ["ITEM_STATES", "Board", "BoardColumn", "ItemState", "board"]

ItemState = Literal["not_started", "in_work", "submitted", "in_review", "rejected", "adjudicated", "final"]
ITEM_STATES: Final[tuple[ItemState, ...]] = get_args(ItemState)


@dataclass(frozen=True, slots=True)
class BoardColumn:
    state: ItemState
    items: list[tuple[int, str]]
    """(id, external id) in order of import."""
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
        slots = answered.item_slots(session, project_id)
        held = answered.items_held(session, project_id)
        parts = parts_of(session, project_id)
        standing = standing_decisions(session, project_id)
        labels = labels_of(session, project, parts, standing)
        unreviewed = [part for of_item in parts.values() for part in of_item if part.unreviewed]
        doubts = doubts_of(session, [part.newest.annotation_id for part in unreviewed])
    rules, decided = arms.workplace_of(project).review, decided_questions(standing)
    found: dict[ItemState, list[tuple[int, str]]] = {state: [] for state in ITEM_STATES}
    for item_id, external_id, wanted in slots:
        of_item = parts.get(item_id, [])
        state = _state(item_id, of_item, labels, needed, wanted=wanted, held=item_id in held)
        if state in ("final", "submitted") and any(
            part.unreviewed
            and reasons(
                project,
                schema,
                rules,
                part,
                [one for one in of_item if one is not part],
                doubts,
                decided.get(item_id, ()),
            )
            for part in of_item
        ):
            state = "in_review"
        found[state].append((item_id, external_id))
    total = len(slots)
    return Board(
        columns=[
            BoardColumn(state, of_state, len(of_state) / total if total else None)
            for state, of_state in found.items()
        ],
        n=total,
        questions=needed,
    )


def _needed(schema: LabelSchema) -> list[str]:
    required = [question.id for question in schema.questions if question.required and question.type != "text"]
    return required or [question.id for question in schema.questions]


def _state(
    item_id: int,
    parts: Sequence[Part],
    labels: Mapping[tuple[int, str], FinalLabel],
    needed: Sequence[str],
    *,
    wanted: int,
    held: bool,
) -> ItemState:
    """The state as far as the rules of review have no say in it."""
    sources = [label.source if (label := labels.get((item_id, name))) else None for name in needed]
    if None not in sources and "adjudicated" in sources:
        return "adjudicated"
    standing = [part for part in parts if part.answered and part.newest.state == "submitted"]
    if not standing and not held:
        return "not_started"
    rejected = [part.review.requeue for part in standing if part.rejected and part.review]
    to_somebody_else = "other" in rejected and wanted > 0
    nothing_left = len(rejected) == len(standing) > 0 and not wanted
    if "same" in rejected or (not held and (to_somebody_else or nothing_left)):
        return "rejected"
    if held or wanted:
        return "in_work"
    return "submitted" if None in sources else "final"
