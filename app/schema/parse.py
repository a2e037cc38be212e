"""A label schema from YAML, with every problem at once and its line."""

from pydantic import ValidationError

from app.errors import Invalid
from app.schema.questions import LabelSchema
from rubrics.source import SourceError, line_of, read_mapping

__all__ = ["parse_schema"]


def parse_schema(source: str) -> LabelSchema:
    """The schema that the YAML describes. Raises Invalid with one line per problem."""
    try:
        document, node = read_mapping(source)
    except SourceError as error:
        raise Invalid(f"the schema {error}; it needs `questions:` with at least one question") from error
    try:
        return LabelSchema.model_validate(document)
    except ValidationError as error:
        problems = []
        for found in error.errors():
            path = ".".join(str(step) for step in found["loc"]) or "schema"
            problems.append(f"line {line_of(node, found['loc'])}: {path}: {found['msg']}")
        raise Invalid(problems) from error
