"""Rubrics from YAML files, with errors that name file and line."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from pydantic import ValidationError

from rubrics.errors import RubricError
from rubrics.schema import Rubric
from rubrics.source import SourceError, line_of, read_mapping

__all__ = ["Problem", "Source", "catalog", "load_rubric", "parse_rubric", "read_source"]

_CATALOG = Path(__file__).parent / "catalog"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a text is no rubric, and the line where, counted from 1."""

    line: int
    what: str


@dataclass(frozen=True, slots=True)
class Source:
    """A text as far as it could be read: a rubric, or the problems that keep it from being one."""

    rubric: Rubric | None
    problems: tuple[Problem, ...]
    node: yaml.Node | None
    """Finds the line of every part; None where the text is no YAML."""


def read_source(text: str) -> Source:
    """YAML (or JSON) text with every problem in it; never raises."""
    try:
        document, node = read_mapping(text)
    except SourceError as error:
        return Source(None, (Problem(error.line, f"{error}; a rubric has name, title and criteria"),), None)
    try:
        return Source(Rubric.model_validate(document), (), node)
    except ValidationError as error:
        problems = []
        for found in error.errors():
            path = ".".join(str(part) for part in found["loc"])
            problems.append(Problem(line_of(node, found["loc"]), f"{path or 'rubric'}: {found['msg']}"))
        return Source(None, tuple(problems), node)


def parse_rubric(text: str, *, where: str = "rubric") -> Rubric:
    """A rubric from YAML (or JSON) text. Raises RubricError with every problem and its line where known."""
    source = read_source(text)
    if source.rubric is not None:
        return source.rubric
    if source.node is None:
        raise RubricError([f"{where} {problem.what}" for problem in source.problems])
    raise RubricError([f"{where}, line {problem.line}: {problem.what}" for problem in source.problems])


def load_rubric(source: str | Path) -> Rubric:
    """A rubric of the catalogue by name, or of a file. Raises RubricError when there is neither."""
    known = catalog()
    if isinstance(source, str) and source in known:
        return known[source]
    path = Path(source)
    try:
        return parse_rubric(path.read_text(encoding="utf-8"), where=str(path))
    except FileNotFoundError as error:
        names = ", ".join(sorted(known))
        raise RubricError(
            f"{str(source)!r} is neither a file nor a rubric of the catalogue ({names})"
        ) from error
    except (OSError, ValueError) as error:  # ValueError: not UTF-8, or a name that no file can have
        raise RubricError(f"{path} cannot be read: {error}") from error


@cache
def catalog() -> dict[str, Rubric]:
    """Name -> rubric of every file in the catalogue."""
    files = sorted(_CATALOG.glob("*.yaml"))
    rubrics = [parse_rubric(path.read_text(encoding="utf-8"), where=path.name) for path in files]
    return {rubric.name: rubric for rubric in rubrics}
