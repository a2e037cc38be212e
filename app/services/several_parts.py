"""Answers of several parts: sets of labels and spans, given here or imported, ready to be compared.

An answer that leaves the question empty is the answer "none of them": nothing tells it from one that was not thought
about, so it is counted and said.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import orjson
import pandas as pd

from app.analytics.coding import Coded
from app.schema import LabelSchema, MultiChoiceQuestion, Question, SpanQuestion
from app.services.all_ratings import off_scale, ratings_of
from app.services.context import Context
from app.services.projects import schema_of
from db import question_frames, rating_frames
from db.engine import Session
from db.records import ProjectRecord
from db.store import projects

__all__ = ["PartAnswers", "Parts", "lists_among", "part_answers", "parts_of", "parts_of_question"]

Parts = Literal["sets", "spans"]

_BETWEEN = ";"
"""Between the labels of a set in an imported table that writes no JSON."""


@dataclass(frozen=True, slots=True)
class PartAnswers:
    """All answers of one kind of rater to one question."""

    question: str
    title: str
    rater_kind: str
    parts: Parts
    frame: pd.DataFrame
    """One row per answer, a rater's first of an item: item, rater, at (UTC; NaT where an imported table does not say), meta
    (JSON text of an imported answer's further columns; None for answers given here), value (a sorted tuple of labels, or a
    list of {start, end, label})."""
    declared: tuple[str, ...] | None
    """The labels of the newest schema; None where there is no schema for the question."""
    part: str | None
    """Of spans: the part of the item that they lie in."""
    empty: int
    """Answers with nothing chosen or marked; they are in `frame`."""
    malformed: int
    """Answers that are no set of labels or list of spans, as of an older schema or a text among lists; left out."""
    undeclared: int
    """Answers with a label that the newest schema does not have; they are in `frame`."""
    duplicates: int
    """Further answers of the same rater for the same item, left out; the first counts."""


def part_answers(ctx: Context, session: Session, project: ProjectRecord) -> list[PartAnswers]:
    """Questions of several labels and of spans, in the order of the schema; imported ones without a schema last.

    Without a schema, ratings are sets where most values are JSON lists of labels, and spans where they are lists of
    {start, end, label}. With one, the labels of an imported set may also stand side by side with `;` between them.
    """
    schemas = [(record.id, schema_of(record)) for record in projects.list_schemas(session, project.id)]
    found = list(_answered(session, project.id, schemas))
    asked = {question.id: question for question in (schemas[0][1].questions if schemas else ())}
    groups = ratings_of(ctx, session, project).groups
    several = {key: parts_of(coded, asked.get(key[0])) for key, coded in groups.items()}
    wanted = {key: parts for key, parts in several.items() if parts is not None}
    if not wanted:
        return found
    imported = _imported(
        session, project.id, [question for _, schema in schemas for question in schema.questions]
    )
    for (name, kind), parts in wanted.items():
        rows = imported[(imported["question"] == name) & (imported["rater_kind"] == kind)]
        first = rows[~rows.duplicated(["item", "rater"])]
        read = {
            text: _read(str(text), parts, declared=asked.get(name) is not None)
            for text in first["value"].unique()
        }
        first = first.assign(
            value=pd.Series([read[text] for text in first["value"]], index=first.index, dtype=object)
        )
        question = asked.get(name)
        title = question.title if question is not None else name
        found.append(_of(name, title, kind, parts, first, question, len(rows) - len(first)))
    return found


def _imported(session: Session, project_id: int, questions: Sequence[Question]) -> pd.DataFrame:
    """Imported ratings on the scale: question, item, rater, rater_kind, value (text), at, meta; repeats last."""
    state = rating_frames.ratings_state(session, project_id)
    values = rating_frames.imported_values(session, project_id, state)
    more = rating_frames.imported_circumstances(session, project_id, state)
    rows = values.astype(object).assign(
        at=pd.to_datetime(more["at"], utc=True).to_numpy(), meta=more["meta"].astype(object).to_numpy()
    )
    rows["at"] = pd.to_datetime(rows["at"], utc=True)
    return rows[~off_scale(values, questions).to_numpy()]


def parts_of(coded: Coded, question: Question | None) -> Parts | None:
    """What imported ratings of the question are made of; None for single labels, numbers and texts."""
    return _written_as(coded) if question is None else parts_of_question(question)


def parts_of_question(question: Question) -> Parts | None:
    match question:
        case MultiChoiceQuestion():
            return "sets"
        case SpanQuestion():
            return "spans"
        case _:
            return None


def _answered(
    session: Session, project_id: int, schemas: Sequence[tuple[int, LabelSchema]]
) -> Iterator[PartAnswers]:
    for question in schemas[0][1].questions if schemas else ():
        if not isinstance(question, MultiChoiceQuestion | SpanQuestion):
            continue
        asking = [
            number for number, schema in schemas if any(one.id == question.id for one in schema.questions)
        ]
        rows = question_frames.answers_in_full(session, project_id, question.id, asking)
        if not len(rows):
            continue
        values = [[] if value is None else value for value in rows["value"]]
        parts: Parts = "spans" if isinstance(question, SpanQuestion) else "sets"
        frame = rows[["item", "rater", "at"]].assign(
            meta=None, value=pd.Series(values, index=rows.index, dtype=object)
        )
        yield _of(question.id, question.title, "human", parts, frame, question, 0)


def _of(
    name: str,
    title: str,
    kind: str,
    parts: Parts,
    rows: pd.DataFrame,
    question: Any,
    duplicates: int,
) -> PartAnswers:
    clean = _set_of if parts == "sets" else _spans_of
    values = pd.Series([clean(value) for value in rows["value"]], index=rows.index, dtype=object)
    good = values.notna()
    frame = rows.loc[good, ["item", "rater", "at", "meta"]].assign(value=values[good])
    known = question is not None
    declared = tuple(option.value for option in question.options) if known else None
    used = [set(value) if parts == "sets" else {span["label"] for span in value} for value in frame["value"]]
    again = frame.duplicated(["item", "rater"])
    return PartAnswers(
        question=name,
        title=title,
        rater_kind=kind,
        parts=parts,
        frame=frame[~again].reset_index(drop=True),
        declared=declared,
        part=question.part if isinstance(question, SpanQuestion) else None,
        empty=sum(not labels for labels in used),
        malformed=int((~good).sum()),
        undeclared=sum(bool(labels - set(declared)) for labels in used) if declared is not None else 0,
        duplicates=duplicates + int(again.sum()),
    )


def _set_of(value: Any) -> tuple[str, ...] | None:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(label, str) for label in value):
        return tuple(sorted(set(value)))
    return None


def _spans_of(value: Any) -> list[dict[str, Any]] | None:
    if not isinstance(value, list):
        return None
    for span in value:
        if not isinstance(span, dict) or not isinstance(span.get("label"), str):
            return None
        start, end = span.get("start"), span.get("end")
        if not (type(start) is int and type(end) is int and 0 <= start < end):
            return None
    return [{"start": span["start"], "end": span["end"], "label": span["label"]} for span in value]


def _read(text: str, parts: Parts, *, declared: bool) -> Any:
    """The value that an imported text writes; None where it is not written as the others are."""
    listed = _listed(text)
    if listed is not None or parts == "spans" or not declared:
        return listed
    return [label.strip() for label in text.split(_BETWEEN) if label.strip()]


def _listed(text: str) -> list[Any] | None:
    if not text.startswith("["):
        return None
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, list) else None


def lists_among(coded: Coded) -> int:
    """Ratings that are written as a JSON list."""
    listed = [place for place, value in enumerate(coded.written) if _listed(str(value)) is not None]
    return int(np.isin(coded.value, listed).sum()) if listed and not coded.numeric else 0


def _written_as(coded: Coded) -> Parts | None:
    """What more than half of the ratings are written as; None for plain labels. The rest has another form."""
    if 2 * lists_among(coded) <= len(coded.value):
        return None
    ratings = np.bincount(coded.value, minlength=len(coded.written))
    of: Counter[Parts] = Counter()
    for value, n in zip(coded.written, ratings.tolist(), strict=True):
        listed = _listed(str(value))
        if listed and all(isinstance(part, str) for part in listed):
            of["sets"] += n
        elif listed and all(isinstance(part, dict) for part in listed):
            of["spans"] += n
    return of.most_common(1)[0][0] if of else None
