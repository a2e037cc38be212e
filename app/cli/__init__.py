"""`milo`: one file a group of commands."""

import gc
import sys
from typing import NoReturn

import typer

from app.cli import (
    agents,
    auditing,
    data,
    database,
    jobs,
    judging,
    people,
    prices,
    projects,
    report,
    rubrics,
    serving,
    studies,
    subsets,
)
from app.errors import AppError
from db.engine import DATABASE_DOWN
from db.errors import StoreError
from judge import JudgeError
from rubrics import RubricError

__all__ = ["main"]

app = typer.Typer(
    help="MILO: people and language models label data together, judged by rubric, timed honestly.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(serving.demo)
app.command("serve")(serving.serve)
app.command("work")(serving.work)
app.command("doctor")(serving.doctor)
app.add_typer(people.app, name="user")
app.add_typer(projects.app, name="project")
app.command("import")(data.import_)
app.command("export")(data.export)
app.command("preannotate")(data.preannotate)
app.command("metadata")(subsets.metadata)
judging.app.command("audit")(auditing.audit)
app.add_typer(judging.app, name="judge")
app.add_typer(rubrics.app, name="rubrics")
app.add_typer(agents.app, name="agents")
app.add_typer(jobs.app, name="jobs")
app.add_typer(subsets.app, name="subsets")
app.add_typer(prices.app, name="prices")
app.add_typer(report.app, name="report")
app.add_typer(studies.app, name="studies")
app.add_typer(database.app, name="db")


def main() -> NoReturn:
    """Run a command. An error that a person can act on is one line on standard error, and exit code 1."""
    gc.freeze()  # what is imported by now stays; an import of rows would have it walked at every collection
    try:
        app()
    except (AppError, StoreError, RubricError, JudgeError) as error:
        print(f"milo: {error}", file=sys.stderr)
    except DATABASE_DOWN as error:
        print(f"milo: the database did not answer: {error.orig}", file=sys.stderr)
    except OSError as error:
        print(f"milo: {error.strerror or error}: {error.filename or ''}".rstrip(": "), file=sys.stderr)
    sys.exit(1)
