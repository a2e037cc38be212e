"""Handling time of a project: how long answers take, what help changes, and quality and behaviour beside it.

The Handling time page and `milo report time --json` are this report, neither more nor less.
"""

from dataclasses import dataclass

import pandas as pd

from app.analytics.effort import (
    CONTROL,
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
from app.analytics.shares import PeopleShare, share_of
from app.analytics.times import SMALLEST_GROUP, ArmTime, GroupTime, arm_times, group_times
from app.schema import LabelSchema
from app.services import policy
from app.services.conclusion import in_short
from app.services.context import Actor, Context
from app.services.costs import CostReport, cost_report
from app.services.progress import ProjectProgress, project_progress
from app.services.projects import schema_of
from app.services.suggestion_use import SuggestionUse, suggestion_frames, suggestion_use
from app.services.telemetry import DEFINITION, IMPORTED
from db import frames, rating_frames, time_frames
from db.engine import Session, reading
from db.records import ProjectRecord
from db.store import projects

__all__ = [
    "ANY_HELP",
    "PairedMeasure",
    "TimeReport",
    "imported_by_people",
    "paired_measures",
    "time_frame",
    "time_report",
]

ANY_HELP = "any help"
_LEDGER = ["reading", "working", "chatting", "waiting_model", "waiting_judge", "idle", "hidden", "rework"]


@dataclass(frozen=True, slots=True)
class PairedMeasure:
    """One measure with and without help, person by person."""

    measure: str
    """`seconds`, `right` (share right against gold), `accepted` (at first pass), `judged` (the judge's total), or a
    question with numbers."""
    arm: str
    """A kind of help, or `any help`."""
    paired: Paired


@dataclass(frozen=True, slots=True)
class TimeReport:
    project: str
    simulated: bool
    definition: str
    idle_seconds: int | None
    """None for imported ratings."""
    smallest_group: int
    """Answers below which a group's figures are not shown to this reader; QA leads and administrators see all."""
    summary: str
    """What help changes, in a sentence or two, or why that cannot be said."""
    arms: list[ArmTime]
    effect: Effect
    """Any help against the control."""
    arm_effects: dict[str, Effect]
    """Each kind of help against the control, among those who worked with it."""
    naive: Naive | None
    quality: list[ArmQuality]
    paired: list[PairedMeasure]
    """The same comparison as paired t-tests, which hold neither practice nor items fixed."""
    outliers: Outliers
    parts: dict[str, float]
    """Mean seconds per answer by state of the ledger; empty where only handling seconds are known."""
    first_pass: PeopleShare | None
    """First answers that a reviewer accepted as they were; None for imported ratings."""
    people: list[GroupTime]
    days: list[GroupTime]
    """By the day of submitting (UTC); empty where it is not known."""
    positions: list[GroupTime]
    """By tenths of each person's order: how much practice makes."""
    day_places: list[GroupTime]
    """By how many answers a person had given before on that day (UTC), in tens: what fatigue makes. Empty where the day is
    not known."""
    questions: list[GroupTime]
    """The clock runs for an item, not for a question: empty where an item asks several."""
    stages: list[GroupTime]
    """annotate; review: how long a reviewer had the form open; rework: on the item after its submit."""
    suggestions: SuggestionUse
    n: int
    left_out: int
    """Answers with zero or negative seconds."""
    without_arm: int
    """Answers that belong to no comparison: pre-annotation was off, or there was no suggestion to show."""
    progress: ProjectProgress | None
    """None for imported ratings."""
    cost: CostReport


def time_report(ctx: Context, actor: Actor, project_id: int) -> TimeReport:
    """Handling time with and without help, with quality, reliance and spend beside it."""
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "see_time")
        smallest = 1 if policy.may(session, actor, project_id, "read_all") else SMALLEST_GROUP
        version = projects.latest_schema(session, project_id)
        schema = schema_of(version) if version else None
        imported = imported_by_people(session, project)
        frame = time_frame(session, project, schema, imported)
        used = suggestion_frames(session, project, schema, imported)
        reviewed = time_frames.review_seconds(session, project_id)
    positive = frame[frame["seconds"] > 0]
    worked_here = imported is None
    numbers = None if imported is None else imported[imported["gold"].isna() & imported["number"].notna()]

    def groups(by: str) -> list[GroupTime]:
        return group_times(frame, by, smallest=smallest) if by in frame else []

    effect, cost = help_effect(frame), cost_report(ctx, actor, project_id)
    return TimeReport(
        project=project.name,
        simulated=project.simulated,
        definition=DEFINITION.format(idle_seconds=project.idle_seconds) if worked_here else IMPORTED,
        idle_seconds=project.idle_seconds if worked_here else None,
        smallest_group=smallest,
        summary=in_short(
            effect,
            paired_comparison(frame, "right"),
            counted_difference(frame),
            cost if worked_here else None,
        ),
        arms=arm_times(frame, smallest=smallest),
        effect=effect,
        arm_effects=arm_effects(frame),
        naive=naive_effect(frame),
        quality=arm_quality(frame),
        paired=paired_measures(frame, numbers),
        outliers=outliers(frame),
        parts={name: float(positive[name].mean()) for name in _LEDGER}
        if worked_here and len(positive)
        else {},
        first_pass=_first_pass(frame) if worked_here else None,
        people=groups("rater"),
        days=groups("day"),
        positions=group_times(frame.assign(stretch=_stretches(frame)), "stretch", smallest=smallest),
        day_places=group_times(_places_in_the_day(frame), "place", smallest=smallest)
        if "day" in frame
        else [],
        questions=groups("question"),
        stages=_stages(frame, reviewed, smallest) if worked_here else [],
        suggestions=suggestion_use(used, smallest=smallest),
        n=len(positive),
        left_out=len(frame) - len(positive),
        without_arm=int(positive["arm"].isna().sum()),
        progress=project_progress(ctx, actor, project_id) if worked_here else None,
        cost=cost,
    )


def imported_by_people(session: Session, project: ProjectRecord) -> pd.DataFrame | None:
    """People's ratings of a project that holds imported ones; None for a project that is labelled here."""
    if project.kind == "work":
        return None
    table = rating_frames.imported_ratings(session, project.id)
    return table[table["rater_kind"] == "human"]


def time_frame(
    session: Session, project: ProjectRecord, schema: LabelSchema | None, imported: pd.DataFrame | None
) -> pd.DataFrame:
    """One row per timed first answer: rater, item, arm, study, position, seconds, right, number (as imported, or
    the judge's total), and where known accepted, question, day, and the parts of the ledger.
    """
    if imported is None:
        frame = frames.time_rows(session, project.id)
        frame["number"] = (
            frame["annotation"].map(time_frames.judged_totals(session, project.id)).astype(float)
        )
        asked = schema.questions if schema else ()
        return frame.assign(question=asked[0].id) if len(asked) == 1 else frame
    frame = imported[imported["seconds"].notna()].copy()
    known = frame["gold"].notna()
    frame["right"] = (frame["value"] == frame["gold"]).astype(float).where(known)
    frame["position"] = frame["position"].astype(float)
    return frame


def _first_pass(frame: pd.DataFrame) -> PeopleShare:
    known = frame[frame["accepted"].notna()]
    return share_of(known["rater"], known["accepted"] > 0)


def _stages(frame: pd.DataFrame, reviewed: pd.DataFrame, smallest: int) -> list[GroupTime]:
    parts = [
        frame[["rater", "seconds", "accepted"]].assign(stage="annotate"),
        frame[["rater"]].assign(seconds=frame["rework"], stage="rework"),
        reviewed.assign(stage="review"),
    ]
    return group_times(pd.concat(parts, ignore_index=True), "stage", smallest=smallest)


def paired_measures(frame: pd.DataFrame, numbers: pd.DataFrame | None = None) -> list[PairedMeasure]:
    """Seconds, share right, first-pass acceptance and the judge's total, as far as they are known, and each question of `numbers` (rater,
    question, number, arm); by kind of help, among those who worked with it, and over all kinds.
    """
    tables = {"seconds": frame[frame["seconds"] > 0].rename(columns={"seconds": "measure"})}
    known = {"right": "right", "accepted": "accepted"} | ({"judged": "number"} if "accepted" in frame else {})
    for name, column in known.items():
        if column in frame and frame[column].notna().any():
            tables[name] = frame.rename(columns={column: "measure"})
    if numbers is not None:
        for question, rows in numbers.groupby("question", sort=False):
            tables[str(question)] = rows.rename(columns={"number": "measure"})
    out = []
    for measure, table in tables.items():
        kinds = sorted(set(table["arm"].dropna()) - {CONTROL})
        if not kinds:
            continue
        if len(kinds) > 1:
            out.append(PairedMeasure(measure, ANY_HELP, paired_comparison(table, "measure")))
        for kind in kinds:
            own = table[table["rater"].isin(set(table.loc[table["arm"] == kind, "rater"]))]
            compared = own[own["arm"].isin((kind, CONTROL))]
            out.append(PairedMeasure(measure, str(kind), paired_comparison(compared, "measure")))
    return out


def _stretches(frame: pd.DataFrame) -> pd.Series:
    """Which tenth of their own order each answer of a person falls into: `00-09 %` to `90-99 %`."""
    if frame.empty:
        return pd.Series(dtype=object)
    order = frame.groupby("rater")["position"].rank(method="first") - 1
    tenth = (10 * order // frame.groupby("rater")["position"].transform("count")).clip(0, 9)
    return tenth.map(lambda value: None if pd.isna(value) else f"{int(value)}0-{int(value)}9 %")


def _places_in_the_day(frame: pd.DataFrame) -> pd.DataFrame:
    """With `place`: which ten of that person's day each answer is in, `001-010`, `011-020` and so on."""
    place = frame.groupby(["rater", "day"])["position"].rank(method="first") - 1
    ten = (place // 10).map(
        lambda value: None if pd.isna(value) else f"{int(value) * 10 + 1:03d}-{int(value) * 10 + 10:03d}"
    )
    return frame.assign(place=ten)
