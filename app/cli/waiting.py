"""Waiting for a worker to finish a job."""

import time

from app.services.context import Context

__all__ = ["wait_for"]


def wait_for(ctx: Context, job_id: int) -> dict[str, int]:
    """Status -> calls, once none is queued or running; a paused job is waited for no longer."""
    while True:
        counts = ctx.jobs.progress(job_id)
        if not counts.get("queued", 0) + counts.get("running", 0):
            return counts
        time.sleep(0.3)
