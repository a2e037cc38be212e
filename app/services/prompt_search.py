"""A search for a better prompt: every variant of an agent answers the same gold for tuning, within a budget.

The best of many looks better than it is; its skill is what `agent_quality` measures on the test part of gold,
which the search never sees. The answers are measurements: they are no suggestions and annotators never see them.
"""

import asyncio
import itertools
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from app.analytics.intervals import sign_test, wilson
from app.clock import utc_now
from app.errors import Invalid, NotFound, problem_lines
from app.services import policy
from app.services.agents import AgentConfiguration, add_agent, find_agent
from app.services.audit_log import record_action
from app.services.context import Actor, Context
from app.services.endpoints import price_list
from app.services.jobs import BATCH, Done, GiveUp, call_key
from app.services.model_labelling import Asked, ask_model, load_task
from app.services.performing import Pause
from app.services.preannotation import JobState, job_state
from app.services.projects import schema_of
from db.engine import Session, reading, transaction
from db.records import AgentRecord, JobRecord
from db.store import calls, job_figures, projects

__all__ = [
    "KIND",
    "VARIED",
    "SearchResult",
    "Variant",
    "keep_variant",
    "search_result",
    "start_search",
    "try_variant",
]

KIND = "search"
VARIED = (
    "instruction",
    "prompt_language",
    "prompt_form",
    "examples",
    "pick",
    "temperature",
    "model",
    "one_message",
)
"""What may differ between the variants."""
_MOST_VARIANTS = 64


@dataclass(frozen=True, slots=True)
class Variant:
    """One variant beside the agent as it is, which is variant 0."""

    number: int
    changes: dict[str, Any]
    """Field of the configuration -> its value here; empty for the agent as it is."""
    right: int
    n: int
    """Answers on gold; an answer that failed or fits no label counts as not right."""
    interval: tuple[float, float]
    """95 % interval of the share that is right (Wilson)."""
    better: int
    worse: int
    """Answers that are right here and not in variant 0, and the other way round, on the same gold."""
    p: float | None
    """Exact two-sided sign test of the two (McNemar); not adjusted for how many variants there are."""
    cost_usd: float | None
    mean_seconds: float | None


@dataclass(frozen=True, slots=True)
class SearchResult:
    state: JobState
    items: int
    variants: list[Variant]
    """The most accurate first; of equals the cheaper."""


def _variants(base: AgentConfiguration, varied: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    unknown = sorted(set(varied) - set(VARIED))
    if unknown:
        raise Invalid(f"{', '.join(unknown)} cannot be varied; {', '.join(VARIED)} can")
    names = [name for name in VARIED if varied.get(name)]
    own = base.model_dump()
    choices = [list(dict.fromkeys([own[name], *varied[name]])) for name in names]
    found = []
    for values in itertools.product(*choices):
        changes = {name: value for name, value in zip(names, values, strict=True) if value != own[name]}
        if "pick" in changes and not (own | changes)["examples"]:
            continue  # how to pick none makes no difference
        found.append(changes)
    if len(found) < 2:
        raise Invalid(f"nothing to compare: give values for one or more of {', '.join(VARIED)}")
    if len(found) > _MOST_VARIANTS:
        raise Invalid(f"{len(found)} variants; the most are {_MOST_VARIANTS}")
    for changes in found:
        try:
            AgentConfiguration.model_validate(own | changes)
        except ValidationError as error:
            raise Invalid(problem_lines(error)) from error
    return found


def in_words(changes: Mapping[str, Any]) -> str:
    """What a variant changes, in a line."""
    words = []
    for name, value in changes.items():
        shown = " ".join(str(value).split()) or "none"
        words.append(f"{name.replace('_', ' ')}: {shown[:60]}{'…' if len(shown) > 60 else ''}")
    return "; ".join(words) or "the agent as it is"


def start_search(
    ctx: Context,
    actor: Actor,
    project_id: int,
    *,
    agent: str,
    varied: Mapping[str, Sequence[Any]],
    items: int = 50,
    budget_usd: float | None = None,
) -> JobRecord:
    """Ask every variant about the same items, up to `items` of the gold for tuning, by lot.

    `varied` holds the values to try of each field besides the agent's own; all combinations are tried. The job
    pauses when the budget is spent; what was answered until then is compared. Raises Invalid for what cannot be
    compared, a project without gold for tuning, and a budget without prices.
    """
    if ctx.gateway is None:
        raise Invalid("no language model is configured; set OPENAI_API_KEY or OPENAI_BASE_URL")
    record, base = find_agent(ctx, agent)
    found = _variants(base, varied)
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "run_jobs")
        dev = sorted({item_id for item_id, _ in _known(session, project_id)})
        prices = price_list(session, ctx.settings)
    if not dev:
        raise Invalid("no gold for tuning: the dev part of this project's gold is empty")
    if budget_usd is not None:
        for changes in found:
            model = changes.get("model", base.model)
            if prices.per_million(model or ctx.gateway.model, utc_now(), own=not model) is None:
                raise Invalid(
                    f"a budget needs the price of {model or ctx.gateway.model!r}; `milo prices add` notes it"
                )
    chosen = sorted(random.Random(0).sample(dev, min(items, len(dev))))
    with transaction(ctx.engine) as session:
        policy.require(session, actor, project_id, "run_jobs")
        job = calls.add_job(
            session,
            project_id=project_id,
            kind=KIND,
            agent_id=record.id if record else None,
            spec={"agent": agent, "variants": found, "items": len(chosen)},
            started_by=actor.login,
            now=utc_now(),
            budget_usd=budget_usd,
        )
        # Item by item, so that a job that its budget ends early has asked all variants about the same items.
        specs = {
            call_key(KIND, job.id, number, item_id): {
                "project_id": project_id,
                "agent": agent,
                "changes": changes,
                "variant": number,
                "items": [item_id],
            }
            for item_id in chosen
            for number, changes in enumerate(found)
        }
        ctx.jobs.enqueue(session, kind=KIND, specs=specs, job_id=job.id, priority=BATCH)
        record_action(session, actor, "job.search", project_id, agent=agent, variants=len(found))
    return job


def _known(session: Session, project_id: int) -> dict[tuple[int, str], Any]:
    """(item id, question) -> known answer of the gold for tuning; free texts, of which no two are alike, left out."""
    version = projects.latest_schema(session, project_id)
    if version is None:
        return {}
    compared = {question.id for question in schema_of(version).questions if question.type != "text"}
    gold = job_figures.gold_values(session, project_id, "dev")
    return {key: value for key, value in gold.items() if key[1] in compared}


async def try_variant(ctx: Context, _call_id: str, spec: Mapping[str, Any]) -> Done | GiveUp | Pause:
    """The worker's part of one call: ask, and keep the answers in the call's report."""
    task = await asyncio.to_thread(load_task, ctx, spec)
    if task is None:
        return GiveUp(f"item {spec['items'][0]} is gone, or its project has no schema")
    asked = await ask_model(ctx, task)
    if not isinstance(asked, Asked):
        return asked
    answers = {row.question: row.value for row in asked.labelled.suggestions}
    account = replace(asked.account, report={**(asked.account.report or {}), "answers": answers})
    return Done(lambda session: None, account)


def search_result(ctx: Context, actor: Actor, job_id: int) -> SearchResult:
    """How the variants of a search stand, also while it runs. Raises NotFound for a job that is no search."""
    state = job_state(ctx, actor, job_id)
    if state is None or state.job.kind != KIND or state.job.project_id is None:
        raise NotFound(f"job {job_id} is no search")
    with reading(ctx.engine) as session:
        gold = _known(session, state.job.project_id)
        tried = list(job_figures.tried_variants(session, job_id))
    questions = defaultdict[int, list[str]](list)
    for item_id, question in gold:
        questions[item_id].append(question)
    hits: dict[int, dict[tuple[int, str], bool]] = defaultdict(dict)
    costs, seconds = defaultdict[int, list[float | None]](list), defaultdict[int, list[float]](list)
    for call in tried:
        for question in questions[call.item_id]:
            right = question in call.answers and call.answers[question] == gold[call.item_id, question]
            hits[call.variant][call.item_id, question] = right
        costs[call.variant].append(call.cost_usd)
        if call.seconds is not None:
            seconds[call.variant].append(call.seconds)
    rows = [
        _row(number, changes, hits[number], hits[0], costs[number], seconds[number])
        for number, changes in enumerate(state.job.spec["variants"])
    ]
    rows.sort(key=lambda row: (-row.right / row.n if row.n else 0, row.cost_usd or 0, row.number))
    return SearchResult(state, state.job.spec["items"], rows)


def _row(
    number: int,
    changes: dict[str, Any],
    own: Mapping[tuple[int, str], bool],
    first: Mapping[tuple[int, str], bool],
    costs: Sequence[float | None],
    seconds: Sequence[float],
) -> Variant:
    shared = [key for key in own if key in first]
    better = sum(own[key] and not first[key] for key in shared)
    worse = sum(first[key] and not own[key] for key in shared)
    priced = [cost for cost in costs if cost is not None]
    return Variant(
        number=number,
        changes=changes,
        right=sum(own.values()),
        n=len(own),
        interval=wilson(sum(own.values()), len(own)) or (0.0, 1.0),
        better=better,
        worse=worse,
        p=sign_test(better, worse) if number else None,
        cost_usd=sum(priced) if len(priced) == len(costs) and priced else None,
        mean_seconds=sum(seconds) / len(seconds) if seconds else None,
    )


def keep_variant(ctx: Context, actor: Actor, job_id: int, number: int, *, name: str) -> AgentRecord:
    """Store a variant as an agent of its own. Raises Conflict for a name that is taken."""
    found = search_result(ctx, actor, job_id)
    variants = found.state.job.spec["variants"]
    if not 0 <= number < len(variants):
        raise NotFound(f"job {job_id} has the variants 0 to {len(variants) - 1}")
    _, base = find_agent(ctx, found.state.job.spec["agent"])
    return add_agent(ctx, actor, name=name, **base.model_dump() | variants[number])
