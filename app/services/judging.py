"""Verdicts on submitted text answers: asked for in the submit's transaction, computed by the worker."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from app.clock import utc_now
from app.schema import LabelSchema
from app.services import policy
from app.services.arms import workplace_of
from app.services.context import Actor, Context
from app.services.endpoints import PriceList, price_list
from app.services.jobs import LIVE, Done, GiveUp, call_key
from app.services.judge_calibrated import add_calibrated, calibrated_of_project
from app.services.judge_gate import Gates, gate_for, gates_of_project
from app.services.judged_calls import model_in_use, outcome_of
from app.services.media import images_of
from app.services.performing import Pause
from app.services.privacy import private_gateway
from app.services.projects import rubric_of
from app.services.submissions import submission_of
from db.engine import Session, reading, transaction
from db.records import AnswerRecord, DisputeRecord, ItemRecord, ProjectRecord
from db.store import annotations, disputes, items, projects, studies, verdicts
from judge import Judge, Submission
from judge.llm import Gateway, Parameters
from rubrics import Rubric

__all__ = [
    "KIND",
    "feedback",
    "judge_answer",
    "mark_seen",
    "request_verdicts",
    "rubric_words",
    "with_rubric_words",
]

KIND = "judge"


def request_verdicts(
    ctx: Context,
    session: Session,
    project: ProjectRecord,
    schema: LabelSchema,
    item: ItemRecord,
    answers: Sequence[AnswerRecord],
) -> list[str]:
    """Enqueue one call per judged text answer, in the caller's transaction; returns the ids of the calls."""
    if not project.judge_on:
        return []
    rubric_id = item.rubric_version_id or project.rubric_version_id
    if rubric_id is None:
        return []
    judged = {question.id for question in schema.questions if question.type == "text" and question.judged}
    model = model_in_use(ctx)
    specs = {
        call_key(KIND, answer.id, rubric_id, model): {"answer_id": answer.id, "rubric_version_id": rubric_id}
        for answer in answers
        if answer.question in judged and answer.value[0]
    }
    ctx.jobs.enqueue(session, kind=KIND, specs=specs, job_id=None, priority=LIVE)
    return list(specs)


async def judge_answer(ctx: Context, call_id: str, spec: Mapping[str, Any]) -> Done | GiveUp | Pause:
    """The worker's part of one call: judge one answer and hand back how to store the verdict.

    An endpoint that is away is tried again for as long as the caller has patience; then, as with every other way
    in which a model does not answer, its criteria are unscored with that reason, and the verdict says so. A call of
    a job (`batch`) fails instead, or pauses its job, and can be made again.
    """
    answer_id, rubric_id = int(spec["answer_id"]), int(spec["rubric_version_id"])
    loaded = await asyncio.to_thread(_load, ctx, answer_id, rubric_id)
    if loaded is None:
        return GiveUp(f"answer {answer_id} or rubric version {rubric_id} is gone")
    rubric, submission, gateway, prices = loaded
    parameters = Parameters(timeout_seconds=ctx.settings.model_timeout_seconds)
    started = time.monotonic()
    judge = Judge(
        rubric,
        gateway,
        parameters=parameters,
        samples=spec.get("samples", 1),
        together=spec.get("together", "all"),
    )
    verdict = await judge.score(submission)
    seconds = time.monotonic() - started

    def store(session: Session) -> None:
        verdicts.store_verdict(
            session,
            verdict.to_json(),
            answer_id=answer_id,
            rubric_version_id=rubric_id,
            call_id=call_id,
            prompt_version=verdict.prompt_version,
            parameters=dict(verdict.parameters),
            raw=verdict.raw,
            requests=verdict.requests,
            seconds=seconds,
            simulated=False,
            now=utc_now(),
        )

    return outcome_of(verdict, store=store, prices=prices, seconds=seconds, live=not spec.get("batch"))


def _load(
    ctx: Context, answer_id: int, rubric_id: int
) -> tuple[Rubric, Submission, Gateway | None, PriceList] | None:
    with reading(ctx.engine) as session:
        answer = annotations.answer_by_id(session, answer_id)
        rubric = projects.rubric_by_id(session, rubric_id)
        annotation = annotations.annotation_by_id(session, answer.annotation_id) if answer else None
        item = items.item_by_id(session, annotation.item_id) if annotation else None
        project = projects.project_by_id(session, item.project_id) if item else None
        if answer is None or rubric is None or item is None or project is None:
            return None
        images = images_of(ctx, item.content) if ctx.gateway else ()
        submission = submission_of(str(answer.id), str(answer.value[0]), item.content, images)
        prices = price_list(session, ctx.settings)
        return rubric_of(rubric), submission, private_gateway(ctx, project), prices


def feedback(ctx: Context, actor: Actor, project_id: int, *, limit: int = 20) -> list[dict[str, Any]]:
    """The newest verdicts on the actor's own answers, with the words of the rubric beside each level, and what people
    would give where that was measured.

    Those on items that a running study leaves without feedback are kept back until it has stopped.
    """
    if actor.user_id is None:
        return []
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "annotate")
        gates = gates_of_project(ctx.engine, session, project)
        calibrated = calibrated_of_project(ctx.engine, session, project)
        silent = studies.items_without_feedback(session, project_id, actor.user_id)
        found = verdicts.verdicts_of_person(session, project_id, actor.user_id, limit=limit)
        rows = [row for row in found if row["item_id"] not in silent]
        disputed = disputes.disputes_of_verdicts(session, [row["verdict_id"] for row in rows])
    for row in rows:
        add_calibrated(row, calibrated)
        _gated(row, gates, hidden=workplace_of(project).judge_unproven == "hidden")
        for score in row["criteria"]:
            score["dispute"] = _dispute(disputed.get((row["verdict_id"], score["id"])))
    return [with_rubric_words(row) for row in rows]


def _gated(row: dict[str, Any], gates: Gates, *, hidden: bool) -> None:
    """Mark each criterion with the state of its gate, and leave out what is not proven where the project wants that.

    The total rests on what is left out, so that it goes with it.
    """
    ruled = {criterion["id"] for criterion in row["rubric_document"]["criteria"] if criterion.get("check")}
    kept = []
    for score in row["criteria"]:
        gate = gate_for(gates, row, score["id"])
        score["gate"] = gate.state if gate else "rule" if score["id"] in ruled else "advisory"
        if not hidden or score["gate"] in ("rule", "proven"):
            kept.append(score)
    if len(kept) < len(row["criteria"]):
        row |= {"criteria": kept, "total": None, "passed": None, "reason": "hidden_until_proven"}


def _dispute(record: DisputeRecord | None) -> dict[str, Any] | None:
    if record is None:
        return None
    return {
        "id": record.id,
        "state": record.state,
        "reason": record.reason,
        "decision": record.decision,
        "level": record.level,
        "seen": record.state == "open" or record.seen_at is not None,
    }


def with_rubric_words(row: dict[str, Any]) -> dict[str, Any]:
    """The verdict with each criterion's question, and the label and description of its level."""
    return rubric_words(row, Rubric.model_validate(row.pop("rubric_document")))


def rubric_words(row: dict[str, Any], rubric: Rubric) -> dict[str, Any]:
    """The same for a verdict whose rubric is at hand."""
    by_id = {criterion.id: criterion for criterion in rubric.criteria}
    for score in row["criteria"]:
        criterion = by_id[score["id"]]
        level = next((level for level in criterion.levels if level.value == score["level"]), None)
        score["title"] = criterion.question
        score["required"] = criterion.required
        score["guideline_ref"] = criterion.guideline_ref
        score["level_label"] = level.label if level else None
        score["best"] = max((level.value for level in criterion.levels), default=None)
        score["deterministic"] = criterion.check is not None
    row["rubric"]["title"] = rubric.title
    row["pass_mark"] = rubric.pass_mark
    return row


def mark_seen(ctx: Context, actor: Actor, verdict_ids: Sequence[int]) -> None:
    """Note that the actor has seen these verdicts on their own answers, and what was decided about disputes."""
    if actor.user_id is not None and verdict_ids:
        with transaction(ctx.engine) as session:
            verdicts.mark_seen(session, verdict_ids, actor.user_id, now=utc_now())
            decided = disputes.disputes_of_verdicts(session, verdict_ids).values()
            disputes.mark_seen(session, [record.id for record in decided], actor.user_id, now=utc_now())
