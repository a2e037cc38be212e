"""jobs: what runs in the background, and what to do about it."""

from typing import Any

import typer

from app.cli.session import OPERATOR, DataDir, Json, opened, print_json
from app.errors import NotFound
from app.services import job_control, preannotation
from app.services.preannotation import JobState
from app.services.projects import find_project

__all__ = ["app"]

app = typer.Typer(help="Background work: list, show, cancel, resume, retry.", no_args_is_help=True)

_STATUSES = ("queued", "running", "done", "failed", "cancelled")


def _row(state: JobState) -> dict[str, Any]:
    return {
        "id": state.job.id,
        "kind": state.job.kind,
        "spec": state.job.spec,
        "started_by": state.job.started_by,
        "created_at": state.job.created_at.isoformat(),
        "finished": state.finished,
        "calls": {status: state.counts.get(status, 0) for status in _STATUSES},
        "errors": [{"reason": reason, "calls": count} for reason, count in state.errors],
    }


def _line(row: dict[str, Any]) -> str:
    calls = ", ".join(f"{count} {status}" for status, count in row["calls"].items() if count)
    return f"{row['id']:>6}  {row['kind']:<12} {row['created_at'][:19]}  by {row['started_by']}: {calls or 'no calls'}"


@app.command("list")
def list_(project: str, data_dir: DataDir = None, json: Json = False) -> None:
    """List a project's jobs, newest first, with how many calls stand where."""
    with opened(data_dir) as ctx:
        found = find_project(ctx, OPERATOR, project)
        rows = [_row(state) for state in preannotation.list_jobs(ctx, OPERATOR, found.id)]
    if json:
        print_json(rows)
        return
    for row in rows:
        print(_line(row))


@app.command()
def show(job: int, data_dir: DataDir = None, json: Json = False) -> None:
    """Show one job: its calls by status and the reasons of those that failed."""
    with opened(data_dir) as ctx:
        state = preannotation.job_state(ctx, OPERATOR, job)
    if state is None:
        raise NotFound(f"no job {job}")
    row = _row(state)
    if json:
        print_json(row)
        return
    print(_line(row))
    for error in row["errors"]:
        print(f"        {error['calls']} x {error['reason']}")


@app.command()
def cancel(job: int, data_dir: DataDir = None) -> None:
    """Cancel what is not finished; what is done stays."""
    with opened(data_dir) as ctx:
        count = job_control.cancel_job(ctx, OPERATOR, job)
    print(f"cancelled {count} calls of job {job}")


@app.command()
def resume(job: int, data_dir: DataDir = None) -> None:
    """Queue the cancelled calls again."""
    with opened(data_dir) as ctx:
        count = job_control.resume_job(ctx, OPERATOR, job)
    print(f"queued {count} calls of job {job} again")


@app.command()
def retry(job: int, data_dir: DataDir = None) -> None:
    """Queue the failed calls again."""
    with opened(data_dir) as ctx:
        count = job_control.retry_job(ctx, OPERATOR, job)
    print(f"queued {count} calls of job {job} again")
