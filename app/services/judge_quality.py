"""Whether the judge can be trusted: its scores beside those of people who scored the same answers blind."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from app.analytics.agreement import Alpha, alpha, count_ratings
from app.analytics.alignment import Alignment, align
from app.analytics.alternative_annotator import AnnotatorTest, alternative_annotator
from app.analytics.judge_alignment import ScoreAlignment, ceiling, follow
from app.analytics.judge_calibration import Calibration, Confidence
from app.analytics.pass_rates import PassRate, pass_rate
from app.analytics.severity import Severity, severities
from app.services import policy
from app.services.arms import workplace_of
from app.services.context import Actor, Context
from app.services.judge_calibrated import calibrated_of, judged_together
from app.services.judge_gate import Gate, aligned, gate_of
from app.services.judge_scores import NotNumbers, ScoredCriterion, scored_criteria
from db import judge_frames
from db.engine import reading
from db.store import disputes
from judge import Scored, Unscored
from judge.scorer import total_of

__all__ = [
    "CriterionQuality",
    "RubricPassRate",
    "judge_pass_rates",
    "judge_quality",
    "people_severity",
    "quality_stamp",
]


@dataclass(frozen=True, slots=True)
class CriterionQuality:
    """One criterion of one rubric version and one version of the judge: beside people, and people beside each other."""

    rubric: str
    rubric_version: int | None
    rubric_version_id: int | None
    criterion: str
    title: str
    judge: str
    """Model and version of its prompt, `rule`, or the imported rater."""
    newest: bool
    """Whether this version of the judge judged last."""
    deterministic: bool
    gate: Gate
    with_people: Alignment
    """Each person's level against the judge's; the interval draws answers again, each with all its people."""
    among_people: Alignment
    """The ceiling: pairs of people on the same answers."""
    alpha: Alpha | None
    """Krippendorff's ordinal alpha of people and judge together; None where the scores are no levels."""
    scores: ScoreAlignment
    """The judge's score against the mean of people's, answer by answer."""
    people: int
    """People who share answers with others."""
    ceiling: dict[str, float]
    """What one of them reaches against the mean of the others, by the names of `scores`."""
    alternative: AnnotatorTest
    calibration: Calibration
    confidence: Confidence
    by_value: int
    """Scores of answers that were chosen for their value; they are in no figure here, being no fair sample."""
    unscored: int
    """Answers that people scored and the judge did not, or not with a number."""
    no_number: NotNumbers
    """What an imported judge said instead of a number."""
    people_no_number: NotNumbers
    """What imported people said instead of a number; left out."""
    cannot_say: int
    """Answers on which a person could not say."""
    disputes: int
    upheld: int

    @property
    def state(self) -> str:
        return self.gate.state


def judge_quality(ctx: Context, actor: Actor, project_id: int) -> list[CriterionQuality]:
    """One row per rubric version, criterion and version of the judge that people have scored beside."""
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "see_quality")
        found = scored_criteria(session, project)
        contested = disputes.disputes_of_project(session, project_id)
    workplace = workplace_of(project)
    states: dict[tuple[int | None, str], list[str]] = defaultdict(list)
    for row in contested:
        states[row["rubric_version_id"], row["dispute"].criterion].append(row["dispute"].state)
    return [
        _quality(one, judged_together(found, one), workplace.judge_level, workplace.judge_needed, states[one.rubric_version_id, one.criterion])
        for one in found
    ]  # fmt: skip


def quality_stamp(ctx: Context, actor: Actor, project_id: int) -> tuple[object, ...]:
    """What the figures of `judge_quality` depend on: as long as it is the same, so are they."""
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "see_quality")
        workplace = workplace_of(project)
        stamp = judge_frames.score_stamp(session, project_id)
        return (
            str(ctx.engine.url),
            project.created_at,
            workplace.judge_level,
            workplace.judge_needed,
            *stamp,
        )


def _quality(
    one: ScoredCriterion,
    together: Sequence[ScoredCriterion],
    level: float,
    needed: int,
    dispute_states: Sequence[str],
) -> CriterionQuality:
    fair = one.rows[one.rows["drawn"] == "lot"]
    known = fair.dropna(subset="human")
    both = known.dropna(subset="score")
    levels = both.dropna(subset="level")
    judge = both.drop_duplicates("answer").set_index("answer")["score"]
    people = both.groupby("answer")["human"].mean().reindex(judge.index)
    long = known.rename(columns={"answer": "item", "human": "number"})[["item", "rater", "number"]]
    calibrated = calibrated_of(one, together)
    shared, reached = ceiling(long[long["item"].isin(judge.index)])
    return CriterionQuality(
        rubric=one.rubric.name if one.rubric else "",
        rubric_version=one.rubric.version if one.rubric else None,
        rubric_version_id=one.rubric_version_id,
        criterion=one.criterion,
        title=one.title,
        judge=one.judge,
        newest=one.newest,
        deterministic=one.deterministic,
        gate=gate_of(one, level=level, needed=needed),
        with_people=aligned(levels, one.scale),
        among_people=_among_people(known, one.scale),
        alpha=_alpha(levels) if one.scale else None,
        scores=follow(judge.to_numpy(float), people.to_numpy(float)),
        people=shared,
        ceiling=dict(reached),
        alternative=alternative_annotator(long, judge),
        calibration=calibrated.calibration,
        confidence=calibrated.confidence,
        by_value=int((one.rows["drawn"] == "value").sum()),
        unscored=fair.loc[fair["score"].isna(), "answer"].nunique(),
        no_number=one.no_number,
        people_no_number=one.people_no_number,
        cannot_say=int(fair["human"].isna().sum()),
        disputes=len(dispute_states),
        upheld=sum(state == "upheld" for state in dispute_states),
    )


def _among_people(known: pd.DataFrame, scale: Sequence[int]) -> Alignment:
    """Every two people on the same answer."""
    by_answer: dict[str, list[int]] = defaultdict(list)
    if scale:
        for answer, level in zip(known["answer"], known["human"].astype(int), strict=True):
            by_answer[answer].append(int(level))
    pairs = [(answer, *pair) for answer, levels in by_answer.items() for pair in combinations(levels, 2)]
    return align(
        [a for _, a, _ in pairs], [b for _, _, b in pairs], scale, answers=[answer for answer, _, _ in pairs]
    )


def _alpha(levels: pd.DataFrame) -> Alpha:
    judge = levels.drop_duplicates("answer").assign(rater="\0judge", human=lambda rows: rows["level"])
    frame = pd.concat([levels, judge])[["answer", "rater", "human"]]
    frame = frame.rename(columns={"answer": "item", "human": "value"}).astype({"value": int})
    return alpha(count_ratings(frame), "ordinal")


def people_severity(ctx: Context, actor: Actor, project_id: int) -> list[Severity]:
    """How mild each person scores, over all criteria with an order, the mildest first."""
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "decide")
        found = scored_criteria(session, project)
    seen: dict[tuple[int | None, str], pd.DataFrame] = {}
    for one in found:  # several judges beside the same people count once
        seen.setdefault(
            (one.rubric_version_id, one.criterion),
            one.rows.dropna(subset="human").assign(question=one.criterion),
        )
    if not seen:
        return []
    rows = pd.concat(seen.values()).rename(columns={"answer": "item", "human": "number"})
    return severities(rows[["question", "item", "rater", "number"]])


@dataclass(frozen=True, slots=True)
class RubricPassRate:
    rubric: str
    rubric_version: int
    rate: PassRate


def judge_pass_rates(ctx: Context, actor: Actor, project_id: int) -> list[RubricPassRate]:
    """For each rubric with a pass mark: how many answers the judge passes, and how many people would."""
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "see_quality")
        found = [one for one in scored_criteria(session, project) if one.newest and one.rubric]
        totals = judge_frames.newest_totals(session, project_id)
    out = []
    for rubric_version_id in dict.fromkeys(one.rubric_version_id for one in found):
        criteria = {one.criterion: one for one in found if one.rubric_version_id == rubric_version_id}
        rubric = next(iter(criteria.values())).rubric
        if rubric is None or rubric.pass_mark is None:
            continue
        judged = totals[totals["rubric_version_id"] == rubric_version_id].dropna(subset="total")
        passed = judged["total"] >= rubric.pass_mark
        by_people = _people_pass(rubric, criteria)
        own = passed.set_axis(judged["answer_id"].astype(str))
        both = [(people, bool(own[answer])) for answer, people in by_people.items() if answer in own.index]
        cells = tuple(
            both.count(cell) for cell in ((True, True), (True, False), (False, True), (False, False))
        )
        rate = pass_rate(len(judged), int(passed.sum()), (cells[0], cells[1], cells[2], cells[3]))
        out.append(RubricPassRate(rubric.name, rubric.version, rate))
    return out


def _people_pass(rubric: Any, criteria: dict[str, ScoredCriterion]) -> dict[str, bool]:
    """Answer -> whether the people's mean scores reach the pass mark, where they have a total."""
    means = {
        name: one.rows[one.rows["drawn"] == "lot"].groupby("answer")["human"].mean()
        for name, one in criteria.items()
    }
    table = pd.DataFrame(means)
    decided = {}
    for answer, row in table.iterrows():
        results = [
            Unscored(c.id, "cannot_say", "")
            if c.id not in row or np.isnan(row[c.id])
            else Scored(c.id, round(row[c.id]), "", score=float(row[c.id]))
            for c in rubric.criteria
        ]
        total = total_of(rubric, results)
        if total is not None:
            decided[str(answer)] = total >= rubric.pass_mark
    return decided
