"""Submitting and skipping: one transaction that stores the answers and closes the hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.clock import utc_now
from app.errors import Conflict, Invalid, NotFound
from app.schema import LabelSchema, validate_answers
from app.schema.provenance import read_provenance
from app.services import arms, judging, policy
from app.services.context import Actor, Context
from app.services.projects import schema_of
from db.engine import Session, transaction
from db.records import AnnotationRecord, LeaseRecord
from db.store import annotations, items, leases, projects, visits

__all__ = ["Submitted", "skip", "store_choice", "submit"]


@dataclass(frozen=True, slots=True)
class Submitted:
    annotation_id: int
    project_id: int
    revision: int
    late: bool
    """Kept although the hold had run out and somebody else had taken the slot."""
    duplicate: bool
    """This form had been submitted before; nothing was stored a second time."""


def submit(
    ctx: Context,
    actor: Actor,
    *,
    item_id: int,
    form_token: str,
    answers: Mapping[str, Any],
    provenance: Mapping[str, Any] | None = None,
) -> Submitted:
    """Store the actor's answers to an item they hold or have answered.

    `provenance` says of text answers where their words come from; what does not fit the text is dropped.
    Submitting the same form twice stores it once. Raises Invalid with one problem per question when the answers
    do not fit the schema; the draft then stays as it is.
    """
    return _close(
        ctx,
        actor,
        item_id=item_id,
        form_token=form_token,
        answers=answers,
        provenance=provenance or {},
        skip_reason=None,
    )


def skip(ctx: Context, actor: Actor, *, item_id: int, form_token: str, reason: str) -> Submitted:
    """Give an item back without an answer; it goes to somebody else. A reason is required."""
    if not reason.strip():
        raise Invalid("say why you skip this item")
    return _close(
        ctx,
        actor,
        item_id=item_id,
        form_token=form_token,
        answers={},
        provenance={},
        skip_reason=reason.strip()[:500],
    )


def store_choice(
    ctx: Context,
    session: Session,
    actor: Actor,
    lease: LeaseRecord,
    answers: Mapping[str, Any],
    *,
    via: str,
    looked_seconds: float | None,
) -> None:
    """Store what a person chose in the verification table, in the caller's transaction.

    Raises Invalid with one problem per question when the answers do not fit the schema.
    """
    annotation = _store(ctx, session, actor, lease, answers, {}, None)
    annotations.note_verifications(session, annotation.id, via=via, looked_seconds=looked_seconds)


def _close(
    ctx: Context,
    actor: Actor,
    *,
    item_id: int,
    form_token: str,
    answers: Mapping[str, Any],
    provenance: Mapping[str, Any],
    skip_reason: str | None,
) -> Submitted:
    if actor.user_id is None:
        raise NotFound("the command line holds no items; log in as a person")
    with transaction(ctx.engine) as session:
        known = annotations.annotation_by_token(session, form_token)
        if known is not None and known.user_id == actor.user_id:
            return Submitted(known.id, known.project_id, known.revision, known.late, duplicate=True)
        lease = leases.lease_of(session, item_id, actor.user_id)
        if lease is None:
            raise NotFound(f"item {item_id} is not among those you hold or have answered")
        if lease.form_token != form_token:
            raise Conflict("this form is out of date: the item was opened again elsewhere; reload it")
        annotation = _store(ctx, session, actor, lease, answers, provenance, skip_reason)
        return Submitted(
            annotation.id, lease.project_id, annotation.revision, annotation.late, duplicate=False
        )


def _store(
    ctx: Context,
    session: Session,
    actor: Actor,
    lease: LeaseRecord,
    answers: Mapping[str, Any],
    provenance: Mapping[str, Any],
    skip_reason: str | None,
) -> AnnotationRecord:
    project = policy.require(session, actor, lease.project_id, "annotate")
    item = items.item_by_id(session, lease.item_id)
    schema_version = projects.latest_schema(session, project.id)
    guidelines = projects.latest_guidelines(session, project.id)
    if item is None or schema_version is None or guidelines is None:
        raise NotFound(f"item {lease.item_id} cannot be answered: its project has no schema")
    schema = schema_of(schema_version)
    if skip_reason is None:
        problems = validate_answers(schema, answers, item.content)
        if problems:
            raise Invalid(problems)
    late = _settle_lease(session, lease, skipped=skip_reason is not None)
    previous = annotations.latest_annotation(session, item.id, lease.user_id)
    annotation, stored = annotations.add_annotation(
        session,
        project_id=project.id,
        item_id=item.id,
        user_id=lease.user_id,
        revision=previous.revision + 1 if previous else 1,
        state="submitted" if skip_reason is None else "skipped",
        skip_reason=skip_reason or "",
        arm=lease.arm,
        study_id=lease.study_id,
        study_position=lease.study_position,
        late=late,
        schema_version_id=schema_version.id,
        guideline_version_id=guidelines.id,
        form_token=lease.form_token,
        position=annotations.count_submitted(session, project.id, lease.user_id),
        simulated=False,
        submitted_at=utc_now(),
        answers={
            question: _columns(lease, question, value, provenance.get(question))
            for question, value in answers.items()
        },
    )
    _verify(session, schema, lease, annotation, answers)
    annotations.delete_draft(session, item.id, lease.user_id)
    visits.set_outcome(session, item.id, lease.user_id, annotation.state)
    if skip_reason is None:
        judging.request_verdicts(ctx, session, project, schema, item, stored)
    return annotation


def _columns(lease: LeaseRecord, question: str, value: Any, provenance: object) -> dict[str, Any]:
    """What is stored with one answer: the value, and under which circumstances it was given."""
    suggestion_id = arms.visible(lease).get(question)
    known = read_provenance(provenance, value) if isinstance(value, str) else None
    first = lease.first_answers
    return {
        "value": value,
        "suggestion_id": suggestion_id,
        "shown_at": lease.shown_at if suggestion_id is not None else None,
        "first_value": None if first is None else [first.get(question)],
        "shown_order": lease.orders.get(question),
        "provenance": known.to_json() if known else None,
        "draft_survival": known.draft_survival if known else None,
    }


def _settle_lease(session: Session, lease: LeaseRecord, *, skipped: bool) -> bool:
    """Close the hold; returns whether the answer is late."""
    if skipped:
        leases.close_lease(session, lease, state="skipped")
        return False
    if lease.state in ("held", "done"):
        leases.close_lease(session, lease, state="done")
        return False
    if lease.state == "late":
        return True
    # Expired or skipped before: back into a free slot, else kept beyond the overlap.
    if leases.reclaim_slot(session, lease):
        return lease.state == "expired"
    leases.close_lease(session, lease, state="late")
    return True


def _verify(
    session: Session,
    schema: LabelSchema,
    lease: LeaseRecord,
    annotation: AnnotationRecord,
    answers: Mapping[str, Any],
) -> None:
    """Note what became of each suggestion that was on screen."""
    if annotation.state != "submitted":
        return
    rows = []
    asked = {question.id for question in schema.questions}
    shown = list(arms.visible(lease).values())
    for question, suggestion in items.suggestions_by_id(session, shown).items():
        if question not in asked:
            continue
        given = answers.get(question)
        outcome = (
            "rejects"
            if given in (None, "", [])
            else "confirms"
            if given == suggestion.value[0]
            else "corrects"
        )
        rows.append(
            {
                "annotation_id": annotation.id,
                "suggestion_id": suggestion.id,
                "user_id": lease.user_id,
                "outcome": outcome,
                "created_at": annotation.submitted_at,
            }
        )
    annotations.add_verifications(session, rows)
