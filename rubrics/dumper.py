"""Our own YAML, written: the layout of the catalogue, the same text for the same rubric, defaults left out.

`parse_rubric(dump_rubric(rubric)) == rubric` holds for every rubric.
"""

from collections.abc import Mapping
from typing import Any

import yaml

from rubrics.checks import Check
from rubrics.schema import Criterion, Level, Rubric

__all__ = ["dump_rubric"]

_SCHEMA_LINE = "# yaml-language-server: $schema=rubric.schema.json\n"
"""Tells editors what to complete and check by; `milo rubrics schema` prints the file it names."""


class _Quoted(str):
    """Text that stands in double quotes, as sentences do in the catalogue."""

    __slots__ = ()


class _OnOneLine(dict[str, Any]):
    """A mapping that is written in braces."""


class _Listed(list[Any]):
    """A list that is written in brackets."""


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        # PyYAML sets the dashes of a list below its key; the catalogue indents them.
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        # The reader refuses aliases.
        return True


_Dumper.add_representer(
    _Quoted, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)
# Left to itself, PyYAML folds text over lines in single quotes, and reads some line ends (U+0085) back as others.
_Dumper.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar(
        "tag:yaml.org,2002:str",
        text,
        style='"' if text != text.strip() or len(text.splitlines()) > 1 else None,
    ),
)
_Dumper.add_representer(
    _OnOneLine,
    lambda dumper, mapping: dumper.represent_mapping("tag:yaml.org,2002:map", mapping, flow_style=True),
)
_Dumper.add_representer(
    _Listed, lambda dumper, items: dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=True)
)


def dump_rubric(rubric: Rubric) -> str:
    """The YAML of a rubric, with the comment that names its JSON Schema."""
    document: dict[str, Any] = {
        "name": rubric.name,
        "title": rubric.title,
        "version": rubric.version,
        **_said({"description": rubric.description}),
        **_said({"pass_mark": _number(rubric.pass_mark)}),
        **_unlike(rubric, ("aggregation",)),
        "criteria": [_criterion(criterion) for criterion in rubric.criteria],
    }
    body = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=2**31)
    return f"{_SCHEMA_LINE}{body}"


def _criterion(criterion: Criterion) -> dict[str, Any]:
    return {
        "id": criterion.id,
        "question": criterion.question,
        **_unlike(criterion, ("guideline_ref", "applies_when", "scale")),
        **_said({"points": _number(criterion.points)}),
        **({"weight": _number(criterion.weight)} if criterion.weight != 1 else {}),
        **_unlike(criterion, ("required", "evidence")),
        **_said({"tags": _Listed(criterion.tags)}),
        **({"check": _check(criterion.check)} if criterion.check is not None else {}),
        "levels": [_level(level) for level in criterion.levels],
    }


def _level(level: Level) -> dict[str, Any]:
    return {
        "value": level.value,
        "label": level.label,
        "description": _Quoted(level.description),
        **_said({"examples": [_Quoted(example) for example in level.examples]}),
    }


def _check(check: Check) -> dict[str, Any]:
    """Numbers on one line; phrases a line each, or a line a group."""
    settings = check.model_dump(exclude_defaults=True) | {"kind": check.kind}
    ordered = {"kind": check.kind, **{name: value for name, value in settings.items() if name != "kind"}}
    if any(isinstance(value, Mapping) for value in ordered.values()):
        return {name: _phrases(value) for name, value in ordered.items()}
    return _OnOneLine(
        {name: list(value) if isinstance(value, tuple) else value for name, value in ordered.items()}
    )


def _phrases(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {key: _Listed(inner) if isinstance(inner, tuple) else inner for key, inner in value.items()}


def _unlike(model: Rubric | Criterion, names: tuple[str, ...]) -> dict[str, Any]:
    """The fields among `names` that are not at their default."""
    return {
        name: getattr(model, name)
        for name in names
        if getattr(model, name) != type(model).model_fields[name].default
    }


def _said(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, "", [])}


def _number(value: float | None) -> float | int | None:
    """A whole number without its `.0`, as people write it."""
    return int(value) if value is not None and value.is_integer() and abs(value) < 1e6 else value
