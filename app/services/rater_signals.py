"""Signs of careless work, rater by rater, and what they are worth on the items whose answer is known."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from app.analytics.coding import Coded
from app.analytics.rater_signals import RaterSigns, Signs, rater_signs
from app.analytics.times import SMALLEST_GROUP
from app.services import policy
from app.services.all_ratings import AllRatings, ratings_of
from app.services.context import Actor, Context
from app.services.several_parts import parts_of
from app.services.votes import label_text
from db import frames, judge_frames, question_frames
from db.engine import Session, reading
from db.records import ProjectRecord

__all__ = ["QuestionSigns", "rater_signals"]


@dataclass(frozen=True, slots=True)
class QuestionSigns:
    question: str
    title: str
    repeats: bool
    """Whether further ratings of a rater for the same item count too."""
    figures: Signs


def rater_signals(
    ctx: Context, actor: Actor, project_id: int, *, repeats: bool = False
) -> list[QuestionSigns]:
    """People's first answers, question by question; with `repeats` every imported rating as one more.

    A reader who may not see a person's times sees none of people with fewer than SMALLEST_GROUP timed answers. The
    time of an answer given here is that of the item, whatever number of questions it asks.
    """
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "see_quality")
        smallest = 1 if policy.may(session, actor, project_id, "read_all") else SMALLEST_GROUP
        found = ratings_of(ctx, session, project)
        version = (found.version, question_frames.known_state(session, project_id))
        signs = ctx.figures.of(
            ("rater signals", project_id, repeats),
            version,
            lambda: _signs(session, project, found, repeats=repeats),
        )
    return [_veiled(one, smallest) for one in signs]


def _signs(
    session: Session, project: ProjectRecord, found: AllRatings, *, repeats: bool
) -> list[QuestionSigns]:
    if project.kind == "ratings":
        table = judge_frames.rating_repeats(session, project.id)
        people = table[table["rater_kind"] == "human"]
        people = people if repeats else people[people["repeat"] == 0]
        parts = {
            str(question): rows
            for question, rows in people.groupby("question", sort=False)
            if (coded := found.groups.get((str(question), "human"))) is not None
            and parts_of(coded, None) is None
        }
    else:
        names = {id_: name for id_, name, _ in question_frames.item_metadata(session, project.id)}
        times = frames.time_rows(session, project.id)[["item_id", "rater", "seconds"]]
        times = times.assign(item=times["item_id"].map(names).astype(object)).drop(columns="item_id")
        parts = {
            question: _given(session, project.id, question, coded, times)
            for (question, kind), coded in found.groups.items()
            if kind == "human"
        }
    return [
        QuestionSigns(question, found.titles.get(question, question), repeats, rater_signs(_as_text(rows)))
        for question, rows in parts.items()
        if len(rows)
    ]


def _given(
    session: Session, project_id: int, question: str, coded: Coded, times: pd.DataFrame
) -> pd.DataFrame:
    gold = {item: value for item, value, _ in question_frames.known_labels(session, project_id, question)}
    rows = pd.DataFrame(
        {
            "item": np.asarray(coded.items, dtype=object)[coded.item],
            "rater": np.asarray(coded.raters, dtype=object)[coded.rater],
            "value": np.asarray(coded.written, dtype=object)[coded.value],
        }
    )
    return rows.assign(gold=rows["item"].map(gold)).merge(times, on=["item", "rater"], how="left")


def _as_text(rows: pd.DataFrame) -> pd.DataFrame:
    """3 and 3.0 are one label."""
    return rows.assign(
        value=rows["value"].map(label_text),
        gold=rows["gold"].map(label_text, na_action="ignore"),
        seconds=rows["seconds"].astype(float),
    )


def _veiled(one: QuestionSigns, smallest: int) -> QuestionSigns:
    def veil(rater: RaterSigns) -> RaterSigns:
        return rater if rater.timed >= smallest else replace(rater, within_3s=None, relative_time=None)

    return replace(one, figures=replace(one.figures, raters=[veil(rater) for rater in one.figures.raters]))
