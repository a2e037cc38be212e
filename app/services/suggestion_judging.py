"""The judge looks at suggestions before people do: a job over what an agent suggested, on the project's rubric.

Its verdicts lie in the same table as those on people's answers and name the suggestion; they are in no figure about
people. They say what to verify first, and which suggestions a person should see in any case.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from app.analytics.intervals import wilson
from app.clock import utc_now
from app.errors import Invalid
from app.schema import LabelSchema, SpanQuestion
from app.schema.values import is_empty
from app.services import policy
from app.services.agents import BUILT_IN, DEFAULT
from app.services.arms import workplace_of
from app.services.audit_log import record_action
from app.services.context import Actor, Context
from app.services.endpoints import PriceList, price_list
from app.services.jobs import BATCH, Done, GiveUp, call_key
from app.services.judged_calls import NO_MODEL, model_in_use, outcome_of, require_price
from app.services.media import images_of
from app.services.performing import Pause
from app.services.privacy import private_gateway
from app.services.projects import rubric_of, schema_of
from app.services.rejudging import SAMPLES
from app.services.submissions import submission_of
from app.services.subsets import resolve
from db.engine import Session, reading, transaction
from db.records import JobRecord, ProjectRecord
from db.store import calls, items, projects, suggestion_verdicts, verdicts
from db.store.suggestion_verdicts import SuggestionToJudge, SuggestionVerdict
from judge import Judge, Submission
from judge.llm import Gateway, Parameters
from judge.scorer import BUILT_IN as RULES_ONLY
from rubrics import Rubric

__all__ = [
    "KIND",
    "Standing",
    "SuggestionFigures",
    "judge_suggestion",
    "standing_of",
    "start_judging_suggestions",
    "suggestion_figures",
    "words_of",
]

KIND = "judge_suggestion"
Standing = Literal["passed", "below", "unscored", "no_pass_mark"]


def standing_of(verdict: SuggestionVerdict) -> Standing:
    """Where a judged suggestion stands; `below` goes to a person before it is used."""
    if verdict.total is None:
        return "unscored"
    if verdict.passed is None:
        return "no_pass_mark"
    return "passed" if verdict.passed else "below"


def words_of(schema: LabelSchema, row: SuggestionToJudge, content: Mapping[str, Any], *, bare: bool) -> str:
    """What the judge reads of a suggestion; empty for one that it does not judge.

    A suggested text to a judged question is read as a person's answer to it would be. Of any other question it is
    the label with its rationale; a label without one only where `bare` says so.
    """
    question = next((known for known in schema.questions if known.id == row.question), None)
    if question is None or is_empty(row.value):
        return ""
    if question.type == "text":
        return str(row.value) if question.judged else ""
    rationale = row.rationale.strip()
    if not rationale and not bare:
        return ""
    label = _spans(question, row.value, content) if question.type == "span" else _label(row.value)
    return "\n\n".join(filter(None, (f"{question.title} {label}", rationale)))


def _label(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _spans(question: SpanQuestion, value: Any, content: Mapping[str, Any]) -> str:
    """Each span's label with the words that it marks."""
    parts = content.get("parts", [])
    text = next((part.get("text", "") for part in parts if part.get("name") == question.part), "")
    return ", ".join(f"{span['label']} “{text[span['start'] : span['end']]}”" for span in value)


def start_judging_suggestions(
    ctx: Context,
    actor: Actor,
    project_id: int,
    *,
    agent: str | None = None,
    query: str = "",
    samples: int = SAMPLES,
    budget_usd: float | None = None,
) -> JobRecord:
    """Judge the newest suggestion to each question of the items that `query` finds, of one agent or of all.

    What was judged on the same rubric by the same model with as many replies is not judged again. Raises Invalid
    where the project does not want its suggestions judged, has no rubric, or has none to judge; for a budget without
    a price.
    """
    if not 1 <= samples <= 20:
        raise Invalid("from 1 to 20 replies per suggestion")
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "run_jobs")
        wanted = workplace_of(project).judge_suggestions
        if not project.judge_on:
            raise Invalid(f"the judge is switched off in {project.name!r}")
        if wanted == "no":
            raise Invalid(
                f"project {project.name!r} does not have its suggestions judged; an administrator switches it on in its settings"
            )
        if budget_usd is not None:
            require_price(ctx, session)
        chosen = _to_judge(session, project, query, agent, bare=wanted == "all")
    model = model_in_use(ctx)
    with transaction(ctx.engine) as session:
        policy.require(session, actor, project_id, "run_jobs")
        job = calls.add_job(
            session,
            project_id=project_id,
            kind="judge",
            agent_id=None,
            spec={
                "what": "judge suggestions",
                "agent": agent or "all agents",
                "query": query,
                "samples": samples,
                "items": len(chosen),
                "model": model,
            },
            started_by=actor.login,
            now=utc_now(),
            budget_usd=budget_usd,
        )
        specs = {
            call_key(KIND, row.suggestion_id, rubric_id, model, samples): {
                "suggestion_id": row.suggestion_id,
                "rubric_version_id": rubric_id,
                "samples": samples,
                "model": model,
                "items": [row.item_id],
            }
            for row, rubric_id in chosen
        }
        ctx.jobs.enqueue(session, kind=KIND, specs=specs, job_id=job.id, priority=BATCH)
        record_action(
            session, actor, "job.judge_suggestions", project_id, suggestions=len(chosen), samples=samples
        )
    return job


def _of_agent(session: Session, agent: str | None) -> dict[str, Any]:
    """What the store wants to know of an agent."""
    if agent is None:
        return {}
    if agent == BUILT_IN:
        return {"builtin": True}
    if agent == DEFAULT:
        return {"unstored": True}
    record = projects.agent_by_name(session, agent)
    # What was imported names its model and has no agent.
    return {"agent_id": record.id} if record else {"model": agent}


def _to_judge(
    session: Session, project: ProjectRecord, query: str, agent: str | None, *, bare: bool
) -> list[tuple[SuggestionToJudge, int]]:
    """(suggestion, rubric version) of what the query finds and the project wants judged."""
    version = projects.latest_schema(session, project.id)
    if version is None:
        raise Invalid(f"project {project.name!r} holds ratings; there are no suggestions to judge")
    schema = schema_of(version)
    inside = set(resolve(session, project.id, query))
    found: list[tuple[SuggestionToJudge, int]] = []
    without_rubric = False
    for row in suggestion_verdicts.suggestions_to_judge(session, project.id, **_of_agent(session, agent)):
        if row.item_id not in inside:
            continue
        if not words_of(schema, row, {}, bare=bare):
            continue
        rubric_id = row.rubric_version_id or project.rubric_version_id
        if rubric_id is None:
            without_rubric = True
            continue
        found.append((row, rubric_id))
    if found:
        return found
    if without_rubric:
        raise Invalid(f"project {project.name!r} has no rubric; put one in force on the Rubrics page")
    kinds = "suggestions" if bare else "suggested texts to judged questions and no labels with a rationale"
    whose = f" of {agent!r}" if agent else ""
    raise Invalid(f"there are no {kinds}{whose} to judge here; Agents and jobs makes suggestions")


@dataclass(frozen=True, slots=True)
class _Loaded:
    rubric: Rubric
    submission: Submission
    gateway: Gateway | None
    prices: PriceList


async def judge_suggestion(ctx: Context, call_id: str, spec: Mapping[str, Any]) -> Done | GiveUp | Pause:
    """The worker's part of one call: judge one suggestion and hand back how to store the verdict."""
    if spec["model"] != RULES_ONLY and ctx.gateway is None:
        return Pause(NO_MODEL)
    loaded = await asyncio.to_thread(_load, ctx, spec)
    if loaded is None:
        return GiveUp(f"suggestion {spec['suggestion_id']} or its rubric is gone, or is judged no more")
    judge = Judge(
        loaded.rubric,
        loaded.gateway,
        parameters=Parameters(timeout_seconds=ctx.settings.model_timeout_seconds),
        samples=spec["samples"],
    )
    started = time.monotonic()
    verdict = await judge.score(loaded.submission)
    seconds = time.monotonic() - started

    def store(session: Session) -> None:
        verdicts.store_verdict(
            session,
            verdict.to_json(),
            suggestion_id=spec["suggestion_id"],
            rubric_version_id=spec["rubric_version_id"],
            call_id=call_id,
            prompt_version=verdict.prompt_version,
            parameters=dict(verdict.parameters),
            raw=verdict.raw,
            requests=verdict.requests,
            seconds=seconds,
            simulated=False,
            now=utc_now(),
        )

    return outcome_of(verdict, store=store, prices=loaded.prices, seconds=seconds, live=False)


def _load(ctx: Context, spec: Mapping[str, Any]) -> _Loaded | None:
    with reading(ctx.engine) as session:
        row = suggestion_verdicts.suggestion_to_judge(session, spec["suggestion_id"])
        item = items.item_by_id(session, row.item_id) if row else None
        project = projects.project_by_id(session, item.project_id) if item else None
        version = projects.latest_schema(session, project.id) if project else None
        rubric = projects.rubric_by_id(session, spec["rubric_version_id"])
        if row is None or item is None or project is None or version is None or rubric is None:
            return None
        words = words_of(schema_of(version), row, item.content, bare=True)
        if not words:
            return None
        images = images_of(ctx, item.content) if ctx.gateway else ()
        return _Loaded(
            rubric_of(rubric),
            submission_of(f"s{row.suggestion_id}", words, item.content, images),
            private_gateway(ctx, project),
            price_list(session, ctx.settings),
        )


@dataclass(frozen=True, slots=True)
class SuggestionFigures:
    """What the judge said of the newest suggestions, or of those of one job."""

    counts: Mapping[Standing, int]
    flagged: int
    """With a flag, wherever they stand."""
    below: tuple[int, int, tuple[float, float] | None]
    """(below the pass mark, of those with a pass mark and a total, 95 % interval of the share, Wilson)."""
    rows: Sequence[SuggestionVerdict]
    """Those that a person should see: below the pass mark, unscored or flagged."""

    @property
    def judged(self) -> int:
        return sum(self.counts.values())


_FIRST: tuple[Standing, ...] = ("below", "unscored", "no_pass_mark", "passed")


def suggestion_figures(
    ctx: Context, actor: Actor, project_id: int, *, job_id: int | None = None
) -> SuggestionFigures:
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "read_all")
        found = suggestion_verdicts.judged_suggestions(session, project_id, job_id=job_id)
    counts: dict[Standing, int] = {}
    for row in found:
        counts[standing_of(row)] = counts.get(standing_of(row), 0) + 1
    decided = counts.get("below", 0) + counts.get("passed", 0)
    wanted = [row for row in found if standing_of(row) in ("below", "unscored") or row.flags]
    wanted.sort(key=lambda row: (_FIRST.index(standing_of(row)), row.total or 0.0))
    low = counts.get("below", 0)
    return SuggestionFigures(
        counts={name: counts[name] for name in _FIRST if name in counts},
        flagged=sum(bool(row.flags) for row in found),
        below=(low, decided, wilson(low, decided)),
        rows=wanted,
    )
