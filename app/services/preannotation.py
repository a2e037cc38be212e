"""Pre-annotation: a job that puts suggestions beside items, so that nobody waits for a model."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.agents.classifier import LABEL, Classifier, NotEnoughExamples, Prediction, require_enough, train
from app.clock import utc_now
from app.errors import Invalid
from app.schema import ChoiceQuestion
from app.services import policy
from app.services.agents import BUILT_IN, find_agent
from app.services.audit_log import record_action
from app.services.context import Actor, Context
from app.services.jobs import BATCH, Done, GiveUp, call_key
from app.services.model_labelling import label_with_model
from app.services.projects import schema_of
from app.services.submissions import plain_text
from db.engine import Session, reading, transaction
from db.records import AgentRecord, JobRecord
from db.store import calls, items, projects

__all__ = [
    "KIND",
    "JobState",
    "job_state",
    "list_jobs",
    "predict_items",
    "ready_questions",
    "start",
]

KIND = "preannotate"
_PER_CALL = 200
"""Items in one call of the built-in classifier, which has to learn first."""


@dataclass(frozen=True, slots=True)
class JobState:
    job: JobRecord
    counts: dict[str, int]
    """Status -> calls."""
    errors: list[tuple[str, int]]

    @property
    def finished(self) -> bool:
        return not (self.counts.get("queued", 0) + self.counts.get("running", 0))


def start(
    ctx: Context, actor: Actor, project_id: int, *, agent: str = BUILT_IN, limit: int | None = None
) -> JobRecord:
    """Start a job that puts an agent's suggestions beside every item, one call an item for a language model.

    What an agent has said about an item under the same schema and guidelines is not asked again. Raises Invalid
    when the agent cannot serve the project, naming what is missing; NotFound for an unknown agent.
    """
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "run_jobs")
    if agent == BUILT_IN:
        record, make = None, _classifier_specs(project_id, ready_questions(ctx, project_id))
    else:
        record, make = _model_specs(ctx, project_id, agent)
    with transaction(ctx.engine) as session:
        policy.require(session, actor, project_id, "run_jobs")
        wanted = [item_id for item_id, _ in items.contents(session, project_id)][:limit]
        spec = {"agent": agent, "items": len(wanted)}
        now = utc_now()
        job = calls.add_job(
            session,
            project_id=project_id,
            kind=KIND,
            agent_id=record.id if record else None,
            spec=spec,
            started_by=actor.login,
            now=now,
        )
        ctx.jobs.enqueue(
            session, kind=KIND, specs=make(session, job.id, wanted), job_id=job.id, priority=BATCH
        )
        record_action(session, actor, "job.start", project_id, **spec)
        return job


_Specs = Callable[[Session, int, list[int]], dict[str, dict[str, Any]]]
"""(session, job id, item ids) -> call id -> what to do."""


def _classifier_specs(project_id: int, questions: list[str]) -> _Specs:
    def make(_session: Session, job_id: int, wanted: list[int]) -> dict[str, dict[str, Any]]:
        parts = [wanted[first : first + _PER_CALL] for first in range(0, len(wanted), _PER_CALL)]
        return {
            call_key(KIND, job_id, part): {"project_id": project_id, "questions": questions, "items": part}
            for part in parts
        }

    return make


def _model_specs(ctx: Context, project_id: int, agent: str) -> tuple[AgentRecord | None, _Specs]:
    record, configuration = find_agent(ctx, agent)
    gateway = ctx.gateway
    if gateway is None:
        raise Invalid("no language model is configured; set OPENAI_API_KEY or OPENAI_BASE_URL")

    def make(session: Session, _job_id: int, wanted: list[int]) -> dict[str, dict[str, Any]]:
        schema = projects.latest_schema(session, project_id)
        guidelines = projects.latest_guidelines(session, project_id)
        # All that decides the prompt and its parameters, but for the item.
        asked = (configuration.hash, gateway.model, schema and schema.id, guidelines and guidelines.id)
        return {
            call_key(KIND, "model", item_id, *asked): {
                "project_id": project_id,
                "agent": agent,
                "items": [item_id],
            }
            for item_id in wanted
        }

    return record, make


def ready_questions(ctx: Context, project_id: int) -> list[str]:
    """Ids of the choice questions with enough verified labels to learn from.

    Raises Invalid when there is none, naming what is missing; so a job that cannot succeed is refused at once.
    """
    with reading(ctx.engine) as session:
        examples = {
            question.id: _examples(session, project_id, question.id)
            for question in _choice_questions(session, project_id)
        }
    reasons, ready = [], []
    for question, known in examples.items():
        try:
            require_enough(known)
            ready.append(question)
        except NotEnoughExamples as error:
            reasons.append(f"{question}: {error}")
    if not ready:
        raise Invalid(reasons or "the built-in classifier serves choice questions; this schema has none")
    return ready


def _choice_questions(session: Session, project_id: int) -> list[ChoiceQuestion]:
    version = projects.latest_schema(session, project_id)
    if version is None:
        raise Invalid("this project holds ratings; there is nothing to pre-annotate")
    return [question for question in schema_of(version).questions if isinstance(question, ChoiceQuestion)]


def _examples(session: Session, project_id: int, question: str) -> list[tuple[str, str]]:
    return [
        (plain_text(content), str(value))
        for _, content, value in items.verified_texts(session, project_id, question)
    ]


async def predict_items(ctx: Context, call_id: str, spec: Mapping[str, Any]) -> Done | GiveUp:
    """The worker's part of one call: predict, and hand back how to store the suggestions."""
    if "agent" in spec:
        return await label_with_model(ctx, call_id, spec)
    try:
        rows = await asyncio.to_thread(_predict, ctx, call_id, spec)
    except NotEnoughExamples as error:
        return GiveUp(str(error))
    return Done(lambda session: items.add_suggestions(session, rows))


def _predict(ctx: Context, call_id: str, spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    with reading(ctx.engine) as session:
        texts = {}
        for item_id in spec["items"]:
            item = items.item_by_id(session, item_id)
            if item is not None:
                texts[item_id] = plain_text(item.content)
        examples = {
            question: _examples(session, spec["project_id"], question) for question in spec["questions"]
        }
    for question, known in examples.items():
        classifier = train(known)
        predictions = classifier.predict(list(texts.values()))
        rows += [
            _row(item_id, question, classifier, prediction, call_id)
            for item_id, prediction in zip(texts, predictions, strict=True)
        ]  # fmt: skip
    return rows


def _row(
    item_id: int,
    question: str,
    classifier: Classifier,
    prediction: Prediction,
    call_id: str,
) -> dict[str, Any]:
    return {
        "item_id": item_id,
        "question": question,
        "value": [prediction.value],
        "confidence": prediction.confidence,
        "probabilities": prediction.probabilities,
        "confidence_source": "cross_validated",
        "calibrated": classifier.calibrated,
        "rationale": prediction.rationale,
        "examples": [{"text": text, "label": label} for text, label in prediction.examples],
        "model": LABEL,
        "model_version": classifier.version,
        "builtin": True,
        "simulated": False,
        "call_id": call_id,
        "created_at": utc_now(),
    }


def job_state(ctx: Context, actor: Actor, job_id: int) -> JobState | None:
    with reading(ctx.engine) as session:
        job = calls.job_by_id(session, job_id)
        if job is None:
            return None
        policy.require(session, actor, job.project_id, "run_jobs")
        return JobState(job, calls.progress(session, job_id), calls.recent_errors(session, job_id, limit=10))


def list_jobs(ctx: Context, actor: Actor, project_id: int) -> list[JobState]:
    """The project's jobs, newest first."""
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "run_jobs")
        return [
            JobState(job, calls.progress(session, job.id), calls.recent_errors(session, job.id, limit=3))
            for job in calls.list_jobs(session, project_id)
        ]
