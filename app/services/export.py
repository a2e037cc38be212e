"""Export: one row per answer and person, with everything known about it, streamed and without a cap."""

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Literal, get_args

import orjson

from app.errors import Invalid
from app.formats import FORMATS, write_rows
from app.services import policy
from app.services.audit_log import record_action
from app.services.context import Actor, Context
from app.services.export_labels import questions_with_labels, soft_label
from app.services.final_labels import FinalLabel, final_labels
from app.services.judge_standing import Standings
from db import frames
from db.engine import Session, reading, transaction
from db.records import AnswerRecord, ProjectRecord
from db.review_records import AppealRecord, ReviewRecord
from db.store import annotations, appeals, items, projects, ratings, reviews, verdicts

__all__ = ["COLUMNS", "ONLY", "Only", "export_answers", "rows_of"]

Only = Literal["submitted", "verified", "confirmed", "corrected", "passed", "adjudicated"]
ONLY: tuple[Only, ...] = get_args(Only)

COLUMNS = (
    "project", "external_id", "item_version", "question", "value", "producer", "producer_kind", "simulated",
    "revision", "state", "skip_reason", "late", "submitted_at", "schema_version", "guideline_version", "position",
    "arm", "shown_at", "first_value", "shown_order", "provenance", "draft_survival", "suggestion_value", "suggestion_confidence", "suggestion_model", "suggestion_model_version",
    "suggestion_planted", "verification", "gold", "verdict_status", "verdict_reason", "verdict_total", "verdict_passed", "verdict_flags", "standing",
    "verdict_model", "verdict_rubric", "verdict_criteria", "human_scores", "final", "final_source", "final_by",
    "final_note", "label_shares", "label_confidence", "label_entropy", "label_people", "review", "reviewer",
    "review_comment", "review_question_comment", "review_fixed", "review_levels", "review_requeue", "review_seconds",
    "review_blind", "review_history", "appeal", "appealed_at", "appeal_decision",
    "handling_seconds",
    "reading_seconds", "working_seconds", "chatting_seconds", "waiting_model_seconds",
    "waiting_judge_seconds", "idle_seconds", "hidden_seconds", "rework_seconds", "metadata",
)  # fmt: skip

_BATCH = 1_000


def export_answers(
    ctx: Context, actor: Actor, project_id: int, out: Path, *, format: str, only: Only | None = None
) -> int:
    """Write the file, whole or not at all; returns the number of rows.

    Every answer of every person and revision, skips included, unless `only` narrows it: `submitted` leaves out
    skips; `verified` keeps answers given with a suggestion on screen, `confirmed` and `corrected` one kind of
    these; `passed` keeps answers that passed a judge which may be relied on (`standing`), `adjudicated` those to
    questions that somebody decided over several answers. `final` is the final label of the item's question, whoever
    the row is by, and `label_…` the soft label of the answers that count for it.
    """
    if format not in FORMATS:
        raise Invalid(f"format {format!r}; there are {', '.join(FORMATS)}")
    if only is not None and only not in ONLY:
        raise Invalid(f"only {only!r}; there are {', '.join(ONLY)}")
    with transaction(ctx.engine) as session:
        policy.require(session, actor, project_id, "export")
        record_action(session, actor, "export", project_id, format=format, only=only, file=out.name)
    with reading(ctx.engine) as session:
        return write_rows(rows_of(ctx, session, project_id, only), out, format=format, columns=COLUMNS)


def rows_of(ctx: Context, session: Session, project_id: int, only: Only | None) -> Iterator[dict[str, Any]]:
    """The rows of the export, in the order of submission."""
    project = projects.project_by_id(session, project_id)
    if project is None:
        return
    stream = frames.export_rows(session, project_id)
    versions = _Versions(session, project_id)
    standings = Standings(ctx, session, project)
    while batch := list(islice(stream, _BATCH)):
        for row in _Batch(session, project, batch, versions, standings).rows():
            if _wanted(row, only):
                yield row


def _wanted(row: dict[str, Any], only: Only | None) -> bool:
    match only:
        case None:
            return True
        case "submitted":
            return bool(row["state"] == "submitted")
        case "verified":
            return row["verification"] is not None
        case "confirmed":
            return bool(row["verification"] == "confirms")
        case "corrected":
            return bool(row["verification"] == "corrects")
        case "passed":
            return bool(row["standing"] == "passed")
        case "adjudicated":
            return bool(row["final_source"] == "adjudicated")


class _Versions:
    """Numbers of schema and guideline versions, looked up once each, and the questions that have soft labels."""

    def __init__(self, session: Session, project_id: int) -> None:
        self._session = session
        self.labelled = questions_with_labels(session, project_id)
        self._schema: dict[int, int | None] = {}
        self._guidelines: dict[int, int | None] = {}

    def schema(self, id_: int) -> int | None:
        if id_ not in self._schema:
            found = projects.schema_by_id(self._session, id_)
            self._schema[id_] = found.number if found else None
        return self._schema[id_]

    def guidelines(self, id_: int) -> int | None:
        if id_ not in self._guidelines:
            found = projects.guidelines_by_id(self._session, id_)
            self._guidelines[id_] = found.number if found else None
        return self._guidelines[id_]


class _Batch:
    """A thousand annotations with what belongs to them, fetched by a handful of queries."""

    def __init__(
        self,
        session: Session,
        project: ProjectRecord,
        heads: list[dict[str, Any]],
        versions: _Versions,
        standings: Standings,
    ) -> None:
        self.project, self.heads, self.versions, self.standings = project.name, heads, versions, standings
        ids = [head["annotation_id"] for head in heads]
        self.answers = annotations.answers_of(session, ids)
        flat = [answer for answers in self.answers.values() for answer in answers]
        self.suggestions = items.suggestions_by_ids(
            session, [a.suggestion_id for a in flat if a.suggestion_id]
        )
        self.outcomes = annotations.verifications_of(session, ids)
        self.verdicts = verdicts.verdicts_of_answers(session, [answer.id for answer in flat])
        item_ids = list({head["item_id"] for head in heads})
        self.gold = items.gold_of_items(session, item_ids)
        self.finals = final_labels(session, project, item_ids)
        self.reviews = reviews.reviews_of(session, ids)
        rejected = [
            one.id for found in self.reviews.values() for one, _ in found if one.outcome == "rejected"
        ]
        self.appeals = appeals.appeals_of(session, rejected)
        self.scores = ratings.human_scores(session, project.id, list({head["external_id"] for head in heads}))

    def rows(self) -> Iterator[dict[str, Any]]:
        for head in self.heads:
            answers = self.answers[head["annotation_id"]]
            if not answers:
                yield self._row(head, None)
            for answer in answers:
                yield self._row(head, answer)

    def _row(self, head: dict[str, Any], answer: AnswerRecord | None) -> dict[str, Any]:
        row = {
            "project": self.project,
            "external_id": head["external_id"],
            "item_version": head["item_version"],
            "question": answer.question if answer else None,
            "value": answer.value[0] if answer else None,
            "producer": head["annotator"],
            "producer_kind": "person",
            "simulated": head["simulated"],
            "revision": head["revision"],
            "state": head["state"],
            "skip_reason": head["skip_reason"] or None,
            "late": head["late"],
            "submitted_at": head["submitted_at"].isoformat(),
            "schema_version": self.versions.schema(head["schema_version_id"]),
            "guideline_version": self.versions.guidelines(head["guideline_version_id"]),
            "position": head["position"],
            "arm": head["arm"],
            "metadata": head["metadata"],
            "human_scores": self.scores.get(head["external_id"], []),
        }
        row |= {f"{name}_seconds": seconds for name, seconds in head["seconds"].items()}
        row |= _of_reviews(self.reviews[head["annotation_id"]], answer)
        row |= _of_appeals(self.reviews[head["annotation_id"]], self.appeals)
        if answer is not None:
            row |= {
                "shown_at": answer.shown_at.isoformat() if answer.shown_at else None,
                "first_value": answer.first_value[0] if answer.first_value else None,
                "shown_order": answer.shown_order,
                "provenance": answer.provenance,
                "draft_survival": answer.draft_survival,
            }
            row["gold"] = self.gold.get((head["item_id"], answer.question))
            label = self.finals.get((head["item_id"], answer.question))
            row |= _of_label(label)
            row |= soft_label(label) if label and answer.question in self.versions.labelled else {}
            row |= self._of_suggestion(head["annotation_id"], answer.suggestion_id)
            row |= _of_verdict(self.verdicts[answer.id], self.standings)
        return {name: row.get(name) for name in COLUMNS}

    def _of_suggestion(self, annotation_id: int, suggestion_id: int | None) -> dict[str, Any]:
        suggestion = self.suggestions.get(suggestion_id) if suggestion_id else None
        if suggestion is None:
            return {}
        return {
            "suggestion_value": suggestion.value[0],
            "suggestion_confidence": suggestion.confidence,
            "suggestion_model": suggestion.model,
            "suggestion_model_version": suggestion.model_version,
            "suggestion_planted": suggestion.planted,
            "verification": self.outcomes.get((annotation_id, suggestion.id)),
        }


def _of_label(label: FinalLabel | None) -> dict[str, Any]:
    if label is None:
        return {}
    return {
        "final": label.value,
        "final_source": label.source,
        "final_by": label.by or None,
        "final_note": label.note or None,
    }


def _of_reviews(found: list[tuple[ReviewRecord, str]], answer: AnswerRecord | None) -> dict[str, Any]:
    """The review that stands with what it says of this answer, and the time that all of them took.

    Comments, fixed values and levels are of the answer's question; a skip has none.
    """
    if not found:
        return {}
    known = [review.seconds for review, _ in found if review.seconds is not None]
    review, reviewer = found[-1]
    row = {
        "review": review.outcome,
        "reviewer": reviewer,
        "review_comment": review.comment or None,
        "review_requeue": review.requeue,
        "review_seconds": sum(known) if known else None,
        "review_blind": review.blind,
    }
    if answer is None:
        return row
    levels = [
        {"criterion": one["criterion"], "level": one["level"], "prefilled": one["prefilled"]}
        for one in review.levels
        if one["answer_id"] == answer.id
    ]
    return row | {
        "review_question_comment": review.question_comments.get(answer.question),
        "review_fixed": (review.answers or {}).get(answer.question),
        "review_levels": orjson.dumps(levels).decode() if levels else None,
    }


def _of_appeals(
    found: list[tuple[ReviewRecord, str]], contested: Mapping[int, AppealRecord]
) -> dict[str, Any]:
    """All reviews, oldest first, each with the one that it replaces and its author's word against it; and the latest
    such word with what came of it.

    A reviewer decides by the review that replaces the rejection: without one, the appeal waits or was overtaken, by a
    new answer or by adjudication.
    """
    if not found:
        return {}
    row: dict[str, Any] = {"review_history": [_line(one, by, contested.get(one.id)) for one, by in found]}
    latest = next((contested[one.id] for one, _ in reversed(found) if one.id in contested), None)
    if latest is None:
        return row
    decided = next((one.outcome for one, _ in found if one.replaces == latest.review_id), None)
    return row | {
        "appeal": latest.reason,
        "appealed_at": latest.created_at.isoformat(),
        "appeal_decision": decided,
    }


def _line(review: ReviewRecord, reviewer: str, contested: AppealRecord | None) -> dict[str, Any]:
    return {
        "id": review.id,
        "replaces": review.replaces,
        "blind": review.blind,
        "outcome": review.outcome,
        "reviewer": reviewer,
        "comment": review.comment or None,
        "created_at": review.created_at.isoformat(),
        "appeal": contested.reason if contested else None,
        "appealed_at": contested.created_at.isoformat() if contested else None,
    }


def _of_verdict(found: list[dict[str, Any]], standings: Standings) -> dict[str, Any]:
    if not found:
        return {}
    verdict = found[-1]
    rubric = verdict["rubric"]
    return {
        "verdict_status": verdict["status"],
        "verdict_reason": verdict["reason"],
        "verdict_total": verdict["total"],
        "verdict_passed": verdict["passed"],
        "verdict_flags": verdict["flags"],
        "standing": standings.of(verdict),
        "verdict_model": verdict["model"],
        "verdict_rubric": f"{rubric['name']} v{rubric['version']} {rubric['hash']}",
        "verdict_criteria": orjson.dumps(verdict["criteria"]).decode(),
    }
