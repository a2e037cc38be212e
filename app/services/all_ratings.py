"""Every rating that agreement can be computed of: first answers given here, and imported ones."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from app.analytics.coding import Coded, code_ratings
from app.schema import Question, validate_label
from app.services.context import Context
from app.services.projects import schema_of
from db import rating_frames
from db.engine import Session
from db.records import ProjectRecord
from db.store import projects

__all__ = ["COMPARABLE", "AllRatings", "off_scale", "ratings_of"]

COMPARABLE = ("choice", "rating", "pairwise")
"""Types of questions whose answers are one label or number."""


@dataclass(frozen=True, slots=True)
class AllRatings:
    version: tuple[Any, ...]
    """Equal as long as nothing was added that changes a figure: what was computed of these ratings still holds."""
    groups: Mapping[tuple[str, str], Coded]
    """(question, kind of rater) -> ratings on the scale; in the order of the schema. Kinds are never mixed."""
    titles: Mapping[str, str]
    """Question -> its title, of those that the schema has."""
    off_scale: Mapping[tuple[str, str], int]
    """(question, kind of rater) -> imported ratings that no version of the schema allows; left out of `groups`."""
    given: Mapping[str, Mapping[str, int]]
    """Question -> login -> first answers given here."""
    disabled: Mapping[str, Mapping[str, int]]
    """Question -> login -> answers, of people who were disabled after answering; they are in `groups`."""


def ratings_of(ctx: Context, session: Session, project: ProjectRecord) -> AllRatings:
    """All ratings of the project; read anew only when there are others than the last time."""
    state = rating_frames.ratings_state(session, project.id)
    latest = projects.latest_schema(session, project.id)
    version = (state, latest.id if latest else None)
    return ctx.ratings.of(project.id, version, lambda: _read(session, project, state, version))


def _read(
    session: Session,
    project: ProjectRecord,
    state: rating_frames.RatingsState,
    version: tuple[Any, ...],
) -> AllRatings:
    imported = rating_frames.imported_values(session, project.id, state)
    schemas = [schema_of(record) for record in projects.list_schemas(session, project.id)]
    if not schemas:
        return AllRatings(version, _groups(imported), {}, {}, {}, {})
    wrong = off_scale(imported, [question for schema in schemas for question in schema.questions])
    left_out = Counter(
        (str(question), str(kind))
        for question, kind in zip(imported["question"][wrong], imported["rater_kind"][wrong], strict=True)
    )
    latest = schemas[0].questions
    asked = [question.id for question in latest if question.type in COMPARABLE]
    given = rating_frames.answer_ratings(session, project.id, state, asked)
    answers, disabled = _by_person(given), _by_person(given[given["disabled"]])
    given = given.assign(rater_kind="human")[imported.columns]
    both = pd.concat([given, imported[~wrong]], ignore_index=True) if len(imported) else given
    order = {question.id: number for number, question in enumerate(latest)}
    # Questions that the schema has no more, or never had, come last.
    place = both["question"].astype(object).map(order).fillna(len(order))
    frame = both.iloc[np.argsort(place.to_numpy(), kind="stable")]
    titles = {question.id: question.title for question in latest}
    return AllRatings(version, _groups(frame), titles, left_out, answers, disabled)


def _by_person(given: pd.DataFrame) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    counts = given.groupby(["question", "rater"], observed=True).size()
    for name, person, answers in zip(
        counts.index.get_level_values(0), counts.index.get_level_values(1), counts.tolist(), strict=True
    ):
        found.setdefault(str(name), {})[str(person)] = int(answers)
    return found


def _groups(frame: pd.DataFrame) -> dict[tuple[str, str], Coded]:
    return {
        (str(question), str(kind)): code_ratings(group)
        for (question, kind), group in frame.groupby(["question", "rater_kind"], sort=False, observed=True)
    }


def off_scale(imported: pd.DataFrame, questions: Sequence[Question]) -> "pd.Series[bool]":
    """Which imported ratings are of a question of the schema and fit no version of it."""
    wrong = pd.Series(False, index=imported.index)
    for name in {question.id for question in questions}:
        of_it = imported["question"] == name
        versions = [question for question in questions if question.id == name]
        values = imported["value"][of_it].unique()
        off = [value for value in values if all(validate_label(asked, value) for asked in versions)]
        wrong |= of_it & imported["value"].isin(off)
    return wrong
