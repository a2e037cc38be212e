"""What each person added to a project: answers, their share, time, and how often the others say the same."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.analytics.answer_distance import answer_key
from app.analytics.intervals import Share
from app.analytics.label_counts import WithOthers, with_others
from app.analytics.times import SMALLEST_GROUP, GroupTime, group_times
from app.services import policy
from app.services.all_ratings import AllRatings, ratings_of
from app.services.context import Actor, Context
from app.services.handling_time import imported_by_people, time_frame
from app.services.projects import schema_of
from db import time_frames
from db.engine import Session, reading
from db.records import ProjectRecord
from db.store import progress, projects

__all__ = ["Contribution", "Contributions", "contributions"]


@dataclass(frozen=True, slots=True)
class Contribution:
    login: str
    """The rater's name, for imported ratings."""
    simulated: bool
    answers: int
    """Items that they submitted; of imported ratings the ratings."""
    share: float | None
    """Of all people's answers."""
    skipped: int
    revised: int
    """Revisions of their answers."""
    timed: int
    """Answers with a known handling time."""
    median_seconds: float | None
    seconds_low: float | None
    seconds_high: float | None
    """95 % interval of the median."""
    with_others: dict[str, WithOthers]
    """Question -> how often the others say the same."""
    gold: dict[str, Share]
    """Question -> first answers that are right, of those to items whose answer is known."""


@dataclass(frozen=True, slots=True)
class Contributions:
    people: list[Contribution]
    """Most answers first."""
    answers: int
    smallest_group: int
    """Answers below which this reader is not shown a person's times."""
    titles: Mapping[str, str]
    """Question -> its title, of those that the schema has."""


def contributions(ctx: Context, actor: Actor, project_id: int) -> Contributions:
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "see_quality")
        smallest = 1 if policy.may(session, actor, project_id, "read_all") else SMALLEST_GROUP
        ratings = ratings_of(ctx, session, project)
        beside = ctx.figures.of(("with others", project_id), ratings.version, lambda: _beside(ratings))
        times, gold = _times_and_gold(session, project, smallest)
        if project.kind == "work":
            counted = progress.answers_by_person(session, project_id)
        else:
            counted = [(login, False, n, 0, 0) for login, n in _ratings_by_person(ratings).most_common()]
    total = sum(answers for _, _, answers, *_ in counted)
    people = []
    for login, simulated, answers, skipped, revised in counted:
        time = times.get(login)
        people.append(
            Contribution(
                login=login,
                simulated=simulated,
                answers=answers,
                share=answers / total if total else None,
                skipped=skipped,
                revised=revised,
                timed=time.n if time else 0,
                median_seconds=time.median if time else None,
                seconds_low=time.low if time else None,
                seconds_high=time.high if time else None,
                with_others={
                    question: of_question[login]
                    for question, of_question in beside.items()
                    if login in of_question
                },
                gold=gold.get(login, {}),
            )
        )
    return Contributions(people, total, smallest, ratings.titles)


def _beside(ratings: AllRatings) -> Mapping[str, Mapping[str, WithOthers]]:
    return {
        question: {one.rater: one for one in with_others(coded)}
        for (question, kind), coded in ratings.groups.items()
        if kind == "human"
    }


def _ratings_by_person(ratings: AllRatings) -> Counter[str]:
    counts: Counter[str] = Counter()
    for (_, kind), coded in ratings.groups.items():
        if kind == "human":
            given = np.bincount(coded.rater, minlength=len(coded.raters))
            counts.update(dict(zip(map(str, coded.raters), given.tolist(), strict=True)))
    return counts


def _times_and_gold(
    session: Session, project: ProjectRecord, smallest: int
) -> tuple[dict[str, GroupTime], dict[str, dict[str, Share]]]:
    imported = imported_by_people(session, project)
    latest = projects.latest_schema(session, project.id)
    frame = time_frame(session, project, schema_of(latest) if latest else None, imported)
    texts = (
        {question.id for question in schema_of(latest).questions if question.type == "text"}
        if latest
        else set()
    )
    times = {group.group: group for group in group_times(frame, "rater", smallest=smallest)}
    if imported is None:
        known = time_frames.gold_answers(session, project.id)
        known = known[~known["question"].isin(texts)]
    else:
        known = imported[imported["gold"].notna()][["rater", "question", "value", "gold"]]
    right = [
        answer_key(value) == answer_key(gold)
        for value, gold in zip(known["value"], known["gold"], strict=True)
    ]
    known = known.assign(right=right)
    gold: dict[str, dict[str, Share]] = {}
    for (login, question), rows in known.groupby(["rater", "question"], sort=False, observed=True):
        gold.setdefault(str(login), {})[str(question)] = Share.of(int(rows["right"].sum()), len(rows))
    return times, gold
