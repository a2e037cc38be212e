"""study: whether help pays, written down before and measured with a control."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.session import OPERATOR, DataDir, Json, opened, print_json
from app.errors import Invalid
from app.services import reports, studies
from app.services.decision_page import decision_page
from app.services.projects import find_project
from app.services.studies import Estimate, StudyState
from app.services.study_report import study_report

__all__ = ["app"]

app = typer.Typer(
    help="Studies: whether help pays, with a control and an outcome written down before.",
    no_args_is_help=True,
)


def _said(state: StudyState) -> dict[str, object]:
    record = state.record
    return {
        "name": record.name,
        "state": record.state,
        "hash": record.hash,
        "registered_at": record.created_at,
        "registered_by": record.created_by,
        "started_at": record.started_at,
        "stopped_at": record.stopped_at,
        "stopped_by": record.stopped_by,
        "stop_reason": record.stop_reason,
        "answers": state.answers,
        "plan": record.document,
        "estimate": reports.as_json(state.estimate) if state.estimate else None,
    }


def _power(estimate: Estimate) -> str:
    spread = estimate.spread
    if spread.assumed:
        source = f"{', '.join(spread.assumed)} assumed, as there is too little to estimate them from"
    else:
        source = f"the spread of {spread.n} answers here"
    if estimate.detectable.change is None:
        return f"power: {estimate.reason}"
    needed = estimate.needed.annotators
    people = f"{needed} people" if needed is not None else f"no number of people ({estimate.needed.reason})"
    return (
        f"power: with {estimate.items_each} items each the planned people find a change of {estimate.detectable.change:+.1%} four times "
        f"in five; the smallest that would matter takes {people} ({source})"
    )


@app.command(epilog="A plan to begin with:\n\n" + studies.SKELETON.replace("\n", "\n\n"))
def define(
    project: str,
    name: str,
    plan: Annotated[Path, typer.Argument(help="YAML file; `milo study define --help` shows one.")],
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Write a study down with its outcome, its hash, and what it will be able to see; a draft of that name is replaced."""
    with opened(data_dir) as ctx:
        found = find_project(ctx, OPERATOR, project)
        state = studies.define_study(
            ctx, OPERATOR, found.id, name=name, source=plan.read_text(encoding="utf-8")
        )
    if json:
        print_json(_said(state))
        return
    print(f"study {name}: draft, hash {state.record.hash}")
    if state.estimate is not None:
        print(_power(state.estimate))


@app.command()
def start(project: str, name: str, data_dir: DataDir = None) -> None:
    """Start a draft: from now on it decides what help comes with which item."""
    with opened(data_dir) as ctx:
        state = studies.start_study(ctx, OPERATOR, find_project(ctx, OPERATOR, project).id, name)
    print(f"study {name}: {state.record.state}, hash {state.record.hash}")


@app.command()
def stop(
    project: str,
    name: str,
    reason: Annotated[str, typer.Option(help="Why, before its rule is met; the report shows it.")] = "",
    data_dir: DataDir = None,
) -> None:
    """Stop a running study before its rule does."""
    with opened(data_dir) as ctx:
        state = studies.stop_study(
            ctx, OPERATOR, find_project(ctx, OPERATOR, project).id, name, reason=reason
        )
    print(f"study {name}: {state.record.state} with {state.answers} answers ({state.record.stop_reason})")


@app.command("list")
def list_(project: str, data_dir: DataDir = None, json: Json = False) -> None:
    """List the studies of a project, newest first."""
    with opened(data_dir) as ctx:
        found = studies.list_studies(ctx, OPERATOR, find_project(ctx, OPERATOR, project).id)
    if json:
        print_json([_said(state) for state in found])
        return
    for state in found:
        wanted = state.plan.stop.answers or "no number of"
        print(
            f"{state.record.name:<32} {state.record.state:<8} {state.answers:>6} of {wanted} answers  {state.record.hash[:12]}"
        )


@app.command()
def report(
    project: str,
    name: str,
    html: Annotated[Path | None, typer.Option(help="Also write the printable decision report here.")] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """What a study found: the outcome that was written down first, with quality, reliance and experience beside it."""
    if html is not None and html.suffix not in (".html", ".htm"):
        raise Invalid(f"{html.name!r}: the decision report is written to a file that ends in .html")
    with opened(data_dir) as ctx:
        found = study_report(ctx, OPERATOR, find_project(ctx, OPERATOR, project).id, name)
    if html is not None:
        html.write_text(decision_page(found), encoding="utf-8")
    if json:
        print_json(reports.as_json(found))
        return
    print(found.headline)
    print(f"{found.primary.words} (hash {found.hash})")
    print(found.conclusion)
    print(f"{found.answers} answers of {found.people} people; {found.primary.how}")
    for row in found.flow:
        print(
            f"{row.arm:<24} given {row.given}, answered {row.answered}, skipped {row.skipped}, ran out {row.expired}, {row.hours:.2f} h"
        )
    for warning in found.warnings:
        print(f"note: {warning}")
