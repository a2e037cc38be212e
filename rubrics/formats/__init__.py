"""Rubrics of other systems: read into ours, written from ours, told apart.

What one side has and the other has no place for is refused with the reason where it would change a level, a weight
or when a criterion counts; names and remarks that are lost are said (`left_out`). Nothing is cut or guessed.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, get_args

from rubrics.dumper import dump_rubric
from rubrics.errors import RubricError
from rubrics.formats.evalassist import from_evalassist, to_evalassist
from rubrics.formats.healthbench import from_healthbench, to_healthbench
from rubrics.formats.openai_graders import from_openai, to_openai
from rubrics.formats.prometheus import from_prometheus, to_prometheus
from rubrics.formats.shape import Exported, Format, Imported, read_json
from rubrics.loader import parse_rubric
from rubrics.schema import Criterion, Rubric
from rubrics.source import SourceError, read_mapping

__all__ = ["FORMATS", "Exported", "Format", "Imported", "detect_format", "read_rubric", "write_rubric"]

FORMATS: Final[tuple[Format, ...]] = get_args(Format)

_LARGEST = 500_000
"""Characters of a document; as many as our own YAML may have."""

_READERS: dict[Format, Callable[[Any], Imported]] = {
    "healthbench": from_healthbench,
    "evalassist": from_evalassist,
    "openai-score": lambda document: from_openai(document, "score_model"),
    "openai-label": lambda document: from_openai(document, "label_model"),
}


def detect_format(text: str) -> Format:
    """What kind of rubric a text is. Raises RubricError when it is none of them, or could be two."""
    unread = ""
    if text.lstrip().startswith(("{", "[")):
        try:
            document = _document(text)
        except RubricError as error:
            unread = f" ({error})"
        else:
            return _of_json(document)
    try:
        ours = isinstance(read_mapping(text)[0].get("criteria"), list)
    except SourceError:
        # Ours with a mistake in it is still ours: its reader says where the mistake is.
        ours = re.search(r"^criteria:", text, re.MULTILINE) is not None
    if ours:
        return "milo"
    if re.search(r"^[ \t]*Score[ \t]+1[ \t]*:", text, re.MULTILINE):
        return "prometheus"
    raise RubricError(f"this is none of the formats known: {', '.join(FORMATS)}{unread}")


def _of_json(document: Any) -> Format:
    first = document[0] if isinstance(document, list) and document else document
    if not isinstance(first, dict):
        raise RubricError("a rubric is an object, or a list of criteria")
    kind = first.get("type")
    signs: dict[Format, bool] = {
        "milo": isinstance(first.get("criteria"), list),
        "prometheus": isinstance(first.get("criteria"), str),
        "healthbench": "rubrics" in first or {"criterion", "points"} <= set(first),
        "evalassist": "options" in first or "items" in first,
        "openai-score": kind == "score_model",
        "openai-label": kind == "label_model",
    }
    found = [name for name, fits in signs.items() if fits]
    if len(found) != 1:
        said = (
            f"could be {' or '.join(found)}"
            if found
            else f"is none of the formats known: {', '.join(FORMATS)}"
        )
        raise RubricError(f"this {said}")
    return found[0]


def _document(text: str) -> Any:
    """JSON, or JSON Lines as a list of its lines."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and all(
        line.lstrip().startswith("{") and line.rstrip().endswith("}") for line in lines
    ):
        return [read_json(line) for line in lines]
    return read_json(text)


def read_rubric(text: str, format: Format | None = None, *, where: str = "rubric") -> Imported:
    """A rubric of any format; without one, of that which the text is. Raises RubricError with every problem."""
    if len(text) > _LARGEST:
        raise RubricError(f"the document has {len(text):,} characters; at most {_LARGEST:,} are read")
    format = format or detect_format(text)
    if format == "milo":
        return Imported(parse_rubric(text, where=where))
    if format == "prometheus":
        given = read_json(text) if text.lstrip().startswith("{") else text
        return Imported(from_prometheus(given), format=format)
    return replace(_READERS[format](_document(text)), format=format)


def write_rubric(rubric: Rubric, format: Format, *, model: str) -> Exported:
    """The rubric for another system; `model` is what a grader of OpenAI's names. Raises RubricError with the reasons
    why it does not fit, and for a document that would not come back as the same criteria.
    """
    if format == "milo":
        return Exported(dump_rubric(rubric))
    written = (
        to_prometheus(rubric)
        if format == "prometheus"
        else to_healthbench(rubric)
        if format == "healthbench"
        else to_evalassist(rubric)
        if format == "evalassist"
        else to_openai(rubric, "score_model" if format == "openai-score" else "label_model", model=model)
    )
    back = read_rubric(written.text, format).rubric
    for before, after in zip(rubric.criteria, back.criteria, strict=True):
        if _judged(before) != _judged(after):
            raise RubricError(
                f"criterion {before.id!r} would come back from {format} as another one; mend blanks at the ends of its "
                "texts and tags that begin with evalassist:"
            )
    return written


def _judged(criterion: Criterion) -> tuple[object, ...]:
    """What decides a level: two levels in an order are the same scale by either name."""
    scale = "ordinal" if criterion.scale == "binary" else criterion.scale
    return criterion.question, scale, criterion.levels, criterion.points
