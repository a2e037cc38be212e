"""agents search: which variant of an agent's prompt is right most often on the gold for tuning."""

from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.session import OPERATOR, DataDir, Json, opened, print_json
from app.cli.waiting import wait_for
from app.services import agents, prompt_search
from app.services.projects import find_project

__all__ = ["keep", "search"]


def search(
    project: str,
    agent: Annotated[str, typer.Option(help="The agent that is varied.")] = agents.DEFAULT,
    instruction: Annotated[
        list[Path], typer.Option(help="File with another instruction; may be given several times.")
    ] = [],
    language: Annotated[list[str], typer.Option(help="Another language of the fixed words.")] = [],
    form: Annotated[list[str], typer.Option(help="Another way to write the questions down.")] = [],
    examples: Annotated[list[int], typer.Option(help="Another number of examples.")] = [],
    pick: Annotated[list[str], typer.Option(help="Another way to pick them.")] = [],
    temperature: Annotated[list[float], typer.Option(help="Another temperature.")] = [],
    model: Annotated[list[str], typer.Option(help="Another model at the endpoint.")] = [],
    items: Annotated[int, typer.Option(help="Items of the gold for tuning, by lot.")] = 50,
    budget: Annotated[float | None, typer.Option(help="USD; the search ends when it is spent.")] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Try all combinations of the given values on the dev part of gold. It needs a worker.

    The best of many looks better than it is: measure the winner on the test part (`milo agents quality`).
    """
    varied: dict[str, list[Any]] = {
        "instruction": [path.read_text(encoding="utf-8") for path in instruction],
        "prompt_language": language,
        "prompt_form": form,
        "examples": examples,
        "pick": pick,
        "temperature": temperature,
        "model": model,
    }
    with opened(data_dir) as ctx:
        found = find_project(ctx, OPERATOR, project)
        job = prompt_search.start_search(
            ctx, OPERATOR, found.id, agent=agent, varied=varied, items=items, budget_usd=budget
        )
        wait_for(ctx, job.id)
        result = prompt_search.search_result(ctx, OPERATOR, job.id)
    if json:
        print_json(
            {
                "job": job.id,
                "items": result.items,
                "paused": result.state.job.paused,
                "variants": result.variants,
            }
        )
        return
    if result.state.job.paused:
        print(f"paused: {result.state.job.paused}")
    for row in result.variants:
        share = (
            "no answer yet"
            if not row.n
            else f"{row.right / row.n:.1%} [{row.interval[0]:.1%}, {row.interval[1]:.1%}]"
        )
        against = "" if row.p is None else f"; {row.better} better, {row.worse} worse than 0, p {row.p:.3f}"
        cost = "price unknown" if row.cost_usd is None else f"{row.cost_usd:.4f} USD"
        print(
            f"{row.number:>3}  {row.right} of {row.n}, {share}{against}; {cost}  {prompt_search.in_words(row.changes)}"
        )
    print(
        f"`milo agents keep {job.id} NUMBER NAME` stores one; `milo agents quality` measures it on unseen gold"
    )


def keep(job: int, number: int, name: str, data_dir: DataDir = None) -> None:
    """Store a variant that a search tried as an agent."""
    with opened(data_dir) as ctx:
        made = prompt_search.keep_variant(ctx, OPERATOR, job, number, name=name)
    print(f"agent {made.name}, {made.hash}")
