"""Imported judges and models that give labels, beside known answers or the majority of people."""

from collections.abc import Collection
from dataclasses import dataclass

from app.analytics.judge_labels import (
    LabelJudge,
    OverQuestions,
    judge_names,
    label_judge,
    majority,
    over_questions,
)
from app.errors import Invalid
from app.services import policy
from app.services.context import Actor, Context
from db import judge_frames
from db.engine import reading

__all__ = ["JudgeOfLabels", "label_judges"]


@dataclass(frozen=True, slots=True)
class JudgeOfLabels:
    question: str
    judge: str
    figures: LabelJudge
    over_questions: OverQuestions
    """The judge over all the questions that are asked about; the same in each of its rows."""


def label_judges(
    ctx: Context, actor: Actor, project_id: int, *, questions: Collection[str] = ()
) -> list[JudgeOfLabels]:
    """Every rater of kind judge or model, question by question; against gold where any is known there.

    Only of these questions where some are named; raises Invalid for one that nobody rated.
    """
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "see_quality")
        frame = judge_frames.rating_repeats(session, project_id)
    asked = frame["question"].unique()
    unknown = [name for name in questions if name not in asked]
    if unknown:
        raise Invalid(f"question {unknown[0]!r}; ratings are of {', '.join(map(str, asked)) or 'none'}")
    if questions:
        frame = frame[frame["question"].isin(list(questions))]
    found: list[tuple[str, str, LabelJudge]] = []
    for question, rows in frame.groupby("question", sort=False):
        known = rows.dropna(subset="gold").drop_duplicates("item").set_index("item")["gold"]
        people = rows[(rows["rater_kind"] == "human") & (rows["repeat"] == 0)]
        voted, ties = majority(people) if known.empty else (known, 0)
        judges = rows[rows["rater_kind"] != "human"]
        for judge, own in judges.groupby(judge_names(judges), sort=False):
            against = "majority" if known.empty else "gold"
            figures = label_judge(own, voted, against=against, no_majority=ties)
            found.append((str(question), str(judge), figures))
    means = {
        judge: over_questions([figures for _, other, figures in found if other == judge])
        for judge in {judge for _, judge, _ in found}
    }
    return [JudgeOfLabels(question, judge, figures, means[judge]) for question, judge, figures in found]
