"""project: create, list and show."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.session import OPERATOR, DataDir, Json, opened, print_json
from app.errors import Invalid
from app.services import projects
from rubrics import load_rubric

__all__ = ["app"]

app = typer.Typer(help="Create, list and show projects.", no_args_is_help=True)


@app.command()
def create(
    name: str,
    schema: Annotated[Path | None, typer.Option(help="Label schema, YAML.")] = None,
    guidelines: Annotated[Path | None, typer.Option(help="Guidelines, Markdown.")] = None,
    rubric: Annotated[
        str | None, typer.Option(help="Rubric that text answers are judged on: a name or a file.")
    ] = None,
    ratings: Annotated[
        bool, typer.Option("--ratings", help="A project for imported ratings, with nothing to label.")
    ] = False,
    overlap: Annotated[int, typer.Option(help="How many people answer each item.")] = 1,
    data_dir: DataDir = None,
) -> None:
    """Create a project."""
    if (schema is None) != ratings:
        raise Invalid("give either --schema FILE.yaml or --ratings")
    with opened(data_dir) as ctx:
        if schema is None:
            projects.create_ratings_project(ctx, OPERATOR, name=name)
        else:
            projects.create_project(
                ctx,
                OPERATOR,
                name=name,
                schema_yaml=schema.read_text(encoding="utf-8"),
                guidelines=guidelines.read_text(encoding="utf-8") if guidelines else "",
                rubric=load_rubric(rubric) if rubric else None,
                settings={"overlap": overlap},
            )
    print(f"created {name}")


@app.command("list")
def list_(data_dir: DataDir = None, json: Json = False) -> None:
    """List the projects."""
    with opened(data_dir) as ctx:
        found = projects.list_projects(ctx, OPERATOR)
    if json:
        print_json([{"id": p.id, "name": p.name, "kind": p.kind, "simulated": p.simulated} for p, _ in found])
    else:
        for project, _ in found:
            print(f"{project.name}{' (ratings)' if project.kind == 'ratings' else ''}")


@app.command()
def show(name: str, data_dir: DataDir = None, json: Json = False) -> None:
    """Show what is in force in a project."""
    with opened(data_dir) as ctx:
        state = projects.describe(ctx, OPERATOR, projects.find_project(ctx, OPERATOR, name).id)
    row = {
        "name": state.project.name,
        "kind": state.project.kind,
        "problem": state.project.problem,
        "items": state.items,
        "complete": state.complete,
        "ratings": state.ratings,
        "overlap": state.project.overlap,
        "schema_version": state.schema.number if state.schema else None,
        "guideline_version": state.guidelines.number if state.guidelines else None,
        "rubric": state.rubric.name if state.rubric else None,
        "preannotation": state.project.preannotation_on,
        "assistant": state.project.assistant_on,
        "judge": state.project.judge_on,
    }
    if json:
        print_json(row)
    else:
        for key, value in row.items():
            print(f"{key:<18} {'-' if value is None else value}")
