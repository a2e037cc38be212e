"""Whether an agent still says what it said: drift over time, and labels that flip with the order of options."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.analytics.intervals import wilson
from app.errors import Invalid
from app.services import agent_quality, preannotation
from app.services.agents import BUILT_IN
from app.services.context import Actor, Context
from db.engine import reading
from db.records import JobRecord
from db.store import calls

__all__ = ["Stability", "first_job", "measure_flips", "next_probe", "start_probe"]


@dataclass(frozen=True, slots=True)
class Stability:
    """How often answers changed, over all questions whose answers are compared as a whole."""

    compared: int
    changed: int
    interval: tuple[float, float]
    """95 % interval of the share that changed (Wilson)."""

    @property
    def share(self) -> float | None:
        return self.changed / self.compared if self.compared else None

    def alarming(self, limit: float) -> bool:
        """Whether even the lower end of the interval lies above `limit`."""
        return self.compared > 0 and self.interval[0] > limit


def _jobs(ctx: Context, project_id: int, agent: str, subset: str) -> list[JobRecord]:
    """The agent's jobs on a saved subset, oldest first; dry runs left out."""
    with reading(ctx.engine) as session:
        return [
            job
            for job in reversed(calls.list_jobs(session, project_id))
            if job.spec.get("agent") == agent
            and job.spec.get("query") == f"subset:{subset}"
            and not job.spec.get("dry_run")
        ]


def first_job(ctx: Context, project_id: int, agent: str, subset: str) -> JobRecord | None:
    """What later answers are compared with: the agent's first job on the subset, as the schema orders options."""
    found = _jobs(ctx, project_id, agent, subset)
    return next((job for job in found if "shuffle" not in job.spec), None)


def next_probe(ctx: Context, project_id: int, agent: str, subset: str) -> int:
    """A number for asking again that was not used before."""
    return 1 + max(
        (job.spec.get("replicate", 0) for job in _jobs(ctx, project_id, agent, subset)), default=-1
    )


def start_probe(
    ctx: Context, actor: Actor, project_id: int, *, agent: str, subset: str, shuffle: int | None = None
) -> JobRecord:
    """Ask the agent about the subset once more, with the options in another order where `shuffle` is a seed.

    The first probe is an ordinary job: there is nothing to compare with yet. Raises Invalid for the built-in
    classifier, which learns and is meant to change.
    """
    if agent == BUILT_IN:
        raise Invalid("the built-in classifier learns from every verified label; it is meant to change")
    return preannotation.start(
        ctx,
        actor,
        project_id,
        agent=agent,
        query=f"subset:{subset}",
        replicate=0 if shuffle is not None else next_probe(ctx, project_id, agent, subset),
        shuffle=shuffle,
    )


def measure_flips(ctx: Context, actor: Actor, first: int, others: Sequence[int]) -> Stability:
    """How often the answers of other jobs differ from those of the first, free texts left out."""
    compared = changed = 0
    for job in others:
        for question in agent_quality.compare_jobs(ctx, actor, first, job):
            if any(
                isinstance(value, str) and len(value) > 200 for _, *pair in question.changed for value in pair
            ):
                continue
            compared += question.n
            changed += question.n - question.same
    return Stability(compared, changed, wilson(changed, compared) or (0.0, 1.0))
