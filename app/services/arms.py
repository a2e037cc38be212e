"""Which help a person gets on an item: decided by hashes, so that it is random, repeatable and the same on reload."""

import hashlib
import random
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.schema import ChoiceQuestion, LabelSchema
from app.schema.workplace import Workplace, parse_workplace
from app.services import study_arms
from app.services.study_arms import Drawn
from db.engine import Session
from db.records import ItemRecord, LeaseRecord, ProjectRecord, SuggestionRecord
from db.store import items, studies

__all__ = [
    "Help",
    "answers_first",
    "chance",
    "decide",
    "kept_apart",
    "some_are_wrong",
    "visible",
    "without_reasons",
    "workplace_of",
]

_MANY = 8
"""Options from which on they are ordered by predicted probability. By judgement: fewer are read at a glance."""


@dataclass(frozen=True, slots=True)
class Help:
    arm: str | None
    """An arm of the running study, else none, suggestion or after_answer. None where nothing is at stake: no suggestion
    exists, or the role is off."""
    shown: dict[str, int]
    """Question -> id of its suggestion."""
    shown_at: datetime | None
    orders: dict[str, list[str]]
    """Question -> option values in the order on screen, where it is not the schema's."""
    drawn: Drawn | None
    """How the running study came to the arm; None where none did."""


def workplace_of(project: ProjectRecord) -> Workplace:
    return parse_workplace(dict(project.workplace))


def chance(project: ProjectRecord, *parts: object) -> float:
    """A number in [0, 1) that depends on the project and the parts only: uniform over items and people."""
    key = ":".join(map(str, (project.id, project.created_at.isoformat(), *parts)))
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) / 2**64


def kept_apart(project: ProjectRecord, item_id: int, user_id: int) -> bool:
    """Whether chance gives this person the item without a suggestion, or perhaps with a wrong one."""
    return (
        chance(project, item_id, user_id) < project.control_share
        or chance(project, "plant", item_id, user_id) < workplace_of(project).planted_share
    )


def visible(lease: LeaseRecord) -> dict[str, int]:
    """Question -> id of the suggestions that the person may see now."""
    return dict(lease.shown) if lease.shown_at is not None else {}


def answers_first(lease: LeaseRecord) -> bool:
    """Whether suggestions wait until the person has answered alone."""
    return bool(lease.shown) and lease.shown_at is None


def decide(
    session: Session,
    project: ProjectRecord,
    schema: LabelSchema,
    item: ItemRecord,
    user_id: int,
    *,
    now: datetime,
) -> Help:
    """The help for one person on one item, to be recorded with the hold before anything is shown."""
    workplace = workplace_of(project)
    found = items.latest_suggestions(session, item.id) if project.preannotation_on else {}
    suggestions = {question.id: found[question.id] for question in schema.questions if question.id in found}
    drawn = study_arms.draw(session, project, user_id, item.id, suggested=bool(suggestions), now=now)
    when, wrong_share = _mode(project, workplace, drawn, item.id, user_id)
    arm = (when if when != "at_once" else "suggestion") if suggestions else None
    shown = {}
    if suggestions and when != "none":
        planted = _plant(session, project, wrong_share, schema, item, user_id, suggestions, now)
        shown = {question: row.id for question, row in (suggestions | planted).items()}
    at_once = suggestions if shown and when == "at_once" else {}
    return Help(
        arm=arm if drawn is None else drawn.arm.name,
        shown=shown,
        shown_at=now if at_once else None,
        orders=_orders(project, workplace, schema, item, user_id, at_once),
        drawn=drawn,
    )


def _mode(
    project: ProjectRecord, workplace: Workplace, drawn: Drawn | None, item_id: int, user_id: int
) -> tuple[str, float]:
    """When suggestions are shown (none, at_once, after_answer), and the share of wrong ones: as the study's arm says
    where suggestions are under study, else as the project does.
    """
    if drawn is not None:
        if "suggestion" in drawn.help:
            return drawn.arm.suggestion, drawn.arm.wrong_share
        return workplace.suggestions, workplace.planted_share
    if chance(project, item_id, user_id) < project.control_share:
        return "none", 0.0
    return workplace.suggestions, workplace.planted_share


def _plant(
    session: Session,
    project: ProjectRecord,
    wrong_share: float,
    schema: LabelSchema,
    item: ItemRecord,
    user_id: int,
    suggestions: dict[str, SuggestionRecord],
    now: datetime,
) -> dict[str, SuggestionRecord]:
    """Wrong suggestions in place of the model's, on a share of the items whose answer is known."""
    if not wrong_share or chance(project, "plant", item.id, user_id) >= wrong_share:
        return {}
    gold = items.gold_of(session, item.id)
    out = {}
    for question in schema.questions:
        original = suggestions.get(question.id)
        if not isinstance(question, ChoiceQuestion) or original is None or question.id not in gold:
            continue
        wrong = [option.value for option in question.options if option.value != gold[question.id]]
        value = wrong[int(chance(project, "wrong", item.id, question.id) * len(wrong))]
        out[question.id] = items.planted_suggestion(session, original, value, now=now)
    return out


def some_are_wrong(session: Session, project: ProjectRecord, lease: LeaseRecord) -> bool:
    """Whether suggestions like those of this hold are wrong on purpose for some people or items."""
    if lease.arm is None:
        return False
    study = studies.study_by_id(session, lease.study_id) if lease.study_id is not None else None
    of_study = study is not None and any(arm.wrong_share for arm in study_arms.plan_of(study).arms)
    return of_study or workplace_of(project).planted_share > 0


def without_reasons(suggestion: SuggestionRecord) -> SuggestionRecord:
    """What a wrong one cannot have, and would be known by: words, examples and probabilities for its label."""
    return replace(suggestion, rationale="", examples=[], probabilities=None, near_match=None)


def _orders(
    project: ProjectRecord,
    workplace: Workplace,
    schema: LabelSchema,
    item: ItemRecord,
    user_id: int,
    suggestions: dict[str, SuggestionRecord],
) -> dict[str, list[str]]:
    orders: dict[str, list[str]] = {}
    for question in schema.questions:
        shuffle = random.Random(f"{chance(project, 'order', item.id, user_id, question.id)}").shuffle
        if question.type == "pairwise":
            # Always by chance: people favour what stands first.
            sides = ["left", "right"]
            shuffle(sides)
            if sides != ["left", "right"]:
                orders[question.id] = sides
        elif question.type in ("choice", "multi_choice"):
            values = [option.value for option in question.options]
            suggestion = suggestions.get(question.id)
            probabilities: dict[str, Any] = dict((suggestion.probabilities or {}) if suggestion else {})
            ordered = list(values)
            if workplace.option_order == "random":
                shuffle(ordered)
            elif probabilities and len(values) >= _MANY:
                ordered.sort(key=lambda value: -probabilities.get(value, 0.0))
            if ordered != values:
                orders[question.id] = ordered
    return orders
