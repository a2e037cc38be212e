"""Rubrics: what an answer is judged by, as data."""

from rubrics.convert import from_prometheus, rubric_from
from rubrics.errors import RubricError
from rubrics.loader import catalog, load_rubric, parse_rubric
from rubrics.schema import Criterion, Level, Rubric, rubric_hash

__all__ = [
    "Criterion",
    "Level",
    "Rubric",
    "RubricError",
    "catalog",
    "from_prometheus",
    "load_rubric",
    "parse_rubric",
    "rubric_from",
    "rubric_hash",
]
