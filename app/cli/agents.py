"""agents: a model's configuration and instruction, stored for jobs."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from app.cli import prompt_search
from app.cli.session import OPERATOR, DataDir, Json, opened, print_json
from app.cli.waiting import wait_for
from app.errors import Invalid
from app.services import agent_quality, agents, drift_watch, stability
from app.services.projects import find_project

__all__ = ["app"]

app = typer.Typer(help="Agents: a model's configuration and instruction.", no_args_is_help=True)
app.command()(prompt_search.search)
app.command()(prompt_search.keep)


@app.command()
def add(
    name: str,
    instruction: Annotated[
        Path | None,
        typer.Option(
            help="File with the instruction; questions, definitions and guidelines follow it in any case."
        ),
    ] = None,
    temperature: Annotated[
        float | None, typer.Option(help="0 to 2; the endpoint's own when left out.")
    ] = None,
    model: Annotated[str, typer.Option(help="Another model at the endpoint than the configured one.")] = "",
    top_p: Annotated[float | None, typer.Option(help="0 to 1; the endpoint's own when left out.")] = None,
    max_tokens: Annotated[int, typer.Option(help="Room for the reply.")] = 2048,
    max_prompt_tokens: Annotated[
        int, typer.Option(help="Items with a longer prompt are left out.")
    ] = 100_000,
    seed: Annotated[int | None, typer.Option(help="For endpoints that take one.")] = None,
    examples: Annotated[int, typer.Option(help="Verified items shown in the prompt.")] = 0,
    pick: Annotated[str, typer.Option(help="Which: similar, random or diverse.")] = "similar",
    language: Annotated[str, typer.Option(help="Of the prompt's fixed words: en, de, es or fr.")] = "en",
    form: Annotated[str, typer.Option(help="How questions are written down: json or markdown.")] = "json",
    one_message: Annotated[
        bool, typer.Option("--one-message", help="For models that know no system message.")
    ] = False,
    confidence: Annotated[str, typer.Option(help="stated, label_tokens, samples or function.")] = "stated",
    samples: Annotated[int, typer.Option(help="How often an item is asked about, for samples.")] = 1,
    differ: Annotated[
        str, typer.Option(help="How the samples differ: options (in their order) or wording.")
    ] = "options",
    function: Annotated[
        str,
        typer.Option(
            help="For confidence by function: module:name of your own, (reply, answers) -> {question: 0 to 1}."
        ),
    ] = "",
    both_orders: Annotated[
        bool, typer.Option("--both-orders", help="Ask about pairs with each side first.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Store an agent. An agent does not change: another configuration is another agent."""
    text = instruction.read_text(encoding="utf-8") if instruction else ""
    with opened(data_dir) as ctx:
        made = agents.add_agent(
            ctx,
            OPERATOR,
            name=name,
            instruction=text,
            temperature=temperature,
            model=model,
            top_p=top_p,
            max_tokens=max_tokens,
            max_prompt_tokens=max_prompt_tokens,
            seed=seed,
            examples=examples,
            pick=pick,
            confidence=confidence,
            samples=samples,
            samples_differ=differ,
            confidence_function=function,
            both_orders=both_orders,
            prompt_language=language,
            prompt_form=form,
            one_message=one_message,
        )
    print(f"agent {made.name}, {made.hash}")


@app.command("list")
def list_(data_dir: DataDir = None, json: Json = False) -> None:
    """List the agents."""
    with opened(data_dir) as ctx:
        rows = [
            {"name": agent.name, "hash": agent.hash, "created_by": agent.created_by, **agent.configuration}
            for agent in agents.list_agents(ctx)
        ]
    if json:
        print_json(rows)
        return
    print(f"{agents.BUILT_IN:<20} the classifier that learns from verified labels")
    print(f"{agents.DEFAULT:<20} the configured model with the prompt that the schema makes")
    for row in rows:
        print(
            f"{row['name']:<20} {row['hash']}  {str(row.get('instruction') or row.get('url') or row.get('agents') or '')[:70]}"
        )


@app.command()
def check(name: str, data_dir: DataDir = None) -> None:
    """Ask the endpoint something cheap in the form that labelling needs."""
    with opened(data_dir) as ctx:
        found = asyncio.run(agents.check_agent(ctx, name))
    print(f"{'ok' if found.ok else 'NO'}: {found.said}")
    if not found.ok:
        raise typer.Exit(1)


@app.command()
def diff(first: str, second: str, data_dir: DataDir = None) -> None:
    """The difference between two agents, line by line."""
    with opened(data_dir) as ctx:
        print(agents.agent_difference(ctx, first, second) or "the same")


@app.command()
def quality(project: str, data_dir: DataDir = None, json: Json = False) -> None:
    """Measure every agent on gold, keep the figures with its version, and show them."""
    with opened(data_dir) as ctx:
        found = find_project(ctx, OPERATOR, project)
        agent_quality.measure_skills(ctx, OPERATOR, found.id)
        rows = agent_quality.agent_skills(ctx, OPERATOR, found.id)
    if json:
        print_json(rows)
        return
    for row in rows:
        low, high = row.figures["interval"]
        print(
            f"{row.agent:<20} {row.question:<16} right on {row.figures['right']} of {row.n} of gold ({row.split}), "
            f"{row.figures['right'] / row.n:.1%} [{low:.1%}, {high:.1%}]; of all gold "
            f"{row.figures['all_gold']['right']} of {row.figures['all_gold']['n']}; version {row.model_version}"
        )


@app.command("add-server")
def add_server(name: str, url: str, data_dir: DataDir = None) -> None:
    """Store a model server that speaks the Label Studio ML backend protocol; its host must be allowed."""
    with opened(data_dir) as ctx:
        made = agents.add_agent(ctx, OPERATOR, name=name, kind="label_server", url=url)
    print(f"agent {made.name}, {made.hash}")


@app.command("add-aggregate")
def add_aggregate(
    name: str,
    members: Annotated[list[str], typer.Argument(help="Agents whose suggestions become one.")],
    equal: Annotated[
        bool, typer.Option("--equal", help="Every vote counts the same, whatever its skill on gold.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Store several agents as one, each weighed by how good it was on gold."""
    with opened(data_dir) as ctx:
        made = agents.add_agent(ctx, OPERATOR, name=name, kind="aggregate", agents=members, weigh=not equal)
    print(f"agent {made.name}, {made.hash}")


@app.command()
def drift(
    project: str,
    agent: str,
    subset: Annotated[str, typer.Option("--subset", help="A saved subset, the same at every look.")],
    limit: Annotated[
        float, typer.Option(help="Share of changed answers from which on it is an alarm.")
    ] = 0.05,
    every: Annotated[
        int | None, typer.Option(help="Hours; instead of now, the workers do it by the clock from now on.")
    ] = None,
    stop: Annotated[bool, typer.Option("--stop", help="Do it by the clock no more.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Ask an agent about a fixed sample again and compare with its first answers; exit code 1 is an alarm.

    It needs a worker; the first look only lays the ground.
    """
    with opened(data_dir) as ctx:
        found = find_project(ctx, OPERATOR, project)
        if stop:
            drift_watch.unwatch(ctx, OPERATOR, found.id, agent, subset)
            print(f"agent {agent} is looked at by the clock no more")
            return
        if every is not None:
            drift_watch.watch(
                ctx, OPERATOR, found.id, agent=agent, subset=subset, every_hours=every, alarm_above=limit
            )
            print(f"agent {agent} is asked about {subset} every {every} h; the page Agents and jobs shows it")
            return
        before = stability.first_look(ctx, found.id, agent, subset)
        job = stability.start_look(ctx, OPERATOR, found.id, agent=agent, subset=subset)
        wait_for(ctx, job.id)
        if before is None:
            print(f"job {job.id}: the answers that later ones are compared with")
            return
        seen = next(
            (
                look.since_first
                for look in stability.looks(ctx, OPERATOR, found.id, agent, subset)
                if look.job.id == job.id
            ),
            None,
        )
    if seen is None:
        print(f"job {job.id}: the prompt is another one, so it is the first look with it")
        return
    _say(seen, "against its first look with this prompt")
    if seen.alarming(limit):
        raise typer.Exit(1)


@app.command()
def flips(
    project: str,
    agent: str,
    subset: Annotated[str, typer.Option("--subset", help="A saved subset.")],
    by: Annotated[
        list[str] | None,
        typer.Option(
            help="options, examples or wording; several are measured one by one.", show_default="options"
        ),
    ] = None,
    times: Annotated[int, typer.Option(min=1, max=20, help="In how many other ways to ask.")] = 3,
    data_dir: DataDir = None,
) -> None:
    """How often an agent's answers change when the same is put in another way. It needs a worker.

    The options or the examples stand in other orders, or the fixed words of the prompt are others that say the same.
    """
    wanted = by or ["options"]
    if unknown := [one for one in wanted if one not in stability.VARIATIONS]:
        raise Invalid(f"--by {', '.join(unknown)}: {', '.join(stability.VARIATIONS)} can be varied")
    with opened(data_dir) as ctx:
        found = find_project(ctx, OPERATOR, project)
        before = stability.first_look(ctx, found.id, agent, subset)
        if before is None:
            before = stability.start_look(ctx, OPERATOR, found.id, agent=agent, subset=subset)
        varied = {
            one: stability.start_variations(
                ctx, OPERATOR, found.id, agent=agent, subset=subset, by=one, times=times
            )
            for one in stability.VARIATIONS
            if one in wanted
        }
        for job in (before, *(job for jobs in varied.values() for job in jobs)):
            wait_for(ctx, job.id)
        for one, jobs in varied.items():
            seen = stability.measure_flips(ctx, OPERATOR, before.id, [job.id for job in jobs])
            _say(seen, f"with other {_VARIED[one]}, {len(jobs)} times")


_VARIED = {"options": "orders of the options", "examples": "orders of the examples", "wording": "words"}


def _say(seen: stability.Stability, words: str) -> None:
    low, high = seen.interval
    share = "nothing to compare" if seen.share is None else f"{seen.share:.1%} [{low:.1%}, {high:.1%}]"
    print(f"changed {words}: {seen.changed} of {seen.compared}, {share}")
