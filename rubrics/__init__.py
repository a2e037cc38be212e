"""Rubrics: what an answer is judged by, as data."""

from rubrics.convert import rubric_from
from rubrics.dumper import dump_rubric
from rubrics.errors import RubricError
from rubrics.formats import FORMATS, Exported, Format, Imported, detect_format, read_rubric, write_rubric
from rubrics.formats.prometheus import from_prometheus
from rubrics.loader import catalog, load_rubric, parse_rubric
from rubrics.schema import Criterion, Level, Rubric, rubric_hash

__all__ = [
    "FORMATS",
    "Criterion",
    "Exported",
    "Format",
    "Imported",
    "Level",
    "Rubric",
    "RubricError",
    "catalog",
    "detect_format",
    "dump_rubric",
    "from_prometheus",
    "load_rubric",
    "parse_rubric",
    "read_rubric",
    "rubric_from",
    "rubric_hash",
    "write_rubric",
]
