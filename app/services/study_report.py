"""What a study found: the pre-registered outcome first, everything else beside it and marked as not pre-registered."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, cast

import pandas as pd

from app.analytics.effort import (
    ArmQuality,
    Effect,
    Naive,
    arm_effects,
    arm_quality,
    counted_difference,
    help_effect,
    naive_effect,
)
from app.analytics.outliers import Outliers, outliers
from app.analytics.paired import Paired, paired_comparison
from app.analytics.times import ArmTime, arm_times
from app.analytics.two_way import INTERVALS
from app.clock import utc_now
from app.schema.study import StudyPlan, plan_hash
from app.services import policy
from app.services.conclusion import FEWEST, Finding, concluded, cost_words, quality_of, quality_unknown
from app.services.context import Actor, Context
from app.services.costs import CostReport, cost_report
from app.services.experience import Experiences, summarise
from app.services.handling_time import PairedMeasure, paired_measures, time_frame
from app.services.projects import schema_of
from app.services.studies import find_study
from app.services.study_arms import RULE, plan_of, settle
from app.services.suggestion_use import SuggestionFrames, SuggestionUse, suggestion_frames, suggestion_use
from app.services.telemetry import DEFINITION
from db import frames, study_frames, time_frames
from db.engine import reading, transaction
from db.store import experiences, projects, studies
from db.study_frames import UsedVersion
from db.study_records import StudyRecord

__all__ = ["ArmFlow", "Primary", "StudyReport", "study_report"]

_NO_CONTROL = "there is no control group"
_APART = 0.1
"""Difference between arms in the share of items not answered from which on it is said. By judgement."""


@dataclass(frozen=True, slots=True)
class ArmFlow:
    """What became of the items that an arm was drawn for."""

    arm: str
    given: int
    answered: int
    skipped: int
    expired: int
    """The hold ran out, and the item was not answered."""
    held: int
    """On a screen at this moment."""
    people: int
    hours: float
    """Handling time of its answers."""


@dataclass(frozen=True, slots=True)
class Primary:
    """The outcome that was written down before."""

    figure: Literal["time", "quality"]
    words: str
    value: float | None
    """time: change with any help, as a share. quality: difference of the share right."""
    low: float | None
    high: float | None
    p_value: float | None
    how: str
    """How value and interval are computed."""
    reason: str | None


@dataclass(frozen=True, slots=True)
class StudyReport:
    project: str
    study: str
    question: str
    headline: str
    """First line: what kind of comparison it is, and in which state."""
    summary: str
    """What may be concluded, in one sentence."""
    conclusion: str
    """What stands behind it; empty where nothing may be concluded."""
    state: str
    plan: dict[str, Any]
    hash: str
    hash_matches: bool
    """Whether the stored plan still has the hash that was written down."""
    registered_at: datetime
    registered_by: str
    started_at: datetime | None
    stopped_at: datetime | None
    stopped_by: str
    """`rule` when its own rule stopped it."""
    stop_reason: str
    made_at: datetime
    simulated_answers: int
    people: int
    """Who answered in it."""
    answers: int
    unchanged: list[str]
    """Kinds of help that every arm has as the project has them."""
    primary: Primary
    effect: Effect
    arm_effects: dict[str, Effect]
    naive: Naive | None
    outliers: Outliers
    times: list[ArmTime]
    quality: list[ArmQuality]
    quality_difference: Paired
    """Share right with any help minus without, person by person."""
    paired: list[PairedMeasure]
    suggestions: SuggestionUse
    experience: Experiences
    flow: list[ArmFlow]
    outside: int
    """Answers given in the project while it ran that are no part of it: no suggestion to show or withhold."""
    warnings: list[str]
    versions: list[UsedVersion]
    cost: CostReport
    """Of the models in this study."""
    definition: str


def study_report(ctx: Context, actor: Actor, project_id: int, name: str) -> StudyReport:
    """Compute the report as things stand; a study whose rule is met is stopped by looking."""
    with transaction(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "see_time")
        study = settle(session, find_study(session, project, name), now=utc_now())
    with reading(ctx.engine) as session:
        version = projects.latest_schema(session, project_id)
        schema = schema_of(version) if version else None
        frame = time_frame(session, project, schema, None)
        used = suggestion_frames(session, project, schema, None)
        holds = study_frames.holds(session, study.id)
        given = study_frames.first_answers(session, study.id)
        given["right"] = given["annotation"].map(frames.gold_shares(session, project_id)).astype(float)
        given["number"] = (
            given["annotation"].map(time_frames.judged_totals(session, project_id)).astype(float)
        )
        versions = study_frames.used_versions(session, study.id)
        outside = study_frames.outside_answers(session, study.id)
        simulated = study_frames.simulated_answers(session, study.id)
        said = experiences.experiences_of(session, project_id, study_id=study.id)
        answers = studies.count_answers(session, study.id)
    plan = plan_of(study)
    frame = frame[frame["study"] == study.id].reset_index(drop=True)
    effect, difference, beyond = help_effect(frame), paired_comparison(given, "right"), outliers(frame)
    controlled = plan.design != "before/after"
    if not controlled:
        effect, beyond = _unsaid(effect), replace(beyond, effect=_unsaid(beyond.effect))
        difference = Paired(
            None, None, None, None, None, None, None, None, difference.n, difference.unpaired, _NO_CONTROL
        )
    primary = _primary(plan, effect, difference)
    cost = cost_report(ctx, actor, project_id, study_id=study.id)
    flow = _flow(holds, frame)
    suggestions = suggestion_use(_of_study(used, plan, study.id), smallest=1)
    summary, conclusion = concluded(
        _finding(plan, study, primary, effect, difference, counted_difference(given), answers, cost)
    )
    return StudyReport(
        project=project.name,
        study=study.name,
        question=plan.question,
        headline=_headline(plan, study),
        summary=f"Simulated people, made up: {summary}" if simulated else summary,
        conclusion=conclusion,
        state=study.state,
        plan=plan.model_dump(mode="json"),
        hash=study.hash,
        hash_matches=plan_hash(plan) == study.hash,
        registered_at=study.created_at,
        registered_by=study.created_by,
        started_at=study.started_at,
        stopped_at=study.stopped_at,
        stopped_by=study.stopped_by,
        stop_reason=study.stop_reason,
        made_at=utc_now(),
        simulated_answers=simulated,
        people=int(holds.loc[holds["state"].isin(("done", "late")), "rater"].nunique()),
        answers=answers,
        unchanged=[kind for kind in ("suggestion", "chat", "feedback") if kind not in plan.kinds],
        primary=primary,
        effect=effect,
        arm_effects=arm_effects(frame) if controlled else {},
        naive=naive_effect(frame),
        outliers=beyond,
        times=arm_times(frame),
        quality=arm_quality(given),
        quality_difference=difference,
        paired=paired_measures(frame) if controlled else [],
        suggestions=suggestions,
        experience=summarise(said),
        flow=flow,
        outside=outside,
        warnings=_warnings(plan, study, effect, flow, beyond, versions, simulated, suggestions.planted),
        versions=versions,
        cost=cost,
        definition=DEFINITION.format(idle_seconds=project.idle_seconds),
    )


def _unsaid(effect: Effect) -> Effect:
    """What cannot be said without a control group, whatever could be computed."""
    return replace(
        effect,
        change=None,
        low=None,
        high=None,
        p_value=None,
        method=None,
        flip_p_value=None,
        reason=_NO_CONTROL,
    )


def _of_study(used: SuggestionFrames, plan: StudyPlan, study_id: int) -> SuggestionFrames:
    own = used.only(lambda rows: rows["study"] == study_id)
    if plan.design != "crossover":
        return own
    # Whole blocks of items were drawn, so whole blocks change places under the test.
    labels = own.labels.assign(block=own.labels["place"] // plan.block)
    return SuggestionFrames(own.shown, labels, own.worked_here)


def _headline(plan: StudyPlan, study: StudyRecord) -> str:
    if plan.design == "before/after":
        return "A before/after comparison without a control group: it says nothing about what help does."
    kind = {
        "per item": "Arms drawn by chance for each item of a person",
        "crossover": "Blocks of items with and without help in turn",
    }[plan.design]
    state = {
        "draft": "not started",
        "running": "still running: interim figures",
        "stopped": "ended as its rule said"
        if study.stopped_by == RULE
        else "stopped before its rule was met",
    }[study.state]
    return f"{kind}, with a control; {state}."


def _primary(plan: StudyPlan, effect: Effect, difference: Paired) -> Primary:
    outcome = plan.outcome
    if plan.design == "before/after":
        return Primary(outcome.figure, outcome.words, None, None, None, None, "not computed", _NO_CONTROL)
    if outcome.figure == "time":
        how = (
            "ratio of geometric means, two-way fixed effects of annotator and item with order as covariate, interval "
            f"{INTERVALS[effect.method] if effect.method else 'not known'}"
        )
        reason = effect.reason or (effect.note if effect.low is None else None)
        return Primary(
            "time", outcome.words, effect.change, effect.low, effect.high, effect.p_value, how, reason
        )
    how = f"each person's share right with help minus without, paired t over {difference.n} people"
    return Primary(
        "quality",
        outcome.words,
        difference.difference,
        difference.low,
        difference.high,
        difference.p_value,
        how,
        difference.reason,
    )


def _finding(
    plan: StudyPlan,
    study: StudyRecord,
    primary: Primary,
    effect: Effect,
    difference: Paired,
    by_counts: tuple[float, float] | None,
    answers: int,
    cost: CostReport,
) -> Finding:
    by_time = primary.figure == "time"
    return Finding(
        design=plan.design,
        state=cast("Literal['draft', 'running', 'stopped']", study.state),
        by_rule=study.stopped_by == RULE,
        figure=primary.figure,
        value=primary.value,
        low=primary.low,
        high=primary.high,
        reason=primary.reason,
        smallest=plan.smallest_effect,
        quality=quality_of(difference),
        by_counts=by_counts,
        quality_reason=quality_unknown(difference),
        equal=plan.equal_quality,
        people=effect.n_both if by_time else difference.n,
        answers=effect.n if by_time else answers,
        cost=cost_words(cost),
    )


def _flow(holds: pd.DataFrame, frame: pd.DataFrame) -> list[ArmFlow]:
    hours = frame[frame["seconds"] > 0].groupby("arm")["seconds"].sum() / 3600
    rows = []
    for arm, part in holds.groupby("arm", sort=True):
        states = part["state"].value_counts()
        rows.append(
            ArmFlow(
                arm=str(arm),
                given=len(part),
                answered=int(states.get("done", 0) + states.get("late", 0)),
                skipped=int(states.get("skipped", 0)),
                expired=int(states.get("expired", 0)),
                held=int(states.get("held", 0)),
                people=int(part["rater"].nunique()),
                hours=float(hours.get(arm, 0.0)),
            )
        )
    return sorted(rows, key=lambda row: row.arm != "none")


def _warnings(
    plan: StudyPlan,
    study: StudyRecord,
    effect: Effect,
    flow: list[ArmFlow],
    beyond: Outliers,
    versions: list[UsedVersion],
    simulated: int,
    planted: int,
) -> list[str]:
    out = []
    if plan_hash(plan) != study.hash:
        out.append(
            "The stored plan does not have the hash that was written down: it was changed behind MILO's back."
        )
    if simulated:
        out.append(f"{simulated} answers are of simulated people.")
    if planted:
        out.append(
            f"{planted} suggestions were wrong on purpose, all on items with a known answer. They count as help: the share right, which "
            "is known of these items only, and the times say less good of help than the models' own suggestions would."
        )
    people = max((row.people for row in flow), default=0)
    if flow and people < plan.people:
        out.append(f"{people} of {plan.people} planned people took part.")
    if 1 < effect.n_both < FEWEST:
        out.append(
            f"With {effect.n_both} people no permutation of signs can reach p below {2 / 2**effect.n_both:.3f}."
        )
    lost = {row.arm: (row.skipped + row.expired) / row.given for row in flow if row.given}
    if lost and max(lost.values()) - min(lost.values()) > _APART:
        shares = ", ".join(f"{arm} {share:.0%}" for arm, share in lost.items())
        out.append(f"Items were skipped or left more often in some arms than in others: {shares}.")
    for what in ("label schema", "guidelines", "suggestions", "rubric", "judge", "assistant"):
        several = [one for one in versions if one.what == what]
        if len(several) > 1:
            out.append(
                f"{len(several)} versions of the {what} were in force: part of a difference may be theirs."
            )
    if effect.left_out:
        out.append(f"{effect.left_out} answers with zero or negative seconds are left out of the times.")
    if beyond.n:
        out.append(
            f"{beyond.n} times ({beyond.share or 0:.1%}) are {beyond.rule}. They are not cut; capped, the change would be "
            + ("unknown." if beyond.effect.change is None else f"{beyond.effect.change:+.1%}.")
        )
    if study.stopped_by not in ("", RULE):
        out.append(f"Stopped by {study.stopped_by}: {study.stop_reason}")
    return out
