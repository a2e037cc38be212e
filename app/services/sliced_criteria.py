"""A criterion of a rubric by slice: people's blind scores, the judge's levels, and the judge beside people."""

from collections.abc import Mapping

import pandas as pd

from app.analytics.agreement import Metric, count_ratings
from app.analytics.alignment import align
from app.errors import Invalid
from app.services.context import Context
from app.services.criterion_ratings import criterion_ratings
from app.services.judge_scores import BY_RULE
from app.services.slice_figures import Figure, alpha_figure, judge_figures, level_figure
from app.services.slice_groups import SliceGroups
from app.services.slices import Subject, Tables
from db import criterion_frames, slice_frames
from db.engine import Session
from db.records import ProjectRecord
from rubrics import Criterion

__all__ = ["criterion_tables"]

_SCORES = "scores of people"
_LEVELS = "levels of the judge"


def criterion_tables(
    ctx: Context, session: Session, project: ProjectRecord, subject: Subject, groups: SliceGroups
) -> Tables:
    """By cohort: people's scores by who scored, the judge's levels by who wrote. Raises Invalid for an unknown criterion.

    Scores of answers that were chosen for their value are no fair sample and left out, as everywhere.
    """
    asked = criterion_ratings(ctx, session, project).questions.get(subject.name)
    if asked is None:
        raise Invalid(f"criterion {subject.name!r} has no score and no verdict")
    criterion = asked.criterion
    people = criterion_frames.levels_of_people(session, project.id)
    people = people[
        (people["rubric_version_id"] == asked.rubric_version_id)
        & (people["criterion"] == criterion.id)
        & people["by_lot"].astype(bool)
    ]
    judged = slice_frames.judged_levels(session, project.id, asked.rubric_version_id, criterion.id)
    if criterion.check is not None:  # the same rule under several models is one judge
        judged = judged.assign(judge=BY_RULE).drop_duplicates("answer_id", keep="last")
    judges = list(dict.fromkeys(judged["judge"]))
    people = people.assign(slice=groups.of(people))
    judged = judged.assign(slice=groups.of(judged))

    def figures(rows: Mapping[str, pd.DataFrame]) -> list[Figure]:
        # A slice's scores meet the judge's levels wherever these are: by cohort they are in the author's.
        return _figures(criterion, rows[_SCORES], rows[_LEVELS], judged, judges)

    return Tables({_SCORES: people, _LEVELS: judged}, figures)


def _figures(
    criterion: Criterion, people: pd.DataFrame, own: pd.DataFrame, judged: pd.DataFrame, judges: list[str]
) -> list[Figure]:
    ordered = criterion.scale != "nominal"
    scale = [level.value for level in criterion.levels]
    bounds = (float(min(scale)), float(max(scale)))
    metric: Metric = "ordinal" if ordered else "nominal"
    known = people[people["level"].notna()]
    rated = pd.DataFrame(
        {"item": known["answer_id"], "rater": known["rater"], "value": known["level"].astype(int)}
    )
    unsure = {"could not say": len(people) - len(known)}
    made = [alpha_figure(f"alpha of people, {metric}", count_ratings(rated), metric)]
    newest = own[own["newest"].astype(bool)]
    if ordered:
        means = known.groupby("answer_id")["level"].mean().to_numpy(float)
        made.append(
            level_figure(
                "mean level by people",
                means,
                "answers scored",
                int(known["rater"].nunique()),
                unsure,
                bounds,
            )
        )
        made.append(_mean("mean level by the newest verdict", newest, bounds))
    if len(judges) > 1:
        levels = own[own["level"].notna()]
        rated = pd.DataFrame(
            {"item": levels["answer_id"], "rater": levels["judge"], "value": levels["level"].astype(int)}
        )
        made.append(alpha_figure(f"alpha of versions of the judge, {metric}", count_ratings(rated), metric))
        if ordered:
            made += [_mean(f"mean level by {judge}", own[own["judge"] == judge], bounds) for judge in judges]
    for judge in judges:
        of_judge = judged.loc[judged["judge"] == judge, ["answer_id", "level"]]
        both = known.merge(of_judge, on="answer_id", suffixes=("_people", "_judge"))
        scored = both[both["level_judge"].notna()]
        found = align(
            scored["level_judge"].astype(int).tolist(),
            scored["level_people"].astype(int).tolist(),
            scale,
            answers=scored["answer_id"].tolist(),
        )
        apart = {"unscored by the judge": len(both) - len(scored), **unsure}
        made += judge_figures(judge, found, int(scored["rater"].nunique()), apart)
    return made


def _mean(name: str, judged: pd.DataFrame, bounds: tuple[float, float]) -> Figure:
    scored = judged["level"].dropna()
    return level_figure(
        name, scored.to_numpy(float), "judged answers", None, {"unscored": len(judged) - len(scored)}, bounds
    )
