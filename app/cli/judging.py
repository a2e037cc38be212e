"""judge: written answers and pairs from files, without a database; and a project's answers again."""

import asyncio
import gzip
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from typer.core import TyperGroup

from app.cli import project_judging, rejudging
from app.errors import Invalid
from app.settings import load_settings
from app.wiring import make_gateway
from judge import Judge, JudgeError, Pair, PairJudge, Panel, Submission
from judge.llm import Gateway
from rubrics import Rubric, RubricError, catalog, load_rubric, rubric_from, rubric_hash

__all__ = ["app"]


class _FileFirst(TyperGroup):
    """`milo judge FILE …` is `milo judge file FILE …`: what is none of the commands is taken for a file.

    `ctx` is of a type that typer keeps to itself.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = ["file", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    help="Judge written answers: `milo judge FILE.jsonl --rubric NAME`.", cls=_FileFirst, no_args_is_help=True
)


app.command()(rejudging.again)
app.command()(rejudging.compare)
app.command()(project_judging.suggestions)
app.command()(project_judging.contradictions)


@app.command("file")
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
        list[str],
        typer.Option(
            help="Model to ask [env: MILO_MODEL]; given several times, they judge as a panel.",
            show_default=False,
        ),
    ] = [],
    samples: Annotated[
        int,
        typer.Option(
            min=1, max=20, help="Replies per answer whose mean counts; three is where gains level off."
        ),
    ] = 1,
    probabilities: Annotated[
        bool,
        typer.Option(
            "--probabilities",
            help="The mean over the probabilities of the level's token, where the endpoint gives them.",
        ),
    ] = False,
    per_criterion: Annotated[
        bool, typer.Option("--per-criterion", help="One request for each criterion instead of one for all.")
    ] = False,
    in_flight: Annotated[int, typer.Option(help="Answers judged at the same time.")] = 64,
    out: Annotated[
        Path | None, typer.Option(help="File to write, whole or not at all; standard output when left out.")
    ] = None,
) -> None:
    """Judge written answers, one per line, in the same order. Exit code 0 when every line has an outcome."""
    default = load_rubric(rubric)
    rows = list(_rows(file, default))
    settings = load_settings(**({"model": model[0]} if model else {}))
    gateway = make_gateway(settings)
    if gateway is None:
        print("milo: no model endpoint is set up; criteria that need one are left unscored", file=sys.stderr)
        ways: list[Gateway | None] = [None]
    else:
        ways = [gateway.for_model(name) for name in dict.fromkeys(model)] or [gateway]

    def make(rubric: Rubric) -> Judge | Panel:
        judges = [
            Judge(
                rubric,
                way,
                samples=samples,
                scoring="probabilities" if probabilities else "level",
                together="one" if per_criterion else "all",
            )
            for way in ways
        ]
        return judges[0] if len(judges) == 1 else Panel(judges)

    write_lines(asyncio.run(_judge(rows, make, gateway, in_flight)), out)


@app.command()
def pairs(
    file: Annotated[
        Path, typer.Argument(help="A line each {id, prompt, left, right, reference?}; .gz is read too.")
    ],
    rubric: Annotated[
        str, typer.Option(help="Name of a rubric or a YAML file: what to compare by.")
    ] = "helpfulness",
    model: Annotated[
        str | None, typer.Option(help="Model to ask [env: MILO_MODEL].", show_default=False)
    ] = None,
    in_flight: Annotated[int, typer.Option(help="Pairs compared at the same time.")] = 32,
    out: Annotated[Path | None, typer.Option(help="File to write; standard output when left out.")] = None,
) -> None:
    """Compare two answers in both orders; what changes with the order is a tie."""
    rows = []
    for number, row in read_lines(file):
        try:
            rows.append(Pair.from_json(row))
        except JudgeError as error:
            raise Invalid(f"{file.name}, line {number}: {error}") from error
    gateway = make_gateway(load_settings(**({"model": model} if model else {})))
    if gateway is None:
        raise Invalid("comparing needs a language model; set OPENAI_API_KEY or OPENAI_BASE_URL")
    scorer, limit = PairJudge(load_rubric(rubric), gateway), asyncio.Semaphore(in_flight)

    async def one(pair: Pair) -> bytes:
        async with limit:
            found = await scorer.compare(pair)
        return orjson.dumps(found.to_json(), option=orjson.OPT_APPEND_NEWLINE)

    async def run() -> list[bytes]:
        try:
            return list(await asyncio.gather(*map(one, rows)))
        finally:
            await gateway.close()

    write_lines(asyncio.run(run()), out)


def write_lines(lines: list[bytes], out: Path | None) -> None:
    """To the file, whole or not at all, or to standard output."""
    if out is None:
        sys.stdout.buffer.write(b"".join(lines))
        return
    write_whole(out, lines)
    print(f"judged {len(lines)} answers into {out}")


def write_whole(out: Path, lines: list[bytes]) -> None:
    """To the file, whole or not at all."""
    out.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
    with os.fdopen(handle, "wb") as temporary:
        temporary.writelines(lines)
    Path(name).replace(out)


def _rows(file: Path, default: Rubric) -> Iterator[tuple[Rubric, Submission]]:
    """Every line, checked before the first one is judged."""
    known: dict[bytes, Rubric] = {}
    for number, row in read_lines(file):
        try:
            yield _rubric(row, default, known), Submission.from_json(row, folder=file.parent)
        except (JudgeError, RubricError) as error:
            raise Invalid(f"{file.name}, line {number}: {error}") from error


def read_lines(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, object) of a JSON Lines file, packed or not. Raises Invalid naming file and line."""
    source = gzip.open(file) if file.suffix == ".gz" else file.open("rb")
    with source:
        for number, line in enumerate(source, 1):
            if not line.strip():
                continue
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise Invalid(f"{file.name}, line {number}: {error}") from error
            if not isinstance(row, dict):
                raise Invalid(f"{file.name}, line {number}: is a {type(row).__name__}, not an object")
            yield number, row


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
    rows: list[tuple[Rubric, Submission]],
    make: Callable[[Rubric], Judge | Panel],
    gateway: Gateway | None,
    in_flight: int,
) -> list[bytes]:
    """Verdicts in the order of the rows."""
    judges: dict[str, Judge | Panel] = {}
    limit = asyncio.Semaphore(in_flight)

    async def one(rubric: Rubric, submission: Submission) -> bytes:
        key = rubric_hash(rubric)
        if key not in judges:
            judges[key] = make(rubric)
        scorer = judges[key]
        async with limit:
            verdict = await scorer.score(submission)
        return orjson.dumps(verdict.to_json(), option=orjson.OPT_APPEND_NEWLINE)

    try:
        return list(await asyncio.gather(*(one(rubric, submission) for rubric, submission in rows)))
    finally:
        if gateway is not None:
            await gateway.close()
