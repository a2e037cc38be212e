"""What the formats share: what a reader and a writer give back, JSON read with care, and the reasons to refuse."""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from rubrics.errors import RubricError
from rubrics.schema import Criterion, Rubric

__all__ = [
    "Exported",
    "Foreign",
    "Format",
    "Imported",
    "checked",
    "digest_of",
    "identifier",
    "lost_names",
    "not_for_models_only",
    "read_json",
]

M = TypeVar("M", bound=BaseModel)


Format = Literal["milo", "prometheus", "healthbench", "evalassist", "openai-score", "openai-label"]
"""`milo` is our own YAML."""


@dataclass(frozen=True, slots=True)
class Imported:
    """A rubric read from a document."""

    rubric: Rubric
    left_out: tuple[str, ...] = ()
    """What the document says beside the rubric (the item, the model), one phrase each."""
    format: Format = "milo"


@dataclass(frozen=True, slots=True)
class Exported:
    """A document for another system."""

    text: str
    left_out: tuple[str, ...] = ()
    """What the rubric says and the format has no place for, one phrase each; never a level, a weight that counts
    or a condition: those are refused."""


class Foreign(BaseModel):
    """A part of a document whose shape is another system's; a field we do not know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)


def read_json(text: str) -> Any:
    """The JSON value. Raises RubricError for what is no JSON, or names a key twice."""
    try:
        return json.loads(text, object_pairs_hook=_each_key_once)
    except json.JSONDecodeError as error:
        raise RubricError(
            f"not valid JSON: line {error.lineno}, column {error.colno}: {error.msg}"
        ) from error
    except RecursionError as error:
        raise RubricError("the document is nested too deeply") from error


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise RubricError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} stands there twice")
    return found


def checked(shape: type[M], document: object, what: str) -> M:
    """The document as `shape`. Raises RubricError with a line per field that does not fit."""
    try:
        return shape.model_validate(document)
    except ValidationError as error:
        raise RubricError([_problem(what, found["loc"], found["msg"]) for found in error.errors()]) from error


def _problem(what: str, path: tuple[int | str, ...], message: str) -> str:
    return f"{what}: {'.'.join(map(str, path)) or 'the document'}: {message}"


def digest_of(document: object) -> str:
    """Twelve digits that name a document without a name; the same content gives the same ones."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:12]


def identifier(name: str, *, otherwise: str, joined_by: str = "_") -> str:
    """A name for people as an id: lower case, everything but letters and digits joined; `otherwise` when nothing
    is left that an id can begin with.
    """
    found = re.sub(r"[^a-z0-9]+", joined_by, name.casefold()).strip(joined_by)[:64].rstrip(joined_by)
    return found if re.match(r"[a-z]", found) else otherwise


def not_for_models_only(criterion: Criterion, system: str) -> list[str]:
    """Why a criterion that is more than words and levels does not fit `system`."""
    problems = []
    if criterion.check is not None:
        problems.append(f"is decided by rule (check: {criterion.check.kind}); {system} asks a model")
    if criterion.applies_when:
        problems.append(f"applies only when {criterion.applies_when}; {system} has no conditions")
    if any(level.examples for level in criterion.levels):
        problems.append(f"has levels with examples; {system} has no place for them")
    return [f"criterion {criterion.id!r} {problem}" for problem in problems]


_DEFAULTS: dict[str, object] = {
    "description": "",
    "pass_mark": None,
    "guideline_ref": None,
    "tags": (),
    "evidence": "optional",
    "required": True,
    "weight": 1.0,
}


def lost_names(rubric: Rubric, *kept: str) -> tuple[str, ...]:
    """The fields with something in them that the format does not keep: none of them changes a level or a weight."""
    lost = [name for name in ("name", "version", "title") if name not in kept]
    for name, empty in _DEFAULTS.items():
        owners = [rubric] if name in Rubric.model_fields else list(rubric.criteria)
        if name not in kept and any(getattr(owner, name) != empty for owner in owners):
            lost.append(name)
    return (*lost, *(["criterion ids"] if "id" not in kept else []))
