"""Imported judges and models that give labels, beside known answers or the majority of people."""

from dataclasses import dataclass

from app.analytics.judge_labels import LabelJudge, judge_names, label_judge, majority
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


def label_judges(ctx: Context, actor: Actor, project_id: int) -> list[JudgeOfLabels]:
    """Every rater of kind judge or model, question by question; against gold where any is known there."""
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "see_quality")
        frame = judge_frames.rating_repeats(session, project_id)
    out = []
    for question, rows in frame.groupby("question", sort=False):
        known = rows.dropna(subset="gold").drop_duplicates("item").set_index("item")["gold"]
        people = rows[(rows["rater_kind"] == "human") & (rows["repeat"] == 0)]
        voted, ties = majority(people) if known.empty else (known, 0)
        judges = rows[rows["rater_kind"] != "human"]
        for judge, own in judges.groupby(judge_names(judges), sort=False):
            against = "majority" if known.empty else "gold"
            figures = label_judge(own, voted, against=against, no_majority=ties)
            out.append(JudgeOfLabels(str(question), str(judge), figures))
    return out
