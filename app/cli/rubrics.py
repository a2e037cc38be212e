"""rubrics: what answers are judged by. No database is opened."""

from pathlib import Path

import typer

from app.cli.session import Json, print_json
from rubrics import Rubric, catalog, load_rubric, rubric_hash

__all__ = ["app"]

app = typer.Typer(help="Rubrics: what answers are judged by.", no_args_is_help=True)


@app.command("list")
def list_(json: Json = False) -> None:
    """List the rubrics of the catalogue."""
    rows = [
        {
            "name": rubric.name,
            "version": rubric.version,
            "title": rubric.title,
            "criteria": len(rubric.criteria),
            "deterministic": sum(criterion.check is not None for criterion in rubric.criteria),
            "hash": rubric_hash(rubric),
        }
        for rubric in catalog().values()
    ]
    if json:
        print_json(rows)
    else:
        for row in rows:
            print(
                f"{row['name']:<18} v{row['version']}  {row['title']} ({row['criteria']} criteria, {row['deterministic']} by rule)"
            )


@app.command()
def show(name: str) -> None:
    """Show a rubric as JSON, with its hash."""
    rubric = load_rubric(name)
    print_json({**rubric.model_dump(mode="json"), "hash": rubric_hash(rubric)})


@app.command()
def lint(file: Path) -> None:
    """Check a rubric file; problems name file and line."""
    rubric = load_rubric(file)
    print(f"{file}: {len(rubric.criteria)} criteria, no problems")


@app.command()
def schema() -> None:
    """Print the JSON Schema of rubric files, for editors that complete and check YAML."""
    print_json(Rubric.model_json_schema())
