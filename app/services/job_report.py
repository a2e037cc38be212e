"""What a job has come to, while it runs and afterwards."""

import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.agents.label_prompt import build_messages
from app.agents.masking import Mask
from app.clock import utc_now
from app.errors import NotFound
from app.services import arms, policy
from app.services.agents import BUILT_IN, find_agent
from app.services.context import Actor, Context
from app.services.model_labelling import request_for
from app.services.preannotation import JobState
from app.services.projects import schema_of
from app.services.subsets import resolve
from db.engine import reading
from db.records import ProjectRecord
from db.store import calls, job_figures, projects, subsets
from db.store.job_figures import JobTotals

__all__ = ["InvalidLabel", "JobReport", "job_report", "sample_prompts"]

_RECENT_SECONDS = 60
_SHOWN = 10
_LONGEST_LABEL = 80


@dataclass(frozen=True, slots=True)
class InvalidLabel:
    """An answer of the model that is none of the schema."""

    question: str
    said: str
    count: int
    examples: tuple[str, ...]
    """External ids of up to three items."""


@dataclass(frozen=True, slots=True)
class JobReport:
    state: JobState
    totals: JobTotals
    per_minute: float | None
    """Calls ended in the last minute of a running job; over its whole time otherwise."""
    seconds_left: float | None
    """At that pace; None when finished or standing still."""
    whole_usd: float | None
    """Expected for all items of the query, after a dry run; None without prices."""
    whole_seconds: float | None
    labels: dict[str, list[tuple[str, int]]]
    """Question -> labels with how many suggestions, the most frequent first; only where there are few."""
    failures: list[tuple[str, int, str, str]]
    """(outcome, calls, external id of one item, the provider's words)."""
    invalid_answers: int
    invalid: list[InvalidLabel]

    def to_json(self) -> dict[str, Any]:
        totals = self.totals
        return {
            "paused": self.state.job.paused,
            "budget_usd": self.state.job.budget_usd,
            "spent_usd": self.state.job.spent_usd,
            "prompt_tokens": totals.prompt_tokens,
            "completion_tokens": totals.completion_tokens,
            "cost_usd": totals.cost_usd,
            "calls_without_price": totals.unpriced,
            "mean_seconds": totals.mean_seconds,
            "per_minute": self.per_minute,
            "seconds_left": self.seconds_left,
            "expected_for_all": {"usd": self.whole_usd, "seconds": self.whole_seconds},
            "suggestions": totals.suggestions,
            "near_matches": totals.near,
            "labels": {question: dict(counts) for question, counts in self.labels.items()},
            "failures": [
                {"outcome": outcome, "calls": count, "item": item, "said": said}
                for outcome, count, item, said in self.failures
            ],
            "invalid_answers": self.invalid_answers,
            "invalid": [
                {"question": one.question, "said": one.said, "count": one.count, "items": list(one.examples)}
                for one in self.invalid
            ],
        }


def job_report(ctx: Context, actor: Actor, job_id: int) -> JobReport:
    """Everything about one job. Raises NotFound for an unknown one."""
    with reading(ctx.engine) as session:
        job = calls.job_by_id(session, job_id)
        if job is None:
            raise NotFound(f"no job {job_id}")
        policy.require_job(session, actor, job)
        state = JobState(
            job, calls.progress(session, job_id), calls.recent_errors(session, job_id, limit=_SHOWN)
        )
        totals = job_figures.job_totals(session, job_id)
        recent = job_figures.finished_since(session, job_id, utc_now() - timedelta(seconds=_RECENT_SECONDS))
        labels = _labels(list(job_figures.job_labels(session, job_id)))
        failures = job_figures.job_failures(session, job_id)
        invalid_answers, invalid = _invalid(list(job_figures.invalid_replies(session, job_id)))
        limit = ctx.jobs.USUAL_CONCURRENCY
    pace = _per_minute(state, totals, recent)
    left = state.counts.get("queued", 0) + state.counts.get("running", 0)
    whole = job.spec.get("prepared", {}).get("left", 0)
    share = totals.cost_usd / totals.ended if totals.cost_usd is not None and not totals.unpriced else None
    dry = bool(job.spec.get("dry_run")) and state.finished and totals.ended > 0
    return JobReport(
        state=state,
        totals=totals,
        per_minute=pace,
        seconds_left=left / pace * 60 if pace and left else None,
        whole_usd=share * whole if dry and share is not None else None,
        whole_seconds=totals.mean_seconds * whole / limit if dry and totals.mean_seconds else None,
        labels=labels,
        failures=failures,
        invalid_answers=invalid_answers,
        invalid=invalid,
    )


def _per_minute(state: JobState, totals: JobTotals, recent: int) -> float | None:
    if not state.finished:
        started = state.job.created_at.timestamp()
        return recent / min(_RECENT_SECONDS, max(1.0, time.time() - started)) * 60 if recent else None
    if totals.first is None or totals.last is None or totals.last <= totals.first:
        return None
    return totals.ended / (totals.last - totals.first).total_seconds() * 60


def _labels(rows: list[tuple[str, Any, float | None]]) -> dict[str, list[tuple[str, int]]]:
    counts: dict[str, Counter[str]] = {}
    for question, value, _ in rows:
        if isinstance(value, str) and len(value) > _LONGEST_LABEL:
            continue
        if isinstance(value, list):
            names = [entry["label"] if isinstance(entry, dict) else str(entry) for entry in value]
        else:
            names = [str(value)]
        counts.setdefault(question, Counter()).update(names)
    return {question: found.most_common(20) for question, found in counts.items()}


def _invalid(rows: list[tuple[str, list[dict[str, Any]]]]) -> tuple[int, list[InvalidLabel]]:
    counts: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], list[str]] = {}
    for external_id, problems in rows:
        for problem in problems:
            key = problem["question"], problem["said"]
            counts[key] += 1
            examples.setdefault(key, []).append(external_id)
    shown = [
        InvalidLabel(question, said, count, tuple(examples[question, said][:3]))
        for (question, said), count in counts.most_common(_SHOWN)
    ]
    return counts.total(), shown


def sample_prompts(
    ctx: Context,
    actor: Actor,
    project: ProjectRecord,
    *,
    agent: str,
    query: str = "",
    count: int = 2,
    **configuration: Any,
) -> list[tuple[str, str, str]]:
    """(external id, system message, user message) as the agent's model would get them for the first items that
    the query finds. `configuration` replaces parts of the agent's own, to try a prompt before it is stored.
    """
    if agent == BUILT_IN:
        return []
    _, own = find_agent(ctx, agent)
    tried = type(own).model_validate(own.model_dump() | configuration)
    shown = []
    with reading(ctx.engine) as session:
        policy.require(session, actor, project.id, "run_jobs")
        stored = projects.project_by_id(session, project.id) or project
        version = projects.latest_schema(session, project.id)
        guidelines = projects.latest_guidelines(session, project.id)
        if version is None:
            return []
        for item_id in resolve(session, project.id, query)[:count]:
            mask = Mask(arms.workplace_of(stored).mask)
            request = request_for(
                ctx,
                session,
                stored,
                {"items": [item_id]},
                tried,
                mask,
                schema_of(version),
                guidelines.text if guidelines else "",
            )
            if request is None:
                continue
            messages = build_messages(request, nonce="0000000000000000")
            system = "" if len(messages) == 1 else messages[0].text
            shown.append((subsets.external_id(session, item_id), system, messages[-1].text))
    return shown
