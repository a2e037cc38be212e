"""Criteria of rubrics as questions about answers: what people gave blind and what judges gave, as ratings.

What is rated is one answer: a revised answer is another. People's scores count where the answer came to them by lot,
as everywhere; the others are counted.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from app.analytics.coding import Coded, code_ratings
from app.analytics.coefficients import Declared
from app.services.context import Context
from app.services.judge_scores import BY_RULE
from app.services.projects import rubric_of
from db import criterion_frames, judge_frames, rating_frames
from db.engine import Session
from db.records import ProjectRecord
from db.store import rubric_versions
from rubrics import Criterion, Level, Rubric

__all__ = ["CriterionQuestion", "CriterionRatings", "criterion_ratings"]


@dataclass(frozen=True, slots=True)
class CriterionQuestion:
    """One criterion of one version of a rubric."""

    id: str
    """`rubric@version/criterion`."""
    rubric_version_id: int
    criterion: Criterion
    title: str
    declared: Declared
    words: Mapping[str, str]
    """Level, as text -> the level with its label."""
    cannot_say: int
    """Scores of people who could not say."""
    by_value: int
    """Scores of answers that were chosen for their value."""
    disabled: Mapping[str, int]
    """Login -> scores, of people who were disabled after scoring."""

    def word_of(self, level: object) -> str:
        return self.words.get(str(level), str(level))


@dataclass(frozen=True, slots=True)
class CriterionRatings:
    version: tuple[Any, ...]
    """Equal as long as no score and no verdict was added, and nobody disabled."""
    questions: Mapping[str, CriterionQuestion]
    """In the order of rubric versions, the newest first, and of their criteria."""
    rows: pd.DataFrame
    """One row per level: question, item (name of the answer), about (the item that was answered), rater, rater_kind
    (human, judge), value (level; its name where levels have no order), at (UTC)."""
    groups: Mapping[tuple[str, str], Coded]
    """(question, kind of rater) -> levels. Kinds are never mixed."""
    answers: Mapping[str, int]
    """Name of an answer -> its id."""


_COLUMNS = ("question", "item", "about", "rater", "rater_kind", "value", "at")
_NOTHING = CriterionRatings(
    (), {}, pd.DataFrame({name: pd.Series(dtype=object) for name in _COLUMNS}), {}, {}
)


def criterion_ratings(ctx: Context, session: Session, project: ProjectRecord) -> CriterionRatings:
    """Read anew only when scores or verdicts were added; of imported ratings there are none."""
    if project.kind == "ratings":
        return _NOTHING
    version = (*judge_frames.score_stamp(session, project.id), rating_frames.count_disabled(session))
    return ctx.figures.of(
        ("criterion ratings", project.id), version, lambda: _read(session, project, version)
    )


def _read(session: Session, project: ProjectRecord, version: tuple[Any, ...]) -> CriterionRatings:
    people = criterion_frames.levels_of_people(session, project.id).assign(rater_kind="human")
    judges = criterion_frames.levels_of_judges(session, project.id).assign(rater_kind="judge")
    ids = [int(id_) for id_ in {*people["rubric_version_id"], *judges["rubric_version_id"]}]
    rubrics = {record.id: rubric_of(record) for record in rubric_versions.versions(session, ids)}
    fair = people[people["by_lot"].astype(bool) & people["level"].notna()]
    several = len(rubrics) > 1
    questions, parts = {}, []
    for id_, rubric in sorted(rubrics.items(), reverse=True):
        for criterion in rubric.criteria:
            own = people[(people["rubric_version_id"] == id_) & (people["criterion"] == criterion.id)]
            name = f"{rubric.name}@{rubric.version}/{criterion.id}"
            if name in questions:  # two projects may number their versions alike
                name = f"{name}#{id_}"
            rows = pd.concat([_of(fair, id_, criterion), _by_version(_of(judges, id_, criterion), criterion)])
            if rows.empty and own.empty:
                continue
            questions[name] = _question(name, id_, rubric, criterion, own, several=several)
            parts.append(rows.assign(question=name, value=_values(rows, criterion)))
    if not parts:
        return replace(_NOTHING, version=version)
    rows = pd.concat(parts, ignore_index=True)
    rows["item"] = rows["about"].astype(str) + " #" + rows["answer_id"].astype(str)
    groups = {
        (str(question), str(kind)): code_ratings(group)
        for (question, kind), group in rows.groupby(["question", "rater_kind"], sort=False)
    }
    answers = dict(zip(rows["item"], rows["answer_id"].astype(int), strict=True))
    return CriterionRatings(version, questions, rows[list(_COLUMNS)], groups, answers)


def _of(rows: pd.DataFrame, version_id: int, criterion: Criterion) -> pd.DataFrame:
    return rows[(rows["rubric_version_id"] == version_id) & (rows["criterion"] == criterion.id)]


def _by_version(rows: pd.DataFrame, criterion: Criterion) -> pd.DataFrame:
    """The same rule under several models is one judge; the newest level of an answer speaks for it."""
    if criterion.check is None:
        return rows
    return rows.assign(rater=BY_RULE).drop_duplicates("answer_id", keep="last")


def _values(rows: pd.DataFrame, criterion: Criterion) -> "pd.Series[Any]":
    levels = rows["level"].astype(int)
    if criterion.scale != "nominal":
        return levels.astype(object)
    return levels.map({level.value: _named(level) for level in criterion.levels}).astype(object)


def _named(level: Level) -> str:
    return f"{level.value} {level.label}"


def _question(
    name: str, version_id: int, rubric: Rubric, criterion: Criterion, own: pd.DataFrame, *, several: bool
) -> CriterionQuestion:
    nominal = criterion.scale == "nominal"
    levels = tuple(_named(level) if nominal else str(level.value) for level in criterion.levels)
    fair = own["by_lot"].astype(bool)
    gone = own[own["disabled"].astype(bool) & fair & own["level"].notna()]
    return CriterionQuestion(
        id=name,
        rubric_version_id=version_id,
        criterion=criterion,
        title=f"{criterion.question} ({rubric.name}, version {rubric.version})"
        if several
        else criterion.question,
        declared=Declared(levels, () if nominal else [level.value for level in criterion.levels]),
        words={str(level.value): _named(level) for level in criterion.levels},
        cannot_say=int((fair & own["level"].isna()).sum()),
        by_value=int((~fair).sum()),
        disabled=dict(Counter(gone["rater"])),
    )
