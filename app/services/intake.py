"""Importing items: all or nothing, in one transaction, with the first bad rows named."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from app.analytics.splits import split_of
from app.clock import utc_now
from app.errors import Invalid
from app.formats import BadRow, Format, ItemRow, read_items
from app.schema import LabelSchema, validate_answer
from app.services import policy
from app.services.audit_log import record_action
from app.services.context import Actor, Context
from app.services.import_report import SHOWN, ImportReport, refused
from app.services.projects import schema_of, store_rubric
from app.services.rating_intake import import_ratings
from app.services.submissions import plain_text
from db.engine import Session, transaction
from db.records import ProjectRecord
from db.store import items, projects
from rubrics import Rubric, RubricError, catalog, rubric_from

__all__ = ["ImportReport", "import_items", "import_ratings"]

_BATCH = 2_000


def import_items(
    ctx: Context,
    actor: Actor,
    project_id: int,
    path: Path,
    *,
    mapping: Mapping[str, str] | None = None,
    format: Format | None = None,
    dry_run: bool = False,
) -> ImportReport:
    """Import items from a file; nothing is stored unless every row is good.

    Raises Invalid naming the first ten bad rows with line, field and reason.
    """
    report = ImportReport(dry_run=dry_run)
    bad: list[BadRow] = []
    with transaction(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "configure")
        schema_version = projects.latest_schema(session, project_id)
        if schema_version is None:
            raise Invalid(f"project {project.name!r} holds ratings; use --format ratings")
        importer = _Importer(session, project, schema_of(schema_version), report)
        reader = read_items(
            path,
            mapping=dict(mapping or {}),
            format=format,
            max_unpacked_bytes=ctx.settings.max_unpacked_mb * 2**20,
        )
        for batch in _batches(reader, _BATCH):
            good = [row for row in batch if isinstance(row, ItemRow)]
            bad += [row for row in batch if isinstance(row, BadRow)]
            report.rows += len(batch)
            bad += importer.add(good, keep=not bad)
        if bad:
            raise refused(bad, report.rows)
        if report.rows == 0:
            raise Invalid(f"{path.name} holds no rows")
        if dry_run:
            session.rollback()
            return report
        detail = {
            "file": path.name,
            "rows": report.rows,
            "added": report.added,
            "new_versions": report.new_versions,
        }
        record_action(session, actor, "items.import", project_id, **detail)
    return report


def _batches(rows: Iterable[ItemRow | BadRow], size: int) -> Iterator[list[ItemRow | BadRow]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, size)):
        yield batch


class _Importer:
    """One import under way: rows in, inserted batch by batch."""

    def __init__(
        self, session: Session, project: ProjectRecord, schema: LabelSchema, report: ImportReport
    ) -> None:
        self.session, self.project, self.schema, self.report = session, project, schema, report
        self.questions = {question.id: question for question in schema.questions}
        self.position = items.next_position(session, project.id)
        self.was_empty = self.position == 0
        self.hashes = {} if self.was_empty else items.current_hashes(session, project.id)
        """Content hash -> external id, of what the project holds and this import has seen."""
        self.rubrics: dict[str, int] = {}
        self.now = utc_now()

    def add(self, rows: list[ItemRow], *, keep: bool) -> list[BadRow]:
        """Check the rows and, when `keep`, store them; returns those that are bad after all."""
        bad = [
            problem
            for row in rows
            if (row.suggestions or row.gold or row.rubric is not None)
            and (problem := self._check(row)) is not None
        ]
        if bad or not keep or not rows:
            return bad
        hashes = [_content_hash(row.content) for row in rows]
        known: dict[str, tuple[int, int, str]] = {}
        if not self.was_empty:
            known = items.current_versions(self.session, self.project.id, [row.external_id for row in rows])
        fresh: list[tuple[Any, ...]] = []
        superseded: list[int] = []
        carriers: list[ItemRow] = []
        for row, content_hash in zip(rows, hashes, strict=True):
            previous = known.get(row.external_id)
            if previous is not None and previous[2] == content_hash:
                self.report.unchanged += 1
                continue
            twin = self.hashes.setdefault(content_hash, row.external_id)
            if twin != row.external_id:
                self.report.duplicate_count += 1
                if len(self.report.duplicates) < SHOWN:
                    self.report.duplicates.append((row.external_id, twin))
            if previous is not None:
                superseded.append(previous[0])
                self.report.new_versions += 1
            else:
                self.report.added += 1
            fresh.append(self._item(row, content_hash, version=previous[1] + 1 if previous else 1))
            carriers.append(row)
        items.supersede(self.session, superseded)
        items.add_items(self.session, fresh)
        self._add_attached(carriers)
        return []

    def _check(self, row: ItemRow) -> BadRow | None:
        for suggestion in row.suggestions:
            problem = self._value_problem(suggestion.question, suggestion.value, row)
            if problem:
                return BadRow(row.line, f"suggestions.{suggestion.question}", problem)
        for question, value in row.gold.items():
            problem = self._value_problem(question, value, row)
            if problem:
                return BadRow(row.line, f"gold.{question}", problem)
        try:
            self._rubric_id(row.rubric)
        except RubricError as error:
            return BadRow(row.line, "rubric", str(error))
        return None

    def _value_problem(self, question_id: str, value: object, row: ItemRow) -> str | None:
        question = self.questions.get(question_id)
        if question is None:
            return f"the schema has no question {question_id!r}; it has {', '.join(self.questions)}"
        problems = validate_answer(question, value, item_text=plain_text(row.content))
        return problems[0] if problems else None

    def _rubric_id(self, rubric: str | Mapping[str, Any] | None) -> int | None:
        if rubric is None:
            return None
        key = (
            rubric if isinstance(rubric, str) else orjson.dumps(rubric, option=orjson.OPT_SORT_KEYS).decode()
        )
        if key not in self.rubrics:
            self.rubrics[key] = store_rubric(self.session, _rubric(rubric)).id
        return self.rubrics[key]

    def _item(self, row: ItemRow, content_hash: str, *, version: int) -> tuple[Any, ...]:
        """A row of ITEM_COLUMNS."""
        position, self.position = self.position, self.position + 1
        return (
            self.project.id, row.external_id, version, True, position, row.content, row.metadata, content_hash,
            self._rubric_id(row.rubric), self.project.overlap, self.now,
        )  # fmt: skip

    def _add_attached(self, rows: list[ItemRow]) -> None:
        """Gold and suggestions that came with the items; neither counts as done work."""
        carriers = [row for row in rows if row.gold or row.suggestions]
        if not carriers:
            return
        ids = items.current_versions(self.session, self.project.id, [row.external_id for row in carriers])
        gold = [
            {
                "item_id": ids[row.external_id][0],
                "question": question,
                "value": [value],
                "split": split_of(_content_hash(row.content)),
                "created_at": self.now,
            }
            for row in carriers
            for question, value in row.gold.items()
        ]
        suggestions = [
            {
                "item_id": ids[row.external_id][0],
                "question": suggestion.question,
                "value": [suggestion.value],
                "confidence": suggestion.confidence,
                "confidence_source": "none" if suggestion.confidence is None else "imported",
                "probabilities": suggestion.probabilities,
                "rationale": suggestion.rationale or "",
                "examples": [],
                "model": suggestion.model,
                "model_version": suggestion.version,
                "created_at": self.now,
            }
            for row in carriers
            for suggestion in row.suggestions
        ]
        items.add_gold(self.session, gold)
        items.add_suggestions(self.session, suggestions)
        self.report.gold += len(gold)
        self.report.suggestions += len(suggestions)


def _content_hash(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _rubric(source: str | Mapping[str, Any]) -> Rubric:
    known = catalog()
    if isinstance(source, str) and source in known:
        return known[source]
    if isinstance(source, str) and "\n" not in source:
        raise RubricError(f"no rubric {source!r} in the catalogue: {', '.join(sorted(known))}")
    return rubric_from(source)
