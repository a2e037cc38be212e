"""Looking at agents again on a schedule: a fixed sample is asked about every so many hours, and change is an alarm."""

import logging
from dataclasses import dataclass
from datetime import datetime

from app.clock import utc_now
from app.errors import Invalid, NotFound
from app.schema.workplace import DriftCheck, parse_workplace
from app.services import policy
from app.services.agents import BUILT_IN, find_agent
from app.services.arms import workplace_of
from app.services.audit_log import record_action
from app.services.context import Actor, Context
from app.services.stability import Look, looks, start_look
from db.engine import reading, transaction
from db.store import calls, projects, subsets

__all__ = ["Watched", "ask_due", "unwatch", "watch", "watched"]

_SCHEDULE = Actor.operator()
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Watched:
    """One agent that is asked again by the clock, with what came of it."""

    check: DriftCheck
    looks: list[Look]

    @property
    def alarm(self) -> Look | None:
        """The newest look that has ended and was compared, if it changed beyond the limit."""
        newest = next((look for look in reversed(self.looks) if look.since_first is not None), None)
        if newest is None or newest.since_first is None:
            return None
        return newest if newest.since_first.alarming(self.check.alarm_above) else None


def watch(ctx: Context, actor: Actor, project_id: int, **check: object) -> DriftCheck:
    """Ask an agent (`agent`) about a saved subset (`subset`) every `every_hours`; a changed share whose interval lies
    above `alarm_above` is an alarm. A check of the same agent and subset is replaced.

    Raises Invalid for what cannot be asked, NotFound for an unknown agent or subset.
    """
    with transaction(ctx.engine) as session:
        projects.hold_project(session, project_id)
        project = policy.require(session, actor, project_id, "run_jobs")
        kept = [
            one.model_dump()
            for one in workplace_of(project).drift
            if (one.agent, one.subset) != (check.get("agent"), check.get("subset"))
        ]
        workplace = parse_workplace({**project.workplace, "drift": [*kept, check]})
        added = workplace.drift[-1]
        if added.agent == BUILT_IN:
            raise Invalid("the built-in classifier learns from every verified label; it is meant to change")
        find_agent(ctx, added.agent)
        if subsets.subset_by_name(session, project_id, added.subset) is None:
            raise NotFound(
                f"no saved subset {added.subset!r}; save one, so that every look is at the same items"
            )
        projects.change_project(session, project_id, workplace=workplace.changes())
        record_action(session, actor, "drift.watch", project_id, **added.model_dump())
        return added


def unwatch(ctx: Context, actor: Actor, project_id: int, agent: str, subset: str) -> None:
    """Ask no more by the clock; what was asked stays. Nothing happens for a check that is not there."""
    with transaction(ctx.engine) as session:
        projects.hold_project(session, project_id)
        project = policy.require(session, actor, project_id, "run_jobs")
        workplace = workplace_of(project)
        kept = tuple(one for one in workplace.drift if (one.agent, one.subset) != (agent, subset))
        if kept != workplace.drift:
            changed = workplace.model_copy(update={"drift": kept})
            projects.change_project(session, project_id, workplace=changed.changes())
            record_action(session, actor, "drift.unwatch", project_id, agent=agent, subset=subset)


def watched(ctx: Context, actor: Actor, project_id: int) -> list[Watched]:
    """Every check of the project, with its looks."""
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "run_jobs")
    return [
        Watched(check, looks(ctx, actor, project_id, check.agent, check.subset))
        for check in workplace_of(project).drift
    ]


def ask_due(ctx: Context, *, now: datetime | None = None) -> list[int]:
    """Start the looks of the current periods that were not started; the numbers of the jobs of these periods.

    Time is cut into periods of `every_hours` from 1970 on, and a period has one look, whoever and however often
    somebody asks. What cannot be started is written to the log and tried again.
    """
    hours = int((now or utc_now()).timestamp() // 3600)
    with reading(ctx.engine) as session:
        due = [
            (project, check)
            for project in projects.list_projects(session)
            for check in workplace_of(project).drift
        ]
    started = []
    for project, check in due:
        period = hours // check.every_hours
        key = f"drift-{project.id}-{check.agent}-{check.subset}-{check.every_hours}-{period}"
        with reading(ctx.engine) as session:
            known = calls.job_by_key(session, _SCHEDULE.login, key)
        if known is not None:  # asked every minute: preparing a job reads the whole project
            started.append(known.id)
            continue
        try:
            job = start_look(
                ctx, _SCHEDULE, project.id, agent=check.agent, subset=check.subset, idempotency_key=key
            )
            started.append(job.id)
        except (Invalid, NotFound) as error:
            log.warning("the look at agent %r in project %r waits: %s", check.agent, project.name, error)
    return started
