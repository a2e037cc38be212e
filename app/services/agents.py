"""Agents: a model's configuration and its instruction, stored once, shared, and identified by a hash of both."""

import difflib
import hashlib
import re
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from app.agents.label_prompt import PromptForm
from app.agents.preannotator import Confidence, SamplesDiffer
from app.agents.prompt_words import PromptLanguage
from app.clock import utc_now
from app.errors import Conflict, Invalid, NotAllowed, NotFound, problem_lines
from app.schema import LabelSchema, odd_values
from app.services import policy
from app.services.audit_log import record_action
from app.services.context import Actor, Context
from app.services.examples import Pick
from app.services.own_code import own_function
from db.engine import reading, transaction
from db.records import AgentRecord
from db.store import calls, people, projects
from judge.llm import Failed, Message, Parameters

__all__ = [
    "BUILT_IN",
    "DEFAULT",
    "AgentConfiguration",
    "AggregateConfiguration",
    "ServerConfiguration",
    "add_agent",
    "agent_difference",
    "agents_in_use",
    "check_agent",
    "find_agent",
    "kind_of",
    "list_agents",
    "odd_labels",
    "stored_agent",
]

BUILT_IN = "built-in"
"""The classifier that every project has."""
DEFAULT = "language-model"
"""The configured model with the prompt that the schema makes."""


class AgentConfiguration(BaseModel):
    """What an agent asks a model with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    instruction: str = Field(default="", max_length=20_000)
    """In place of the general task; questions, definitions and guidelines follow it in any case."""
    prompt_language: PromptLanguage = "en"
    """Of the fixed words around it."""
    prompt_form: PromptForm = "json"
    """How questions and examples are written down."""
    one_message: bool = False
    """For models that know no system message."""
    model: str = Field(default="", max_length=200)
    """Name of the model at the configured endpoint; the configured one when empty."""
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)
    max_tokens: int = Field(default=2048, ge=16, le=32_768)
    max_prompt_tokens: int = Field(default=100_000, ge=100, le=2_000_000)
    """Items whose prompt would be longer, by an estimate, are listed and not asked about."""
    seed: int | None = None
    examples: int = Field(default=0, ge=0, le=32)
    """Items with known answers that are shown in the prompt; never gold that is kept for tuning and figures."""
    pick: Pick = "similar"
    confidence: Confidence = "stated"
    samples: int = Field(default=1, ge=1, le=20)
    """How often an item is asked about; `confidence: samples` needs at least two."""
    samples_differ: SamplesDiffer = "options"
    """In the order of the options, or in the words of the prompt."""
    confidence_function: str = Field(default="", max_length=200)
    """`module:function` for `confidence: function`, as `app.agents.preannotator.ConfidenceFunction` says."""
    both_orders: bool = False
    """Asks about a pair once with each side first."""

    @field_validator("instruction")
    @classmethod
    def _has_no_variables(cls, instruction: str) -> str:
        if found := re.findall(r"\{\{?\s*\w+\s*\}?\}", instruction):
            raise ValueError(
                f"{', '.join(dict.fromkeys(found))} would stand in the prompt as it is; questions, guidelines, examples and the "
                "item follow the instruction by themselves"
            )
        return instruction

    @model_validator(mode="after")
    def _check(self) -> "AgentConfiguration":
        if self.confidence == "samples" and self.samples < 2:
            raise ValueError("confidence by samples needs at least two samples")
        if self.samples > 1 and self.confidence != "samples":
            raise ValueError("several samples are for confidence: samples")
        if bool(self.confidence_function) != (self.confidence == "function"):
            raise ValueError("a confidence function goes with confidence: function, and the other way round")
        return self

    @property
    def calls_per_item(self) -> int:
        """At most; both orders are asked only where there is a pair."""
        return self.samples * (2 if self.both_orders else 1)

    @property
    def hash(self) -> str:
        return _hash(self)

    def parameters(self, timeout_seconds: float) -> Parameters:
        return Parameters(
            temperature=self.temperature,
            top_p=self.top_p,
            max_tokens=self.max_tokens,
            seed=self.seed,
            timeout_seconds=timeout_seconds,
        )


class ServerConfiguration(BaseModel):
    """A model server that speaks the Label Studio ML backend protocol."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(pattern=r"^https?://[^\s]+$", max_length=500)


class AggregateConfiguration(BaseModel):
    """Several agents whose suggestions become one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    agents: tuple[str, ...] = Field(min_length=2, max_length=20)
    weigh: bool = True
    """Each vote counts the log odds of the agent's accuracy on gold; else all count the same."""


_KINDS: dict[str, type[AgentConfiguration] | type[ServerConfiguration] | type[AggregateConfiguration]] = {
    "language_model": AgentConfiguration,
    "label_server": ServerConfiguration,
    "aggregate": AggregateConfiguration,
}
C = TypeVar("C", AgentConfiguration, ServerConfiguration, AggregateConfiguration)


def _hash(configuration: BaseModel) -> str:
    """Of what differs from the defaults, so that a new field leaves the agents there are as they were."""
    document = orjson.dumps(
        configuration.model_dump(mode="json", exclude_defaults=True), option=orjson.OPT_SORT_KEYS
    )
    return hashlib.sha256(document).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Ping:
    """What the endpoint said to a cheap call."""

    ok: bool
    said: str


class _Pong(BaseModel):
    model_config = ConfigDict(extra="forbid")

    word: str


def add_agent(
    ctx: Context, actor: Actor, *, name: str, kind: str = "language_model", **configuration: Any
) -> AgentRecord:
    """Store an agent: a `language_model`, a `label_server` (`url`) or an `aggregate` (`agents`).

    Raises Invalid with every problem at once, Conflict for a name that another agent has, NotAllowed for a
    confidence function from anybody but the command line.
    """
    problems = []
    if not name.strip() or name.strip() in (BUILT_IN, DEFAULT):
        problems.append(f"name: {name!r} cannot be the name of an agent")
    try:
        checked = _KINDS[kind].model_validate(configuration)
    except ValidationError as error:
        problems += problem_lines(error)
    if problems:
        raise Invalid(problems)
    if function := getattr(checked, "confidence_function", ""):
        if actor.user_id is not None:
            raise NotAllowed("code of one's own is named on the command line")
        own_function(function)
    with transaction(ctx.engine) as session:
        if actor.user_id is not None and not actor.is_admin:
            roles = people.roles_of(session, actor.user_id).values()
            if not any("qa_lead" in held for held in roles):
                policy.require_admin(session, actor)
        known = projects.agent_by_name(session, name.strip())
        if known is not None:
            if known.hash == _hash(checked):
                return known
            raise Conflict(f"agent {name.strip()!r} exists with another configuration; agents do not change")
        agent = projects.add_agent(
            session,
            name=name.strip(),
            kind=kind,
            configuration=checked.model_dump(mode="json"),
            hash=_hash(checked),
            created_by=actor.login,
            now=utc_now(),
        )
        record_action(session, actor, "agent.add", None, name=agent.name)
        return agent


def list_agents(ctx: Context) -> list[AgentRecord]:
    with reading(ctx.engine) as session:
        return projects.list_agents(session)


def find_agent(ctx: Context, name: str) -> tuple[AgentRecord | None, AgentConfiguration]:
    """The language model's agent of this name; DEFAULT has no record. Raises NotFound naming those that there
    are, Invalid for one that is no language model.
    """
    if name == DEFAULT:
        return None, AgentConfiguration()
    return stored_agent(ctx, name, AgentConfiguration)


def stored_agent(ctx: Context, name: str, kind: type[C]) -> tuple[AgentRecord, C]:
    """A stored agent with its configuration. Raises NotFound, and Invalid for an agent of another kind."""
    with reading(ctx.engine) as session:
        record = projects.agent_by_name(session, name)
    if record is None:
        known = ", ".join([BUILT_IN, DEFAULT, *(agent.name for agent in list_agents(ctx))])
        raise NotFound(f"no agent {name!r}; there are {known}")
    if _KINDS.get(record.kind) is not kind:
        raise Invalid(f"agent {name!r} is a {record.kind.replace('_', ' ')}")
    return record, kind.model_validate(dict(record.configuration))


def kind_of(ctx: Context, name: str) -> str:
    """`classifier`, `language_model`, `label_server` or `aggregate`. Raises NotFound."""
    if name in (BUILT_IN, DEFAULT):
        return "classifier" if name == BUILT_IN else "language_model"
    with reading(ctx.engine) as session:
        record = projects.agent_by_name(session, name)
    if record is None:
        find_agent(ctx, name)
    return record.kind if record else "language_model"


def agents_in_use(ctx: Context) -> list[tuple[AgentRecord, list[int]]]:
    """Every stored agent with the numbers of its jobs."""
    with reading(ctx.engine) as session:
        jobs: dict[int, list[int]] = {}
        for job in calls.list_jobs(session, None):
            if job.agent_id is not None:
                jobs.setdefault(job.agent_id, []).append(job.id)
        return [(agent, sorted(jobs.get(agent.id, []))) for agent in projects.list_agents(session)]


def agent_difference(ctx: Context, first: str, second: str) -> str:
    """What differs between two stored agents, line by line; empty for the same configuration."""
    texts = []
    for name in (first, second):
        record = next((agent for agent in list_agents(ctx) if agent.name == name), None)
        document = dict(record.configuration) if record else find_agent(ctx, name)[1].model_dump(mode="json")
        instruction = str(document.pop("instruction", ""))
        texts.append([f"{key}: {value}" for key, value in document.items()] + instruction.splitlines())
    return "\n".join(difflib.unified_diff(texts[0], texts[1], first, second, lineterm="", n=1))


def odd_labels(ctx: Context, project_id: int) -> list[str]:
    """Labels of a project that models tend to get wrong for their spelling, `question: value`."""
    with reading(ctx.engine) as session:
        version = projects.latest_schema(session, project_id)
    return odd_values(LabelSchema.model_validate(dict(version.document))) if version else []


async def check_agent(ctx: Context, name: str) -> Ping:
    """Ask the endpoint something cheap with the agent's parameters, in the form that labelling needs."""
    _, configuration = find_agent(ctx, name)
    if ctx.gateway is None:
        return Ping(False, "no endpoint is configured; set OPENAI_API_KEY or OPENAI_BASE_URL")
    parameters = replace(configuration.parameters(ctx.settings.model_timeout_seconds), max_tokens=64)
    gateway = ctx.gateway.for_model(configuration.model or ctx.gateway.model)
    message = Message.user("Reply with the word pong.")
    outcome = await ctx.loop.run(gateway.structured([message], _Pong, parameters=parameters))
    if isinstance(outcome, Failed):
        return Ping(False, f"{outcome.kind}: {outcome.detail}")
    return Ping(
        True, f"{outcome.model} answers, in {outcome.form}" if outcome.form else f"{outcome.model} answers"
    )
