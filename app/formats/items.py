"""Rows to items: which column is what, and a check of each before anything is stored."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from app.errors import Invalid
from app.formats.rows import BadRow, Format, read_rows, text_of
from app.schema import check_content

__all__ = ["FIELDS", "ItemRow", "Preview", "SuggestionRow", "preview", "read_items"]


@dataclass(frozen=True, slots=True)
class SuggestionRow:
    question: str
    value: Any
    confidence: float | None
    model: str
    version: str
    rationale: str | None
    probabilities: dict[str, float] | None


@dataclass(frozen=True, slots=True)
class ItemRow:
    line: int
    external_id: str
    content: dict[str, Any]
    metadata: dict[str, Any]
    suggestions: tuple[SuggestionRow, ...]
    gold: dict[str, Any]
    rubric: str | dict[str, Any] | None


FIELDS: dict[str, tuple[str, ...]] = {
    "id": ("id", "external_id", "item_id", "uid"),
    "text": ("text", "content", "body", "comment", "sentence", "document"),
    "prompt": ("prompt", "instruction", "question", "input"),
    "response": ("response", "answer", "output", "completion"),
    "left": ("left", "response_a", "answer_a", "response1"),
    "right": ("right", "response_b", "answer_b", "response2"),
    "messages": ("messages", "conversation", "dialogue", "chat"),
    "image": ("image", "image_path", "image_url"),
    "audio": ("audio", "audio_path", "audio_url"),
    "video": ("video", "video_path", "video_url"),
    "alt": ("alt",),
    "context": ("context", "passage", "policy"),
    "reference": ("reference", "reference_answer", "ideal"),
    "rubric": ("rubric",),
    "suggestions": ("suggestions", "predictions"),
    "gold": ("gold",),
    "parts": ("parts",),
    "metadata": ("metadata", "meta"),
}
"""What a column can be mapped to, with the names it is recognised by."""

_TEXTS = ("prompt", "text", "response", "left", "right")
_TITLES = {"prompt": "Question", "text": "", "response": "Response", "left": "A", "right": "B", "image": ""}


@dataclass(frozen=True, slots=True)
class Preview:
    columns: tuple[str, ...]
    mapping: dict[str, str]
    """Field -> column, as it would be used."""
    metadata: tuple[str, ...]
    """Columns that become metadata."""
    rows: tuple[ItemRow, ...]
    bad_rows: tuple[BadRow, ...]


def read_items(
    path: Path,
    *,
    mapping: Mapping[str, str] | None = None,
    format: Format | None = None,
    max_unpacked_bytes: int,
) -> Iterator[ItemRow | BadRow]:
    """Items of a file, one by one.

    `mapping` says which column is which field (FIELDS); columns that are neither mapped nor recognised become
    metadata. An external id that occurs twice is a bad row. Raises Invalid for a mapping that names an unknown
    field.
    """
    wanted = _checked(mapping or {})
    seen: dict[str, int] = {}
    columns: dict[str, str] | None = None
    taken: frozenset[str] = frozenset()
    known_keys: frozenset[str] = frozenset()
    for entry in read_rows(path, format=format, max_unpacked_bytes=max_unpacked_bytes):
        if isinstance(entry, BadRow):
            yield entry
            continue
        line, row = entry
        if columns is None or not row.keys() <= known_keys:
            known_keys = known_keys | row.keys()
            columns = _columns(known_keys, wanted)
            taken = frozenset(columns.values())
        item = _item(line, row, columns, taken)
        if isinstance(item, ItemRow):
            first = seen.setdefault(item.external_id, line)
            if first != line:
                yield BadRow(
                    line, columns.get("id", "id"), f"{item.external_id!r} is the id of line {first} too"
                )
                continue
        yield item


def preview(
    path: Path,
    *,
    mapping: Mapping[str, str] | None = None,
    format: Format | None = None,
    rows: int = 5,
    max_unpacked_bytes: int,
) -> Preview:
    """The first rows as they would be imported, with the mapping in force."""
    wanted = _checked(mapping or {})
    keys: dict[str, None] = {}
    for number, entry in enumerate(read_rows(path, format=format, max_unpacked_bytes=max_unpacked_bytes)):
        if number >= rows:
            break
        if not isinstance(entry, BadRow):
            keys |= dict.fromkeys(entry[1])
    columns = _columns(keys, wanted)
    good: list[ItemRow] = []
    bad: list[BadRow] = []
    for number, item in enumerate(
        read_items(path, mapping=mapping, format=format, max_unpacked_bytes=max_unpacked_bytes)
    ):
        if number >= rows:
            break
        (good if isinstance(item, ItemRow) else bad).append(item)  # type: ignore[arg-type]
    rest = tuple(name for name in keys if name not in columns.values())
    return Preview(tuple(keys), columns, rest, tuple(good), tuple(bad))


def _checked(mapping: Mapping[str, str]) -> dict[str, str]:
    unknown = [name for name in mapping if name not in FIELDS]
    if unknown:
        raise Invalid(f"cannot map to {', '.join(map(repr, unknown))}; fields are {', '.join(FIELDS)}")
    return {field: column for field, column in mapping.items() if column}


def _columns(names: Mapping[str, None] | frozenset[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """Field -> column: what is mapped, then what is recognised among the rest."""
    columns = dict(mapping)
    taken = set(columns.values())
    lower = {name.lower(): name for name in names}
    for field, aliases in FIELDS.items():
        if field in columns:
            continue
        found = next(
            (lower[alias] for alias in aliases if alias in lower and lower[alias] not in taken), None
        )
        if found is not None:
            columns[field] = found
            taken.add(found)
    return columns


def _item(
    line: int, row: Mapping[str, Any], columns: Mapping[str, str], taken: frozenset[str]
) -> ItemRow | BadRow:
    """One item; `taken` are the columns that are fields, the others are metadata."""
    content = _content(line, row, columns)
    if isinstance(content, BadRow):
        return content
    id_column = columns.get("id")
    external_id = text_of(row, id_column) if id_column else None
    if id_column and id_column in row and external_id is None:
        return BadRow(line, id_column, "an id is text or a number")
    try:
        suggestions = _suggestions(_cell(row, columns, "suggestions"))
        gold = _gold(_cell(row, columns, "gold"))
    except ValueError as error:
        return BadRow(line, columns.get("suggestions") or columns.get("gold") or "row", str(error))
    rubric = _cell(row, columns, "rubric")
    if rubric is not None and not isinstance(rubric, str | dict):
        return BadRow(line, columns["rubric"], "a rubric is a name, a text or an object")
    metadata = {name: value for name, value in row.items() if name not in taken}
    for name, value in metadata.items():
        if isinstance(value, date):
            metadata[name] = value.isoformat()
    given = _cell(row, columns, "metadata")
    if isinstance(given, dict):
        metadata |= given
    return ItemRow(line, external_id or f"row-{line}", content, metadata, suggestions, gold, rubric)


def _cell(row: Mapping[str, Any], columns: Mapping[str, str], field: str) -> Any:
    """The value of a field; objects and lists inside a CSV cell are JSON."""
    column = columns.get(field)
    value = row.get(column) if column else None
    if (
        isinstance(value, str)
        and field in ("suggestions", "gold", "messages", "parts", "metadata")
        and value[:1] in "[{"
    ):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value


def _content(line: int, row: Mapping[str, Any], columns: Mapping[str, str]) -> dict[str, Any] | BadRow:
    given = _cell(row, columns, "parts")
    parts: list[dict[str, Any]] = list(given) if isinstance(given, list) else []
    if not parts:
        for media in ("image", "audio", "video"):
            if columns.get(media) in row:
                value = row[columns[media]]
                if not isinstance(value, str):
                    return BadRow(line, columns[media], f"is a {type(value).__name__}, not a path or address")
                where = "url" if value.startswith(("http://", "https://")) else "path"
                alt = text_of(row, columns["alt"]) if columns.get("alt") else None
                parts.append({"name": media, "kind": media, where: value, **({"alt": alt} if alt else {})})
        messages = _cell(row, columns, "messages")
        if messages is not None:
            parts.append({"name": "conversation", "kind": "conversation", "messages": messages})
        for field in _TEXTS:
            column = columns.get(field)
            if column is None or column not in row:
                continue
            text = text_of(row, column)
            if text is None:
                return BadRow(line, column, f"is a {type(row[column]).__name__}, not text")
            part = {"name": field, "kind": "text", "text": text}
            if _TITLES[field]:
                part["title"] = _TITLES[field]
            parts.append(part)
    if not parts:
        wanted = columns.get("text") or columns.get("prompt") or "text"
        return BadRow(
            line, wanted, "is missing: an item needs a text, a conversation, an image, audio or video"
        )
    content: dict[str, Any] = {"parts": parts}
    for field in ("reference", "context"):
        column = columns.get(field)
        if column and column in row:
            text = text_of(row, column)
            if text is None:
                return BadRow(line, column, f"is a {type(row[column]).__name__}, not text")
            content[field] = text
    problems = check_content(content)
    return BadRow(line, "content", problems[0]) if problems else content


def _suggestions(given: object) -> tuple[SuggestionRow, ...]:
    """From a list of objects, or an object question -> value (or object)."""
    if given is None:
        return ()
    if isinstance(given, dict):
        given = [
            {"question": question, **(value if isinstance(value, dict) else {"value": value})}
            for question, value in given.items()
        ]
    if not isinstance(given, list):
        raise ValueError("suggestions are a list of objects or an object by question")
    rows = []
    for entry in given:
        if not isinstance(entry, dict) or "question" not in entry or "value" not in entry:
            raise ValueError("a suggestion needs question and value")
        confidence = entry.get("confidence", entry.get("score"))
        if confidence is not None and not (isinstance(confidence, int | float) and 0 <= confidence <= 1):
            raise ValueError(f"confidence {confidence!r} is not a number from 0 to 1")
        rows.append(
            SuggestionRow(
                question=str(entry["question"]),
                value=entry["value"],
                confidence=None if confidence is None else float(confidence),
                model=str(entry.get("model", "imported")),
                version=str(entry.get("version", "")),
                rationale=entry.get("rationale"),
                probabilities=_probabilities(entry.get("probabilities")),
            )
        )
    return tuple(rows)


def _probabilities(given: object) -> dict[str, float] | None:
    if given is None:
        return None
    fits = isinstance(given, dict) and all(
        isinstance(value, int | float) and 0 <= value <= 1 for value in given.values()
    )
    if not fits or not isinstance(given, dict):
        raise ValueError("probabilities are an object: option -> number from 0 to 1")
    return {str(option): float(value) for option, value in given.items()}


def _gold(given: object) -> dict[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise ValueError("gold is an object: question -> right value")
    return {str(question): value for question, value in given.items()}
