"""judge and rubrics: no database is opened."""

import asyncio
import gzip
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from app.cli.session import Json, print_json
from app.errors import Invalid
from app.settings import load_settings
from app.wiring import make_gateway
from judge import Judge, JudgeError, Submission
from judge.llm import Gateway
from rubrics import Rubric, RubricError, catalog, load_rubric, rubric_from, rubric_hash

__all__ = ["judge", "rubrics_app"]

rubrics_app = typer.Typer(help="Rubrics: what answers are judged by.", no_args_is_help=True)


def judge(
    file: Annotated[
        Path,
        typer.Argument(
            help="A line each {id, prompt, response, reference?, context?, rubric?}; .gz is read too."
        ),
    ],
    rubric: Annotated[
        str, typer.Option(help="Name of a rubric or a YAML file; a line's own rubric wins.")
    ] = "helpfulness",
    model: Annotated[
        str | None, typer.Option(help="Model to ask [env: MILO_MODEL].", show_default=False)
    ] = None,
    in_flight: Annotated[int, typer.Option(help="Answers judged at the same time.")] = 64,
    out: Annotated[
        Path | None, typer.Option(help="File to write, whole or not at all; standard output when left out.")
    ] = None,
) -> None:
    """Judge written answers, one per line, in the same order. Exit code 0 when every line has an outcome."""
    default = load_rubric(rubric)
    rows = list(_rows(file, default))
    settings = load_settings(**({"model": model} if model else {}))
    gateway = make_gateway(settings)
    if gateway is None:
        print("milo: no model endpoint is set up; criteria that need one are left unscored", file=sys.stderr)
    lines = asyncio.run(_judge(rows, gateway, in_flight))
    if out is None:
        sys.stdout.buffer.write(b"".join(lines))
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
    with os.fdopen(handle, "wb") as temporary:
        temporary.writelines(lines)
    Path(name).replace(out)
    print(f"judged {len(lines)} answers into {out}")


def _rows(file: Path, default: Rubric) -> Iterator[tuple[Rubric, Submission]]:
    """Every line, checked before the first one is judged."""
    known: dict[bytes, Rubric] = {}
    source = gzip.open(file) if file.suffix == ".gz" else file.open("rb")
    with source:
        for number, line in enumerate(source, 1):
            if not line.strip():
                continue
            try:
                row = orjson.loads(line)
                if not isinstance(row, dict):
                    raise Invalid(f"is a {type(row).__name__}, not an object")
                yield _rubric(row, default, known), Submission.from_json(row)
            except (orjson.JSONDecodeError, Invalid, JudgeError, RubricError) as error:
                raise Invalid(f"{file.name}, line {number}: {error}") from error


def _rubric(row: dict[str, Any], default: Rubric, known: dict[bytes, Rubric]) -> Rubric:
    own = row.get("rubric")
    if own is None:
        return default
    key = orjson.dumps(own, option=orjson.OPT_SORT_KEYS)
    if key not in known:
        named = isinstance(own, str) and own in catalog()
        known[key] = catalog()[own] if named else rubric_from(own)
    return known[key]


async def _judge(
    rows: list[tuple[Rubric, Submission]], gateway: Gateway | None, in_flight: int
) -> list[bytes]:
    """Verdicts in the order of the rows."""
    judges: dict[str, Judge] = {}
    limit = asyncio.Semaphore(in_flight)

    async def one(rubric: Rubric, submission: Submission) -> bytes:
        scorer = judges.setdefault(rubric_hash(rubric), Judge(rubric, gateway))
        async with limit:
            verdict = await scorer.score(submission)
        return orjson.dumps(verdict.to_json(), option=orjson.OPT_APPEND_NEWLINE)

    try:
        return list(await asyncio.gather(*(one(rubric, submission) for rubric, submission in rows)))
    finally:
        if gateway is not None:
            await gateway.close()


@rubrics_app.command("list")
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


@rubrics_app.command()
def show(name: str) -> None:
    """Show a rubric as JSON, with its hash."""
    rubric = load_rubric(name)
    print_json({**rubric.model_dump(mode="json"), "hash": rubric_hash(rubric)})


@rubrics_app.command()
def lint(file: Path) -> None:
    """Check a rubric file; problems name file and line."""
    rubric = load_rubric(file)
    print(f"{file}: {len(rubric.criteria)} criteria, no problems")


@rubrics_app.command()
def schema() -> None:
    """Print the JSON Schema of rubric files, for editors that complete and check YAML."""
    print_json(Rubric.model_json_schema())
