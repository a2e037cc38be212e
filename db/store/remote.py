"""Answers that programs sent to be judged: stored with their job, given calls, read with what came of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, bindparam, func, insert, or_, select, update
from sqlalchemy.orm import Session

from db.models import Call, Job, RemoteSubmission, RemoteVerdict
from db.store.calls import LAYING_OUT

__all__ = [
    "RemoteLine",
    "add_submissions",
    "add_verdict",
    "counts",
    "ended_since",
    "forget_texts",
    "give_calls",
    "lines",
    "submission_of_call",
    "waiting_of",
    "without_call",
]

_UNFINISHED = ("queued", "running", "paused")


@dataclass(frozen=True, slots=True)
class RemoteLine:
    """One submission and what came of it."""

    name: str
    """Its id as JSON text."""
    status: str
    outcome: str | None
    error: str | None
    verdict: str | None
    """JSON text; None while there is none, and where the call failed or was cancelled."""


def add_submissions(session: Session, job_id: int, rows: Sequence[tuple[str, str]]) -> None:
    """(id as JSON text, document) of each, in the order of the request."""
    session.execute(
        insert(RemoteSubmission),
        [
            {"job_id": job_id, "position": position, "name": name, "document": document}
            for position, (name, document) in enumerate(rows)
        ],
    )


def without_call(session: Session, job_id: int, *, limit: int) -> list[int]:
    """Positions of the first submissions that have no call yet."""
    return list(
        session.scalars(
            select(RemoteSubmission.position)
            .where(RemoteSubmission.job_id == job_id, RemoteSubmission.call_id.is_(None))
            .order_by(RemoteSubmission.position)
            .limit(limit)
        )
    )


def give_calls(session: Session, job_id: int, by_position: Mapping[int, str]) -> None:
    """Note which call judges the submission at each position."""
    table = cast(Table, RemoteSubmission.__table__)
    session.connection().execute(
        update(table)
        .where(table.c.job_id == job_id, table.c.position == bindparam("at"))
        .values(call_id=bindparam("call")),
        [{"at": position, "call": call_id} for position, call_id in by_position.items()],
    )


def submission_of_call(session: Session, call_id: str) -> str | None:
    """The document that this call is about; None where it is gone, or its time of keeping is over."""
    return session.scalar(select(RemoteSubmission.document).where(RemoteSubmission.call_id == call_id))


def add_verdict(
    session: Session,
    call_id: str,
    *,
    document: str,
    prompt_version: str,
    parameters: Mapping[str, Any],
    raw: str | None,
    seconds: float,
    now: datetime,
) -> None:
    session.add(
        RemoteVerdict(
            call_id=call_id,
            document=document,
            prompt_version=prompt_version,
            parameters=dict(parameters),
            raw=raw,
            seconds=seconds,
            created_at=now,
        )
    )
    session.flush()


def forget_texts(session: Session, *, before: datetime) -> int:
    """Delete the bodies of submissions that ended before, and the model's replies about them; ids, verdicts and how
    it went stay. What waits or is paused keeps its body, since it is still to be judged. Returns how many bodies.
    """
    ended = (
        select(Call.id)
        .join(Job, Job.id == Call.job_id)
        .where(Job.kind == "judge_remote", Call.status.not_in(_UNFINISHED), Call.finished_at < before)
    )
    open_jobs = select(Call.job_id).where(Call.job_id.is_not(None), Call.status.in_(_UNFINISHED))
    old_jobs = select(Job.id).where(
        Job.kind == "judge_remote", Job.created_at < before, Job.id.not_in(open_jobs)
    )
    never_laid_out = RemoteSubmission.call_id.is_(None) & RemoteSubmission.job_id.in_(old_jobs)
    bodies = (
        update(RemoteSubmission)
        .where(
            RemoteSubmission.document.is_not(None),
            or_(RemoteSubmission.call_id.in_(ended), never_laid_out),
        )
        .values(document=None)
    )
    replies = update(RemoteVerdict).where(RemoteVerdict.created_at < before, RemoteVerdict.raw.is_not(None))
    session.execute(replies.values(raw=None))
    return len(session.execute(bodies.returning(RemoteSubmission.id)).all())


def lines(session: Session, job_id: int, *, first: int, count: int) -> list[RemoteLine]:
    """What became of `count` submissions from position `first` on, in their order."""
    beyond = _without_call(session, job_id)
    rows = session.execute(
        select(RemoteSubmission.name, Call.status, Call.outcome, Call.error, RemoteVerdict.document)
        .outerjoin(Call, Call.id == RemoteSubmission.call_id)
        .outerjoin(RemoteVerdict, RemoteVerdict.call_id == RemoteSubmission.call_id)
        .where(
            RemoteSubmission.job_id == job_id,
            RemoteSubmission.position >= first,
            RemoteSubmission.position < first + count,
        )
        .order_by(RemoteSubmission.position)
    )
    return [
        RemoteLine(name, status or beyond[0], outcome, error if status else beyond[1], verdict)
        for name, status, outcome, error, verdict in rows
    ]


def counts(session: Session, job_id: int) -> dict[str, int]:
    """Status -> submissions; those without a call stand as the call does that is to lay them out."""
    rows = session.execute(
        select(Call.status, func.count())
        .where(Call.job_id == job_id, Call.kind.not_in(LAYING_OUT))
        .group_by(Call.status)
    )
    found = {status: count for status, count in rows}
    left = session.scalar(
        select(func.count())
        .select_from(RemoteSubmission)
        .where(RemoteSubmission.job_id == job_id, RemoteSubmission.call_id.is_(None))
    )
    if left:
        status = _without_call(session, job_id)[0]
        found[status] = found.get(status, 0) + left
    return found


def _without_call(session: Session, job_id: int) -> tuple[str, str | None]:
    """(status, error) of submissions that have no call."""
    row = session.execute(
        select(Call.status, Call.error).where(Call.job_id == job_id, Call.kind.in_(LAYING_OUT))
    ).first()
    if row is None or row.status in ("running", "done"):
        return "queued", None
    return row.status, row.error


def waiting_of(session: Session, login: str) -> int:
    """Submissions of all jobs of this person that have not ended."""
    calls_ = session.scalar(
        select(func.count())
        .select_from(Call)
        .join(Job, Job.id == Call.job_id)
        .where(*_of(login), Call.kind.not_in(LAYING_OUT), Call.status.in_(_UNFINISHED))
    )
    laying_out = (
        select(Call.job_id)
        .join(Job, Job.id == Call.job_id)
        .where(*_of(login), Call.kind.in_(LAYING_OUT), Call.status.in_(_UNFINISHED))
    )
    left = session.scalar(
        select(func.count())
        .select_from(RemoteSubmission)
        .where(RemoteSubmission.call_id.is_(None), RemoteSubmission.job_id.in_(laying_out))
    )
    return (calls_ or 0) + (left or 0)


def ended_since(session: Session, login: str, moment: datetime) -> int:
    """Submissions of this person that have ended since then."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Call)
            .join(Job, Job.id == Call.job_id)
            .where(*_of(login), Call.finished_at >= moment)
        )
        or 0
    )


def _of(login: str) -> tuple[ColumnElement[bool], ...]:
    return Job.started_by == login, Job.kind == "judge_remote"
