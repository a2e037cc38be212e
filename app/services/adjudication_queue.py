"""Which cases there are to adjudicate: where people differ, and where no label follows and no answer will come."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from app.errors import Invalid
from app.schema import LabelSchema
from app.services import policy
from app.services.adjudication import needed_questions, schema_in_force
from app.services.appeals import waiting_appeals
from app.services.context import Actor, Context
from app.services.decidable import Decidable, decidable_items, look
from app.services.final_labels import Source, labels_of
from app.services.item_state import staff_of, state_of
from app.services.item_states import Known, look_at
from app.services.standing import parts_of
from db.engine import Session, reading
from db.records import ProjectRecord
from db.store import answered, contradictions, items

__all__ = ["STATES", "Case", "State", "adjudication_queue", "why_no_case"]

State = Literal["waiting", "reviewed", "decided"]
STATES: Final[tuple[State, ...]] = get_args(State)

_STATE_BY_SOURCE: Final[Mapping[Source | None, State]] = {"adjudicated": "decided", "review": "reviewed"}


@dataclass(frozen=True, slots=True)
class Case:
    """A question of an item that somebody may have to decide."""

    item_id: int
    external_id: str
    question: str
    apart: float
    """Mean distance of two first answers, 0 to 1; `app.analytics.answer_distance` says how for each type of question."""
    people: int
    """Who answered it first."""
    values: int
    """How many different first answers there are."""
    contradictions: int
    """Pairs of the answers as they stand that the judge found to contradict each other."""
    stuck: str
    """Why no label follows although no answer will come; empty where one does, or where answers are awaited."""
    state: State
    """`reviewed`: reviewers have settled it; it may still be decided."""
    own: bool
    """Whether the person who asks answered the item too."""


def adjudication_queue(
    ctx: Context,
    actor: Actor,
    project_id: int,
    *,
    question: str | None = None,
    include_own: bool = False,
    texts: bool = False,
) -> list[Case]:
    """The cases, decided ones among them; those of one item stand together. Items with what the judge found to
    contradict come first, then those without a label to come, then the furthest apart.

    A case is a question that people's first answers differ on, or one that needs a label where none follows and no
    answer will come. People who write freely always differ: texts are a case where they contradict each other or are
    decided, and where they are asked for, by `texts` or as the `question`. Items that the actor has answered are left
    out, unless `include_own` says that they are wanted. Raises Invalid for what is no question of the project.
    """
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "decide")
        schema = schema_in_force(session, project)
        wanted = [known for known in schema.questions if question in (None, known.id)]
        if not wanted:
            asked = ", ".join(known.id for known in schema.questions)
            raise Invalid(f"question {question!r}; the project asks {asked}")
        contradicted = contradictions.contradicted(session, project_id)
        known_items = dict(decidable_items(ctx, session, project, schema))
        further = {item_id for item_id, _ in contradicted} - known_items.keys()
        known_items |= look(session, project, schema, sorted(further))
        current = answered.current_items(session, sorted(known_items))
        among = {item_id: known_items[item_id] for item_id in sorted(current)}
        stuck = _stuck(session, project, schema, among, current)
    found: dict[int, list[Case]] = {}
    for item_id, item in among.items():
        own = actor.user_id in item.people
        if own and not include_own:
            continue
        for known in wanted:
            key, said = (item_id, known.id), item.questions[known.id]
            differ = said.apart > 0 and (known.type != "text" or texts or question is not None)
            if not (differ or said.source == "adjudicated" or key in contradicted or key in stuck):
                continue
            found.setdefault(item_id, []).append(
                Case(
                    item_id=item_id,
                    external_id=current[item_id][0],
                    question=known.id,
                    apart=said.apart,
                    people=said.people,
                    values=said.values,
                    contradictions=contradicted.get(key, 0),
                    stuck=stuck.get(key, ""),
                    state=_STATE_BY_SOURCE.get(said.source, "waiting"),
                    own=own,
                )
            )
    return [case for of_item in sorted(found.values(), key=_urgency) for case in of_item]


def _urgency(of_item: list[Case]) -> tuple[bool, bool, float]:
    return (
        not any(case.contradictions for case in of_item),
        not any(case.stuck for case in of_item),
        -max(case.apart for case in of_item),
    )


def _stuck(
    session: Session,
    project: ProjectRecord,
    schema: LabelSchema,
    among: Mapping[int, Decidable],
    current: Mapping[int, tuple[str, int]],
) -> dict[tuple[int, str], str]:
    """(item, question that needs a label) -> why none follows although no answer will come; `current`: item -> (its name,
    answers still wanted).
    """
    needed = needed_questions(schema)
    contested = {item_id for _, item_id, _ in waiting_appeals(session, project.id, schema)}
    held = answered.items_held(session, project.id)
    asking = [id_ for id_, one in among.items() if any(r.requeue == "other" for r in one.standing.rejected)]
    staff = staff_of(session, project.id, asking)
    found = {}
    for item_id, item in among.items():
        state, why = state_of(
            item_id,
            item.standing,
            staff,
            wanted=current[item_id][1],
            held=item_id in held,
            contested=item_id in contested,
        )
        if state == "undecided":
            for name, source in zip(needed, item.standing.sources, strict=True):
                if source is None:
                    found[item_id, name] = why
    return found


def why_no_case(
    ctx: Context,
    actor: Actor,
    project_id: int,
    item_id: int,
    *,
    question: str | None = None,
    include_own: bool = False,
    texts: bool = False,
) -> str:
    """Why an item that somebody asks for is not among the cases that `adjudication_queue` gives, as a sentence."""
    everything = adjudication_queue(ctx, actor, project_id, include_own=True, texts=True)
    hidden = [case for case in everything if case.item_id == item_id]
    if hidden and hidden[0].own and not include_own:
        return f"You answered {hidden[0].external_id} yourself. Turn on “Also items that I answered myself” to see its case."
    if hidden and question is not None:
        return f"The case of {hidden[0].external_id} is about another question; choose “all questions” to see it."
    if hidden and not texts:
        return (
            f"Only texts differ on {hidden[0].external_id}. Turn on “Also texts that differ” to see its case."
        )
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "decide")
        item = items.item_by_id(session, item_id)
        if item is None or item.project_id != project_id:
            return "There is no such item in this project."
        if not item.is_current:
            return f"A newer version of {item.external_id} was imported; it has its own answers."
        of_item = parts_of(session, project_id, [item_id]).get(item_id, [])
        if not any(part.answered for part in of_item):
            return f"Nobody has answered {item.external_id} yet."
        schema = schema_in_force(session, project)
        needed = needed_questions(schema)
        labels = labels_of(session, project, {item_id: of_item}, {})
        standing = look_at(session, project, schema, needed, Known({item_id: of_item}, labels, {}))[item_id]
        _, why = state_of(
            item_id,
            standing,
            staff_of(session, project_id, [item_id]),
            wanted=answered.open_slots_of(session, [item_id])[item_id],
            held=item_id in answered.items_held(session, project_id),
            contested=item_id in {about for _, about, _ in waiting_appeals(session, project_id, schema)},
        )
    if None in standing.sources:
        return f"There is nothing to decide about {item.external_id} yet: {why}."
    return f"There is no case of {item.external_id}: people agree."
