"""judge suggestions, judge contradictions: what agents suggested, and two people's answers beside each other."""

from typing import Annotated

import typer

from app.cli.session import OPERATOR, DataDir, Json, opened, print_json
from app.cli.waiting import wait_for
from app.services import contradictions as comparing
from app.services import suggestion_judging
from app.services.projects import find_project
from app.services.rejudging import SAMPLES
from app.services.reports import as_json

__all__ = ["contradictions", "suggestions"]

Wait = Annotated[bool, typer.Option("--wait", help="Until a worker has done it.")]
Budget = Annotated[float | None, typer.Option(help="USD; the job pauses when it is spent.")]


def suggestions(
    project: str,
    agent: Annotated[
        str | None, typer.Option(help="Of this agent, or of an imported model's name; of all when left out.")
    ] = None,
    subset: Annotated[str, typer.Option(help="A query: only of the items that it finds.")] = "",
    samples: Annotated[int, typer.Option(help="Replies per suggestion whose mean counts.")] = SAMPLES,
    budget: Budget = None,
    wait: Wait = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Judge a project's newest suggestions on its rubric, those judged before left out. It needs a worker.

    Which of them is a setting of the project (judge_suggestions). The verdicts order the Verify page, and the query
    `judge:below` finds what a person should see.
    """
    with opened(data_dir) as ctx:
        found = find_project(ctx, OPERATOR, project)
        job = suggestion_judging.start_judging_suggestions(
            ctx, OPERATOR, found.id, agent=agent, query=subset, samples=samples, budget_usd=budget
        )
        counts = wait_for(ctx, job.id) if wait else ctx.jobs.progress(job.id)
        figures = suggestion_judging.suggestion_figures(ctx, OPERATOR, found.id)
    low, decided, interval = figures.below
    if json:
        print_json(
            {
                "job": job.id,
                "calls": counts,
                "judged": figures.judged,
                "standing": dict(figures.counts),
                "flagged": figures.flagged,
                "below": {"count": low, "of": decided, "interval": interval},
            }
        )
        return
    calls = ", ".join(f"{count} {status}" for status, count in counts.items()) or "nothing new to judge"
    print(f"job {job.id}: {calls}")
    if figures.judged:
        share = "" if interval is None else f" ({low / decided:.0%} [{interval[0]:.0%}, {interval[1]:.0%}])"
        print(
            f"of {figures.judged} judged suggestions {low} of {decided} with a total are below the pass mark{share}, "
            f"{figures.counts.get('unscored', 0)} are unscored, {figures.flagged} carry a flag"
        )


def contradictions(
    project: str,
    budget: Budget = None,
    wait: Wait = False,
    ask: Annotated[bool, typer.Option("--ask/--no-ask", help="Compare what is not compared yet.")] = True,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Compare every two people's answers to a judged question of one item: do they contradict each other?

    It needs a language model and a worker. Prints what is known of the answers as they stand, with the words of both.
    """
    with opened(data_dir) as ctx:
        found = find_project(ctx, OPERATOR, project)
        job = comparing.start_comparing(ctx, OPERATOR, found.id, budget_usd=budget) if ask else None
        counts: dict[str, int] = {}
        if job is not None:
            counts = wait_for(ctx, job.id) if wait else ctx.jobs.progress(job.id)
        known = comparing.contradictions_of(ctx, OPERATOR, found.id)
    clashing, decided, interval = known.share
    if json:
        print_json(
            {
                "job": job.id if job else None,
                "calls": counts,
                "pairs": dict(known.counts),
                "contradicting": {"count": clashing, "of": decided, "interval": interval},
                "to_look_at": [as_json(row) for row in known.rows],
            }
        )
        return
    if job is not None:
        alike = f"; {job.spec['alike']} pairs in the same words" if job.spec["alike"] else ""
        calls = ", ".join(f"{count} {status}" for status, count in counts.items()) or "nothing new to compare"
        print(f"job {job.id}: {calls}{alike}")
    if interval is not None:
        print(
            f"{clashing} of {decided} pairs contradict each other, {clashing / decided:.0%} "
            f"[{interval[0]:.0%}, {interval[1]:.0%}]; {known.counts.get('unsure', 0)} unsure, "
            f"{known.counts.get('unscored', 0)} unscored"
        )
    for row in known.rows:
        sides = (f"“{entry['quote']}”" for name in ("first", "second") for entry in row.quotes[name][:1])
        print(f"{row.external_id:<16} {row.question:<16} {row.outcome}: {' against '.join(sides)} {row.why}")
