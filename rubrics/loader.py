"""Rubrics from YAML files, with errors that name file and line."""

from functools import cache
from pathlib import Path

import yaml
from pydantic import ValidationError

from rubrics.errors import RubricError
from rubrics.schema import Rubric

__all__ = ["catalog", "load_rubric", "parse_rubric"]

_CATALOG = Path(__file__).parent / "catalog"
_LARGEST = 500_000


def parse_rubric(text: str, *, where: str = "rubric") -> Rubric:
    """A rubric from YAML (or JSON) text. Raises RubricError with every problem and its line where known."""
    if len(text) > _LARGEST:
        raise RubricError(f"{where}: {len(text):,} characters; a rubric has at most {_LARGEST:,}")
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
            raise RubricError(f"{where}: YAML aliases (*name) are not supported")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        document = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise RubricError(f"{where}, line {line}: {error.problem}") from error
    except yaml.YAMLError as error:
        raise RubricError(f"{where}: {error}") from error
    if not isinstance(document, dict):
        raise RubricError(f"{where}: is empty or not a mapping; a rubric has name, title and criteria")
    try:
        return Rubric.model_validate(document)
    except ValidationError as error:
        problems = []
        for found in error.errors():
            path = ".".join(str(part) for part in found["loc"])
            problems.append(f"{where}, line {_line(node, found['loc'])}: {path or 'rubric'}: {found['msg']}")
        raise RubricError(problems) from error


def _line(node: yaml.Node | None, path: tuple[int | str, ...]) -> int | str:
    """The line of the deepest part of `path` that is in the document, counted from 1."""
    line: int | str = node.start_mark.line + 1 if node else "?"
    for step in path:
        if isinstance(node, yaml.MappingNode):
            found = next((value for key, value in node.value if key.value == str(step)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            found = node.value[step]
        else:
            found = None
        if found is None:
            return line
        node = found
        line = node.start_mark.line + 1
    return line


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
    except (OSError, UnicodeDecodeError) as error:
        raise RubricError(f"{path} cannot be read: {error}") from error


@cache
def catalog() -> dict[str, Rubric]:
    """Name -> rubric of every file in the catalogue."""
    files = sorted(_CATALOG.glob("*.yaml"))
    rubrics = [parse_rubric(path.read_text(encoding="utf-8"), where=path.name) for path in files]
    return {rubric.name: rubric for rubric in rubrics}
