"""Whether two people's answers to one item contradict each other: compared by the judge in a job, listed for people.

Choices that differ need no model, that is disagreement already; this is about what people wrote.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations, groupby
from typing import Any

from app.analytics.intervals import wilson
from app.clock import utc_now
from app.errors import Invalid
from app.services import policy
from app.services.arms import workplace_of
from app.services.audit_log import record_action
from app.services.context import Actor, Context
from app.services.endpoints import PriceList, price_list
from app.services.jobs import BATCH, Done, GiveUp, call_key
from app.services.judged_calls import NO_MODEL, ended_call, require_price
from app.services.performing import Pause
from app.services.privacy import private_gateway
from app.services.projects import schema_of
from app.services.submissions import plain_text
from db.engine import Session, reading, transaction
from db.records import JobRecord, ProjectRecord
from db.store import annotations, calls, contradictions, items, projects
from db.store.contradictions import ComparedPair, GivenText
from judge import ContradictionJudge, TwoAnswers
from judge.contradiction import CONTRADICTION_PROMPT
from judge.llm import Gateway, Parameters

__all__ = [
    "KIND",
    "ComparedPair",
    "Contradictions",
    "compare_answers",
    "contradictions_of",
    "start_comparing",
]

KIND = "compare_answers"


def start_comparing(
    ctx: Context, actor: Actor, project_id: int, *, budget_usd: float | None = None
) -> JobRecord:
    """Compare every two people's answers to a judged question of one item, those compared before left out.

    A changed answer is another one and is compared again; so is everything under another model or prompt. Answers
    in the same words are not sent. Raises Invalid without a language model, a judged question or two answers to
    compare, and for a budget without a price.
    """
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "run_jobs")
        if ctx.gateway is None:
            raise Invalid("comparing answers needs a language model; set OPENAI_API_KEY or OPENAI_BASE_URL")
        if not project.judge_on:
            raise Invalid(f"the judge is switched off in {project.name!r}")
        if budget_usd is not None:
            require_price(ctx, session)
        pairs, alike = _pairs(session, project)
    model = ctx.gateway.model
    with transaction(ctx.engine) as session:
        policy.require(session, actor, project_id, "run_jobs")
        job = calls.add_job(
            session,
            project_id=project_id,
            kind="judge",
            agent_id=None,
            spec={"what": "compare answers", "items": len({one.item_id for one, _ in pairs}), "pairs": len(pairs), "alike": alike, "model": model},
            started_by=actor.login,
            now=utc_now(),
            budget_usd=budget_usd,
        )  # fmt: skip
        specs = {
            call_key(KIND, one.answer_id, other.answer_id, model, CONTRADICTION_PROMPT): {
                "first": one.answer_id,
                "second": other.answer_id,
                "items": [one.item_id],
            }
            for one, other in pairs
        }
        ctx.jobs.enqueue(session, kind=KIND, specs=specs, job_id=job.id, priority=BATCH)
        record_action(session, actor, "job.compare_answers", project_id, pairs=len(pairs))
    return job


def _pairs(session: Session, project: ProjectRecord) -> tuple[list[tuple[GivenText, GivenText]], int]:
    """(pairs to compare, the earlier answer first; how many say the same in the same words)."""
    version = projects.latest_schema(session, project.id)
    asked = schema_of(version).questions if version else ()
    questions = [question.id for question in asked if question.type == "text" and question.judged]
    if not questions:
        raise Invalid(f"project {project.name!r} has no judged text question, so there is nothing to compare")
    given = [row for row in contradictions.given_texts(session, project.id, questions) if row.text.strip()]
    pairs = [
        pair
        for _, group in groupby(given, key=lambda row: (row.item_id, row.question))
        for pair in combinations(group, 2)
    ]
    if not pairs:
        raise Invalid("no item has two people's answers to a judged question yet")
    other = [(one, two) for one, two in pairs if one.text.split() != two.text.split()]
    return other, len(pairs) - len(other)


@dataclass(frozen=True, slots=True)
class _Loaded:
    project_id: int
    item_id: int
    question: str
    pair: TwoAnswers
    gateway: Gateway
    prices: PriceList


async def compare_answers(ctx: Context, call_id: str, spec: Mapping[str, Any]) -> Done | GiveUp | Pause:
    """The worker's part of one call: compare two answers and hand back how to store what was found."""
    if ctx.gateway is None:
        return Pause(NO_MODEL)
    loaded = await asyncio.to_thread(_load, ctx, int(spec["first"]), int(spec["second"]))
    if loaded is None:
        return GiveUp(f"answer {spec['first']} or {spec['second']} is gone")
    parameters = Parameters(timeout_seconds=ctx.settings.model_timeout_seconds)
    started = time.monotonic()
    found = await ContradictionJudge(loaded.gateway, parameters=parameters).compare(loaded.pair)
    seconds = time.monotonic() - started

    def store(session: Session) -> None:
        contradictions.add_contradiction(
            session,
            call_id=call_id,
            project_id=loaded.project_id,
            item_id=loaded.item_id,
            question=loaded.question,
            first_answer_id=spec["first"],
            second_answer_id=spec["second"],
            outcome=found.outcome,
            reason=found.reason,
            why=found.why,
            quotes=found.quotes_json(),
            model=found.model,
            prompt_version=CONTRADICTION_PROMPT,
            parameters={"temperature": parameters.temperature, "max_tokens": parameters.max_tokens},
            usage={"requests": found.requests}
            | (
                {}
                if found.usage is None
                else {
                    "prompt_tokens": found.usage.prompt_tokens,
                    "completion_tokens": found.usage.completion_tokens,
                }
            ),
            raw=found.raw,
            seconds=seconds,
            created_at=utc_now(),
        )

    return ended_call(
        found.model,
        found.usage,
        found.failures,
        lacking=found.failures,
        store=store,
        prices=loaded.prices,
        seconds=seconds,
        live=False,
    )


def _load(ctx: Context, first_id: int, second_id: int) -> _Loaded | None:
    with reading(ctx.engine) as session:
        first = annotations.answer_by_id(session, first_id)
        second = annotations.answer_by_id(session, second_id)
        annotation = annotations.annotation_by_id(session, first.annotation_id) if first else None
        item = items.item_by_id(session, annotation.item_id) if annotation else None
        project = projects.project_by_id(session, item.project_id) if item else None
        gateway = private_gateway(ctx, project) if project else None
        if first is None or second is None or item is None or project is None or gateway is None:
            return None
        pair = TwoAnswers(
            f"{first_id}:{second_id}",
            plain_text(item.content),
            str(first.value[0]),
            str(second.value[0]),
            item.content.get("context"),
        )
        return _Loaded(project.id, item.id, first.question, pair, gateway, price_list(session, ctx.settings))


@dataclass(frozen=True, slots=True)
class Contradictions:
    """What is known of the answers as they stand."""

    counts: Mapping[str, int]
    """Outcome -> pairs: contradict, unsure, unscored, agree."""
    share: tuple[int, int, tuple[float, float] | None]
    """(contradicting pairs, of those decided either way, 95 % interval of the share, Wilson)."""
    rows: list[ComparedPair]
    """Those that a person should look at: contradictions, then the unsure ones."""
    names: bool
    """Whether the project shows who answered."""


_ORDER = ("contradict", "unsure", "unscored", "agree")


def contradictions_of(ctx: Context, actor: Actor, project_id: int) -> Contradictions:
    """For those who decide about answers."""
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "decide")
        found = contradictions.compared_pairs(session, project_id)
    counts = Counter(pair.outcome for pair in found)
    clashing, decided = counts["contradict"], counts["contradict"] + counts["agree"]
    rows = [pair for pair in found if pair.outcome in ("contradict", "unsure")]
    rows.sort(key=lambda pair: _ORDER.index(pair.outcome))
    return Contradictions(
        counts={name: counts[name] for name in _ORDER if counts[name]},
        share=(clashing, decided, wilson(clashing, decided)),
        rows=rows,
        names=not workplace_of(project).hide_names,
    )
