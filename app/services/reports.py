"""The numbers of the QA and manager pages, also for `milo report … --json`. Pages only draw them."""

from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from app.analytics.effort import (
    ArmQuality,
    ArmTime,
    Effect,
    GroupTime,
    Naive,
    arm_effects,
    arm_quality,
    arm_times,
    group_times,
    help_effect,
    naive_effect,
)
from app.services import policy
from app.services.agreement_report import AgreementReport, QuestionAgreement, agreement
from app.services.context import Actor, Context
from app.services.projects import rubric_of
from app.services.telemetry import DEFINITION
from db import frames, rating_frames
from db.engine import Session, reading
from db.records import ProjectRecord
from db.store import projects

__all__ = [
    "AgreementReport",
    "CriterionReport",
    "QuestionAgreement",
    "TimeReport",
    "agreement",
    "as_json",
    "rubric_scores",
    "time_report",
]

_LEDGER = ["reading", "working", "chatting", "waiting_model", "waiting_judge", "idle", "hidden", "rework"]


@dataclass(frozen=True, slots=True)
class CriterionReport:
    rubric: str
    rubric_version: int
    criterion: str
    title: str
    deterministic: bool
    levels: list[tuple[int, str, int]]
    """(level, its label, how many answers have it), worst first."""
    unscored: dict[str, int]
    """Reason -> answers."""
    n: int
    simulated: int
    """How many of the n answers are of simulated people."""


@dataclass(frozen=True, slots=True)
class TimeReport:
    project: str
    simulated: bool
    definition: str
    idle_seconds: int
    arms: list[ArmTime]
    effect: Effect
    """Any help against the control."""
    arm_effects: dict[str, Effect]
    """Each kind of help against the control, among those who worked with it."""
    naive: Naive | None
    quality: list[ArmQuality]
    parts: dict[str, float]
    """Mean seconds per answer by state of the ledger; empty where only handling seconds are known."""
    people: list[GroupTime]
    days: list[GroupTime]
    """By the day of submitting (UTC); empty where it is not known."""
    positions: list[GroupTime]
    """By tenths of each person's order: how much practice makes."""
    n: int
    left_out: int
    """Answers with zero or negative seconds."""
    without_arm: int
    """Answers that belong to no comparison: pre-annotation was off, or there was no suggestion to show."""


def rubric_scores(ctx: Context, actor: Actor, project_id: int) -> list[CriterionReport]:
    """How many answers reached which level of each criterion, by the newest verdict; unscored ones apart."""
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "see_quality")
        frame = frames.criterion_levels(session, project_id)
        reports = []
        for rubric_id, group in frame.groupby("rubric_version_id"):
            record = projects.rubric_by_id(session, int(str(rubric_id)))
            if record is None:
                continue
            rubric = rubric_of(record)
            for criterion in rubric.criteria:
                rows = group[group["criterion"] == criterion.id]
                counts = rows["level"].value_counts()
                reasons = rows.loc[rows["level"].isna(), "reason"].value_counts()
                reports.append(
                    CriterionReport(
                        rubric=rubric.title,
                        rubric_version=rubric.version,
                        criterion=criterion.id,
                        title=criterion.question,
                        deterministic=criterion.check is not None,
                        levels=[
                            (level.value, level.label, int(counts.get(level.value, 0)))
                            for level in criterion.levels
                        ],
                        unscored={str(reason): int(count) for reason, count in reasons.items()},
                        n=len(rows),
                        simulated=int(rows["simulated"].sum()),
                    )
                )
    return reports


def time_report(ctx: Context, actor: Actor, project_id: int) -> TimeReport:
    """Handling time with and without help, with quality beside it."""
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "see_time")
        frame = _times(session, project)
    positive = frame[frame["seconds"] > 0]
    parts = {}
    if set(_LEDGER) <= set(frame.columns) and len(positive):
        parts = {name: float(positive[name].mean()) for name in _LEDGER}
    return TimeReport(
        project=project.name,
        simulated=project.simulated,
        definition=DEFINITION.format(idle_seconds=project.idle_seconds),
        idle_seconds=project.idle_seconds,
        arms=arm_times(frame),
        effect=help_effect(frame),
        arm_effects=arm_effects(frame),
        naive=naive_effect(frame),
        quality=arm_quality(frame),
        parts=parts,
        people=group_times(frame, "rater"),
        days=group_times(frame, "day") if "day" in frame else [],
        positions=group_times(frame.assign(stretch=_stretches(frame)), "stretch"),
        n=len(positive),
        left_out=len(frame) - len(positive),
        without_arm=int(positive["arm"].isna().sum()),
    )


def _stretches(frame: pd.DataFrame) -> pd.Series:
    """Which tenth of their own order each answer of a person falls into: `00-09 %` to `90-99 %`."""
    if frame.empty:
        return pd.Series(dtype=object)
    order = frame.groupby("rater")["position"].rank(method="first") - 1
    tenth = (10 * order // frame.groupby("rater")["position"].transform("count")).clip(0, 9)
    return tenth.map(lambda value: None if pd.isna(value) else f"{int(value)}0-{int(value)}9 %")


def _times(session: Session, project: ProjectRecord) -> pd.DataFrame:
    if project.kind == "work":
        return frames.time_rows(session, project.id).assign(number=float("nan"))
    frame = rating_frames.imported_ratings(session, project.id)
    frame = frame[(frame["rater_kind"] == "human") & frame["seconds"].notna()].copy()
    known = frame["gold"].notna()
    frame["right"] = (frame["value"] == frame["gold"]).astype(float).where(known)
    frame["position"] = frame["position"].astype(float)
    return frame


def as_json(report: Any) -> Any:
    """A report as plain data, numbers unrounded."""
    if isinstance(report, list):
        return [as_json(part) for part in report]
    return asdict(report)
