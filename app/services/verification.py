"""The verification table: many suggestions in a list, each confirmed, corrected or rejected.

What a person makes of a suggestion is their answer to the item: one annotation and one verification, by the same
code that the Work page uses. An item that a person is to answer without help is not in their table.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import Any, Literal

from app.analytics.priority import DEFINITION
from app.clock import utc_now
from app.errors import AppError, Conflict, Invalid, NotFound
from app.schema import LabelSchema
from app.services import answering, arms, policy
from app.services.context import Actor, Context
from app.services.judging import with_rubric_words
from app.services.projects import schema_of
from app.services.submissions import plain_text
from app.services.subsets import resolve
from app.services.verification_list import Filters, Listed, Listing
from db.engine import Session, reading, transaction
from db.errors import StoreError
from db.records import LeaseRecord, ProjectRecord
from db.store import (
    annotations,
    items,
    leases,
    projects,
    studies,
    subsets,
    suggestion_verdicts,
    verdicts,
    verifying,
)

__all__ = [
    "Choice",
    "Page",
    "Saved",
    "item_details",
    "list_rows",
    "save_choices",
    "save_preferences",
    "table_setup",
]

Via = Literal["table", "bulk"]
_MOST_AT_ONCE = 500
_SNIPPET = 300
_LOOKED_AT = 200
"""Items whose metadata say which columns there are."""
_LARGEST_PREFERENCE = 20_000


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the list."""

    total: int
    rows: list[dict[str, Any]]
    counts: dict[str, int]
    """State -> how many of the whole list, before filters."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person makes of one suggestion."""

    item_id: int
    suggestion_id: int
    value: Any
    """Their own label; None rejects the suggestion without one."""
    token: str
    """Made by the browser once for this choice: sent again, it is stored once."""
    via: Via = "table"
    looked_seconds: float | None = None
    others: Mapping[str, Any] = field(default_factory=dict)
    """Answers to other questions of the item, which the schema requires."""


@dataclass(frozen=True, slots=True)
class Saved:
    item_id: int
    ok: bool
    outcome: str
    """confirms, corrects or rejects; why not, where it was not stored."""


def table_setup(ctx: Context, actor: Actor, project_id: int) -> dict[str, Any]:
    """What the table needs before its first row: questions, the person's columns, why there may be nothing."""
    with reading(ctx.engine) as session:
        project, schema = _project(session, actor, project_id)
        columns = verifying.read_preference(session, actor.user_id or 0, "verify")
        names: dict[str, None] = {}
        for _, meta in islice(subsets.metadata(session, project_id), _LOOKED_AT):
            names |= dict.fromkeys(meta)
        models = verifying.models_of(session, project_id)
        reason = _closed(session, project)
        everything = policy.may(session, actor, project_id, "read_all")
        judged = everything and suggestion_verdicts.newest_verdict(session, project_id) > 0
    return {
        "schema": schema.model_dump(mode="json"),
        "metadata": [name for name in names if name != "embedding"],
        "preferences": columns,
        "models": models,
        "priority": DEFINITION,
        "judged": judged,
        "closed": reason,
        "simulated": project.simulated,
        "title": project.name,
    }


def _closed(session: Session, project: ProjectRecord) -> str:
    if not project.preannotation_on:
        return "Pre-annotation is switched off in this project."
    if arms.workplace_of(project).suggestions == "after_answer":
        return "This project shows a suggestion once the person has answered alone; that happens on the Work page."
    if studies.running_study(session, project.id) is not None:
        return "A study decides at present what is shown with which item; that happens on the Work page."
    return ""


def _project(session: Session, actor: Actor, project_id: int) -> tuple[ProjectRecord, LabelSchema]:
    project = policy.require(session, actor, project_id, "annotate")
    version = projects.latest_schema(session, project_id)
    if version is None or actor.user_id is None:
        raise NotFound(f"project {project.name!r} has nothing to verify")
    return project, schema_of(version)


def list_rows(
    ctx: Context,
    actor: Actor,
    project_id: int,
    *,
    question: str,
    filters: Filters,
    offset: int = 0,
    limit: int = 100,
) -> Page:
    """A part of the suggestions to one question, filtered and sorted. Raises Invalid for an unknown question or a
    query that cannot be read.
    """
    with reading(ctx.engine) as session:
        project, schema = _project(session, actor, project_id)
        if question not in {one.id for one in schema.questions}:
            raise Invalid(f"the schema has no question {question!r}")
        user_id = actor.user_id or 0
        if _closed(session, project):
            return Page(0, [], {})
        # Who checked what is for those who may read everybody's answers.
        everything = policy.may(session, actor, project_id, "read_all")
        if filters.verifier not in ("", actor.login) and not everything:
            raise Invalid("you can look for your own verifications")
        if filters.sort == "judge" and not everything:
            raise Invalid("what the judge says of suggestions is for those who may read everybody's answers")
        listing = Listing.of(session, project_id, question, filters.job, filters.model)
        hidden = _hidden(session, project, user_id, listing)
        inside = (
            frozenset(resolve(session, project_id, filters.query, everything=everything))
            if filters.query.strip()
            else None
        )
        found = listing.select(session, filters, hidden=hidden, inside=inside)
        part = found[offset : offset + min(limit, _MOST_AT_ONCE)]
        rows = _rows(session, part, user_id, question, shown=None if everything else actor.login)
        return Page(len(found), rows, listing.counts(hidden))


def _hidden(session: Session, project: ProjectRecord, user_id: int, listing: Listing) -> frozenset[int]:
    """Items that this person is to see without a suggestion, or with a wrong one on purpose."""
    out = verifying.withheld_items(session, project.id, user_id)
    if project.control_share or arms.workplace_of(project).planted_share:
        out |= {row.item_id for row in listing.rows if arms.kept_apart(project, row.item_id, user_id)}
    return frozenset(out)


def _rows(
    session: Session, found: Sequence[Listed], user_id: int, question: str, *, shown: str | None
) -> list[dict[str, Any]]:
    """Rows as the table shows them; `shown` is the one login whose verifications are named, None for all."""
    ids = [row.item_id for row in found]
    known = {
        item_id: (content, meta, slots) for item_id, content, meta, slots in items.shown_of(session, ids)
    }
    mine = leases.items_held(session, ids, user_id)
    own = verifying.own_labels(session, ids, user_id, question)
    # Whoever is to judge for themselves is not told what the judge said; it orders their table all the same.
    judged = {} if shown is not None else _judged(session, found)
    return [
        {
            "item_id": row.item_id,
            "external_id": row.external_id,
            "suggestion_id": row.suggestion_id,
            "text": plain_text(known[row.item_id][0])[:_SNIPPET],
            "metadata": {name: value for name, value in known[row.item_id][1].items() if name != "embedding"},
            "value": row.value,
            "confidence": row.confidence,
            "near": row.near,
            "judge": judged.get(row.suggestion_id),
            "state": row.state,
            "verifier": row.verifier if shown in (None, row.verifier) else "",
            "own": own.get(row.item_id),
            # Whether this person may say something: the item wants one more answer, or has one of theirs.
            "open": known[row.item_id][2] > 0 or row.item_id in mine,
        }
        for row in found
    ]


def _judged(session: Session, found: Sequence[Listed]) -> dict[int, dict[str, Any]]:
    """Suggestion -> what the judge said of it, in brief."""
    if not found:
        return {}
    ids = [row.suggestion_id for row in found]
    rows = suggestion_verdicts.judged_suggestions(session, None, suggestion_ids=ids)
    return {row.suggestion_id: {"total": row.total, "passed": row.passed, "flags": row.flags} for row in rows}


def item_details(
    ctx: Context, actor: Actor, project_id: int, item_id: int, suggestion_id: int
) -> dict[str, Any]:
    """One item whole, with its suggestion's reasons and what was made of it; an annotator sees their own part."""
    with reading(ctx.engine) as session:
        project, _ = _project(session, actor, project_id)
        item = items.item_by_id(session, item_id)
        suggestion = items.suggestions_by_ids(session, [suggestion_id]).get(suggestion_id)
        if (
            item is None
            or item.project_id != project_id
            or suggestion is None
            or suggestion.item_id != item_id
        ):
            raise NotFound(f"no item {item_id} with this suggestion in the project")
        user_id = actor.user_id or 0
        hidden = arms.kept_apart(project, item_id, user_id) or item_id in verifying.withheld_items(
            session, project_id, user_id
        )
        if hidden or suggestion.planted or _closed(session, project):
            raise NotFound("this item is answered on the Work page")
        everything = policy.may(session, actor, project_id, "read_all")
        own = annotations.latest_annotation(session, item_id, actor.user_id or 0)
        answers = annotations.answers_of(session, [own.id])[own.id] if own else []
        history = verifying.history_of(
            session, item_id, suggestion.question, user_id=None if everything else actor.user_id
        )
        said = verdicts.verdicts_of_suggestions(session, [suggestion_id])[suggestion_id] if everything else []
    return {
        "item": item,
        "suggestion": suggestion,
        "verdict": with_rubric_words(said[-1]) if said else None,
        "own": {answer.question: answer.value[0] for answer in answers},
        "history": [
            {
                "at": moment.isoformat(),
                "login": login,
                "outcome": outcome,
                "via": via,
                "own": own,
                "model": model,
                "suggested": label,
            }
            for moment, login, outcome, via, own, model, label in history
        ],
    }


def save_choices(
    ctx: Context, actor: Actor, project_id: int, *, question: str, choices: Sequence[Choice]
) -> list[Saved]:
    """Store each choice by itself: one that cannot be stored says why and hinders no other."""
    if len(choices) > _MOST_AT_ONCE:
        raise Invalid(f"at most {_MOST_AT_ONCE} rows at once")
    with reading(ctx.engine) as session:
        project, schema = _project(session, actor, project_id)
        if question not in {one.id for one in schema.questions}:
            raise Invalid(f"the schema has no question {question!r}")
        if closed := _closed(session, project):
            raise Conflict(closed)
    out = []
    for choice in choices:
        try:
            outcome = _save(ctx, actor, project_id, question, choice)
            out.append(Saved(choice.item_id, True, outcome))
        except (AppError, StoreError) as error:
            out.append(Saved(choice.item_id, False, str(error)))
    return out


def _save(ctx: Context, actor: Actor, project_id: int, question: str, choice: Choice) -> str:
    with transaction(ctx.engine) as session:
        project, schema = _project(session, actor, project_id)
        stored = annotations.annotation_by_token(session, choice.token)
        suggestion = items.suggestions_by_ids(session, [choice.suggestion_id]).get(choice.suggestion_id)
        item = items.item_by_id(session, choice.item_id)
        if (
            suggestion is None
            or item is None
            or item.project_id != project_id
            or suggestion.item_id != item.id
            or suggestion.question != question
        ):
            raise NotFound("this suggestion is gone; reload the list")
        if stored is not None and (stored.user_id, stored.item_id) != (actor.user_id, item.id):
            raise Conflict("this choice carries the token of another one; choose again")
        if stored is None:
            lease = _held(session, project, schema, actor, choice, question)
            before = annotations.latest_annotation(session, item.id, lease.user_id)
            answers: dict[str, Any] = {}
            if before is not None and before.state == "submitted":
                rows = annotations.answers_of(session, [before.id])[before.id]
                answers = {row.question: row.value[0] for row in rows}
            answers |= choice.others
            answers.pop(question, None)
            if choice.value is not None:
                answers[question] = choice.value
            answering.store_choice(
                ctx,
                session,
                actor,
                lease,
                answers,
                via=choice.via,
                looked_seconds=choice.looked_seconds,
            )
            stored = annotations.annotation_by_token(session, choice.token)
        known = annotations.verifications_of(session, [stored.id] if stored else [])
        return known.get((stored.id if stored else 0, suggestion.id), "confirms")


def _held(
    session: Session,
    project: ProjectRecord,
    schema: LabelSchema,
    actor: Actor,
    choice: Choice,
    question: str,
) -> LeaseRecord:
    """The person's hold on the item, taken now where they have none, with this suggestion as what they see."""
    user_id = actor.user_id or 0
    now = utc_now()
    lease = leases.lease_of(session, choice.item_id, user_id)
    item = items.item_by_id(session, choice.item_id)
    if item is None:
        raise NotFound("this item is gone; reload the list")
    if lease is None:
        help_ = arms.decide(session, project, schema, item, user_id, now=now)
        if help_.drawn or help_.arm not in ("suggestion", None) or _planted(session, help_.shown):
            raise Conflict(
                "this item is answered without this suggestion, to measure what suggestions change"
            )
        item = leases.lock_open_item(session, item.id)
        if item is None:
            raise Conflict("this item has all the answers that it wants")
        return leases.grant_lease(
            session,
            item=item,
            user_id=user_id,
            arm="suggestion",
            shown={question: choice.suggestion_id},
            shown_at=now,
            orders={},
            visit_key=secrets.token_urlsafe(16),
            form_token=choice.token,
            now=now,
            expires_at=now + timedelta(seconds=project.lease_seconds),
        )
    if lease.arm is not None and lease.shown_at is None:
        raise Conflict("you were given this item without a suggestion; answer it on the Work page")
    if _planted(session, dict(lease.shown)):
        raise Conflict("answer this item on the Work page, where you were given it")
    leases.show_suggestions(
        session, lease.id, shown={**lease.shown, question: choice.suggestion_id}, now=lease.shown_at or now
    )
    leases.renew_form(session, lease.id, choice.token)
    return leases.lease_of(session, item.id, user_id) or lease


def _planted(session: Session, shown: Mapping[str, int]) -> bool:
    return any(row.planted for row in items.suggestions_by_ids(session, list(shown.values())).values())


def save_preferences(ctx: Context, actor: Actor, value: Mapping[str, Any]) -> None:
    """Keep how the person wants the table: columns, widths, order."""
    if actor.user_id is None:
        raise NotFound("the command line has no table")
    if len(repr(value)) > _LARGEST_PREFERENCE:
        raise Invalid("too much to keep")
    with transaction(ctx.engine) as session:
        verifying.save_preference(session, actor.user_id, "verify", value)
