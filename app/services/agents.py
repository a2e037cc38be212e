"""Agents: a model's configuration and its instruction, stored once, shared, and identified by a hash of both."""

import hashlib
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.clock import utc_now
from app.errors import Conflict, Invalid, NotFound, problem_lines
from app.services import policy
from app.services.audit_log import record_action
from app.services.context import Actor, Context
from db.engine import reading, transaction
from db.records import AgentRecord
from db.store import people, projects
from judge.llm import Failed, Message, Parameters

__all__ = [
    "BUILT_IN",
    "DEFAULT",
    "AgentConfiguration",
    "add_agent",
    "check_agent",
    "find_agent",
    "list_agents",
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
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_tokens: int = Field(default=2048, ge=16, le=32_768)
    seed: int | None = None

    @property
    def hash(self) -> str:
        document = orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(document).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Ping:
    """What the endpoint said to a cheap call."""

    ok: bool
    said: str


class _Pong(BaseModel):
    model_config = ConfigDict(extra="forbid")

    word: str


def add_agent(ctx: Context, actor: Actor, *, name: str, **configuration: Any) -> AgentRecord:
    """Store an agent. Raises Invalid with every problem at once, Conflict for a name that another agent has."""
    problems = []
    if not name.strip() or name.strip() in (BUILT_IN, DEFAULT):
        problems.append(f"name: {name!r} cannot be the name of an agent")
    try:
        checked = AgentConfiguration.model_validate(configuration)
    except ValidationError as error:
        problems += problem_lines(error)
    if problems:
        raise Invalid(problems)
    with transaction(ctx.engine) as session:
        if actor.user_id is not None and not actor.is_admin:
            roles = people.roles_of(session, actor.user_id).values()
            if not any("qa_lead" in held for held in roles):
                policy.require_admin(session, actor)
        known = projects.agent_by_name(session, name.strip())
        if known is not None:
            if known.hash == checked.hash:
                return known
            raise Conflict(f"agent {name.strip()!r} exists with another configuration; agents do not change")
        agent = projects.add_agent(
            session,
            name=name.strip(),
            kind="language_model",
            configuration=checked.model_dump(mode="json"),
            hash=checked.hash,
            created_by=actor.login,
            now=utc_now(),
        )
        record_action(session, actor, "agent.add", None, name=agent.name)
        return agent


def list_agents(ctx: Context) -> list[AgentRecord]:
    with reading(ctx.engine) as session:
        return projects.list_agents(session)


def find_agent(ctx: Context, name: str) -> tuple[AgentRecord | None, AgentConfiguration]:
    """The agent of this name; DEFAULT has no record. Raises NotFound naming those that there are."""
    if name == DEFAULT:
        return None, AgentConfiguration()
    with reading(ctx.engine) as session:
        record = projects.agent_by_name(session, name)
    if record is None:
        known = ", ".join([BUILT_IN, DEFAULT, *(agent.name for agent in list_agents(ctx))])
        raise NotFound(f"no agent {name!r}; there are {known}")
    return record, AgentConfiguration.model_validate(dict(record.configuration))


async def check_agent(ctx: Context, name: str) -> Ping:
    """Ask the endpoint something cheap with the agent's parameters, in the form that labelling needs."""
    _, configuration = find_agent(ctx, name)
    if ctx.gateway is None:
        return Ping(False, "no endpoint is configured; set OPENAI_API_KEY or OPENAI_BASE_URL")
    parameters = Parameters(
        temperature=configuration.temperature,
        max_tokens=64,
        timeout_seconds=ctx.settings.model_timeout_seconds,
    )
    message = Message.user("Reply with the word pong.")
    outcome = await ctx.loop.run(ctx.gateway.structured([message], _Pong, parameters=parameters))
    if isinstance(outcome, Failed):
        return Ping(False, f"{outcome.kind}: {outcome.detail}")
    return Ping(True, f"{outcome.model} answers")
