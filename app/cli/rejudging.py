"""judge again, judge compare: stored answers once more, and what changed."""

from typing import Annotated

import typer

from app.cli.session import OPERATOR, DataDir, Json, opened, print_json
from app.cli.waiting import wait_for
from app.errors import Invalid
from app.services import rejudging
from app.services.projects import find_project
from app.services.reports import as_json
from app.services.rubric_versions import versions_in_use

__all__ = ["again", "compare"]


def again(
    project: str,
    samples: Annotated[int, typer.Option(help="Replies per answer whose mean counts.")] = rejudging.SAMPLES,
    per_criterion: Annotated[
        bool,
        typer.Option(
            "--per-criterion",
            help="One request for each criterion instead of one for all; `milo report cost` compares both.",
        ),
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="The first so many answers only.")] = None,
    budget: Annotated[float | None, typer.Option(help="USD; the job pauses when it is spent.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Until a worker has done it.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Judge a project's answers again on the rubric in force. Earlier verdicts stay. It needs a worker."""
    with opened(data_dir) as ctx:
        found = find_project(ctx, OPERATOR, project)
        job = rejudging.start_rejudging(
            ctx,
            OPERATOR,
            found.id,
            samples=samples,
            together="one" if per_criterion else "all",
            limit=limit,
            budget_usd=budget,
        )
        counts = wait_for(ctx, job.id) if wait else ctx.jobs.progress(job.id)
    print(
        f"job {job.id}: "
        + (", ".join(f"{n} {status}" for status, n in counts.items()) or "nothing new to judge")
    )


def compare(
    project: str,
    before: Annotated[int | None, typer.Option(help="Version number; the one before the last.")] = None,
    after: Annotated[int | None, typer.Option(help="Version number; the last.")] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """What changed between two versions of a rubric, on the answers judged on both, also beside people."""
    with opened(data_dir) as ctx:
        found = find_project(ctx, OPERATOR, project)
        known = versions_in_use(ctx, OPERATOR, found.id)
        by_number = {one.version: one.id for one in known}
        if len(known) < 2:
            raise Invalid("answers were judged on one version of a rubric only; there is nothing to compare")
        ids = [
            by_number.get(number) if number is not None else known[place].id
            for number, place in ((before, -2), (after, -1))
        ]
        if ids[0] is None or ids[1] is None:
            raise Invalid(f"there are the versions {', '.join(map(str, by_number))}")
        rows = rejudging.compare_versions(ctx, OPERATOR, found.id, ids[0], ids[1])
    if json:
        print_json(as_json(rows))
        return
    for row in rows:
        change = "" if row.change is None else f", mean change {row.change:+.2f}"
        print(
            f"{row.criterion:<20} {row.same} of {row.n} the same{change}; kappa beside people "
            f"{_kappa(row.people_before.kappa)} -> {_kappa(row.people_after.kappa)}, n={row.people_after.n}"
        )


def _kappa(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"
