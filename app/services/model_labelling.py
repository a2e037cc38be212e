"""One call of a language model about one item, and what is stored of it."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.agents.preannotator import PROMPT_VERSION, Labelled, LabelRequest, label_item
from app.clock import utc_now
from app.services import arms
from app.services.agents import AgentConfiguration, find_agent
from app.services.context import Context
from app.services.media import images_of
from app.services.performing import Done, GiveUp, TryAgain
from app.services.projects import schema_of
from app.services.submissions import full_text
from db.engine import reading
from db.store import items, projects
from judge.llm import Failed, Parameters

__all__ = ["label_with_model"]


@dataclass(frozen=True, slots=True)
class _Loaded:
    request: LabelRequest
    configuration: AgentConfiguration
    agent_id: int | None


async def label_with_model(ctx: Context, call_id: str, spec: Mapping[str, Any]) -> Done | GiveUp:
    """Ask the agent about the item. An endpoint that is away is tried again; other failures end the call."""
    if ctx.gateway is None:
        return GiveUp("no language model is configured in this worker")
    loaded = await asyncio.to_thread(_load, ctx, spec)
    if loaded is None:
        return GiveUp(f"item {spec['items'][0]} is gone, or its project has no schema")
    parameters = Parameters(
        temperature=loaded.configuration.temperature,
        max_tokens=loaded.configuration.max_tokens,
        seed=loaded.configuration.seed,
        timeout_seconds=ctx.settings.model_timeout_seconds,
    )
    started = time.monotonic()
    outcome = await label_item(loaded.request, ctx.gateway, parameters=parameters)
    if isinstance(outcome, Failed):
        if outcome.kind == "unavailable":
            raise TryAgain(outcome.detail, outcome.retry_after_seconds)
        return GiveUp(f"{outcome.kind}: {outcome.detail}")
    if not outcome.suggestions and outcome.invalid:
        return GiveUp(f"invalid: {'; '.join(outcome.invalid)}"[:500])
    rows = _rows(ctx, call_id, spec["items"][0], loaded, outcome, parameters, time.monotonic() - started)
    return Done(lambda session: items.add_suggestions(session, rows))


def _load(ctx: Context, spec: Mapping[str, Any]) -> _Loaded | None:
    record, configuration = find_agent(ctx, spec["agent"])
    with reading(ctx.engine) as session:
        project = projects.project_by_id(session, spec["project_id"])
        item = items.item_by_id(session, spec["items"][0])
        schema = projects.latest_schema(session, spec["project_id"])
        guidelines = projects.latest_guidelines(session, spec["project_id"])
    if project is None or item is None or schema is None:
        return None
    # By lot, and the same when the call is made again.
    first = arms.chance(project, "model-order", item.id) < 0.5
    request = LabelRequest(
        schema=schema_of(schema),
        guidelines=guidelines.text if guidelines else "",
        instruction=configuration.instruction,
        item_text=full_text(item.content),
        texts={part["name"]: part["text"] for part in item.content["parts"] if part["kind"] == "text"},
        images=images_of(ctx, item.content),
        sides=("left", "right") if first else ("right", "left"),
    )
    return _Loaded(request, configuration, record.id if record else None)


def _rows(
    ctx: Context,
    call_id: str,
    item_id: int,
    loaded: _Loaded,
    labelled: Labelled,
    parameters: Parameters,
    seconds: float,
) -> list[dict[str, Any]]:
    usage = labelled.outcome.usage
    details = {
        "prompt_version": PROMPT_VERSION,
        "prompt_hash": labelled.prompt_hash,
        "configuration_hash": loaded.configuration.hash,
        "temperature": parameters.temperature,
        "max_tokens": parameters.max_tokens,
        "seed": parameters.seed,
        "prompt_tokens": usage.prompt_tokens if usage else None,
        "completion_tokens": usage.completion_tokens if usage else None,
        "cost_usd": ctx.settings.cost_usd(usage.prompt_tokens, usage.completion_tokens) if usage else None,
        "seconds": round(seconds, 3),
        "attempts": [attempt.outcome for attempt in labelled.outcome.attempts],
        "invalid": labelled.invalid,
        "sides": list(loaded.request.sides),
        "response_characters": len(labelled.outcome.raw),
    }
    return [
        {
            "item_id": item_id,
            "question": suggestion.question,
            "value": [suggestion.value],
            "confidence": suggestion.confidence,
            "confidence_source": "none" if suggestion.confidence is None else "stated",
            "probabilities": None,
            "calibrated": False,
            "rationale": suggestion.rationale,
            "examples": [],
            "model": labelled.outcome.model,
            "model_version": labelled.prompt_hash,
            "builtin": False,
            "simulated": False,
            "details": details,
            "agent_id": loaded.agent_id,
            "call_id": call_id,
            "created_at": utc_now(),
        }
        for suggestion in labelled.suggestions
    ]
