"""Importing long tables of ratings: all or nothing, in one transaction, with the first bad rows named."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import pandas as pd

from app.analytics.look_alikes import look_alikes, looks_like
from app.analytics.missing_words import missing_words
from app.errors import Conflict, Invalid
from app.formats import BadRow, RatingsTable, read_ratings
from app.schema import ChoiceQuestion, LabelSchema, MultiChoiceQuestion, validate_label
from app.services import policy
from app.services.audit_log import record_action
from app.services.context import Actor, Context
from app.services.import_report import SHOWN, ImportReport, import_remarks, left_out, refused
from app.services.projects import schema_of
from db.engine import transaction
from db.store import projects, ratings

__all__ = ["import_ratings"]

_BATCH = 10_000


def import_ratings(
    ctx: Context,
    actor: Actor,
    project_id: int,
    path: Path,
    *,
    mapping: Mapping[str, str] | None = None,
    sets: Collection[str] = (),
    missing: Sequence[str] = (),
    skip_missing: bool = False,
    skip_bad: bool = False,
    dry_run: bool = False,
) -> ImportReport:
    """Import a long table of ratings; nothing is stored unless every row is good.

    Values of the questions in `sets` are sets of labels, an empty one too. `skip_missing` leaves out rows without a
    value, `missing` among them, and `skip_bad` every row that would be refused; both are counted. Where the project's
    schema has the question, a value has to be on its scale. A rater's second value for the same item and question is kept
    as a repeat. Importing the same file again is refused: there is no id that would tell a repeat from a copy.
    """
    table = read_ratings(path, mapping=dict(mapping or {}), missing=missing, sets=sets)
    report = ImportReport(rows=table.rows, taken=list(table.taken), dry_run=dry_run)
    with transaction(ctx.engine) as session:
        policy.require(session, actor, project_id, "configure")
        latest = projects.latest_schema(session, project_id)
        schema = schema_of(latest) if latest else None
        if skip_missing:
            report.missing = len(table.without_value)
            table = table.without(table.without_value)
        bad = sorted([*table.bad_rows, *_off_scale(table, schema)], key=lambda row: row.line)
        unreadable = any(row.last for row in bad)
        if bad and (unreadable or not skip_bad):
            raise refused(bad, table.rows, way_on=_way_on(table, unreadable=unreadable))
        by_reason = left_out(bad)
        report.left_out, report.left_out_count = by_reason[:SHOWN], sum(one.n for one in by_reason)
        table = table.without({row.line for row in bad}) if bad else table
        report.added = len(table.frame)
        with_it = table.frame[["gold", "suggestion", "seconds"]].notna().sum()
        report.gold, report.suggestions = int(with_it["gold"]), int(with_it["suggestion"])
        report.seconds = int(with_it["seconds"])
        if not report.added:
            raise Invalid(f"no row of {path.name} is left to import: {'; '.join(import_remarks(report))}")
        if ratings.count_ratings(session, project_id):
            raise Conflict("this project holds ratings already; import into a new project")
        report.repeats = int((table.frame["repeat"] > 0).sum())
        _note_words(table.frame, schema, report)
        if not dry_run:
            for records in table.records(_BATCH):
                ratings.add_ratings(session, [{"project_id": project_id, **record} for record in records])
            detail = {"file": path.name, "rows": report.rows, "added": report.added}
            record_action(session, actor, "ratings.import", project_id, **detail)
    return report


def _way_on(table: RatingsTable, *, unreadable: bool) -> str:
    if unreadable:
        return "What follows that line cannot be read, so it cannot be left out; mend the file."
    without = len(table.without_value & {row.line for row in table.bad_rows})
    skip = f"Rows without a value can be left out (--skip-missing): {without:,} of these. " if without else ""
    return f"{skip}Every row that is refused can be left out (--skip-bad). What is left out is counted."


def _off_scale(table: RatingsTable, schema: LabelSchema | None) -> list[BadRow]:
    bad = []
    for question in schema.questions if schema else ():
        labels = [option.value for option in question.options] if isinstance(question, ChoiceQuestion) else []
        values = table.frame["value"][(table.frame["question"] == question.id) & table.frame["value"].notna()]
        for value in values.unique():
            problems = validate_label(question, value)
            if not problems:
                continue
            like = looks_like(value, labels)
            reason = problems[0] + (f": {value!a} looks like {like!a}" if like else "")
            bad += [
                BadRow(int(table.lines[place]), "value", reason) for place in values.index[values == value]
            ]
    return bad


def _note_words(frame: pd.DataFrame, schema: LabelSchema | None, report: ImportReport) -> None:
    """Labels that look like another, and those that may mean that there is none."""
    declared = {
        question.id: [option.value for option in question.options]
        for question in (schema.questions if schema else ())
        if isinstance(question, ChoiceQuestion | MultiChoiceQuestion)
    }
    for question, rows in frame.groupby("question", sort=False):
        given = rows["value"].value_counts()
        words = missing_words(
            {str(label): int(n) for label, n in given.items()}, declared.get(str(question), ())
        )
        report.missing_words += [(str(question), label, n) for label, n in words.items()]
        counts = given.add(rows["gold"].dropna().value_counts(), fill_value=0)
        for one in look_alikes({str(label): int(n) for label, n in counts.items()}):
            report.look_alike_count += one.n
            if len(report.look_alikes) < SHOWN:
                report.look_alikes.append((str(question), one.label, one.like, one.n))
    del report.missing_words[SHOWN:]
