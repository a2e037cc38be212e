"""A long table of ratings: one row a rating, from anybody's tool."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from app.errors import Invalid
from app.formats.rating_columns import COLUMNS, KINDS, NEEDED, kind_of_rater, name_columns
from app.formats.rows import BadRow, detect_format, header_of, read_rows

__all__ = ["RatingsTable", "read_ratings"]

_UNPACKED = 4 * 2**30
_BETWEEN = ";"
"""Between the labels of a set."""
_EMPTY_VALUE = (
    "is empty; an empty set of labels is written [], or name the question of sets with --sets QUESTION"
)
_LARGEST = 2**31 - 1
"""Of a whole number: what a column of either database holds."""
_FIRST = 10
_STORED = (
    "item", "rater", "rater_kind", "question", "value", "number", "repeat", "seconds", "arm", "position", "gold",
    "suggestion", "confidence", "rated_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RatingsTable:
    frame: pd.DataFrame
    """One row per rating. item, rater, rater_kind, question, value (text); number, seconds, confidence (float,
    nan when absent); arm, gold, suggestion (text or None); position (Int64); rated_at (UTC moment or None); repeat (int, 0
    for a rater's first value)."""
    meta: pd.DataFrame
    """Further columns of the same rows as they came."""
    lines: "pd.Series[int]"
    """The file's line of each row of `frame`."""
    bad_rows: tuple[BadRow, ...]
    without_value: frozenset[int]
    """Lines of rows whose value is missing; they are in `bad_rows` too."""
    rows: int
    """Of the file, those that could not be read too."""
    taken: tuple[tuple[str, str], ...]
    """(what the file says, what it was taken for) of columns and kinds of raters that go by another name."""

    def without(self, lines: Collection[int]) -> "RatingsTable":
        """The table as if these lines of the file were not in it."""
        kept = ~self.lines.isin(lines)
        frame = self.frame[kept].reset_index(drop=True)
        return replace(
            self,
            frame=frame.assign(repeat=_repeats(frame)),
            meta=self.meta[kept].reset_index(drop=True),
            lines=self.lines[kept].reset_index(drop=True),
            bad_rows=tuple(row for row in self.bad_rows if row.line not in lines),
        )

    def records(self, size: int) -> Iterator[list[dict[str, Any]]]:
        """Batches of rows as the store takes them."""
        for start in range(0, len(self.frame), size):
            batch = _plain(self.frame[list(_STORED)].iloc[start : start + size])
            for row, meta in zip(batch, _plain(self.meta.iloc[start : start + size]), strict=True):
                row["meta"] = {name: value for name, value in meta.items() if value is not None}
            yield batch


def _plain(part: pd.DataFrame) -> list[dict[str, Any]]:
    records = part.astype(object).where(part.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in records]


def read_ratings(
    path: Path,
    *,
    mapping: Mapping[str, str] | None = None,
    missing: Collection[str] = (),
    sets: Collection[str] = (),
) -> RatingsTable:
    """The ratings of a CSV, TSV, JSON Lines or Parquet file, packed or not.

    `mapping` says which column is which of `rating_columns.COLUMNS`; columns by other usual names are taken for what they
    are called, and the rest is metadata. Without a column of questions the table is of one, named like the column of
    values. A value that is one of `missing` is none. The values of a question in `sets` are sets of labels: written with
    `;` between them or as a JSON list, and an empty value is the empty set instead of a missing one. Raises Invalid when
    there are no rows, or when a needed or mapped column or a question of `sets` is missing; single bad values come back
    in `bad_rows` with their line.
    """
    frame, lines, bad = _load(path)
    if not len(frame):
        raise Invalid(_unread(bad) or _nothing_in(path))
    columns = name_columns([str(name) for name in frame.columns], mapping or {})
    gone = [name for name, column in (mapping or {}).items() if column not in frame.columns]
    if columns.lacking or gone:
        raise Invalid([*_unread(bad), _lacking(path, frame, columns.lacking, gone, mapping or {})])
    frame = frame.rename(columns=columns.renamed)
    if "question" not in frame.columns:
        frame = frame.assign(question=columns.question)
    frame = _with_sets(frame, sets)
    out = pd.DataFrame(index=frame.index)
    empty: set[int] = set()
    for name in (*NEEDED, "question"):
        column = frame[name]
        blank = _blank(column)
        if name == "value":
            empty |= {int(lines[place]) for place in blank.to_numpy().nonzero()[0]}
        why = _EMPTY_VALUE if name == "value" else "is empty"
        bad += [BadRow(int(lines[position]), name, why) for position in blank.to_numpy().nonzero()[0]]
        out[name] = _as_text(column, label=name == "value")
        bad += [
            BadRow(int(lines[place]), name, "has a NUL character") for place in _where(out[name], _has_nul)
        ]
    for place in _where(out["value"], lambda text: _is_missing(text) or text in missing):
        empty.add(int(lines[place]))
        bad.append(
            BadRow(
                int(lines[place]), "value", f"is {out['value'].iloc[place]!r}, a missing value and no label"
            )
        )
    number = pd.to_numeric(out["value"], errors="coerce").astype(float)
    out["number"] = number.where(_finite(number))
    kinds = _as_text(frame["rater_kind"]).fillna("human") if "rater_kind" in frame else "human"
    out["rater_kind"] = kinds
    others = {text: kind_of_rater(text) for text in out["rater_kind"].unique()}
    out["rater_kind"] = out["rater_kind"].map(others)
    wrong_kind = ~out["rater_kind"].isin(KINDS)
    bad += [
        BadRow(
            int(lines[position]),
            "rater_kind",
            f"{out['rater_kind'].iloc[position]!r} is not human, model or judge",
        )
        for position in wrong_kind.to_numpy().nonzero()[0]
    ]
    for name in ("seconds", "confidence"):
        out[name] = _as_number(frame, name, lines, bad)
    out["position"] = _as_whole(frame, "order", lines, bad)
    for name in ("arm", "gold", "suggestion"):
        label = name in ("gold", "suggestion")
        out[name] = _as_text(frame[name], label=label) if name in frame else None
    out["rated_at"] = _as_moment(frame, lines, bad)
    out["repeat"] = _repeats(out)
    bad.sort(key=lambda row: row.line)
    renamed = [(text, kind) for text, kind in others.items() if kind in KINDS and text.casefold() != kind]
    return RatingsTable(
        frame=out,
        meta=frame[[name for name in frame.columns if name not in COLUMNS]],
        lines=lines,
        bad_rows=tuple(bad),
        without_value=frozenset(empty),
        rows=len(frame) + sum(row.field in ("line", "row") for row in bad),
        taken=(*columns.taken, *((f"rater_kind {text}", kind) for text, kind in renamed)),
    )


def _repeats(frame: pd.DataFrame) -> "pd.Series[int]":
    """A rater is a name and a kind: a person and a model may share the name."""
    return frame.groupby(["question", "item", "rater", "rater_kind"], sort=False).cumcount()


def _unread(bad: Sequence[BadRow]) -> list[str]:
    """What could not be read at all, before anything is said of columns."""
    return [f"line {row.line}, {row.field}: {row.reason}" for row in bad[:_FIRST]]


def _nothing_in(path: Path) -> str:
    if header_of(path, max_unpacked_bytes=_UNPACKED):
        return f"{path.name} has a header and no rows"
    return f"{path.name} holds no rows; in a CSV file the first line names the columns"


def _lacking(
    path: Path, frame: pd.DataFrame, lacking: Sequence[str], gone: Sequence[str], mapping: Mapping[str, str]
) -> str:
    wrong = "".join(f"--map {name}={mapping[name]} names none. " for name in gone)
    there = ", ".join(map(str, frame.columns)) or "none"
    if not lacking:
        return f"{path.name}: {wrong}It has {there}"
    return (
        f"{path.name} has no column {', '.join(map(repr, lacking))}; it has {there}. {wrong}"
        f"Map with --map {lacking[0]}=COLUMN"
    )


def _load(path: Path) -> tuple[pd.DataFrame, pd.Series, list[BadRow]]:
    """The table as it stands, the file's line of each row, and rows that could not be read."""
    bad: list[BadRow] = []
    lines: list[int] = []
    rows: list[dict[str, Any]] = []
    for entry in read_rows(path, format=detect_format(path.name), max_unpacked_bytes=_UNPACKED):
        if isinstance(entry, BadRow):
            bad.append(entry)
        else:
            lines.append(entry[0])
            rows.append(entry[1])
    frame = pd.DataFrame.from_records(rows)
    empty = [name for name in header_of(path, max_unpacked_bytes=_UNPACKED) if name not in frame.columns]
    return frame.assign(**dict.fromkeys(empty)), pd.Series(lines, dtype="int64"), bad


def _with_sets(frame: pd.DataFrame, sets: Collection[str]) -> pd.DataFrame:
    """Values, gold and suggestions of these questions as JSON lists; an empty gold or suggestion stays unknown."""
    if not sets:
        return frame
    asked = frame["question"].astype(str).str.strip()
    missing = [name for name in sets if name not in set(asked)]
    if missing:
        there = ", ".join(sorted(set(asked))[:10]) or "none"
        raise Invalid(f"--sets {missing[0]}: no row is of the question {missing[0]!r}; there are {there}")
    chosen = asked.isin(list(sets))
    frame = frame.copy()
    for name in ("value", "gold", "suggestion"):
        if name in frame:
            column = frame[name].astype(object)
            known = chosen if name == "value" else chosen & ~_blank(column)
            written = {value: _set_of(value) for value in column[known].map(_written).unique()}
            frame[name] = column.where(~known, column.map(_written).map(written))
    return frame


def _blank(column: "pd.Series[Any]") -> "pd.Series[bool]":
    return column.isna() | (column.astype(str).str.strip() == "")


def _written(value: object) -> str:
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    return "" if pd.isna(value) else str(value).strip()  # type: ignore[call-overload] # a cell, no column


def _set_of(written: str) -> str:
    if written.startswith("["):
        return written
    return json.dumps(
        [label.strip() for label in written.split(_BETWEEN) if label.strip()], ensure_ascii=False
    )


def _as_text(column: "pd.Series[Any]", *, label: bool = False) -> "pd.Series[Any]":
    """Text of each value; 3.0 in a column of floats is written 3, as it was in most files.

    Of a `label` only plain spaces are cut off: two that differ in a space of another kind are told, not made one.
    """
    if pd.api.types.is_float_dtype(column) and (column.dropna() % 1 == 0).all():
        column = column.astype("Int64")
    if label and column.map(lambda value: isinstance(value, list | dict)).any():
        # Several labels, or spans: as JSON, whose words are no Python.
        column = column.map(
            lambda value: json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
        )
    text = column.astype("string")
    text = text.str.strip(" \t\r\n") if label else text.str.strip()
    return text.astype(object).where(column.notna(), None)


def _where(column: "pd.Series[Any]", test: Callable[[str], bool]) -> list[int]:
    """Places of the texts that pass the test, which is asked once for each different text."""
    found = [text for text in column.dropna().unique() if test(text)]
    return [int(place) for place in column.isin(found).to_numpy().nonzero()[0]] if found else []


def _has_nul(text: str) -> bool:
    return "\0" in text  # PostgreSQL stores none


def _is_missing(text: str) -> bool:
    """What programs write for a number that is not there; two of them would agree."""
    return text.casefold() in ("nan", "-nan", "+nan")


def _finite(number: "pd.Series[float]") -> "pd.Series[bool]":
    return pd.Series(np.isfinite(number.to_numpy()), index=number.index, dtype=bool)


def _as_number(
    frame: pd.DataFrame, name: str, lines: "pd.Series[int]", bad: list[BadRow]
) -> "pd.Series[float]":
    if name not in frame:
        return pd.Series(float("nan"), index=frame.index)
    number = pd.to_numeric(frame[name], errors="coerce").astype(float)
    wrong = ~_finite(number) & frame[name].notna()
    bad += [
        BadRow(int(lines[position]), name, f"{frame[name].iloc[position]!r} is not a number")
        for position in wrong.to_numpy().nonzero()[0]
    ]
    return number.where(~wrong)


def _as_whole(frame: pd.DataFrame, name: str, lines: "pd.Series[int]", bad: list[BadRow]) -> "pd.Series[Any]":
    number = _as_number(frame, name, lines, bad)
    wrong = (number % 1 != 0) & number.notna() | (number.abs() > _LARGEST)
    bad += [
        BadRow(int(lines[position]), name, f"{frame[name].iloc[position]!r} is not a whole number")
        for position in wrong.to_numpy().nonzero()[0]
    ]
    return number.where(~wrong).astype("Int64")


def _as_moment(frame: pd.DataFrame, lines: "pd.Series[int]", bad: list[BadRow]) -> "pd.Series[Any]":
    if "created_at" not in frame:
        return pd.Series(None, index=frame.index, dtype=object)
    moments: list[datetime | None] = []
    for line, value in zip(lines, frame["created_at"], strict=True):
        try:
            moment = (
                value
                if isinstance(value, datetime)
                else datetime.fromisoformat(str(value))
                if pd.notna(value)
                else None
            )
        except ValueError:
            bad.append(BadRow(int(line), "created_at", f"{value!r} is not an ISO 8601 moment"))
            moment = None
        moments.append(moment.replace(tzinfo=moment.tzinfo or UTC) if moment else None)
    return pd.Series(moments, index=frame.index, dtype=object)
