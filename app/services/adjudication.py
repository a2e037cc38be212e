"""Adjudication: one person decides what the answer is where several people differ, and says why they differ."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal, get_args

from app.clock import known_seconds, utc_now
from app.errors import Conflict, Invalid, NotFound
from app.schema import LabelSchema, validate_answers
from app.schema.values import is_empty
from app.services import policy
from app.services.audit_log import record_action
from app.services.context import Actor, Context
from app.services.final_labels import decided_questions, standing_decisions
from app.services.projects import schema_of
from app.services.standing import Part, parts_of
from db.engine import Session, transaction
from db.records import ItemRecord, ProjectRecord
from db.review_records import AdjudicationRecord
from db.store import adjudications, annotations, items, leases, projects

__all__ = [
    "LONGEST_COMMENT",
    "NEEDS_COMMENT",
    "REASONS",
    "Reason",
    "decide",
    "decided_items",
    "first_values",
    "needed_questions",
    "schema_in_force",
]

Reason = Literal["guideline_gap", "ambiguous", "slip", "two_right", "other"]
REASONS: Final[tuple[Reason, ...]] = get_args(Reason)
NEEDS_COMMENT: Final[tuple[Reason, ...]] = ("guideline_gap", "other")

LONGEST_COMMENT: Final = 2_000
"""Characters."""


def schema_in_force(session: Session, project: ProjectRecord) -> LabelSchema:
    """Raises NotFound for a project that holds imported ratings."""
    version = projects.latest_schema(session, project.id)
    if version is None:
        raise NotFound(f"project {project.name!r} has no label schema; it holds ratings only")
    return schema_of(version)


def needed_questions(schema: LabelSchema) -> list[str]:
    """The questions that need a label before an item is through: required ones, and free texts only without others."""
    required = [question.id for question in schema.questions if question.required and question.type != "text"]
    return required or [question.id for question in schema.questions]


def decided_items(schema: LabelSchema, decided: Iterable[tuple[int, str]]) -> set[int]:
    """The items that are through by adjudication: every question that needs a label was decided; out of (item id,
    question) pairs.
    """
    needed = needed_questions(schema)
    return {item_id for item_id, known in decided_questions(decided).items() if known.issuperset(needed)}


def first_values(parts: Sequence[Part], question: str) -> list[Any]:
    """What people answered first, skips and open questions left out."""
    return [
        part.first.values[question]
        for part in parts
        if part.first is not None and question in part.first.values
    ]


def decide(
    ctx: Context,
    actor: Actor,
    project_id: int,
    item_id: int,
    question: str,
    *,
    reason: str,
    form_token: str,
    answer_id: int | None = None,
    value: Any = None,
    comment: str = "",
    replaces: int | None = None,
    own_too: bool = False,
    seconds: float | None = None,
) -> bool:
    """Store what the answer is; False when this form was sent before.

    `answer_id` takes one of the answers as it was given, else `value` is the answer. `replaces` is the decision
    that the actor has seen standing and undoes by this one; `own_too` says that they know that they answered the
    item themselves. Raises Invalid for a value that does not answer the question, an unknown reason, a missing
    comment where the reason needs one, one that is too long, and an own item without saying so; NotFound for an item or answer of
    elsewhere; Conflict when another decision was made meanwhile. Once every question that needs a label is decided,
    nobody is asked about the item again: what a review gave back to its author or to somebody else is taken back.
    `seconds` that no clock can have measured are unknown.
    """
    comment = comment.strip()
    if len(comment) > LONGEST_COMMENT:
        raise Invalid(f"comment: has {len(comment)} characters; at most {LONGEST_COMMENT} are kept")
    if reason not in REASONS:
        raise Invalid(f"reason {reason!r}; say why the answers differ: {', '.join(REASONS)}")
    if reason in NEEDS_COMMENT and not comment:
        raise Invalid(f"say in a comment what it is; {reason.replace('_', ' ')!r} alone helps nobody")
    with transaction(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "decide")
        if actor.user_id is None:
            raise Invalid("a decision needs a person as its author; log in")
        if _sent_before(session, actor, form_token):
            return False
        item = items.item_by_id(session, item_id)
        if item is None or item.project_id != project_id:
            raise NotFound(f"no item {item_id} in this project")
        leases.lock_item(session, item_id)
        if answer_id is not None:
            value = _taken(session, item_id, question, answer_id)
        schema = schema_in_force(session, project)
        _check_value(schema, item, question, value)
        parts = parts_of(session, project_id, [item_id]).get(item_id, [])
        if not any(part.answered for part in parts):
            raise Invalid(f"nobody has answered {item.external_id!r} yet; there is nothing to decide")
        own = any(part.user_id == actor.user_id and part.answered for part in parts)
        if own and not own_too:
            raise Invalid("you answered this item yourself; let somebody else decide, or say that you know")
        before = standing_decisions(session, project_id, [item_id])
        standing = before.get((item_id, question))
        if (standing.id if standing else None) != replaces:
            raise _meanwhile(standing)
        if standing is not None and (standing.value, standing.reason, standing.comment) == (
            [value],
            reason,
            comment,
        ):
            raise Invalid("that is the decision as it stands; nothing is changed")
        stored = adjudications.add_adjudication(
            session,
            project_id=project_id,
            item_id=item_id,
            question=question,
            value=[value],
            answer_id=answer_id,
            reason=reason,
            comment=comment,
            own=own,
            author_id=actor.user_id,
            replaces=replaces,
            form_token=form_token,
            seconds=known_seconds(seconds),
            created_at=utc_now(),
        )
        if stored is None:
            # Another transaction committed between our look and our insert.
            if _sent_before(session, actor, form_token):
                return False
            raise _meanwhile(None)
        if decided_items(schema, [*before, (item_id, question)]) - decided_items(schema, before):
            _end_returns(session, item_id, parts)
        record_action(
            session,
            actor,
            "adjudicate",
            project_id,
            item=item_id,
            question=question,
            reason=reason,
            own=own,
            replaces=replaces,
        )
    return True


def _end_returns(session: Session, item_id: int, parts: Sequence[Part]) -> None:
    """Ask nobody again about an item of which this decision was the last one that was missing."""
    rejections = [part.review for part in parts if part.rejected and part.review is not None]
    for rejection in rejections:
        leases.return_item(session, item_id, rejection.user_id, form_token=None)
        if rejection.requeue == "other":
            leases.close_slot(session, item_id)


def _sent_before(session: Session, actor: Actor, form_token: str) -> bool:
    known = adjudications.adjudication_by_token(session, form_token)
    return known is not None and known.author_id == actor.user_id


def _meanwhile(standing: AdjudicationRecord | None) -> Conflict:
    words = "this case was decided meanwhile" if standing else "another decision was made at the same moment"
    current = {"adjudication": standing.id, "value": standing.value[0]} if standing else {}
    return Conflict(f"{words}; reload the page and look at it", current)


def _taken(session: Session, item_id: int, question: str, answer_id: int) -> Any:
    answer = annotations.answer_by_id(session, answer_id)
    annotation = annotations.annotation_by_id(session, answer.annotation_id) if answer else None
    if answer is None or annotation is None or (annotation.item_id, answer.question) != (item_id, question):
        raise NotFound(f"no answer {answer_id} to {question!r} on this item")
    return answer.value[0]


def _check_value(schema: LabelSchema, item: ItemRecord, question: str, value: Any) -> None:
    asked = [known for known in schema.questions if known.id == question]
    if not asked:
        raise Invalid(f"{question}: is no question of this project")
    if is_empty(value):
        raise Invalid(f"{question}: needs an answer")
    problems = validate_answers(LabelSchema(questions=tuple(asked)), {question: value}, item.content)
    if problems:
        raise Invalid(problems)
