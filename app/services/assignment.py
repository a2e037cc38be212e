"""The next item for a person: found, held for them, and told apart from what they have had.

A hold (lease) takes one of the item's slots; the slots are the wanted overlap. Two people asking at once, a
reload and a second tab are all answered without giving an item out beyond it.
"""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from app.clock import utc_now
from app.errors import Invalid, NotFound
from app.schema import validate_answers
from app.services import arms, policy
from app.services.context import Actor, Context
from app.services.projects import schema_of
from db.engine import Session, reading, transaction
from db.records import (
    AnnotationRecord,
    AnswerRecord,
    DraftRecord,
    ItemRecord,
    LeaseRecord,
    ProjectRecord,
    SchemaRecord,
    SuggestionRecord,
)
from db.review_records import ReviewRecord
from db.store import annotations, items, leases, projects, reviews, subsets

__all__ = ["NextTask", "Progress", "Task", "held_task", "next_task", "open_task", "progress", "reveal"]


@dataclass(frozen=True, slots=True)
class Progress:
    done_by_me: int
    """Items that this person submitted, but those that a review gave back and that they have not answered anew."""
    total: int
    complete: int
    """Items that have all the answers they want."""


@dataclass(frozen=True, slots=True)
class Task:
    """One item as it is put before one person."""

    item: ItemRecord
    lease: LeaseRecord
    suggestions: dict[str, SuggestionRecord]
    """What is shown; empty where it is withheld, and until the person has answered alone where that comes first."""
    draft: DraftRecord | None
    annotation: AnnotationRecord | None
    """The person's newest answer, when there is one."""
    answers: list[AnswerRecord]
    review: ReviewRecord | None
    """What a reviewer said of that answer last."""
    schema_version_id: int
    guideline_version_id: int


@dataclass(frozen=True, slots=True)
class NextTask:
    task: Task | None
    reason: Literal["all_done", "all_leased", "no_items"] | None
    """Why there is none."""
    progress: Progress


def next_task(ctx: Context, actor: Actor, project_id: int, *, held: Collection[int] = ()) -> NextTask:
    """What the actor should work on next, now held for them: what a review gave back before what is new.

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
                state = progress_of(ctx, session, project_id, user_id)
                return NextTask(_task(session, project, lease), None, state)
        for lease in leases.returned_leases(session, project_id, user_id):
            if lease.item_id not in held:
                state = progress_of(ctx, session, project_id, user_id)
                return NextTask(_task(session, project, lease), None, state)
        item = _next_item(session, project, user_id)
        if item is None:
            ctx.counts.forget(project_id)
            state = progress_of(ctx, session, project_id, user_id)
            return NextTask(None, _why_none(state), state)
        schema = _schema(session, project)
        help_ = arms.decide(session, project, schema_of(schema), item, user_id, now=now)
        lease = leases.grant_lease(
            session,
            item=item,
            user_id=user_id,
            arm=help_.arm,
            shown=help_.shown,
            shown_at=help_.shown_at,
            orders=help_.orders,
            visit_key=secrets.token_urlsafe(16),
            form_token=secrets.token_urlsafe(16),
            now=now,
            expires_at=until,
            study_id=help_.drawn.study_id if help_.drawn else None,
            study_position=help_.drawn.position if help_.drawn else None,
            help=help_.drawn.help if help_.drawn else None,
        )
        state = progress_of(ctx, session, project_id, user_id)
        return NextTask(_task(session, project, lease, item=item, schema=schema), None, state)


def _next_item(session: Session, project: ProjectRecord, user_id: int) -> ItemRecord | None:
    """What the person was given to do comes first, the earliest due before the others; then the project's order."""
    for subset_id in subsets.assigned_subsets(session, project.id, user_id, "annotate"):
        item = leases.find_open_item(session, project.id, user_id, subset_id=subset_id)
        if item is not None:
            return item
    return leases.find_open_item(
        session, project.id, user_id, from_position=_start(session, project, user_id)
    )


def _start(session: Session, project: ProjectRecord, user_id: int) -> int:
    """Where the search for the next item begins: 0, or by chance where the project wants a random order.

    A random start and the first free item after it: near to uniform while much is open, and it needs no more
    than the index that is there.
    """
    if arms.workplace_of(project).item_order == "import":
        return 0
    given = leases.count_leases(session, project.id, user_id)
    return int(arms.chance(project, "start", user_id, given) * items.next_position(session, project.id))


def _schema(session: Session, project: ProjectRecord) -> SchemaRecord:
    version = projects.latest_schema(session, project.id)
    if version is None:
        raise NotFound(f"project {project.name!r} has no label schema; it holds ratings only")
    return version


def reveal(ctx: Context, actor: Actor, item_id: int, *, answers: Mapping[str, Any]) -> Task:
    """Show the suggestions of an item after the person's own answers, which are kept beside the final ones.

    Raises Invalid with one problem per question unless the answers are complete: nobody looks first and answers
    later. Asking again changes nothing.
    """
    with transaction(ctx.engine) as session:
        _person(actor)
        project, lease = policy.require_own_item(session, actor, item_id)
        item = items.item_by_id(session, item_id)
        if arms.answers_first(lease) and item is not None:
            problems = validate_answers(schema_of(_schema(session, project)), answers, item.content)
            if problems:
                raise Invalid(problems)
            leases.reveal(session, lease.id, first_answers=dict(answers), now=utc_now())
            lease = leases.lease_of(session, item_id, lease.user_id) or lease
        return _task(session, project, lease)


def held_task(ctx: Context, actor: Actor, item_id: int) -> Task:
    """An item of the actor's as it stands, without giving its form a new token."""
    with reading(ctx.engine) as session:
        _person(actor)
        return _task(session, *policy.require_own_item(session, actor, item_id))


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
            return _revision(session, project, lease)
        return _task(session, project, lease)


def _revision(session: Session, project: ProjectRecord, lease: LeaseRecord) -> Task:
    """The task of an answered item. A revision is a form of its own: no repeat of the first submit."""
    leases.renew_form(session, lease.id, secrets.token_urlsafe(16))
    return _task(session, project, leases.lease_of(session, lease.item_id, lease.user_id) or lease)


def _person(actor: Actor) -> int:
    if actor.user_id is None:
        raise NotFound("the command line holds no items; log in as a person")
    return actor.user_id


def _task(
    session: Session,
    project: ProjectRecord,
    lease: LeaseRecord,
    *,
    item: ItemRecord | None = None,
    schema: SchemaRecord | None = None,
) -> Task:
    """The task of a hold; item and schema are looked up unless they are at hand."""
    item = item or items.item_by_id(session, lease.item_id)
    schema = schema or _schema(session, project)
    guidelines = projects.latest_guidelines(session, project.id)
    if item is None or guidelines is None:
        raise NotFound(f"project {project.name!r} has no item {lease.item_id}")
    annotation = annotations.latest_annotation(session, item.id, lease.user_id)
    shown = items.suggestions_by_id(session, list(arms.visible(lease).values()))
    if shown and arms.some_are_wrong(session, project, lease):
        shown = {question: arms.without_reasons(row) for question, row in shown.items()}
    return Task(
        item=item,
        lease=lease,
        suggestions=shown,
        draft=annotations.draft_of(session, item.id, lease.user_id),
        annotation=annotation,
        answers=annotations.answers_of(session, [annotation.id])[annotation.id] if annotation else [],
        review=reviews.latest_review(session, annotation.id) if annotation else None,
        schema_version_id=schema.id,
        guideline_version_id=guidelines.id,
    )


def progress(ctx: Context, actor: Actor, project_id: int) -> Progress:
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "annotate")
        return progress_of(ctx, session, project_id, _person(actor))


def progress_of(ctx: Context, session: Session, project_id: int, user_id: int) -> Progress:
    """Counts for the progress bar, inside the caller's transaction. The person's own is exact."""
    total, complete = ctx.counts.of(project_id, lambda: items.count_items(session, project_id))
    returned = len(leases.returned_leases(session, project_id, user_id))
    done = annotations.count_submitted(session, project_id, user_id) - returned
    return Progress(done, total, complete)


def _why_none(state: Progress) -> Literal["all_done", "all_leased", "no_items"]:
    if state.total == 0:
        return "no_items"
    return "all_done" if state.complete == state.total or state.done_by_me == state.total else "all_leased"
