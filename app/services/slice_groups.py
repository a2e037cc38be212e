"""In which slice a row of a figure is: what a metadata column says of it, or the cohort of the person."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
import pandas as pd

from app.errors import Invalid
from app.services.context import Context
from app.services.rating_circumstances import SliceKey, slice_text
from db import question_frames
from db.engine import Session
from db.records import ProjectRecord
from db.store import cohorts

__all__ = ["COHORT", "SliceGroups", "cohort_keys", "groups_by"]

COHORT: Final = "people's cohort"
"""In place of a metadata column: who rated, or who wrote what was judged or reviewed."""


@dataclass(frozen=True, slots=True)
class SliceGroups:
    by: str
    items: Mapping[str, str]
    """Item, named as in `rating_frames.answer_ratings` -> what the column says of it."""
    ids: Mapping[int, str]
    """The same by the item's id."""
    people: Mapping[str, str]
    """Login -> cohort; of COHORT only."""

    def of(self, frame: pd.DataFrame, *, item: str = "about", person: str = "rater") -> "pd.Series[Any]":
        """The slice of each row; None where nothing says it.

        `item` is the column that names the item (its id, where numbers), `person` that of logins. Where no item has the
        metadata, a column `meta` is asked: further columns of an imported rating, as dict or JSON text. Raises Invalid
        where that says nothing of any row either.
        """
        if self.by == COHORT:
            return frame[person].astype(object).map(self.people)
        if self.items:
            known: Mapping[Any, str] = self.ids if pd.api.types.is_numeric_dtype(frame[item]) else self.items
            return frame[item].astype(object).map(known)
        said: list[Any] = [None] * len(frame)
        if "meta" in frame:
            texts = frame["meta"].tolist()
            read = (
                {text: orjson.loads(text) for text in set(texts) if isinstance(text, str)}
                if _written(texts)
                else None
            )
            metas = texts if read is None else [read.get(text) for text in texts]
            said = [_value(meta, self.by) for meta in metas]
        if len(frame) and all(value is None for value in said):
            raise Invalid(f"no item and no imported rating of this question has metadata {self.by!r}")
        return pd.Series(said, index=frame.index, dtype=object)


def _written(metas: list[Any]) -> bool:
    return not any(isinstance(meta, dict) for meta in metas)


def _value(meta: Mapping[str, Any] | None, name: str) -> str | None:
    value = meta.get(name) if meta else None
    return None if value is None else slice_text(value)


def groups_by(ctx: Context, session: Session, project: ProjectRecord, by: str) -> SliceGroups:
    """By a metadata column, or by COHORT; metadata are read again only when some were added.

    Raises Invalid for COHORT where nobody is in one.
    """
    if by == COHORT:
        people = cohorts.cohorts_of_project(session, project.id)
        if not people:
            raise Invalid(
                "nobody of this project is in a cohort; milo user cohort LOGIN PROJECT NAME makes one"
            )
        return SliceGroups(by, {}, {}, people)
    version = question_frames.metadata_state(session, project.id)
    return ctx.figures.of(
        ("slice groups", project.id, by), version, lambda: _by_column(session, project.id, by)
    )


def _by_column(session: Session, project_id: int, by: str) -> SliceGroups:
    items: dict[str, str] = {}
    ids: dict[int, str] = {}
    for item_id, name, meta in question_frames.item_metadata(session, project_id):
        if (value := _value(meta, by)) is not None:
            items[name] = ids[item_id] = value
    return SliceGroups(by, items, ids, {})


def cohort_keys(session: Session, project: ProjectRecord) -> list[SliceKey]:
    """The cohorts of people, where there are any; with the reason where there is one only."""
    names = set(cohorts.cohorts_of_project(session, project.id).values())
    reason = "has one value" if len(names) == 1 else None
    return [SliceKey(COHORT, "people", len(names), reason)] if names else []
