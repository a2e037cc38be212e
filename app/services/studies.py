"""Studies of help: written down with what decides, started, stopped. What they found: `study_report`."""

import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.analytics.power import Detectable, Needed, Study, annotators_needed, smallest_effect
from app.analytics.spread import Spread, spread_of
from app.clock import utc_now
from app.errors import Conflict, Invalid, NotFound
from app.schema import LabelSchema
from app.schema.study import Kind, StudyPlan, parse_study, plan_hash
from app.services import policy
from app.services.audit_log import record_action
from app.services.context import Actor, Context
from app.services.projects import schema_of
from app.services.study_arms import plan_of, settle
from db import frames
from db.engine import Session, reading, transaction
from db.records import ProjectRecord
from db.store import items, projects, studies
from db.study_records import StudyRecord
from rubrics.source import SourceError, read_mapping

__all__ = [
    "SKELETON",
    "Estimate",
    "StudyState",
    "define_study",
    "estimate_power",
    "find_study",
    "list_studies",
    "projects_with_studies",
    "start_study",
    "stop_study",
]

SKELETON = """question: Do suggestions save time on these items without costing quality?
arms:
  - {name: none}
  - {name: suggestion, suggestion: at_once}
design: per item          # or crossover (blocks of items), or before/after (no control group)
block: 10                 # items in a block of a crossover
people: 12                # planned
outcome: {figure: time, words: "Change of handling time with a suggestion, first submissions only."}
smallest_effect: -0.1     # what would matter: 10 % less time
equal_quality: 0.05       # quality counts as equal while the share right differs by less
stop: {answers: 480, date: 2026-12-31}
"""
"""A plan to begin with. An arm takes suggestion (at_once, after_answer), wrong_share, chat, feedback and parts."""

_LONGEST_NAME = 120
_TURNING = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))
"""Turn the direction of what follows, on a page that of other words too. Scripts from right to left need none of them."""
_SPREADS = {
    "residual": "how times scatter",
    "effect": "how people differ in what help does for them",
    "people": "how people differ in speed",
    "drift": "good and tired hours",
}


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the study can see, said before it starts; from the spread of the project's own times where there are enough."""

    spread: Spread
    items_each: int
    """Items that each of the planned people labels."""
    detectable: Detectable
    needed: Needed
    """People for the smallest effect that would matter."""
    enough: bool | None
    """Whether the planned people would find it four times in five; None where that cannot be said."""
    reason: str | None
    """Why nothing can be said at all."""

    @property
    def words(self) -> str:
        """In a few sentences, where it is from included."""
        change = self.detectable.change
        if change is None:
            return f"What it will be able to see cannot be said: {self.reason}."
        wanted = self.needed.annotators
        needed = (
            f"the smallest one that would matter takes {wanted} people with as many items each"
            if wanted is not None
            else f"the smallest one that would matter cannot be found ({self.needed.reason})"
        )
        judged = {True: "Large enough: with", False: "Too small for what would matter: with", None: "With"}[
            self.enough
        ]
        if self.spread.assumed:
            what = ", ".join(_SPREADS[name] for name in self.spread.assumed)
            source = f"Assumed as elsewhere, since too little of it is known here: {what}."
        else:
            source = f"From the spread of {self.spread.n:,} earlier answers here."
        note = f" {self.detectable.note}." if self.detectable.note else ""
        return (
            f"{judged} {self.items_each} items each, the planned people find a change of {change:+.1%} of handling time four times in five; "
            f"{needed}. {source}{note}"
        )


@dataclass(frozen=True, slots=True)
class StudyState:
    record: StudyRecord
    plan: StudyPlan
    answers: int
    """First answers in it so far."""
    estimate: Estimate | None
    """For drafts."""
    obstacles: list[str]
    """Why a draft cannot start as the project is now."""


def _read(source: str | Mapping[str, Any]) -> StudyPlan:
    """The plan of a YAML text or document; a missing seed is drawn."""
    if isinstance(source, str):
        try:
            document = dict(read_mapping(source)[0])
        except SourceError as error:
            raise Invalid(f"the study {error}") from error
    else:
        document = dict(source)
    document.setdefault("seed", secrets.randbelow(2**31))
    return parse_study(document)


def define_study(
    ctx: Context, actor: Actor, project_id: int, *, name: str, source: str | Mapping[str, Any]
) -> StudyState:
    """Write a study down as a draft, with the hash of its plan; a draft of that name is replaced.

    Raises Invalid with one line per problem of the plan, Conflict for a study that has started.
    """
    name = name.strip()
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise Invalid(f"a study needs a name of 1 to {_LONGEST_NAME} characters")
    if _TURNING & set(name) or any(unicodedata.category(one) == "Cc" for one in name):
        raise Invalid(
            "the name holds a character that is not seen and changes how others are shown; type it anew"
        )
    plan = _read(source)
    document, hash_ = plan.model_dump(mode="json"), plan_hash(plan)
    now = utc_now()
    with transaction(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "run_studies")
        if project.kind != "work":
            raise Invalid(f"{project.name!r} holds imported ratings; a study needs people who label here")
        known = studies.study_by_name(session, project_id, name)
        if known is None:
            known = studies.add_study(
                session,
                project_id=project_id,
                name=name,
                document=document,
                hash=hash_,
                by=actor.login,
                now=now,
            )
        elif known.hash != hash_ and not studies.replace_draft(
            session, known.id, document=document, hash=hash_, by=actor.login, now=now
        ):
            raise Conflict(
                f"study {name!r} is {known.state}; its plan does not change any more. Define a new one under another name"
            )
        record_action(session, actor, "study.define", project_id, study=name, hash=hash_)
        stored = studies.study_by_name(session, project_id, name)
        assert stored is not None, "just stored"
        return _state(session, project, stored)


def start_study(ctx: Context, actor: Actor, project_id: int, name: str) -> StudyState:
    """Start a draft: from now on it decides what help comes with which item.

    Raises Invalid where the project cannot give what the arms need, Conflict while another study runs.
    """
    with transaction(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "run_studies")
        study = _named(session, project, name)
        if study.state == "running":
            return _state(session, project, study)
        if study.state == "stopped":
            raise Conflict(f"study {name!r} has been stopped; define a new one to go on")
        other = studies.running_study(session, project_id)
        if other is not None and settle(session, other, now=utc_now()).state == "running":
            raise Conflict(f"study {other.name!r} is running; stop it first")
        plan = plan_of(study)
        problems = _obstacles(session, project, plan)
        if problems:
            raise Invalid(problems)
        studies.start_study(session, study.id, by=actor.login, now=utc_now())
        record_action(session, actor, "study.start", project_id, study=name, hash=study.hash)
        return _state(session, project, _named(session, project, name))


def stop_study(ctx: Context, actor: Actor, project_id: int, name: str, *, reason: str) -> StudyState:
    """Stop a running study before its rule does; the report says so, with the reason."""
    if not reason.strip():
        raise Invalid("say why it is stopped before its rule is met; the report shows it")
    with transaction(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "run_studies")
        study = settle(session, _named(session, project, name), now=utc_now())
        if study.state == "draft":
            raise Conflict(f"study {name!r} has not started")
        if study.state == "running":
            words = reason.strip()[:1_000]
            studies.stop_study(session, study.id, by=actor.login, reason=words, now=utc_now())
            record_action(session, actor, "study.stop", project_id, study=name, reason=words)
        return _state(session, project, _named(session, project, name))


def list_studies(ctx: Context, actor: Actor, project_id: int) -> list[StudyState]:
    """Newest first. One whose rule is met is stopped by looking."""
    with transaction(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "see_time")
        now = utc_now()
        return [
            _state(session, project, settle(session, study, now=now))
            for study in studies.list_studies(session, project_id)
        ]


def projects_with_studies(ctx: Context, actor: Actor) -> frozenset[int]:
    """The projects that the actor has a part in where a study was written down."""
    with reading(ctx.engine) as session:
        visible = {project.id for project, _ in policy.visible_projects(session, actor)}
        return frozenset(studies.projects_with_studies(session) & visible)


def find_study(session: Session, project: ProjectRecord, name: str) -> StudyRecord:
    """The study of that name, or NotFound naming those that there are."""
    return _named(session, project, name)


def _named(session: Session, project: ProjectRecord, name: str) -> StudyRecord:
    study = studies.study_by_name(session, project.id, name)
    if study is None:
        known = ", ".join(repr(one.name) for one in studies.list_studies(session, project.id)) or "none yet"
        raise NotFound(f"no study {name!r} in {project.name!r}; there are: {known}")
    return study


def _state(session: Session, project: ProjectRecord, study: StudyRecord) -> StudyState:
    plan = plan_of(study)
    return StudyState(
        record=study,
        plan=plan,
        answers=studies.count_answers(session, study.id),
        estimate=_estimate(session, project, plan) if study.state == "draft" else None,
        obstacles=_obstacles(session, project, plan) if study.state == "draft" else [],
    )


_NEEDS: dict[Kind, tuple[str, str]] = {
    "suggestion": ("preannotation_on", "pre-annotation"),
    "chat": ("assistant_on", "the assistant"),
    "feedback": ("judge_on", "the judge"),
}


def _obstacles(session: Session, project: ProjectRecord, plan: StudyPlan) -> list[str]:
    """Why the project cannot give what the arms need."""
    problems = [
        f"an arm gives {_NEEDS[kind][1]}, which is switched off in {project.name!r}"
        for kind in plan.kinds
        if not getattr(project, _NEEDS[kind][0])
    ]
    version = projects.latest_schema(session, project.id)
    schema: LabelSchema | None = schema_of(version) if version else None
    judged = any(
        question.type == "text" and question.judged for question in (schema.questions if schema else ())
    )
    if "feedback" in plan.kinds and project.judge_on and not (judged and project.rubric_version_id):
        problems.append("an arm gives feedback, but the project has no rubric and judged text question")
    if plan.outcome.figure == "quality" and not items.has_gold(session, project.id):
        problems.append("quality is to decide, but no item has a known answer (gold) to measure it by")
    if any(arm.wrong_share for arm in plan.arms) and not items.has_gold(session, project.id):
        problems.append(
            "an arm shows wrong suggestions on known items, but no item has a known answer (gold)"
        )
    return problems


def estimate_power(ctx: Context, actor: Actor, project_id: int, source: str | Mapping[str, Any]) -> Estimate:
    """The estimate for a plan that is not stored."""
    plan = _read(source)
    with reading(ctx.engine) as session:
        return _estimate(session, policy.require(session, actor, project_id, "run_studies"), plan)


def _estimate(session: Session, project: ProjectRecord, plan: StudyPlan) -> Estimate:
    spread = spread_of(frames.time_rows(session, project.id), block=plan.block)
    total, _ = items.count_items(session, project.id)
    answers = plan.stop.answers or total * min(project.overlap, plan.people)
    each = max(answers // plan.people, 0)
    if plan.design == "before/after":
        nothing = "a before/after comparison has no control group: no number of people makes up for that"
        return _unknown(spread, each, nothing)
    if plan.outcome.figure == "quality":
        return _unknown(spread, each, "the estimate is about handling time; quality is to decide here")
    study = Study(
        design=plan.design,
        items=each,
        share=plan.helped_share,
        per_item=min(project.overlap, plan.people),
        block=plan.block,
    )
    found = smallest_effect(plan.people, study, spread)
    needed = annotators_needed(plan.smallest_effect, study, spread)
    enough = None if needed.annotators is None else needed.annotators <= plan.people
    return Estimate(spread, each, found, needed, enough, found.reason)


def _unknown(spread: Spread, each: int, reason: str) -> Estimate:
    return Estimate(
        spread,
        each,
        Detectable(None, None, None, 0, reason, None),
        Needed(None, None, reason),
        None,
        reason,
    )
