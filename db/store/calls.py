"""Calls, the jobs they belong to, and the heartbeats of the workers that make them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import (
    Table,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.models import Call, Job, Worker
from db.records import JobRecord, record_of

__all__ = [
    "LAYING_OUT",
    "add_calls",
    "add_job",
    "beat",
    "begin_call",
    "call_status",
    "cancel_calls",
    "charge_job_of",
    "database_seconds",
    "dead_workers",
    "finish_call",
    "forget_workers",
    "hold_job",
    "job_by_id",
    "job_by_key",
    "list_jobs",
    "live_workers",
    "pause_job",
    "pause_job_of",
    "progress",
    "recent_errors",
    "reopen_calls",
    "unfinished",
    "unpause_job",
]

LAYING_OUT = ("lay_out", "lay_out_remote")
"""Kinds of calls that only make the calls of a large job."""


def add_job(
    session: Session,
    *,
    project_id: int | None,
    kind: str,
    agent_id: int | None,
    spec: Mapping[str, Any],
    started_by: str,
    now: datetime,
    budget_usd: float | None = None,
    idempotency_key: str | None = None,
) -> JobRecord:
    row = Job(
        project_id=project_id,
        kind=kind,
        agent_id=agent_id,
        spec=dict(spec),
        started_by=started_by,
        budget_usd=budget_usd,
        idempotency_key=idempotency_key,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return record_of(JobRecord, row)


def job_by_id(session: Session, job_id: int) -> JobRecord | None:
    row = session.get(Job, job_id)
    return record_of(JobRecord, row) if row else None


def job_by_key(session: Session, started_by: str, idempotency_key: str) -> JobRecord | None:
    """The job that this person asked for under this name."""
    row = session.scalar(
        select(Job).where(Job.started_by == started_by, Job.idempotency_key == idempotency_key)
    )
    return record_of(JobRecord, row) if row else None


def list_jobs(session: Session, project_id: int | None) -> list[JobRecord]:
    """The newest first."""
    statement = select(Job).order_by(Job.id.desc())
    if project_id is not None:
        statement = statement.where(Job.project_id == project_id)
    return [record_of(JobRecord, row) for row in session.scalars(statement)]


def add_calls(
    session: Session,
    specs: Mapping[str, Mapping[str, Any]],
    *,
    kind: str,
    queue: str,
    job_id: int | None,
    now: datetime,
) -> list[str]:
    """Insert the calls that are not known yet; returns their ids. A call whose spec names one item is about it."""
    ids = list(specs)
    known: set[str] = set()
    for start in range(0, len(ids), 500):
        known |= set(session.scalars(select(Call.id).where(Call.id.in_(ids[start : start + 500]))))
    fresh = [call_id for call_id in ids if call_id not in known]
    if fresh:
        session.execute(
            insert(Call),
            [
                {
                    "id": call_id,
                    "job_id": job_id,
                    "item_id": _only_item(specs[call_id]),
                    "queue": queue,
                    "kind": kind,
                    "spec": dict(specs[call_id]),
                    "status": "queued",
                    "generation": 0,
                    "starts": 0,
                    "created_at": now,
                }
                for call_id in fresh
            ],
        )
    return fresh


def _only_item(spec: Mapping[str, Any]) -> int | None:
    about = spec.get("items")
    return about[0] if isinstance(about, list) and len(about) == 1 else None


def call_status(session: Session, call_id: str) -> tuple[str, str] | None:
    """(status, error or empty) of a call; None when there is none."""
    row = session.get(Call, call_id)
    return (row.status, row.error or "") if row else None


def begin_call(session: Session, call_id: str) -> tuple[str, dict[str, Any], int] | None:
    """Mark a call as running: (kind, spec, how often it was started); None when there is nothing to do.

    The call of a job that is paused is put aside until it goes on.
    """
    row = session.execute(_BEGIN, {"call": call_id}).first()
    if row is None or row.status == "paused":
        return None
    return row.kind, row.spec, row.starts


_calls = cast(Table, Call.__table__)
_jobs = cast(Table, Job.__table__)
# Built once, and plain tables: two of these run for each call, and making them takes longer than the database does.
_BEGIN = (
    update(_calls)
    .where(_calls.c.id == bindparam("call"), _calls.c.status.in_(("queued", "running")))
    .values(
        status=case(
            (
                select(_jobs.c.paused).where(_jobs.c.id == _calls.c.job_id).scalar_subquery().is_not(None),
                literal("paused"),
            ),
            else_=literal("running"),
        ),
        starts=_calls.c.starts + 1,
    )
    .returning(_calls.c.status, _calls.c.kind, _calls.c.spec, _calls.c.starts)
)
_FINISH = (
    update(_calls)
    .where(_calls.c.id == bindparam("call"), _calls.c.status.in_(("queued", "running")))
    .values(
        {
            name: bindparam(f"new_{name}")
            for name in (
                "status", "error", "finished_at", "outcome", "prompt_tokens", "completion_tokens", "cost_usd",
                "seconds", "report",
            )
        }
    )
    .returning(_calls.c.job_id)
)  # fmt: skip


def finish_call(
    session: Session,
    call_id: str,
    *,
    status: str,
    error: str | None,
    now: datetime,
    outcome: str,
    prompt_tokens: int | None = None,
    completion_tokens: int | None = None,
    cost_usd: float | None = None,
    seconds: float | None = None,
    report: Mapping[str, Any] | None = None,
) -> bool:
    """End a running call; False when it was ended already, by whoever took it over."""
    values = {
        "status": status,
        "error": error[:2000] if error else None,
        "finished_at": now,
        "outcome": outcome,
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "cost_usd": cost_usd,
        "seconds": seconds,
        "report": dict(report) if report else None,
    }
    named = {f"new_{name}": value for name, value in values.items()}
    return session.execute(_FINISH, {"call": call_id, **named}).first() is not None


def pause_job_of(session: Session, call_id: str, reason: str) -> None:
    """Pause the job of a call and put the call aside; a call of no job fails with the reason."""
    job_id = session.scalar(select(Call.job_id).where(Call.id == call_id))
    aside = {"status": "failed", "error": reason, "outcome": "unavailable"}
    if job_id is not None:
        session.execute(update(Job).where(Job.id == job_id, Job.paused.is_(None)).values(paused=reason[:500]))
        aside = {"status": "paused", "error": reason[:2000]}
    session.execute(update(Call).where(Call.id == call_id, Call.status == "running").values(**aside))


def hold_job(session: Session, job_id: int) -> None:
    """Let other transactions that hold this job wait until this one ends; on SQLite there is no other."""
    session.execute(select(Job.id).where(Job.id == job_id).with_for_update())


def pause_job(session: Session, job_id: int, reason: str) -> None:
    session.execute(update(Job).where(Job.id == job_id).values(paused=reason))


def charge_job_of(session: Session, call_id: str, cost_usd: float) -> None:
    """Add what a call cost to its job, which pauses when its budget is spent."""
    job_id = session.scalar(select(Call.job_id).where(Call.id == call_id))
    if job_id is None:
        return
    spent = Job.spent_usd + cost_usd
    over = and_(Job.budget_usd.is_not(None), spent >= Job.budget_usd)
    reason = func.coalesce(Job.paused, "the budget is spent")
    session.execute(
        update(Job)
        .where(Job.id == job_id)
        .values(spent_usd=spent, paused=case((over, reason), else_=Job.paused))
    )


def unpause_job(session: Session, job_id: int, *, budget_usd: float | None = None) -> None:
    """Let a job go on, with a new budget where one is given."""
    values: dict[str, Any] = {"paused": None} | ({} if budget_usd is None else {"budget_usd": budget_usd})
    session.execute(update(Job).where(Job.id == job_id).values(**values))


def progress(session: Session, job_id: int) -> dict[str, int]:
    """Status -> number of calls; a call that laid out others is counted only until it is done."""
    rows = session.execute(
        select(Call.status, func.count())
        .where(Call.job_id == job_id, or_(Call.kind.not_in(LAYING_OUT), Call.status != "done"))
        .group_by(Call.status)
    )
    return {status: count for status, count in rows}


def recent_errors(session: Session, job_id: int, *, limit: int) -> list[tuple[str, int]]:
    """(error, how many calls have it), the most frequent first."""
    count = func.count()
    rows = session.execute(
        select(Call.error, count)
        .where(Call.job_id == job_id, Call.status == "failed")
        .group_by(Call.error)
        .order_by(count.desc())
        .limit(limit)
    )
    return [(error or "", number) for error, number in rows]


def cancel_calls(session: Session, job_id: int, *, now: datetime) -> list[tuple[str, int]]:
    """Cancel what is not finished: (call id, generation) of each."""
    # Whoever lays calls out holds the job too: what it adds is there before this looks, or is not added.
    hold_job(session, job_id)
    rows = session.execute(
        update(Call)
        .where(Call.job_id == job_id, Call.status.in_(("queued", "running", "paused")))
        .values(status="cancelled", finished_at=now)
        .returning(Call.id, Call.generation)
    )
    return [(call_id, generation) for call_id, generation in rows]


def reopen_calls(session: Session, *, job_id: int, statuses: Sequence[str]) -> list[tuple[str, int, str]]:
    """Queue calls of these statuses again under a new generation: (call id, generation, queue) of each."""
    rows = session.execute(
        update(Call)
        .where(Call.job_id == job_id, Call.status.in_(statuses))
        .values(status="queued", generation=Call.generation + 1, starts=0, error=None, finished_at=None)
        .returning(Call.id, Call.generation, Call.queue)
    )
    return [(call_id, generation, queue) for call_id, generation, queue in rows]


def unfinished(session: Session) -> list[tuple[str, int, str]]:
    """(call id, generation, queue) of every call that is queued or running."""
    rows = session.execute(
        select(Call.id, Call.generation, Call.queue).where(Call.status.in_(("queued", "running")))
    )
    return [(call_id, generation, queue) for call_id, generation, queue in rows]


def renew_generation(session: Session, call_id: str, generation: int) -> bool:
    """Queue an unfinished call again under the next generation; False when it has ended or was renewed since."""
    renewed = session.execute(
        update(Call)
        .where(Call.id == call_id, Call.generation == generation, Call.status.in_(("queued", "running")))
        .values(status="queued", generation=generation + 1)
        .returning(Call.id)
    ).first()
    return renewed is not None


def database_seconds(session: Session) -> float:
    """The database's clock, so that hosts need not agree."""
    sql = "select (julianday('now') - 2440587.5) * 86400.0"
    if session.get_bind().dialect.name != "sqlite":
        sql = "select extract(epoch from clock_timestamp())"
    return float(session.execute(text(sql)).scalar_one())


def beat(session: Session, worker: str, seconds: float) -> None:
    """Note that the worker is alive; 0 says that it has left and wants its work taken over."""
    kind = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = kind.insert(Worker).values(id=worker, beat=seconds)
    session.execute(statement.on_conflict_do_update(index_elements=["id"], set_={"beat": seconds}))


def dead_workers(session: Session, *, before: float) -> list[str]:
    return list(session.scalars(select(Worker.id).where(Worker.beat < before)))


def live_workers(session: Session, *, within: float) -> int:
    now = database_seconds(session)
    return session.scalar(select(func.count()).select_from(Worker).where(Worker.beat >= now - within)) or 0


def forget_workers(session: Session, ids: Sequence[str], *, before: float) -> None:
    session.execute(delete(Worker).where(Worker.id.in_(ids), Worker.beat < before))


def take_reaper_lock(session: Session) -> bool:
    """Whether this process may look for dead workers now; on PostgreSQL one does at a time."""
    if session.get_bind().dialect.name == "sqlite":
        return True
    return bool(session.execute(text("select pg_try_advisory_xact_lock(7418512)")).scalar_one())
