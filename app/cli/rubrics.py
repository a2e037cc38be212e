"""rubrics: what answers are judged by. No database is opened."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from app.cli.session import Json, print_json
from app.errors import Invalid
from app.settings import load_settings
from rubrics import (
    FORMATS,
    Format,
    Rubric,
    RubricError,
    catalog,
    dump_rubric,
    load_rubric,
    read_rubric,
    rubric_hash,
    write_rubric,
)
from rubrics.lint import lint_text

__all__ = ["app"]

_OTHERS = ", ".join(format for format in FORMATS if format != "milo")

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
def lint(
    files: Annotated[list[Path], typer.Argument(help="Rubric files in YAML.")],
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail too.")] = False,
    json: Json = False,
) -> None:
    """Check rubric files: what the schema refuses, and what makes a rubric hard to judge by.

    Each finding names file and line, what it is and what to do. Errors give exit code 1, warnings 0.
    """
    findings = [finding for file in files for finding in lint_text(_read(file), file=str(file))[1]]
    errors = sum(finding.severity == "error" for finding in findings)
    if json:
        rows = [
            {
                "kind": finding.kind,
                "severity": finding.severity,
                "file": finding.file,
                "line": finding.line,
                "criterion": finding.criterion or None,
                "what": finding.what,
                "do": finding.advice,
            }
            for finding in findings
        ]
        print_json(rows)
    else:
        for finding in findings:
            print(f"{finding.file}:{finding.line}: {finding.severity} {finding.kind}: {finding.what}")
            print(f"    {finding.advice}")
        print(f"files: {len(files)}, errors: {errors}, warnings: {len(findings) - errors}")
    if errors or (strict and findings):
        raise typer.Exit(1)


@app.command()
def convert(
    source: Annotated[
        str,
        typer.Argument(metavar="FILE", help="A file; with --to also the name of a rubric of the catalogue."),
    ],
    from_: Annotated[
        str | None,
        typer.Option(
            "--from", help=f"What FILE is, to be written as our YAML: {_OTHERS}. Seen by itself mostly."
        ),
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", help=f"What our YAML in FILE is to be written as: {_OTHERS}.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File to write; standard output when left out.")] = None,
    model: Annotated[
        str | None,
        typer.Option(help="Model that an OpenAI grader names; MILO_MODEL when left out.", show_default=False),
    ] = None,
) -> None:
    """Rubrics of other systems to our YAML, and our YAML to theirs.

    What one side has no place for is refused with the reason where it would change a level, a weight or when a
    criterion counts; names and remarks that are lost are listed on standard error.
    """
    if from_ and to:
        raise Invalid("give --from or --to, not both: our own YAML is the other side")
    if to is not None:
        rubric = load_rubric(source)
        written = write_rubric(rubric, _format(to), model=model or load_settings().model)
        text, left_out = written.text, written.left_out
    else:
        read = read_rubric(_read(Path(source)), _format(from_) if from_ else None, where=source)
        if read.format == "milo":
            raise Invalid(f"{source} is our own YAML; say with --to what to write: {_OTHERS}")
        text, left_out = dump_rubric(read.rubric), read.left_out
    if left_out:
        print(f"milo: not in the result: {', '.join(left_out)}", file=sys.stderr)
    if out is None:
        print(text, end="")
    else:
        out.write_text(text, encoding="utf-8")
        print(f"wrote {out}")


def _format(name: str) -> Format:
    found = next((format for format in FORMATS if format == name and format != "milo"), None)
    if found is None:
        raise Invalid(f"no format {name!r}; there are {_OTHERS}")
    return found


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:  # ValueError: not UTF-8, or a name that no file can have
        raise RubricError(f"{file} cannot be read: {error}") from error


@app.command()
def schema() -> None:
    """Print the JSON Schema of rubric files, for editors that complete and check YAML."""
    print_json(Rubric.model_json_schema())
