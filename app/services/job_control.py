"""Cancelling and resuming jobs, for those who may start them."""

from app.errors import NotFound
from app.services import policy
from app.services.context import Actor, Context
from db.engine import reading
from db.store import calls

__all__ = ["cancel_job", "resume_job", "retry_job"]


def _allowed(ctx: Context, actor: Actor, job_id: int) -> None:
    with reading(ctx.engine) as session:
        job = calls.job_by_id(session, job_id)
        if job is None:
            raise NotFound(f"no job {job_id}")
        policy.require(session, actor, job.project_id, "run_jobs")


def cancel_job(ctx: Context, actor: Actor, job_id: int) -> int:
    """Cancel what is not finished; returns how many calls that were."""
    _allowed(ctx, actor, job_id)
    return ctx.jobs.cancel(job_id)


def resume_job(ctx: Context, actor: Actor, job_id: int) -> int:
    """Queue what was cancelled once more; returns how many calls that were."""
    _allowed(ctx, actor, job_id)
    return ctx.jobs.resume(job_id, statuses=("cancelled",))


def retry_job(ctx: Context, actor: Actor, job_id: int) -> int:
    """Queue what failed once more; returns how many calls that were."""
    _allowed(ctx, actor, job_id)
    return ctx.jobs.resume(job_id, statuses=("failed",))
