"""One call of a language model about one item, and what is stored of it."""

import asyncio
import random
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from app.agents.label_prompt import PROMPT_VERSION, LabelRequest, PromptStyle
from app.agents.masking import Mask
from app.agents.preannotator import FunctionFailedError, Labelled, label_item
from app.analytics.confidence_maps import ConfidenceMap, map_of
from app.clock import utc_now
from app.schema import LabelSchema
from app.services import arms
from app.services.agents import AgentConfiguration, find_agent
from app.services.context import Context
from app.services.endpoints import PriceList, price_list
from app.services.examples import examples_for
from app.services.media import images_of
from app.services.own_code import own_function
from app.services.performing import Account, Done, GiveUp, Pause, TryAgain
from app.services.projects import schema_of
from app.services.submissions import full_text
from db.engine import Session, reading
from db.records import ProjectRecord
from db.store import items, projects, skills
from judge.llm import Failed, Usage

__all__ = ["Asked", "LabelTask", "ask_model", "label_with_model", "load_task", "request_for"]


@dataclass(frozen=True, slots=True)
class LabelTask:
    """One item with the agent that is asked about it."""

    request: LabelRequest
    configuration: AgentConfiguration
    agent_id: int | None
    mask: Mask
    prices: PriceList
    calibrations: Mapping[str, ConfidenceMap]
    """Question -> map from this agent's confidence to how often it was right on gold."""
    probe: bool
    vary: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Asked:
    """The model's answers with what they cost."""

    labelled: Labelled
    account: Account


async def label_with_model(ctx: Context, call_id: str, spec: Mapping[str, Any]) -> Done | GiveUp | Pause:
    """Ask the agent about the item. An endpoint that is away is tried again; one that refuses every request
    pauses the job; other failures end the call.
    """
    task = await asyncio.to_thread(load_task, ctx, spec)
    if task is None:
        return GiveUp(f"item {spec['items'][0]} is gone, or its project has no schema")
    asked = await ask_model(ctx, task)
    if not isinstance(asked, Asked):
        return asked
    rows = _rows(call_id, spec["items"][0], task, asked.labelled, asked.account)
    return Done(lambda session: items.add_suggestions(session, rows), asked.account)


async def ask_model(ctx: Context, task: LabelTask) -> Asked | GiveUp | Pause:
    """Ask the model. Raises TryAgain for an endpoint that is away."""
    if ctx.gateway is None:
        return Pause("no language model is configured in this worker; set OPENAI_API_KEY or OPENAI_BASE_URL")
    configuration = task.configuration
    gateway = ctx.gateway.for_model(configuration.model or ctx.gateway.model)
    function = own_function(configuration.confidence_function) if configuration.confidence_function else None
    started = time.monotonic()
    try:
        outcome = await label_item(
            task.request,
            gateway,
            parameters=configuration.parameters(ctx.settings.model_timeout_seconds),
            source=configuration.confidence,
            samples=configuration.samples,
            differ=configuration.samples_differ,
            both_orders=configuration.both_orders,
            function=function,
        )
    except FunctionFailedError as error:
        return Pause(f"the confidence function {configuration.confidence_function} fails: {error}")
    seconds = time.monotonic() - started
    if isinstance(outcome, Failed):
        if outcome.shut:
            return Pause(f"the endpoint refuses: {outcome.detail}")
        if outcome.kind == "unavailable" and not _about_this_item(outcome):
            raise TryAgain(outcome.detail, outcome.retry_after_seconds)
        report = {"attempts": [asdict(attempt) for attempt in outcome.attempts]}
        if outcome.raw:
            report["reply"] = [outcome.raw[:2000]]  # type: ignore[list-item]
        account = _account(task, outcome.kind, outcome.model, outcome.usage, seconds, report)
        return GiveUp(f"{outcome.kind}: {outcome.detail}", account)
    report = {"invalid": [asdict(problem) for problem in outcome.invalid]} if outcome.invalid else {}
    worthless = not outcome.suggestions and bool(outcome.invalid)
    account = _account(task, "invalid" if worthless else "ok", outcome.model, outcome.usage, seconds, report)
    if worthless:
        return GiveUp(f"invalid: {'; '.join(map(str, outcome.invalid))}"[:500], account)
    return Asked(outcome, account)


def _about_this_item(failed: Failed) -> bool:
    """Whether the endpoint refused this very request, which asking again does not change."""
    return failed.detail.startswith("400 ")


def _account(
    task: LabelTask,
    outcome: str,
    model: str,
    usage: Usage | None,
    seconds: float,
    report: Mapping[str, Any],
) -> Account:
    return Account(
        outcome,
        usage.prompt_tokens if usage else None,
        usage.completion_tokens if usage else None,
        task.prices.cost(model, usage, utc_now(), own=not task.configuration.model),
        round(seconds, 3),
        report or None,
    )


@dataclass(frozen=True, slots=True)
class _Setting:
    """What the calls of one agent in one project share."""

    project: ProjectRecord
    configuration: AgentConfiguration
    agent_id: int | None
    schema: LabelSchema
    guidelines: str
    prices: PriceList
    calibrations: Mapping[str, ConfidenceMap]


_settings: dict[tuple[str, int, str], tuple[float, _Setting | None]] = {}
_FRESH_SECONDS = 5.0
"""How long the calls of a job use what one of them has read: a change is seen that much later."""


def _setting(ctx: Context, project_id: int, agent: str) -> _Setting | None:
    key = (str(ctx.engine.url), project_id, agent)
    known = _settings.get(key)
    if known is not None and time.monotonic() < known[0]:
        return known[1]
    record, configuration = find_agent(ctx, agent)
    with reading(ctx.engine) as session:
        project = projects.project_by_id(session, project_id)
        schema = projects.latest_schema(session, project_id)
        guidelines = projects.latest_guidelines(session, project_id)
        found = None
        if project is not None and schema is not None:
            figures = skills.latest_figures(session, project_id, agent)
            found = _Setting(
                project,
                configuration,
                record.id if record else None,
                schema_of(schema),
                guidelines.text if guidelines else "",
                price_list(session, ctx.settings),
                {
                    question: map_of(one["calibration"])
                    for question, one in figures.items()
                    if one.get("calibration")
                },
            )
    _settings[key] = (time.monotonic() + _FRESH_SECONDS, found)
    return found


def load_task(ctx: Context, spec: Mapping[str, Any]) -> LabelTask | None:
    """What a call's spec names; None when the item or its project's schema is gone.

    A spec holds `agent`, `project_id`, `items` (one id) and, where wanted, `near`, `vary` (see
    `preannotation.start`) and `changes` (fields of the agent's configuration that differ for this call).
    """
    known = _setting(ctx, spec["project_id"], spec["agent"])
    if known is None:
        return None
    configuration = known.configuration
    if "changes" in spec:
        configuration = AgentConfiguration.model_validate(configuration.model_dump() | spec["changes"])
    mask = Mask(arms.workplace_of(known.project).mask)
    with reading(ctx.engine) as session:
        request = request_for(
            ctx, session, known.project, spec, configuration, mask, known.schema, known.guidelines
        )
    if request is None:
        return None
    return LabelTask(
        request,
        configuration,
        known.agent_id,
        mask,
        known.prices,
        known.calibrations,
        bool(spec.get("replicate")) or "vary" in spec,
        spec.get("vary", {}),
    )


def request_for(
    ctx: Context,
    session: Session,
    project: ProjectRecord,
    spec: Mapping[str, Any],
    configuration: AgentConfiguration,
    mask: Mask,
    schema: LabelSchema,
    guidelines: str,
) -> LabelRequest | None:
    """What the model is told about one item, personal data hidden as the project wants it."""
    item = items.item_by_id(session, spec["items"][0])
    if item is None:
        return None
    vary: Mapping[str, int] = spec.get("vary", {})
    # By lot, and the same when the call is made again.
    first = arms.chance(project, "model-order", item.id, vary.get("options", "")) < 0.5
    examples = examples_for(
        session,
        project.id,
        item.id,
        count=configuration.examples,
        pick=configuration.pick,
        seed=configuration.hash,
    )
    if "examples" in vary:
        examples = tuple(random.Random(vary["examples"]).sample(examples, len(examples)))
    return LabelRequest(
        schema=schema,
        guidelines=guidelines,
        instruction=configuration.instruction,
        item_text=mask.hide(full_text(item.content)),
        texts={
            part["name"]: mask.hide(part["text"]) for part in item.content["parts"] if part["kind"] == "text"
        },
        images=images_of(ctx, item.content),
        sides=("left", "right") if first else ("right", "left"),
        examples=tuple(type(example)(mask.hide(example.text), example.answers) for example in examples),
        option_seed=vary.get("options"),
        style=PromptStyle(
            configuration.prompt_language,
            configuration.prompt_form,
            one_message=configuration.one_message,
            wording=vary.get("wording", 0),
        ),
        near=bool(spec.get("near")),
    )


def _rows(
    call_id: str, item_id: int, task: LabelTask, labelled: Labelled, account: Account
) -> list[dict[str, Any]]:
    configuration, request = task.configuration, task.request
    details = {
        "prompt_version": PROMPT_VERSION,
        "prompt_hash": labelled.prompt_hash,
        "fingerprint": labelled.fingerprint,
        "configuration_hash": configuration.hash,
        "temperature": configuration.temperature,
        "top_p": configuration.top_p,
        "max_tokens": configuration.max_tokens,
        "seed": configuration.seed,
        "prompt_tokens": account.prompt_tokens,
        "completion_tokens": account.completion_tokens,
        "cost_usd": account.cost_usd,
        "seconds": account.seconds,
        "attempts": [attempt.outcome for attempt in labelled.attempts],
        "invalid": [str(problem) for problem in labelled.invalid],
        "sides": list(request.sides),
        "vary": dict(task.vary),
        "examples": len(request.examples),
        "masked": task.mask.hidden,
        "response_characters": len(labelled.raw),
    }
    return [
        {
            "item_id": item_id,
            "question": suggestion.question,
            "value": [_restored(task.mask, suggestion.value)],
            "confidence": suggestion.confidence,
            "confidence_source": "none" if suggestion.confidence is None else labelled.source,
            "probabilities": None,
            "calibrated": False,
            "calibrated_confidence": _calibrated(task, suggestion.question, suggestion.confidence),
            "near_match": suggestion.near,
            "rationale": task.mask.restore(suggestion.rationale),
            "examples": [],
            "model": labelled.model,
            "model_version": labelled.prompt_hash,
            "builtin": False,
            "simulated": False,
            "probe": task.probe,
            "details": details,
            "agent_id": task.agent_id,
            "call_id": call_id,
            "created_at": utc_now(),
        }
        for suggestion in labelled.suggestions
    ]


def _restored(mask: Mask, value: Any) -> Any:
    return mask.restore(value) if isinstance(value, str) else value


def _calibrated(task: LabelTask, question: str, confidence: float | None) -> float | None:
    known = task.calibrations.get(question)
    return None if known is None or confidence is None else known.of(confidence)
