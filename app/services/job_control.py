"""Cancelling and resuming jobs, for those who may start them."""

from app.errors import Invalid, NotFound
from app.services import policy
from app.services.context import Actor, Context
from db.engine import reading
from db.records import JobRecord
from db.store import calls

__all__ = ["cancel_job", "pause_job", "resume_job", "retry_job"]


def _allowed(ctx: Context, actor: Actor, job_id: int) -> JobRecord:
    with reading(ctx.engine) as session:
        job = calls.job_by_id(session, job_id)
        if job is None:
            raise NotFound(f"no job {job_id}")
        policy.require_job(session, actor, job)
        return job


def cancel_job(ctx: Context, actor: Actor, job_id: int) -> int:
    """Cancel what is not finished; returns how many calls that were."""
    _allowed(ctx, actor, job_id)
    return ctx.jobs.cancel(job_id)


def pause_job(ctx: Context, actor: Actor, job_id: int) -> None:
    """Start no further call until the job is resumed; those in flight end and are stored."""
    _allowed(ctx, actor, job_id)
    ctx.jobs.pause(job_id, f"paused by {actor.login}")


def resume_job(ctx: Context, actor: Actor, job_id: int, *, budget_usd: float | None = None) -> int:
    """Queue what was put aside or cancelled once more; returns how many calls that were.

    A job whose budget is spent needs a larger one, else it would pause at its next call.
    """
    job = _allowed(ctx, actor, job_id)
    budget = job.budget_usd if budget_usd is None else budget_usd
    if budget is not None and budget <= job.spent_usd:
        raise Invalid(f"{job.spent_usd:.4f} USD are spent; give a budget above that")
    return ctx.jobs.resume(job_id, statuses=("paused", "cancelled"), budget_usd=budget_usd)


def retry_job(ctx: Context, actor: Actor, job_id: int) -> int:
    """Queue what failed once more; returns how many calls that were."""
    _allowed(ctx, actor, job_id)
    return ctx.jobs.resume(job_id, statuses=("failed",))
