"""The ratings of one question with when and under what they were given, for figures of a part of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson
import pandas as pd

from app.errors import Invalid
from app.services.all_ratings import COMPARABLE, off_scale
from app.services.context import Context
from app.services.criterion_ratings import criterion_ratings
from app.services.projects import schema_of
from db import question_frames, rating_frames
from db.engine import Session
from db.records import ProjectRecord
from db.store import projects

__all__ = [
    "KINDS",
    "KIND_WORDS",
    "MOST_VALUES",
    "SliceKey",
    "metadata_of",
    "rated",
    "slice_keys",
    "slice_text",
]

KINDS = ("human", "model", "judge")
KIND_WORDS = {"human": "people", "model": "models", "judge": "judges"}

MOST_VALUES = 20
"""Different values of a metadata column up to which it makes groups; by judgement."""


@dataclass(frozen=True, slots=True)
class SliceKey:
    """A metadata column, or the cohorts of people."""

    name: str
    of: Literal["items", "ratings", "people"]
    values: int
    """Different ones; one above MOST_VALUES where there are more."""
    reason: str | None
    """Why it makes no groups."""


_COLUMNS = ("item", "about", "rater", "rater_kind", "value", "at", "shown_first", "meta")


def rated(ctx: Context, session: Session, project: ProjectRecord, question: str) -> pd.DataFrame:
    """Ratings on the scale: first answers given here, then imported ones in their order; or levels on a criterion.

    One row per rating: item, about (the item whose metadata hold: of a criterion the one that was answered), rater,
    rater_kind, value, at (UTC moment or NaT), shown_first (what stood first of the
    options of an answer given here; None for imported ones), meta (JSON text of an imported rating's further columns;
    None for answers given here). A rater's second rating of an item comes after the first.
    """
    scored = criterion_ratings(ctx, session, project)
    if question in scored.questions:
        rows = scored.rows[scored.rows["question"] == question]
        return rows.assign(shown_first=None, meta=None)[list(_COLUMNS)].reset_index(drop=True)
    state = rating_frames.ratings_state(session, project.id)
    schemas = [(record.id, schema_of(record)) for record in projects.list_schemas(session, project.id)]
    imported = rating_frames.imported_values(session, project.id, state)
    mine = (imported["question"] == question).to_numpy()
    parts = []
    asked = [(number, one) for number, schema in schemas for one in schema.questions if one.id == question]
    if asked and asked[0][1].type in COMPARABLE:
        given = question_frames.answers_in_full(
            session, project.id, question, [number for number, _ in asked]
        )
        given = given[given["value"].notna()]
        parts.append(
            pd.DataFrame(
                {
                    "item": given["item"],
                    "rater": given["rater"],
                    "rater_kind": "human",
                    "value": given["value"],
                    "at": given["at"],
                    "shown_first": [order[0] if order else "left" for order in given["shown_order"]],
                    "meta": None,
                }
            )
        )
    if mine.any():
        more = rating_frames.imported_circumstances(session, project.id, state)
        rows = imported[["item", "rater", "rater_kind", "value"]].astype(object)
        rows = rows.assign(
            at=more["at"].to_numpy(), meta=more["meta"].astype(object).to_numpy(), shown_first=None
        )
        rows["at"] = pd.to_datetime(rows["at"], utc=True)
        kept = mine & ~off_scale(imported, [one for _, one in asked]).to_numpy()
        parts.append(rows[kept])
    if not parts:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in _COLUMNS})
    return pd.concat([part.assign(about=part["item"])[list(_COLUMNS)] for part in parts], ignore_index=True)


def slice_keys(session: Session, project: ProjectRecord) -> list[SliceKey]:
    """Metadata columns of the items, then of imported ratings, by name; a column of both is that of the items."""
    found = _values((meta for *_, meta in question_frames.item_metadata(session, project.id)))
    keys = [_key(name, "items", values) for name, values in sorted(found.items())]
    state = rating_frames.ratings_state(session, project.id)
    written = (
        rating_frames.imported_circumstances(session, project.id, state)["meta"]
        if state.imported.rows
        else None
    )
    if written is not None:
        texts = written.cat.categories
        more = _values(orjson.loads(text) for text in texts)
        keys += [_key(name, "ratings", values) for name, values in sorted(more.items()) if name not in found]
    return keys


def _values(metas: Iterable[Mapping[str, Any]]) -> dict[str, set[str]]:
    out: dict[str, set[str]] = {}
    for meta in metas:
        for name, value in meta.items():
            known = out.setdefault(name, set())
            if len(known) <= MOST_VALUES and value is not None:
                known.add(slice_text(value))
    return out


def _key(name: str, of: Literal["items", "ratings"], values: set[str]) -> SliceKey:
    reason = None
    if len(values) < 2:
        reason = "has one value"
    elif len(values) > MOST_VALUES:
        reason = f"has more than {MOST_VALUES} values"
    return SliceKey(name, of, len(values), reason)


def slice_text(value: Any) -> str:
    """A metadata value as the name of its slice."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def metadata_of(session: Session, project: ProjectRecord, frame: pd.DataFrame, name: str) -> "pd.Series[Any]":
    """What the metadata column says of each rating of `rated`: of its item, else of the imported row; None where
    nothing. Raises Invalid for a column that nothing has.
    """
    by_item = {
        item: slice_text(meta[name])
        for _, item, meta in question_frames.item_metadata(session, project.id)
        if meta.get(name) is not None
    }
    if by_item:
        return frame["about"].astype(object).map(by_item)
    texts = frame["meta"].dropna().unique()
    read = {text: orjson.loads(text).get(name) for text in texts}
    if all(value is None for value in read.values()):
        raise Invalid(f"no item and no imported rating of this question has metadata {name!r}")
    return frame["meta"].map(
        {text: None if value is None else slice_text(value) for text, value in read.items()}
    )
