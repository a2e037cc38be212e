"""Answers that programs send to be judged in the background: a job with one durable call per submission.

A job belongs to whoever asked for it, and to no project. Its calls are made in the transaction that keeps the request,
or by the worker where there are many, so that nobody else waits for the database.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from app.clock import utc_now
from app.errors import NotFound
from app.services import policy
from app.services.audit_log import record_action
from app.services.context import Actor, Context
from app.services.jobs import BATCH, call_key
from app.services.preannotation import JobState
from db.engine import Session, reading, transaction
from db.records import JobRecord
from db.store import calls, job_figures, people, remote
from db.store.job_figures import JobTotals
from db.store.remote import RemoteLine
from judge.errors import KeyTaken, TooManyWaiting
from judge.remote import JobStatus, Order, RemoteJob, unjudged
from judge.scorer import BUILT_IN
from judge.types import FIELDS
from rubrics import Rubric, rubric_hash

__all__ = ["KIND", "LAY_OUT", "RemoteJudging", "cancel", "list_remote_jobs", "make_calls", "start", "state"]

KIND = "judge_remote"
LAY_OUT = "lay_out_remote"
"""The call that makes the calls of a large job."""
_PER_TRANSACTION = 500
_PACE_SECONDS = 60
_SOONEST, _LATEST = 5, 3_600
"""Seconds after which somebody who has too much waiting may come back."""


class RemoteJudging:
    """The keeper of jobs that the HTTP service is given: it knows callers by their login."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    def start(self, caller: str, order: Order) -> int:
        return start(self._ctx, self._actor(caller), order).id

    def state(self, caller: str, job_id: int, *, first: int, count: int) -> RemoteJob | None:
        try:
            return state(self._ctx, self._actor(caller), job_id, first=first, count=count)
        except NotFound:
            return None

    def cancel(self, caller: str, job_id: int) -> bool:
        try:
            cancel(self._ctx, self._actor(caller), job_id)
        except NotFound:
            return False
        return True

    def _actor(self, caller: str) -> Actor:
        with reading(self._ctx.engine) as session:
            user = people.user_by_login(session, caller)
        if user is None:
            raise NotFound(f"no account {caller!r}")
        return Actor(user.id, user.login, user.name, user.is_admin)


def start(ctx: Context, actor: Actor, order: Order) -> JobRecord:
    """Keep the order as a job and queue its calls; the same key of the same person gives the same job.

    Raises KeyTaken for a key that stands for another request and TooManyWaiting when too much of the actor's is
    waiting (both of judge.errors).
    """
    rows = [
        (json.dumps(str(row["id"])), json.dumps({name: row[name] for name in FIELDS if name in row}))
        for row in order.submissions
    ]
    asked = hashlib.sha256(json.dumps([rubric_hash(order.rubric), order.samples, order.together]).encode())
    for _, document in rows:
        asked.update(document.encode())
    spec = {
        # As text: a document may not hold every character that a rubric may.
        "rubric": order.rubric.model_dump_json(),
        "samples": order.samples,
        "together": order.together,
        "model": ctx.gateway.model if ctx.gateway else None,
        "submissions": len(rows),
        "request": asked.hexdigest(),
    }
    with transaction(ctx.engine) as session:
        actor = policy.require_account(session, actor)
        if actor.user_id is not None:
            # Two requests of one person at a time would each find room, and each find the key free.
            people.hold_user(session, actor.user_id)
        known = calls.job_by_key(session, actor.login, order.key) if order.key else None
        if known is not None:
            if known.spec.get("request") != spec["request"]:
                raise KeyTaken(str(order.key))
            return known
        _require_room(ctx, session, actor, len(rows))
        job = calls.add_job(
            session,
            project_id=None,
            kind=KIND,
            agent_id=None,
            spec=spec,
            started_by=actor.login,
            now=utc_now(),
            idempotency_key=order.key,
        )
        remote.add_submissions(session, job.id, rows)
        if len(rows) > _PER_TRANSACTION:
            one = {call_key(LAY_OUT, job.id): {"job_id": job.id}}
            ctx.jobs.enqueue(session, kind=LAY_OUT, specs=one, job_id=job.id, priority=BATCH)
        else:
            make_calls(ctx, session, job.id)
        record_action(session, actor, "job.start", None, kind=KIND, job=job.id, submissions=len(rows))
        return job


def _require_room(ctx: Context, session: Session, actor: Actor, given: int) -> None:
    most = ctx.settings.judge_waiting_submissions
    waiting = remote.waiting_of(session, actor.login)
    if waiting + given <= most:
        return
    ended = remote.ended_since(session, actor.login, utc_now() - timedelta(seconds=_PACE_SECONDS))
    pace = ended / _PACE_SECONDS
    seconds = math.ceil((waiting + given - most) / pace) if pace else _PACE_SECONDS
    raise TooManyWaiting(waiting, given, most, min(_LATEST, max(_SOONEST, seconds)))


def make_calls(ctx: Context, session: Session, job_id: int) -> int:
    """Queue the calls of the next submissions that have none; returns how many there were."""
    positions = remote.without_call(session, job_id, limit=_PER_TRANSACTION)
    by_position = {position: call_key(KIND, job_id, position) for position in positions}
    specs = {call_id: {"job_id": job_id} for call_id in by_position.values()}
    ctx.jobs.enqueue(session, kind=KIND, specs=specs, job_id=job_id, priority=BATCH)
    if by_position:
        remote.give_calls(session, job_id, by_position)
    return len(by_position)


def _own(session: Session, actor: Actor, job_id: int) -> JobRecord:
    job = calls.job_by_id(session, job_id)
    if job is None or job.kind != KIND:
        raise NotFound(f"no job {job_id}")
    policy.require_job(session, actor, job)
    return job


def cancel(ctx: Context, actor: Actor, job_id: int) -> int:
    """Judge no more of the job; returns how many calls that stopped. Raises NotFound for anybody else's job."""
    with transaction(ctx.engine) as session:
        _own(session, actor, job_id)
        record_action(session, actor, "job.cancel", None, job=job_id)
    return ctx.jobs.cancel(job_id)


def state(ctx: Context, actor: Actor, job_id: int, *, first: int, count: int) -> RemoteJob:
    """How the job stands, with `count` of its lines from place `first` on. Raises NotFound for anybody else's job."""
    with reading(ctx.engine) as session:
        job = _own(session, actor, job_id)
        counts = remote.counts(session, job_id)
        totals = job_figures.job_totals(session, job_id)
        lines = remote.lines(session, job_id, first=first, count=count) if count else []
    rubric = Rubric.model_validate_json(job.spec["rubric"])
    model = job.spec["model"] or BUILT_IN
    prompt_tokens, completion_tokens = _tokens(totals, job.spec["model"])
    status = _status(job, counts)
    return RemoteJob(
        id=job.id,
        status=status,
        paused=job.paused if status == "paused" else None,
        submissions=job.spec["submissions"],
        counts=counts,
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        cost_usd=totals.cost_usd if totals.ended and job.spec["model"] else 0.0,
        calls_without_price=totals.unpriced if job.spec["model"] else 0,
        rubric=rubric,
        samples=job.spec["samples"],
        together=job.spec["together"],
        model=model,
        created_at=job.created_at,
        lines=[_line(line, rubric, model) for line in lines],
    )


def _tokens(totals: JobTotals, model: str | None) -> tuple[int | None, int | None]:
    if model and totals.ended and totals.unknown_tokens == totals.ended:
        return None, None
    return totals.prompt_tokens, totals.completion_tokens


def _status(job: JobRecord, counts: Mapping[str, int]) -> JobStatus:
    if not any(counts.get(status) for status in ("queued", "running", "paused")):
        return "finished"
    if job.paused is not None or counts.get("paused"):
        return "paused"
    begun = set(counts) - {"queued"}
    return "running" if begun else "queued"


def _line(line: RemoteLine, rubric: Rubric, model: str) -> dict[str, Any]:
    if line.verdict is not None:
        return dict(json.loads(line.verdict))
    name = json.loads(line.name)
    match line.status:
        case "cancelled":
            return unjudged(rubric, name, "cancelled", "The job was cancelled.", model).to_json()
        case "failed":
            said = f"The judge gave no verdict: {line.error}"
            return unjudged(rubric, name, line.outcome or "unavailable", said, model).to_json()
        case _:
            return {"id": name, "status": "waiting"}


def list_remote_jobs(ctx: Context, actor: Actor) -> list[JobState]:
    """The jobs of programs, newest first: all of them for an administrator, else the actor's own."""
    with reading(ctx.engine) as session:
        actor = policy.require_account(session, actor)
        return [
            JobState(job, calls.progress(session, job.id), calls.recent_errors(session, job.id, limit=3))
            for job in calls.list_jobs(session, None)
            if job.kind == KIND and (actor.is_admin or job.started_by == actor.login)
        ]
