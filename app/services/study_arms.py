"""The arm that a running study draws for one person on one item, and what that arm withholds."""

from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import lru_cache

import orjson

from app.analytics import arms_plan
from app.schema.study import CONTROL, Kind, StudyArm, StudyPlan
from app.services.audit_log import record_action
from app.services.context import Actor
from db.engine import Session
from db.records import LeaseRecord, ProjectRecord
from db.store import leases, studies
from db.study_records import StudyRecord

__all__ = ["RULE", "Drawn", "arm_at", "draw", "plan_of", "settle", "withheld"]

_RUN = 8
"""Items of one person within which the arms balance, about. By judgement: more hide better what comes next, fewer balance sooner."""
RULE = "rule"
"""Who stopped a study that stopped by its own rule."""


@dataclass(frozen=True, slots=True)
class Drawn:
    study_id: int
    position: int
    """Which of the person's items of the study it is, from 0."""
    arm: StudyArm
    help: dict[str, bool]
    """Kind of help under study -> whether the arm gives it."""


def plan_of(study: StudyRecord) -> StudyPlan:
    return _plan(orjson.dumps(study.document))


@lru_cache(maxsize=64)
def _plan(document: bytes) -> StudyPlan:
    return StudyPlan.model_validate_json(document)


def draw(
    session: Session,
    project: ProjectRecord,
    user_id: int,
    item_id: int,
    *,
    suggested: bool,
    now: datetime,
) -> Drawn | None:
    """The arm for the item that this person is about to be given, counted as given; None where no study runs, or the
    item can have no part in it.

    Where suggestions are under study, an item without one (`suggested`) is in no arm, whichever would have been drawn:
    else the control would hold items that the other arms cannot. An item that the person had before keeps what it was.
    """
    study = studies.running_study(session, project.id)
    if study is None:
        return None
    study = settle(session, study, now=now)
    plan = plan_of(study)
    if study.state != "running" or ("suggestion" in plan.kinds and not suggested):
        return None
    if leases.lease_of(session, item_id, user_id) is not None:
        return None
    place, position = studies.next_place(session, study.id, user_id, now=now)
    arm = plan.arm(arm_at(plan, user_id, place, position))
    return Drawn(study.id, position, arm, {kind: arm.gives(kind) for kind in plan.kinds})


def arm_at(plan: StudyPlan, user_id: int, place: int, position: int) -> str:
    """The arm of the item that a person opens as number `position`; `place` is theirs among those of the study."""
    if plan.design == "before/after":
        return CONTROL if position < plan.block else next(name for name in plan.slots if name != CONTROL)
    slots = plan.slots
    if plan.design == "per item":
        # Arms balance within each run of slots: of two, the second would be known once the first is seen.
        slots *= max(_RUN // len(slots), 1)
    return arms_plan.next_arm(plan.seed, user_id, position, slots, plan.design, block=plan.block, place=place)


def settle(session: Session, study: StudyRecord, *, now: datetime) -> StudyRecord:
    """Stop a running study whose rule is met; returns it as it is then."""
    if study.state != "running":
        return study
    rule = plan_of(study).stop
    reason = ""
    if rule.date is not None and now >= datetime.combine(rule.date, time(), UTC):
        reason = f"the day of its rule, {rule.date.isoformat()}"
    elif rule.answers is not None and studies.count_answers(session, study.id) >= rule.answers:
        reason = f"{rule.answers} answers, as its rule says"
    if not reason or not studies.stop_study(session, study.id, by=RULE, reason=reason, now=now):
        return study
    record_action(session, Actor.operator(), "study.stop", study.project_id, study=study.name, reason=reason)
    return studies.study_by_id(session, study.id) or study


def withheld(lease: LeaseRecord) -> tuple[Kind, ...]:
    """Kinds of help that the person is to do without on this item, so that they can be measured."""
    if lease.help is None:
        return ("suggestion",) if lease.arm == CONTROL else ()
    return tuple(kind for kind in ("suggestion", "chat", "feedback") if lease.help.get(kind) is False)
