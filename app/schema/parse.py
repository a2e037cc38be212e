"""A label schema from YAML, with every problem at once and its line."""

import yaml
from pydantic import ValidationError

from app.errors import Invalid
from app.schema.questions import LabelSchema

__all__ = ["parse_schema"]

_LARGEST = 500_000


def parse_schema(source: str) -> LabelSchema:
    """The schema that the YAML describes. Raises Invalid with one line per problem."""
    if len(source) > _LARGEST:
        raise Invalid(f"the schema has {len(source):,} characters; at most {_LARGEST:,}")
    try:
        # Aliases are not needed here, and a few lines of them unfold into gigabytes.
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(source)):
            raise Invalid("YAML aliases (*name) are not supported in a schema")
        node = yaml.compose(source, Loader=yaml.SafeLoader)
        document = yaml.safe_load(source)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "somewhere"
        raise Invalid(f"the schema is not valid YAML: {where}: {error.problem}") from error
    except yaml.YAMLError as error:
        raise Invalid(f"the schema is not valid YAML: {error}") from error
    if not isinstance(document, dict):
        raise Invalid(
            "the schema is empty or not a mapping; it needs `questions:` with at least one question"
        )
    try:
        return LabelSchema.model_validate(document)
    except ValidationError as error:
        raise Invalid(
            [
                f"line {_line(node, found['loc'])}: {_path(found['loc'])}: {found['msg']}"
                for found in error.errors()
            ]
        ) from error


def _path(location: tuple[int | str, ...]) -> str:
    return ".".join(str(step) for step in location) or "schema"


def _line(node: yaml.Node | None, location: tuple[int | str, ...]) -> int | str:
    """The line of the deepest part of `location` that is in the document, counted from 1."""
    line: int | str = node.start_mark.line + 1 if node else "?"
    for step in location:
        found: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            found = next((value for key, value in node.value if key.value == str(step)), None)
            if found is None:
                continue  # pydantic names the kind of question here, which is no step of the document
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            found = node.value[step]
        if found is None:
            return line
        node, line = found, found.start_mark.line + 1
    return line
