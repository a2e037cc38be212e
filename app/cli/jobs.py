"""jobs: what runs in the background, and what to do about it."""

from typing import Annotated, Any

import typer

from app.cli.session import OPERATOR, DataDir, Json, opened, print_json
from app.services import agent_quality, endpoints, job_control, job_report, preannotation, remote_judging
from app.services.preannotation import JobState
from app.services.projects import find_project

__all__ = ["app", "job_lines"]

app = typer.Typer(help="Background work: list, show, cancel, resume, retry.", no_args_is_help=True)

_STATUSES = ("queued", "running", "paused", "done", "failed", "cancelled")


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
def list_(
    project: Annotated[
        str | None, typer.Argument(help="Without it: what programs sent to be judged over HTTP.")
    ] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """List a project's jobs, newest first, with how many calls stand where."""
    with opened(data_dir) as ctx:
        if project is None:
            states = remote_judging.list_remote_jobs(ctx, OPERATOR)
        else:
            states = preannotation.list_jobs(ctx, OPERATOR, find_project(ctx, OPERATOR, project).id)
        rows = [_row(state) for state in states]
    if json:
        print_json(rows)
        return
    for row in rows:
        print(_line(row))


@app.command()
def show(job: int, data_dir: DataDir = None, json: Json = False) -> None:
    """Show one job: its calls by status and the reasons of those that failed."""
    with opened(data_dir) as ctx:
        found = job_report.job_report(ctx, OPERATOR, job)
    row = _row(found.state) | found.to_json()
    if json:
        print_json(row)
        return
    print(_line(row))
    for line in job_lines(found):
        print(f"        {line}")


def job_lines(found: job_report.JobReport) -> list[str]:
    """What a person wants to know of a job, a line each."""
    totals, lines = found.totals, []
    if found.state.job.paused:
        lines.append(f"paused: {found.state.job.paused}")
    prepared = found.state.job.spec.get("prepared", {})
    for reason in ("empty", "too_long"):
        if prepared.get(reason):
            listed = ", ".join(prepared["listed"][reason][:5])
            lines.append(f"{prepared[reason]} items left out, {reason.replace('_', ' ')}: {listed}")
    if totals.prompt_tokens:
        cost = "price unknown" if totals.cost_usd is None else f"{totals.cost_usd:.4f} USD"
        lines.append(
            f"{totals.prompt_tokens} + {totals.completion_tokens} tokens, {cost}, {totals.mean_seconds or 0:.2f} s a call"
        )
    if found.whole_seconds is not None:
        money = "unknown, no price" if found.whole_usd is None else f"{found.whole_usd:.4f} USD"
        lines.append(f"all {prepared['left']} items: {money}, about {max(1, round(found.whole_seconds))} s")
    if totals.suggestions:
        near = f", {totals.near} of them near matches" if totals.near else ""
        lines.append(f"{totals.suggestions} suggestions{near}")
    for question, labels in found.labels.items():
        lines.append(f"{question}: {', '.join(f'{count} {label}' for label, count in labels[:8])}")
    lines += [f"{count} x {said} (item {item})" for _, count, item, said in found.failures]
    lines += [
        f"{one.count} x no label, {one.question}: {one.said} ({', '.join(one.examples)})"
        for one in found.invalid
    ]
    return lines


@app.command()
def pause(job: int, data_dir: DataDir = None) -> None:
    """Start no further call; what is in flight ends and is stored."""
    with opened(data_dir) as ctx:
        job_control.pause_job(ctx, OPERATOR, job)
    print(f"paused job {job}")


@app.command()
def compare(first: int, second: int, data_dir: DataDir = None, json: Json = False) -> None:
    """What changed between two jobs, on the items that both have suggestions for."""
    with opened(data_dir) as ctx:
        rows = agent_quality.compare_jobs(ctx, OPERATOR, first, second)
    if json:
        print_json(rows)
        return
    for row in rows:
        low, high = row.interval
        gold = (
            ""
            if row.right is None
            else f"; right on gold for tuning: {row.right[0]} and {row.right[1]} of {row.on_gold}"
        )
        print(f"{row.question}: {row.same} of {row.n} the same [{low:.0%}, {high:.0%}]{gold}")
        cost, seconds = (
            ["unknown" if value is None else f"{value:.4g}" for value in pair]
            for pair in (row.cost_usd, row.mean_seconds)
        )
        print(f"        USD {cost[0]} and {cost[1]}; seconds a call {seconds[0]} and {seconds[1]}")
        for item, before, after in row.changed[:10]:
            print(f"        {item}: {before} -> {after}")


@app.command()
def limit(
    concurrency: Annotated[int | None, typer.Option(help="Calls at the same time, of all workers.")] = None,
    per_minute: Annotated[
        int | None, typer.Option(help="Calls that may start in a minute; 0 for no limit.")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Show or change how hard the endpoint is driven; running workers follow within a second."""
    with opened(data_dir) as ctx:
        known = endpoints.read_limit(ctx)
        if concurrency is not None or per_minute is not None:
            rate = (known.starts, known.period_seconds) if per_minute is None else (per_minute, 60.0)
            if not rate[0]:
                rate = (None, None)
            known = endpoints.Limit(concurrency or known.concurrency, *rate)
            endpoints.set_limit(ctx, OPERATOR, known)
    rate_words = f"{known.starts} starts in {known.period_seconds:g} s" if known.starts else "no rate limit"
    print(f"{known.concurrency} calls at the same time, {rate_words}")


@app.command()
def cancel(job: int, data_dir: DataDir = None) -> None:
    """Cancel what is not finished; what is done stays."""
    with opened(data_dir) as ctx:
        count = job_control.cancel_job(ctx, OPERATOR, job)
    print(f"cancelled {count} calls of job {job}")


@app.command()
def resume(
    job: int,
    budget: Annotated[float | None, typer.Option(help="New budget in USD, what is spent included.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Queue what was put aside or cancelled again."""
    with opened(data_dir) as ctx:
        count = job_control.resume_job(ctx, OPERATOR, job, budget_usd=budget)
    print(f"queued {count} calls of job {job} again")


@app.command()
def retry(job: int, data_dir: DataDir = None) -> None:
    """Queue the failed calls again."""
    with opened(data_dir) as ctx:
        count = job_control.retry_job(ctx, OPERATOR, job)
    print(f"queued {count} calls of job {job} again")
