"""YAML that people write, read with care: bounded, without aliases, and with the line of every part."""

import yaml

__all__ = ["SourceError", "line_of", "read_mapping"]

_LARGEST = 500_000
_DEEPEST = 100
"""Levels of nesting; a label schema or a rubric needs fewer than ten."""


class SourceError(Exception):
    """Text that is not a YAML mapping; the message names the line where known.

    `line` is counted from 1; 1 as well where it is not known.
    """

    def __init__(self, message: str, line: int = 1) -> None:
        self.line = line
        super().__init__(message)


def read_mapping(text: str) -> tuple[dict[str, object], yaml.Node]:
    """The mapping, and the node tree that `line_of` finds lines in. Raises SourceError."""
    if len(text) > _LARGEST:
        raise SourceError(f"has {len(text):,} characters; at most {_LARGEST:,} are read")
    try:
        _guard(text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        document = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "somewhere"
        line = mark.line + 1 if mark else 1
        raise SourceError(f"is not valid YAML: {where}: {error.problem}", line) from error
    except (yaml.YAMLError, ValueError) as error:
        # ValueError: PyYAML builds dates and numbers without a guard, as in `title: 2024-13-45`.
        raise SourceError(f"is not valid YAML: {error}") from error
    if not isinstance(document, dict) or node is None:
        raise SourceError("is empty or not a mapping")
    return document, node


_OPENING = (
    yaml.BlockMappingStartToken,
    yaml.BlockSequenceStartToken,
    yaml.FlowMappingStartToken,
    yaml.FlowSequenceStartToken,
)
_CLOSING = (yaml.BlockEndToken, yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken)


def _guard(text: str) -> None:
    """Aliases are not needed here, and a few lines of them unfold into gigabytes; brackets in brackets take PyYAML time
    that grows with the square of their number.
    """
    depth = 0
    for token in yaml.scan(text):
        if isinstance(token, yaml.AliasToken):
            raise SourceError("uses YAML aliases (*name), which are not supported", token.start_mark.line + 1)
        depth += isinstance(token, _OPENING) - isinstance(token, _CLOSING)
        if depth > _DEEPEST:
            raise SourceError("is nested too deeply", token.start_mark.line + 1)


def line_of(node: yaml.Node, path: tuple[int | str, ...]) -> int:
    """The line of the deepest part of `path` that is in the document, counted from 1.

    `path` is as pydantic gives it: steps that are no keys (the kind chosen in a union) are passed over.
    """
    line = node.start_mark.line + 1
    for step in path:
        found: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            found = next((value for key, value in node.value if key.value == str(step)), None)
            if found is None:
                continue
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            found = node.value[step]
        if found is None:
            return line
        node, line = found, found.start_mark.line + 1
    return line
