"""agents: a model's configuration and instruction, stored for jobs."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from app.cli.session import OPERATOR, DataDir, Json, opened, print_json
from app.services import agents

__all__ = ["app"]

app = typer.Typer(help="Agents: a model's configuration and instruction.", no_args_is_help=True)


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
    max_tokens: Annotated[int, typer.Option(help="Room for the reply.")] = 2048,
    seed: Annotated[int | None, typer.Option(help="For endpoints that take one.")] = None,
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
            max_tokens=max_tokens,
            seed=seed,
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
        print(f"{row['name']:<20} {row['hash']}  {str(row['instruction'])[:70]}")


@app.command()
def check(name: str, data_dir: DataDir = None) -> None:
    """Ask the endpoint something cheap in the form that labelling needs."""
    with opened(data_dir) as ctx:
        found = asyncio.run(agents.check_agent(ctx, name))
    print(f"{'ok' if found.ok else 'NO'}: {found.said}")
    if not found.ok:
        raise typer.Exit(1)
