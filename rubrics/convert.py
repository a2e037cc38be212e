"""A rubric given inside another document."""

from collections.abc import Mapping

from pydantic import ValidationError

from rubrics.errors import RubricError
from rubrics.formats.prometheus import from_prometheus
from rubrics.schema import Rubric

__all__ = ["rubric_from"]


def rubric_from(source: str | Mapping[str, object]) -> Rubric:
    """A rubric given inside another document: our own object, or a Prometheus rubric as object or text."""
    if isinstance(source, Mapping) and "name" in source:
        try:
            return Rubric.model_validate(dict(source))
        except ValidationError as error:
            raise RubricError([f"{found['loc']}: {found['msg']}" for found in error.errors()]) from error
    return from_prometheus(source)
