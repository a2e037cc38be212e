"""What changed between two rubrics: line by line, and criterion by criterion."""

import difflib
from dataclasses import dataclass
from typing import Any, Literal

from rubrics.dumper import dump_rubric
from rubrics.schema import Criterion, Level, Rubric

__all__ = ["Change", "Comparison", "compare_rubrics"]


@dataclass(frozen=True, slots=True)
class Change:
    """One criterion that is in one rubric and not, or not so, in the other."""

    kind: Literal["added", "removed", "changed"]
    criterion: str
    what: tuple[str, ...]
    """One phrase for each thing that is different; empty for a whole criterion."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the second rubric differs from the first."""

    lines: tuple[str, ...]
    """A unified difference of their YAML, without its two head lines; empty for the same content."""
    rubric: tuple[str, ...]
    """What changed in the rubric's own fields, one phrase each."""
    criteria: tuple[Change, ...]
    """In the order of the second rubric, then those that are gone. A renamed criterion is one gone and one new:
    its scores would not be found under the new id."""


def compare_rubrics(before: Rubric, after: Rubric) -> Comparison:
    old = {criterion.id: criterion for criterion in before.criteria}
    new = {criterion.id: criterion for criterion in after.criteria}
    changes = []
    for id_, criterion in new.items():
        if id_ not in old:
            changes.append(Change("added", id_, ()))
        elif old[id_] != criterion:
            changes.append(Change("changed", id_, tuple(_criterion(old[id_], criterion))))
    changes += [Change("removed", id_, ()) for id_ in old if id_ not in new]
    fields = _fields(before, after, "criteria")
    if [id_ for id_ in old if id_ in new] != [id_ for id_ in new if id_ in old]:
        fields.append("the criteria stand in another order")
    one, other = (dump_rubric(rubric).splitlines() for rubric in (before, after))
    lines = list(difflib.unified_diff(one, other, lineterm="", n=2))
    return Comparison(tuple(lines[2:]), tuple(fields), tuple(changes))


def _criterion(before: Criterion, after: Criterion) -> list[str]:
    levels = {level.value: level for level in before.levels}
    said = _fields(before, after, "levels")
    for level in after.levels:
        if level.value not in levels:
            said.append(f"level {level.value} is new")
        elif levels[level.value] != level:
            said += [f"level {level.value}, {what}" for what in _fields(levels[level.value], level)]
    kept = {level.value for level in after.levels}
    return said + [f"level {value} is gone" for value in levels if value not in kept]


def _fields(before: Rubric | Criterion | Level, after: Rubric | Criterion | Level, *but: str) -> list[str]:
    return [
        f"{name}: {_short(getattr(before, name))} → {_short(getattr(after, name))}"
        for name in type(before).model_fields
        if name not in but and getattr(before, name) != getattr(after, name)
    ]


def _short(value: Any) -> str:
    if value is None or value in ("", ()):
        return "none"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
