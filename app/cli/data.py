"""import, export and preannotate."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.jobs import job_lines
from app.cli.session import OPERATOR, DataDir, Json, opened, print_json
from app.cli.waiting import wait_for
from app.errors import Invalid
from app.formats import detect_format
from app.services import intake, job_report, preannotation
from app.services.agents import BUILT_IN, DEFAULT
from app.services.export import ONLY, Only, export_answers
from app.services.export_labels import export_labels
from app.services.export_suggestions import SUGGESTION_STATES, SuggestionFilter, export_suggestions
from app.services.import_report import import_remarks
from app.services.projects import find_project

__all__ = ["export", "import_", "preannotate"]

_OF_ITEMS = ("unchanged", "new_versions", "duplicates", "duplicate_count")
_OF_RATINGS = (
    "seconds", "repeats", "look_alikes", "look_alike_count", "taken", "missing", "left_out", "left_out_count",
    "missing_words",
)  # fmt: skip
"""Counts of an import that mean nothing for the other kind of file."""


def _mapping(pairs: list[str]) -> dict[str, str]:
    mapping = {}
    for pair in pairs:
        field, separator, column = pair.partition("=")
        if not separator or not field or not column:
            raise Invalid(f"--map {pair!r}: write FIELD=COLUMN")
        mapping[field] = column
    return mapping


def import_(
    project: str,
    files: Annotated[
        list[Path], typer.Argument(help="JSONL, JSON, CSV, TSV, TXT or Parquet; .gz and .zip are unpacked.")
    ],
    format: Annotated[
        str, typer.Option(help="items, or ratings (one row a rating: item, rater, question, value, …).")
    ] = "items",
    map: Annotated[
        list[str], typer.Option("--map", help="FIELD=COLUMN; may be repeated. Other columns become metadata.")
    ] = [],
    sets: Annotated[
        list[str],
        typer.Option(
            "--sets",
            metavar="QUESTION",
            help="Of ratings: a question whose values are sets of labels, split at `;`, and whose empty values mean none of "
            "them. May be repeated.",
        ),
    ] = [],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, store nothing.")] = False,
    skip_missing: Annotated[
        bool,
        typer.Option("--skip-missing", help="Of ratings: leave out rows without a value, and count them."),
    ] = False,
    missing: Annotated[
        list[str],
        typer.Option(
            "--missing", metavar="TEXT", help="Of ratings: this value is none, as NA; may be repeated."
        ),
    ] = [],
    skip_bad: Annotated[
        bool,
        typer.Option(
            "--skip-bad", help="Of ratings: leave out rows that are refused, and count them by reason."
        ),
    ] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Import items or ratings: every row of a file, or none of it."""
    if format not in ("items", "ratings"):
        raise Invalid(f"--format {format!r}; there are items and ratings")
    if format == "items" and (skip_missing or missing or skip_bad):
        raise Invalid("--skip-missing, --missing and --skip-bad are of --format ratings")
    if sets and format != "ratings":
        raise Invalid("--sets is for --format ratings; a question with several options says so in the schema")
    with opened(data_dir) as ctx:
        found = find_project(ctx, OPERATOR, project)
        for path in files:
            detect_format(path.name)
            mapping = _mapping(map)
            if format == "ratings":
                report = intake.import_ratings(
                    ctx,
                    OPERATOR,
                    found.id,
                    path,
                    mapping=mapping,
                    sets=sets,
                    missing=missing,
                    skip_missing=skip_missing,
                    skip_bad=skip_bad,
                    dry_run=dry_run,
                )
            else:
                report = intake.import_items(ctx, OPERATOR, found.id, path, mapping=mapping, dry_run=dry_run)
            if json:
                left_out = _OF_ITEMS if format == "ratings" else _OF_RATINGS
                names = [name for name in report.__slots__ if name not in left_out]
                print_json({"file": str(path), **{name: getattr(report, name) for name in names}})
                continue
            verb = "would add" if dry_run else "added"
            counted = (
                f"{verb} {report.added} ratings; with a known answer {report.gold}, with seconds {report.seconds}, "
                f"with a suggestion {report.suggestions}"
                if format == "ratings"
                else f"{verb} {report.added}, new versions {report.new_versions}, unchanged {report.unchanged}, "
                f"suggestions {report.suggestions}, gold {report.gold}"
            )
            print(f"{path.name}: {report.rows} rows; {counted}")
            for remark in import_remarks(report):
                print(f"  {remark}")


def export(
    project: str,
    out: Annotated[Path, typer.Option(help="File to write; whole or not at all.")],
    format: Annotated[str, typer.Option(help="jsonl, csv or parquet.")] = "jsonl",
    only: Annotated[
        str | None,
        typer.Option(help=f"{', '.join(ONLY)}; of suggestions {', '.join(SUGGESTION_STATES)}."),
    ] = None,
    suggestions: Annotated[
        bool, typer.Option("--suggestions", help="One row per suggestion of a model instead.")
    ] = False,
    labels: Annotated[
        bool,
        typer.Option(
            "--labels", help="One row per item and question instead: people's vote with its shares."
        ),
    ] = False,
    subset: Annotated[str, typer.Option("--subset", help="Of suggestions: query of the items.")] = "",
    job: Annotated[int | None, typer.Option(help="Of suggestions: one job's.")] = None,
    agent: Annotated[str, typer.Option(help="Of suggestions: one agent's or model's.")] = "",
    verifier: Annotated[str, typer.Option(help="Of suggestions: those that this person checked last.")] = "",
    data_dir: DataDir = None,
) -> None:
    """Export one row per answer and person, with suggestion, verdict, times, metadata and the soft label."""
    if labels and (suggestions or only):
        raise Invalid("--labels goes without --suggestions and --only")
    with opened(data_dir) as ctx:
        found = find_project(ctx, OPERATOR, project)
        if labels:
            count = export_labels(ctx, OPERATOR, found.id, out, format=format)
            print(f"wrote {count} rows to {out}")
            return
        if suggestions:
            wanted = SuggestionFilter(subset, job, agent, verifier, only or "")
            count = export_suggestions(ctx, OPERATOR, found.id, out, format=format, wanted=wanted)
            print(f"wrote {count} rows to {out}")
            return
        chosen: Only | None = next((name for name in ONLY if name == only), None)
        if only is not None and chosen is None:
            raise Invalid(f"--only {only!r}; there are {', '.join(ONLY)}")
        if found.kind == "ratings":
            raise Invalid(
                f"project {project!r} holds imported ratings and no answers; --labels exports one row per item and question"
            )
        count = export_answers(ctx, OPERATOR, found.id, out, format=format, only=chosen)
    print(f"wrote {count} rows to {out}")


def preannotate(
    project: str,
    agent: Annotated[
        str,
        typer.Option(
            help=f"Name of the agent; {BUILT_IN!r} is the classifier, {DEFAULT!r} the configured model with the "
            "prompt that the schema makes. `milo agents list` names the others."
        ),
    ] = BUILT_IN,
    subset: Annotated[
        str,
        typer.Option(
            "--subset", help="Query of the items, see `milo subsets find --help`; all when left out."
        ),
    ] = "",
    limit: Annotated[int | None, typer.Option(help="At most this many items.")] = None,
    dry_run: Annotated[
        int | None, typer.Option(help="So many items by lot, to see what the whole would cost.")
    ] = None,
    budget: Annotated[float | None, typer.Option(help="USD at which the job pauses.")] = None,
    near: Annotated[
        bool, typer.Option("--near", help="Take labels that are merely near; they are flagged.")
    ] = False,
    again: Annotated[
        int, typer.Option(help="Ask again although it was asked, to measure: any number not used before.")
    ] = 0,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for a worker to finish it.")] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Put suggestions beside the items of a project, as a background job."""
    with opened(data_dir) as ctx:
        found = find_project(ctx, OPERATOR, project)
        job = preannotation.start(
            ctx,
            OPERATOR,
            found.id,
            agent=agent,
            query=subset,
            limit=limit,
            dry_run=dry_run,
            budget_usd=budget,
            near=near,
            replicate=again,
        )
        counts = wait_for(ctx, job.id) if wait else ctx.jobs.progress(job.id)
        found_report = job_report.job_report(ctx, OPERATOR, job.id)
    if json:
        print_json({"job": job.id, "calls": counts, "spec": job.spec, **found_report.to_json()})
    else:
        print(
            f"job {job.id}: {', '.join(f'{count} {status}' for status, count in counts.items()) or 'nothing to do'}"
        )
        for line in job_lines(found_report):
            print(f"        {line}")
    if counts.get("failed") or counts.get("paused"):
        raise typer.Exit(1)
