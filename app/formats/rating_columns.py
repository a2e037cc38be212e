"""Which column of somebody's table of ratings is which: by name, by capitals, by what others call it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.errors import Invalid

__all__ = ["COLUMNS", "KINDS", "NEEDED", "NamedColumns", "kind_of_rater", "name_columns"]

NEEDED = ("item", "rater", "value")
_OPTIONAL = (
    "question", "rater_kind", "seconds", "arm", "order", "gold", "suggestion", "confidence", "created_at"
)  # fmt: skip
COLUMNS = (*NEEDED, *_OPTIONAL)
KINDS = ("human", "model", "judge")

_OTHER_NAMES = {
    "item": ("task", "unit", "doc", "document", "example"),
    "rater": ("annotator", "worker", "user", "coder", "labeler", "labeller"),
    "value": ("label", "answer", "rating", "score"),
}
_OTHER_KINDS = {"person": "human", "people": "human", "llm": "model", "ai": "model"}


@dataclass(frozen=True, slots=True)
class NamedColumns:
    renamed: Mapping[str, str]
    """Column of the file -> its name among COLUMNS, or the name that it is kept under as metadata."""
    taken: tuple[tuple[str, str], ...]
    """(column, name) of those that nobody named: taken for what they are called."""
    question: str
    """What the one question of a table without a column of questions is called: its column of values."""
    lacking: tuple[str, ...]
    """Of NEEDED, those that no column is."""


def name_columns(columns: Sequence[str], mapping: Mapping[str, str]) -> NamedColumns:
    """`mapping`: name -> column, as somebody said. A column of the very name comes first, then one that differs in capitals
    and spaces, then one by another usual name, `worker_id` like `worker`.

    Raises Invalid where a name of `mapping` is none, and where two columns could be meant.
    """
    unknown = [name for name in mapping if name not in COLUMNS]
    if unknown:
        raise Invalid(f"cannot map to {', '.join(map(repr, unknown))}; columns are {', '.join(COLUMNS)}")
    found = {name: column for name, column in mapping.items() if column in columns}
    found |= {name: name for name in COLUMNS if name in columns and name not in mapping}
    said = len(found)
    for spelled in (_written, _called):
        free = [column for column in columns if column not in found.values() and column not in COLUMNS]
        for name in COLUMNS:
            if name in found or name in mapping:
                continue
            likely = [column for column in free if name in spelled(column)]
            if len(likely) > 1:
                raise Invalid(
                    f"{name!r} could be any of {', '.join(map(repr, likely))}; say which with --map {name}=COLUMN"
                )
            if likely:
                found[name] = likely[0]
    renamed = {column: name for name, column in found.items()}
    # A column by one of our names that another was mapped to is kept all the same.
    renamed |= {name: f"{name} (column)" for name in COLUMNS if name in columns and name not in renamed}
    return NamedColumns(
        renamed,
        tuple((column, name) for name, column in list(found.items())[said:]),
        found.get("value", "value"),
        tuple(name for name in NEEDED if name not in found),
    )


def _written(column: str) -> list[str]:
    return [re.sub(r"[\s-]+", "_", column.strip().casefold())]


def _called(column: str) -> list[str]:
    plain = re.sub(r"[\s_-]+", "", column.casefold()).removesuffix("id")
    return [name for name, others in _OTHER_NAMES.items() if plain in (name, *others)]


def kind_of_rater(text: str) -> str:
    """human, model or judge where the text says so in other words or capitals; else the text."""
    folded = text.casefold()
    return _OTHER_KINDS.get(folded, folded if folded in KINDS else text)
