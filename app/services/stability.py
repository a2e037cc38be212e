"""Whether an agent still says what it said: drift over time, and labels that flip with how the prompt is put."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.agents.prompt_words import WORDINGS
from app.analytics.intervals import wilson
from app.errors import Invalid
from app.services import agent_quality, policy, preannotation
from app.services.agents import BUILT_IN, find_agent
from app.services.context import Actor, Context
from app.services.preannotation import Variation
from db.engine import reading
from db.records import JobRecord
from db.store import calls, job_figures

__all__ = [
    "VARIATIONS",
    "Flips",
    "Look",
    "Stability",
    "first_look",
    "flips",
    "looks",
    "measure_flips",
    "start_look",
    "start_variations",
]

VARIATIONS: tuple[Variation, ...] = ("options", "examples", "wording")
_LOOKS_SHOWN = 30


@dataclass(frozen=True, slots=True)
class Stability:
    """How often answers changed, over all questions whose answers are compared as a whole."""

    compared: int
    changed: int
    interval: tuple[float, float]
    """95 % interval of the share that changed (Wilson), of as many answers as one job has."""

    @property
    def share(self) -> float | None:
        return self.changed / self.compared if self.compared else None

    def alarming(self, limit: float) -> bool:
        """Whether even the lower end of the interval lies above `limit`."""
        return self.compared > 0 and self.interval[0] > limit


@dataclass(frozen=True, slots=True)
class Look:
    """One time that the agent was asked about the whole sample."""

    job: JobRecord
    finished: bool
    same_prompt: bool
    """Whether the prompt, but for the item, is that of the newest look; if not, a change is no drift."""
    since_first: Stability | None
    """Against the first look with that prompt; None for that look itself, for another prompt and until it ends."""


def _jobs(ctx: Context, project_id: int, agent: str, subset: str) -> list[JobRecord]:
    """The agent's looks at a saved subset, oldest first, and the same put in other ways."""
    with reading(ctx.engine) as session:
        return [
            job
            for job in reversed(calls.list_jobs(session, project_id))
            if job.spec.get("agent") == agent
            and job.spec.get("query") == f"subset:{subset}"
            and (job.spec.get("replicate") or job.spec.get("vary"))
            and not job.spec.get("dry_run")
        ]


def _looks(ctx: Context, project_id: int, agent: str, subset: str) -> list[JobRecord]:
    return [job for job in _jobs(ctx, project_id, agent, subset) if not job.spec.get("vary")]


def first_look(ctx: Context, project_id: int, agent: str, subset: str) -> JobRecord | None:
    """What later answers are compared with."""
    return next(iter(_looks(ctx, project_id, agent, subset)), None)


def start_look(
    ctx: Context,
    actor: Actor,
    project_id: int,
    *,
    agent: str,
    subset: str,
    idempotency_key: str | None = None,
) -> JobRecord:
    """Ask the agent about the whole subset once more; nothing that it said before is used again.

    Raises Invalid for the built-in classifier, which learns and is meant to change.
    """
    if agent == BUILT_IN:
        raise Invalid("the built-in classifier learns from every verified label; it is meant to change")
    done = _looks(ctx, project_id, agent, subset)
    return preannotation.start(
        ctx,
        actor,
        project_id,
        agent=agent,
        query=f"subset:{subset}",
        replicate=1 + max((job.spec["replicate"] for job in done), default=0),
        idempotency_key=idempotency_key,
    )


def start_variations(
    ctx: Context, actor: Actor, project_id: int, *, agent: str, subset: str, by: Variation, times: int
) -> list[JobRecord]:
    """Ask the agent about the subset with the options or the examples in other orders, or in other words.

    The same variation is asked once. Raises Invalid for an agent that has nothing to vary in this way.
    """
    _, configuration = find_agent(ctx, agent)
    if by == "examples" and configuration.examples < 2:
        raise Invalid(f"agent {agent!r} shows fewer than two examples; there is no order to change")
    if by == "wording":
        times = min(times, WORDINGS - 1)
    return [
        preannotation.start(ctx, actor, project_id, agent=agent, query=f"subset:{subset}", vary={by: number})
        for number in range(1, times + 1)
    ]


@dataclass(frozen=True, slots=True)
class Flips:
    """How often answers differ from the first look when the same is put in another way."""

    by: Variation
    asked: int
    """In how many other ways."""
    finished: bool
    seen: Stability


def flips(ctx: Context, actor: Actor, project_id: int, agent: str, subset: str) -> list[Flips]:
    """Of each kind of variation that was asked for; none before the first look."""
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "run_jobs")
    first = first_look(ctx, project_id, agent, subset)
    varied: dict[Variation, list[int]] = {}
    for job in _jobs(ctx, project_id, agent, subset):
        for by in job.spec.get("vary", {}):
            varied.setdefault(by, []).append(job.id)
    if first is None:
        return []
    return [
        Flips(
            by,
            len(jobs),
            not any(_open(ctx, job) for job in (first.id, *jobs)),
            measure_flips(ctx, actor, first.id, jobs),
        )
        for by, jobs in varied.items()
    ]


def _open(ctx: Context, job_id: int) -> bool:
    counts = ctx.jobs.progress(job_id)
    return any(counts.get(name, 0) for name in ("queued", "running", "paused"))


def measure_flips(ctx: Context, actor: Actor, first: int, others: Sequence[int]) -> Stability:
    """How often the answers of other jobs differ from those of the first, free texts left out.

    Asking about an item again tells less than asking about another one, so the interval is that of as many answers
    as one job has, however many jobs there are.
    """
    compared = changed = distinct = 0
    for job in others:
        before = compared
        for question in agent_quality.compare_jobs(ctx, actor, first, job):
            if any(
                isinstance(value, str) and len(value) > 200 for _, *pair in question.changed for value in pair
            ):
                continue
            compared += question.n
            changed += question.n - question.same
        distinct = max(distinct, compared - before)
    share = changed / compared if compared else 0.0
    return Stability(compared, changed, wilson(share * distinct, distinct) or (0.0, 1.0))


def looks(ctx: Context, actor: Actor, project_id: int, agent: str, subset: str) -> list[Look]:
    """The newest looks, oldest first, each against the first with the prompt of the newest."""
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "run_jobs")
    jobs = _looks(ctx, project_id, agent, subset)
    with reading(ctx.engine) as session:
        prompts = {job.id: job_figures.prompt_of(session, job.id) for job in jobs}
    newest = next((prompts[job.id] for job in reversed(jobs) if prompts[job.id]), None)
    same = [job.id for job in jobs if prompts[job.id] == newest]
    found = []
    for job in jobs[-_LOOKS_SHOWN:]:
        ended = not _open(ctx, job.id)
        compared = ended and job.id in same and job.id != same[0]
        found.append(
            Look(
                job,
                ended,
                job.id in same or prompts[job.id] is None,
                measure_flips(ctx, actor, same[0], [job.id]) if compared else None,
            )
        )
    return found
