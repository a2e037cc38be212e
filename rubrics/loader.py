"""Rubrics from YAML files, with errors that name file and line."""

from functools import cache
from pathlib import Path

from pydantic import ValidationError

from rubrics.errors import RubricError
from rubrics.schema import Rubric
from rubrics.source import SourceError, line_of, read_mapping

__all__ = ["catalog", "load_rubric", "parse_rubric"]

_CATALOG = Path(__file__).parent / "catalog"


def parse_rubric(text: str, *, where: str = "rubric") -> Rubric:
    """A rubric from YAML (or JSON) text. Raises RubricError with every problem and its line where known."""
    try:
        document, node = read_mapping(text)
    except SourceError as error:
        raise RubricError(f"{where} {error}; a rubric has name, title and criteria") from error
    try:
        return Rubric.model_validate(document)
    except ValidationError as error:
        problems = []
        for found in error.errors():
            path = ".".join(str(part) for part in found["loc"])
            problems.append(
                f"{where}, line {line_of(node, found['loc'])}: {path or 'rubric'}: {found['msg']}"
            )
        raise RubricError(problems) from error


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
