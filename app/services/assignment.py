"""The next item for a person: found, held for them, and told apart from what they have had.

A hold (lease) takes one of the item's slots; the slots are the wanted overlap. Two people asking at once, a
reload and a second tab are all answered without giving an item out beyond it.
"""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from app.clock import utc_now
from app.errors import NotFound
from app.services import policy
from app.services.context import Actor, Context
from db.engine import Session, reading, transaction
from db.records import (
    AnnotationRecord,
    AnswerRecord,
    DraftRecord,
    ItemRecord,
    LeaseRecord,
    ProjectRecord,
    SuggestionRecord,
)
from db.store import annotations, items, leases, projects

__all__ = ["NextTask", "Progress", "Task", "in_control", "next_task", "open_task", "progress"]


@dataclass(frozen=True, slots=True)
class Progress:
    done_by_me: int
    total: int
    complete: int
    """Items that have all the answers they want."""


@dataclass(frozen=True, slots=True)
class Task:
    """One item as it is put before one person."""

    item: ItemRecord
    lease: LeaseRecord
    suggestions: dict[str, SuggestionRecord]
    """What is shown; empty in the control arm."""
    draft: DraftRecord | None
    annotation: AnnotationRecord | None
    """The person's newest answer, when there is one."""
    answers: list[AnswerRecord]
    schema_version_id: int
    guideline_version_id: int


@dataclass(frozen=True, slots=True)
class NextTask:
    task: Task | None
    reason: Literal["all_done", "all_leased", "no_items"] | None
    """Why there is none."""
    progress: Progress


def in_control(project: ProjectRecord, item_id: int, user_id: int) -> bool:
    """Whether this person sees this item without its suggestion.

    A hash of project, item and person compared with the project's control share: random over items and
    people, and the same on every reload.
    """
    digest = hashlib.sha256(
        f"{project.id}:{project.created_at.isoformat()}:{item_id}:{user_id}".encode()
    ).digest()
    return int.from_bytes(digest[:8]) / 2**64 < project.control_share


def next_task(ctx: Context, actor: Actor, project_id: int, *, held: Collection[int] = ()) -> NextTask:
    """What the actor should work on next, now held for them.

    `held` names items already on their screen (or fetched ahead): another one is given. Without it, an item
    that they hold already comes back, so that a reload continues where they were.
    """
    now = utc_now()
    with transaction(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "annotate")
        user_id = _person(actor)
        leases.expire_leases(session, project_id, now=now)
        until = now + timedelta(seconds=project.lease_seconds)
        for lease in leases.held_leases(session, project_id, user_id):
            if lease.item_id not in held:
                leases.touch_lease(session, lease.id, expires_at=until)
                return NextTask(
                    _task(session, project, lease), None, progress_of(session, project_id, user_id)
                )
        item = leases.find_open_item(session, project_id, user_id)
        state = progress_of(session, project_id, user_id)
        if item is None:
            return NextTask(None, _why_none(state), state)
        suggestions = items.latest_suggestions(session, item.id) if project.preannotation_on else {}
        arm = None
        if suggestions:
            arm = "none" if in_control(project, item.id, user_id) else "suggestion"
        shown = {question: row.id for question, row in suggestions.items()} if arm == "suggestion" else {}
        lease = leases.grant_lease(
            session,
            item=item,
            user_id=user_id,
            arm=arm,
            shown=shown,
            visit_key=secrets.token_urlsafe(16),
            form_token=secrets.token_urlsafe(16),
            now=now,
            expires_at=until,
        )
        return NextTask(_task(session, project, lease), None, state)


def open_task(ctx: Context, actor: Actor, project_id: int, item_id: int) -> Task:
    """An item that the actor holds or has answered, for a deep link or to revise it.

    Raises NotFound for any other item, whether it exists or not.
    """
    with transaction(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "annotate")
        lease = leases.lease_of(session, item_id, _person(actor))
        if lease is None or lease.project_id != project_id:
            raise NotFound(f"item {item_id} is not among those you hold or have answered")
        if lease.state in ("done", "late"):
            # A revision is a form of its own: it must not be taken for a repeat of the first submit.
            leases.renew_form(session, lease.id, secrets.token_urlsafe(16))
            lease = leases.lease_of(session, item_id, lease.user_id) or lease
        return _task(session, project, lease)


def _person(actor: Actor) -> int:
    if actor.user_id is None:
        raise NotFound("the command line holds no items; log in as a person")
    return actor.user_id


def _task(session: Session, project: ProjectRecord, lease: LeaseRecord) -> Task:
    item = items.item_by_id(session, lease.item_id)
    schema = projects.latest_schema(session, project.id)
    guidelines = projects.latest_guidelines(session, project.id)
    if item is None or schema is None or guidelines is None:
        raise NotFound(f"project {project.name!r} has no label schema; it holds ratings only")
    annotation = annotations.latest_annotation(session, item.id, lease.user_id)
    shown = {
        question: row
        for question, row in items.suggestions_by_id(session, list(lease.shown.values())).items()
        if question in lease.shown
    }
    return Task(
        item=item,
        lease=lease,
        suggestions=shown,
        draft=annotations.draft_of(session, item.id, lease.user_id),
        annotation=annotation,
        answers=annotations.answers_of(session, [annotation.id])[annotation.id] if annotation else [],
        schema_version_id=schema.id,
        guideline_version_id=guidelines.id,
    )


def progress(ctx: Context, actor: Actor, project_id: int) -> Progress:
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "annotate")
        return progress_of(session, project_id, _person(actor))


def progress_of(session: Session, project_id: int, user_id: int) -> Progress:
    """Counts for the progress bar, inside the caller's transaction."""
    total, complete = items.count_items(session, project_id)
    return Progress(annotations.count_submitted(session, project_id, user_id), total, complete)


def _why_none(state: Progress) -> Literal["all_done", "all_leased", "no_items"]:
    if state.total == 0:
        return "no_items"
    return "all_done" if state.complete == state.total or state.done_by_me == state.total else "all_leased"
