"""Pre-annotation: a job that puts suggestions beside items, so that nobody waits for a model.

Preparing comes before any call: what the query finds, less what is empty or too long, which is listed. A large
job is laid out by the worker, so that the page that starts it answers at once.
"""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from app.agents.label_prompt import LabelRequest, build_messages
from app.clock import utc_now
from app.errors import Invalid
from app.services import policy
from app.services.agents import (
    BUILT_IN,
    AgentConfiguration,
    AggregateConfiguration,
    ServerConfiguration,
    find_agent,
    kind_of,
    list_agents,
    stored_agent,
)
from app.services.aggregate_labelling import label_with_agents
from app.services.audit_log import record_action
from app.services.classifier_labelling import label_with_classifier, ready_questions
from app.services.context import Actor, Context
from app.services.endpoints import price_list
from app.services.jobs import BATCH, Done, GiveUp, call_key
from app.services.model_labelling import label_with_model
from app.services.performing import Pause
from app.services.projects import schema_of
from app.services.server_labelling import PER_CALL, label_with_server
from app.services.submissions import plain_text
from app.services.subsets import resolve
from db.engine import Session, reading, transaction
from db.records import AgentRecord, JobRecord
from db.store import calls, items, projects

__all__ = [
    "KIND",
    "LAY_OUT",
    "JobState",
    "Prepared",
    "Variation",
    "job_state",
    "lay_out",
    "list_jobs",
    "predict_items",
    "prepare",
    "start",
]

KIND = "preannotate"
Variation = Literal["options", "examples", "wording"]
"""What a prompt can be put differently in without asking anything else."""
LAY_OUT = "lay_out"
"""The call that makes the calls of a large job."""
_PER_CALL = 200
"""Items in one call of the built-in classifier, which has to learn first, or of several agents as one."""
_AT_ONCE = 1_000
"""Calls that are laid out in the transaction that starts the job."""
_PER_TRANSACTION = 500
_LISTED = 100
_CHARACTERS_PER_TOKEN = 4
"""An estimate, for the languages of Europe; the endpoint's own count stands in the figures afterwards."""


@dataclass(frozen=True, slots=True)
class JobState:
    job: JobRecord
    counts: dict[str, int]
    """Status -> calls."""
    errors: list[tuple[str, int]]

    @property
    def finished(self) -> bool:
        return not (self.counts.get("queued", 0) + self.counts.get("running", 0))

    @property
    def progress(self) -> float:
        """Share of the calls that have ended, however; 1 without any call."""
        total = sum(self.counts.values())
        ended = sum(self.counts.get(name, 0) for name in ("done", "failed", "cancelled"))
        return ended / total if total else 1.0


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a job would be about, before any call."""

    item_ids: list[int]
    found: int
    """Items that the query finds."""
    empty: list[str]
    too_long: list[str]
    """External ids of items that are left out."""
    prompt_tokens: int | None
    """Of all prompts together, estimated; None for the built-in classifier."""
    usd: float | None
    """What the prompts alone would cost; None without a price."""

    def to_json(self) -> dict[str, Any]:
        return {
            "found": self.found,
            "left": len(self.item_ids),
            "empty": len(self.empty),
            "too_long": len(self.too_long),
            "listed": {"empty": self.empty[:_LISTED], "too_long": self.too_long[:_LISTED]},
            "prompt_tokens": self.prompt_tokens,
        }


def prepare(
    ctx: Context, actor: Actor, project_id: int, *, agent: str = BUILT_IN, query: str = ""
) -> Prepared:
    """Which items a job of this agent would ask about. Raises Invalid for a query that cannot be read."""
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "run_jobs")
        return _prepare(ctx, session, project_id, agent, query)


def _prepare(ctx: Context, session: Session, project_id: int, agent: str, query: str) -> Prepared:
    wanted = resolve(session, project_id, query)
    if kind_of(ctx, agent) != "language_model":
        return Prepared(wanted, len(wanted), [], [], None, None)
    _, configuration = find_agent(ctx, agent)
    overhead = _overhead(session, project_id, configuration)
    inside, kept = set(wanted), []
    empty: list[str] = []
    too_long: list[str] = []
    total = 0
    for item_id, external_id, content in items.named_contents(session, project_id):
        if item_id not in inside:
            continue
        tokens = overhead + len(plain_text(content)) // _CHARACTERS_PER_TOKEN
        if not content.get("parts") or not plain_text(content).strip():
            empty.append(external_id)
        elif tokens > configuration.max_prompt_tokens:
            too_long.append(external_id)
        else:
            kept.append(item_id)
            total += tokens
    total *= configuration.calls_per_item
    model = configuration.model or (ctx.gateway.model if ctx.gateway else "")
    price = price_list(session, ctx.settings).per_million(model, utc_now(), own=not configuration.model)
    usd = None if price is None else total * price[0] / 1_000_000
    return Prepared(kept, len(wanted), empty, too_long, total, usd)


def _overhead(session: Session, project_id: int, configuration: AgentConfiguration) -> int:
    """Tokens of the prompt without the item; examples count as two hundred each."""
    schema = projects.latest_schema(session, project_id)
    guidelines = projects.latest_guidelines(session, project_id)
    if schema is None:
        raise Invalid("this project holds ratings; there is nothing to pre-annotate")
    request = LabelRequest(
        schema_of(schema), guidelines.text if guidelines else "", configuration.instruction, "", {}, ()
    )
    characters = sum(len(message.text) for message in build_messages(request, nonce="0" * 16))
    return characters // _CHARACTERS_PER_TOKEN + 200 * configuration.examples


def start(
    ctx: Context,
    actor: Actor,
    project_id: int,
    *,
    agent: str = BUILT_IN,
    query: str = "",
    limit: int | None = None,
    dry_run: int | None = None,
    budget_usd: float | None = None,
    near: bool = False,
    replicate: int = 0,
    vary: Mapping[Variation, int] | None = None,
    idempotency_key: str | None = None,
) -> JobRecord:
    """Start a job that puts an agent's suggestions beside the items that `query` finds, all by default.

    `limit` takes the first so many; `dry_run` so many by lot, to see what the whole would cost. `near` takes
    labels that are merely near one of the schema, flagged. What an agent has said about an item under the same
    schema and guidelines is not asked again, unless `replicate` or `vary` make it another question; such answers
    measure the agent and are never shown to annotators. `vary` names what is put differently and how: `options`
    and `examples` a seed of their order, `wording` one of the fixed wordings from 1 on. The same person's same
    `idempotency_key` starts one job, however often it is asked for.

    Raises Invalid when the agent cannot serve the project, naming what is missing, or when a budget is given
    for a model without a price; NotFound for an unknown agent.
    """
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "run_jobs")
    record, questions = None, None
    if agent == BUILT_IN:
        questions = ready_questions(ctx, project_id)
    elif kind_of(ctx, agent) == "language_model":
        record = _ready_model(ctx, agent, budget_usd)
    else:
        record = _ready_other(ctx, project_id, agent)
    with reading(ctx.engine) as session:
        prepared = _prepare(ctx, session, project_id, agent, query)
    wanted = prepared.item_ids
    if dry_run is not None:
        chosen = set(random.Random(0).sample(wanted, min(dry_run, len(wanted))))
        wanted = [item_id for item_id in wanted if item_id in chosen]
    wanted = wanted[:limit]
    spec: dict[str, Any] = {
        "agent": agent,
        "query": query,
        "items": len(wanted),
        "prepared": prepared.to_json(),
        "dry_run": dry_run is not None,
        **({"near": True} if near else {}),
        **({"replicate": replicate} if replicate else {}),
        **({"vary": dict(vary)} if vary else {}),
        **({"questions": questions} if questions else {}),
    }
    with transaction(ctx.engine) as session:
        policy.require(session, actor, project_id, "run_jobs")
        if idempotency_key:
            projects.hold_project(session, project_id)
            if (known := calls.job_by_key(session, actor.login, idempotency_key)) is not None:
                return known
        job = calls.add_job(
            session,
            project_id=project_id,
            kind=KIND,
            agent_id=record.id if record else None,
            spec=spec,
            started_by=actor.login,
            now=utc_now(),
            budget_usd=budget_usd,
            idempotency_key=idempotency_key,
        )
        if len(wanted) > _AT_ONCE and kind_of(ctx, agent) == "language_model":
            one = {"job_id": job.id, "project_id": project_id, "items": wanted}
            ctx.jobs.enqueue(
                session, kind=LAY_OUT, specs={call_key(LAY_OUT, job.id): one}, job_id=job.id, priority=BATCH
            )
        else:
            _enqueue(ctx, session, job, wanted)
        record_action(session, actor, "job.start", project_id, agent=agent, items=len(wanted), query=query)
        return job


def _ready_model(ctx: Context, agent: str, budget_usd: float | None) -> AgentRecord | None:
    record, configuration = find_agent(ctx, agent)
    if ctx.gateway is None:
        raise Invalid("no language model is configured; set OPENAI_API_KEY or OPENAI_BASE_URL")
    model = configuration.model or ctx.gateway.model
    if budget_usd is not None:
        with reading(ctx.engine) as session:
            prices = price_list(session, ctx.settings)
            if prices.per_million(model, utc_now(), own=not configuration.model) is None:
                raise Invalid(f"a budget needs the price of {model!r}; `milo prices add` notes it")
    return record


def _ready_other(ctx: Context, project_id: int, agent: str) -> AgentRecord:
    """A label server that may be asked, or several agents that have something to combine."""
    if kind_of(ctx, agent) == "label_server":
        record, server = stored_agent(ctx, agent, ServerConfiguration)
        host = (urlsplit(server.url).hostname or "").lower()
        if host not in ctx.settings.allowed_label_hosts:
            raise Invalid(f"host {host!r} is not among those in MILO_LABEL_SERVER_HOSTS")
        return record
    record, together = stored_agent(ctx, agent, AggregateConfiguration)
    inner = {one.name for one in list_agents(ctx) if one.kind == "aggregate"}
    for name in together.agents:
        if name in inner:
            raise Invalid(f"{agent!r} combines {name!r}, which combines others itself")
    return record


def _enqueue(ctx: Context, session: Session, job: JobRecord, item_ids: Sequence[int]) -> int:
    """Queue the calls about these items; those that were made before are left as they are."""
    spec, project_id = job.spec, job.project_id
    assert project_id is not None, "items are of a project"
    kind = kind_of(ctx, spec["agent"])
    if kind != "language_model":
        size = PER_CALL if kind == "label_server" else _PER_CALL
        parts = [item_ids[first : first + size] for first in range(0, len(item_ids), size)]
        who = (
            {"questions": spec["questions"]}
            if kind == "classifier"
            else {"agent": spec["agent"], "kind": kind}
        )
        specs = {
            call_key(KIND, job.id, list(part)): {"project_id": project_id, "items": list(part), **who}
            for part in parts
        }
        return ctx.jobs.enqueue(session, kind=KIND, specs=specs, job_id=job.id, priority=BATCH)
    _, configuration = find_agent(ctx, spec["agent"])
    schema = projects.latest_schema(session, project_id)
    guidelines = projects.latest_guidelines(session, project_id)
    model = configuration.model or (ctx.gateway.model if ctx.gateway else "")
    variant = {name: spec[name] for name in ("near", "replicate", "vary") if name in spec}
    # All that decides the prompt and its parameters, but for the item.
    asked = (configuration.hash, model, schema and schema.id, guidelines and guidelines.id, variant)
    specs = {
        call_key(KIND, "model", item_id, *asked): {
            "project_id": project_id,
            "agent": spec["agent"],
            "items": [item_id],
            **variant,
        }
        for item_id in item_ids
    }
    return ctx.jobs.enqueue(session, kind=KIND, specs=specs, job_id=job.id, priority=BATCH)


async def lay_out(ctx: Context, call_id: str, spec: Mapping[str, Any]) -> Done | GiveUp:
    """Queue the calls of a large job, some hundred in a transaction, unless it is cancelled meanwhile. Repeating it
    after a crash adds nothing twice.
    """

    def part(item_ids: Sequence[int]) -> bool:
        with transaction(ctx.engine) as session:
            calls.hold_job(session, spec["job_id"])
            job = calls.job_by_id(session, spec["job_id"])
            if job is None or calls.call_status(session, call_id) == ("cancelled", ""):
                return False
            _enqueue(ctx, session, job, item_ids)
            return True

    wanted = spec["items"]
    for first in range(0, len(wanted), _PER_TRANSACTION):
        if not await asyncio.to_thread(part, wanted[first : first + _PER_TRANSACTION]):
            return GiveUp(f"job {spec['job_id']} is gone, or was cancelled")
    return Done(lambda session: None)


async def predict_items(ctx: Context, call_id: str, spec: Mapping[str, Any]) -> Done | GiveUp | Pause:
    """The worker's part of one call: predict, and hand back how to store the suggestions."""
    if "agent" not in spec:
        return await label_with_classifier(ctx, call_id, spec)
    match spec.get("kind"):
        case "label_server":
            return await label_with_server(ctx, call_id, spec)
        case "aggregate":
            return await label_with_agents(ctx, call_id, spec)
        case _:
            return await label_with_model(ctx, call_id, spec)


def job_state(ctx: Context, actor: Actor, job_id: int) -> JobState | None:
    with reading(ctx.engine) as session:
        job = calls.job_by_id(session, job_id)
        if job is None:
            return None
        policy.require_job(session, actor, job)
        return JobState(job, calls.progress(session, job_id), calls.recent_errors(session, job_id, limit=10))


def list_jobs(ctx: Context, actor: Actor, project_id: int) -> list[JobState]:
    """The project's jobs, newest first."""
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "run_jobs")
        return [
            JobState(job, calls.progress(session, job.id), calls.recent_errors(session, job.id, limit=3))
            for job in calls.list_jobs(session, project_id)
        ]
