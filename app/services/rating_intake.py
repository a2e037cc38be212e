"""Importing long tables of ratings: all or nothing, in one transaction, with the first bad rows named."""

from collections.abc import Collection, Mapping
from pathlib import Path

import pandas as pd

from app.analytics.look_alikes import look_alikes, looks_like
from app.errors import Conflict
from app.formats import BadRow, RatingsTable, read_ratings
from app.schema import ChoiceQuestion, LabelSchema, validate_label
from app.services import policy
from app.services.audit_log import record_action
from app.services.context import Actor, Context
from app.services.import_report import SHOWN, ImportReport, refused
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
    dry_run: bool = False,
) -> ImportReport:
    """Import a long table of ratings; nothing is stored unless every row is good.

    Values of the questions in `sets` are sets of labels, an empty one too. Where the project's schema has the question, a value has to be on its scale. A rater's second value for the same
    item and question is kept as a repeat. Importing the same file again is refused: there is no id that would tell
    a repeat from a copy.
    """
    table = read_ratings(path, mapping=dict(mapping or {}), sets=sets)
    with_it = table.frame[["gold", "suggestion", "seconds"]].notna().sum()
    report = ImportReport(
        rows=len(table.frame),
        added=len(table.frame),
        suggestions=int(with_it["suggestion"]),
        gold=int(with_it["gold"]),
        seconds=int(with_it["seconds"]),
        dry_run=dry_run,
    )
    with transaction(ctx.engine) as session:
        policy.require(session, actor, project_id, "configure")
        latest = projects.latest_schema(session, project_id)
        bad = [*table.bad_rows, *(_off_scale(table, schema_of(latest)) if latest else [])]
        if bad:
            raise refused(sorted(bad, key=lambda row: row.line), table.rows)
        if ratings.count_ratings(session, project_id):
            raise Conflict("this project holds ratings already; import into a new project")
        report.repeats = int((table.frame["repeat"] > 0).sum())
        _note_look_alikes(table.frame, report)
        if not dry_run:
            for records in table.records(_BATCH):
                ratings.add_ratings(session, [{"project_id": project_id, **record} for record in records])
            detail = {"file": path.name, "rows": report.rows}
            record_action(session, actor, "ratings.import", project_id, **detail)
    return report


def _off_scale(table: RatingsTable, schema: LabelSchema) -> list[BadRow]:
    bad = []
    for question in schema.questions:
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


def _note_look_alikes(frame: pd.DataFrame, report: ImportReport) -> None:
    for question, rows in frame.groupby("question", sort=False):
        counts = pd.concat([rows["value"], rows["gold"].dropna()]).value_counts()
        for one in look_alikes({str(label): int(n) for label, n in counts.items()}):
            report.look_alike_count += one.n
            if len(report.look_alikes) < SHOWN:
                report.look_alikes.append((str(question), one.label, one.like, one.n))
