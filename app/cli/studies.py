"""studies: whether help pays, written down before and measured with a control."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from app.cli.session import OPERATOR, DataDir, Json, opened, print_json
from app.errors import Invalid
from app.services import reports, studies
from app.services.decision_page import decision_page
from app.services.projects import find_project
from app.services.studies import StudyState
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
        "obstacles": state.obstacles,
    }


def _print(state: StudyState, *, json: bool) -> None:
    record = state.record
    if json:
        print_json(_said(state))
        return
    print(f"study {record.name}: {record.state}, hash {record.hash}")
    if record.state == "stopped":
        print(f"{state.answers} answers ({record.stop_reason})")
    if state.estimate is not None:
        print(state.estimate.words)
    for obstacle in state.obstacles:
        print(f"it cannot start: {obstacle}")


@app.command(epilog="A plan to begin with:\n\n" + studies.SKELETON.replace("\n", "\n\n"))
def define(
    project: str,
    name: str,
    plan: Annotated[Path, typer.Argument(help="YAML file; `milo studies define --help` shows one.")],
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Write a study down with its outcome, its hash, and what it will be able to see; a draft of that name is replaced."""
    with opened(data_dir) as ctx:
        found = find_project(ctx, OPERATOR, project)
        state = studies.define_study(
            ctx, OPERATOR, found.id, name=name, source=plan.read_text(encoding="utf-8")
        )
    _print(state, json=json)


@app.command()
def start(project: str, name: str, data_dir: DataDir = None, json: Json = False) -> None:
    """Start a draft: from now on it decides what help comes with which item."""
    with opened(data_dir) as ctx:
        state = studies.start_study(ctx, OPERATOR, find_project(ctx, OPERATOR, project).id, name)
    _print(state, json=json)


@app.command()
def stop(
    project: str,
    name: str,
    reason: Annotated[str, typer.Option(help="Why, before its rule is met; the report shows it.")] = "",
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Stop a running study before its rule does."""
    with opened(data_dir) as ctx:
        state = studies.stop_study(
            ctx, OPERATOR, find_project(ctx, OPERATOR, project).id, name, reason=reason
        )
    _print(state, json=json)


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
    if not found:
        print("no study yet; `milo studies define --help` shows a plan to begin with")


@app.command()
def report(project: str, name: str, data_dir: DataDir = None, json: Json = False) -> None:
    """What a study found: the outcome that was written down first, with quality, reliance and experience beside it."""
    with opened(data_dir) as ctx:
        found = study_report(ctx, OPERATOR, find_project(ctx, OPERATOR, project).id, name)
    if json:
        print_json(reports.as_json(found))
        return
    print(f"{found.summary} {found.conclusion}".rstrip())
    print(found.headline)
    print(f"decides: {found.primary.words} (hash {found.hash})")
    print(f"{found.answers} answers of {found.people} people; {found.primary.how}")
    for row in found.flow:
        print(
            f"{row.arm:<24} given {row.given}, answered {row.answered}, skipped {row.skipped}, ran out {row.expired}, {row.hours:.2f} h"
        )
    for one in found.experience.figures:
        if one.mean is not None:
            print(
                f"{one.question:<14} {one.arm:<24} {one.mean:.1f} [{one.low:.1f}, {one.high:.1f}], n={one.n_raters} people"
            )
    for warning in found.warnings:
        print(f"note: {warning}")


@app.command()
def decision(
    project: str,
    name: str,
    out: Annotated[Path | None, typer.Option(help="File to write; without it the page is printed.")] = None,
    data_dir: DataDir = None,
) -> None:
    """The decision report: one page of HTML to print, with versions and hashes, that needs nothing from outside."""
    if out is not None and out.suffix not in (".html", ".htm"):
        raise Invalid(f"{out.name!r}: the decision report is written to a file that ends in .html")
    with opened(data_dir) as ctx:
        page = decision_page(study_report(ctx, OPERATOR, find_project(ctx, OPERATOR, project).id, name))
    if out is None:
        sys.stdout.write(page)
    else:
        out.write_text(page, encoding="utf-8")
