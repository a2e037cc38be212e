"""Browser events to visits and their ledger. The server stamps every event; the browser's clock is never used."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from app.analytics.ledger import LedgerEvent, derive_ledger
from app.clock import utc_now
from app.errors import Invalid, NotFound
from app.services import policy
from app.services.context import Actor, Context
from db.engine import Session, reading, transaction
from db.records import LeaseRecord, VisitRecord
from db.store import annotations, board, leases, visits

__all__ = ["DEFINITION", "IMPORTED", "KINDS", "BrowserEvent", "names_of", "own_visits", "record_events"]

KINDS = frozenset(
    {
        "opened",
        "visible",
        "hidden",
        "focus",
        "blur",
        "key",
        "pointer",
        "paste",
        "choice",
        "heartbeat",
        "chat_opened",
        "chat_waiting",
        "chat_first_token",
        "chat_done",
        "judge_waiting",
        "judge_done",
        "suggestion_waiting",
        "suggestion_done",
        "suggestion_shown",
        "preselected",
        "draft_inserted",
        "suggestion_accepted",
        "suggestion_rejected",
        "submitted",
        "skipped",
        "closed",
    }
)

IMPORTED = "Handling time is the seconds that were imported with the ratings; how they were measured is not known here."
DEFINITION = (
    "Handling time is reading + working + chatting, over all your visits to the item. Idle time (no key, pointer "
    "or scroll for {idle_seconds} s), time with the page hidden and time spent waiting for a model are not in it."
)
"""Printed beside every figure; formatted with the project's idle rule."""

_MOST_EVENTS = 500
_OLDEST_SECONDS = 3600.0
"""An event that a tab reports later than this (it was offline or asleep) is stamped at this age."""


@dataclass(frozen=True, slots=True)
class BrowserEvent:
    seq: int
    """Counts up within one tab and visit; makes a repeated batch harmless."""
    kind: str
    seconds_ago: float
    """How long before the batch was sent it happened, by the tab's monotonic clock."""
    data: dict[str, Any]


def record_events(
    ctx: Context, actor: Actor, *, visit_key: str, tab: str, events: Sequence[BrowserEvent]
) -> VisitRecord:
    """Store a batch of a tab's events and derive the visit's ledger anew.

    Raises NotFound unless `visit_key` belongs to an item that the actor holds or has answered.
    """
    problems = [f"event kind {event.kind!r} is not known" for event in events if event.kind not in KINDS]
    if len(events) > _MOST_EVENTS:
        problems.append(f"{len(events)} events in one batch; at most {_MOST_EVENTS}")
    if problems:
        raise Invalid(problems)
    received = utc_now()
    with transaction(ctx.engine) as session:
        lease = leases.lease_by_visit_key(session, visit_key)
        if lease is None or lease.user_id != actor.user_id:
            raise NotFound("no such visit of yours")
        project = policy.require(session, actor, lease.project_id, "annotate")
        stamped = [(_stamp(received, event), event) for event in events]
        first, begins = (stamped[0][0], stamped[0][1].kind == "opened") if stamped else (received, False)
        visit = _visit(session, lease, first, project.idle_seconds, begins=begins)
        rows = [
            {"tab": tab[:64], "seq": event.seq, "kind": event.kind, "at": at, "data": event.data}
            for at, event in stamped
        ]
        visits.add_events(session, visit.id, rows)
        if lease.state == "held":
            until = received + timedelta(seconds=project.lease_seconds)
            leases.touch_lease(session, lease.id, expires_at=until)
        derived = _derive(session, visit)
        closed = {event.kind for event in events} & {"submitted", "skipped"}
        if closed and derived.outcome is None and lease.state != "held":
            # The submit was here before its own events.
            visits.set_outcome(session, lease.item_id, lease.user_id, closed.pop())
            derived = visits.last_visit(session, lease.item_id, lease.user_id) or derived
        return derived


def _stamp(received: datetime, event: BrowserEvent) -> datetime:
    return received - timedelta(seconds=min(max(event.seconds_ago, 0.0), _OLDEST_SECONDS))


def _visit(
    session: Session, lease: LeaseRecord, first: datetime, idle_seconds: int, *, begins: bool
) -> VisitRecord:
    """The visit that an event at `first` is part of: the last one, unless the item is opened anew after a while.

    Who stays on an item, however still, stays in the visit; the ledger knows idle from hidden. Opening it after
    its first submit begins a visit of its own: rework is not handling time. What happened before the submit
    belongs before it, though the report may arrive after.
    """
    last = visits.last_visit(session, lease.item_id, lease.user_id)
    if last is not None and not begins:
        return last
    submitted = annotations.first_submitted_at(session, lease.item_id, lease.user_id)
    stage = "rework" if submitted is not None and first > submitted else "annotate"
    if last is not None and last.stage == stage:
        near = (first - last.last_event_at).total_seconds() <= last.idle_rule_seconds
        if near:
            return last
    return visits.open_visit(
        session,
        project_id=lease.project_id,
        item_id=lease.item_id,
        user_id=lease.user_id,
        at=first,
        idle_rule_seconds=idle_seconds,
        stage=stage,
    )


def _derive(session: Session, visit: VisitRecord) -> VisitRecord:
    stored = visits.events_of(session, visit.id)
    ledger = derive_ledger(
        [LedgerEvent(tab=tab, seq=seq, kind=kind, at=at.timestamp()) for tab, seq, kind, at, _ in stored],
        idle_seconds=visit.idle_rule_seconds,
    )
    visits.set_ledger(
        session,
        visit.id,
        opened_at=datetime.fromtimestamp(ledger.opened_at, UTC),
        last_event_at=datetime.fromtimestamp(ledger.closed_at, UTC),
        tabs=len({tab for tab, *_ in stored}),
        seconds={
            "reading": ledger.reading,
            "working": ledger.working,
            "chatting": ledger.chatting,
            "waiting_model": ledger.waiting_model,
            "waiting_judge": ledger.waiting_judge,
            "idle": ledger.idle,
            "hidden": ledger.hidden,
        },
    )
    return visits.last_visit(session, visit.item_id, visit.user_id) or visit


def own_visits(ctx: Context, actor: Actor, project_id: int) -> list[VisitRecord]:
    """The actor's own time record in a project, newest first."""
    if actor.user_id is None:
        return []
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "annotate")
        return visits.own_time(session, project_id, actor.user_id)


def names_of(ctx: Context, visited: Sequence[VisitRecord]) -> dict[int, str]:
    """Item id -> its external id, of one's own visits."""
    with reading(ctx.engine) as session:
        return board.names_of(session, list({visit.item_id for visit in visited}))
