"""A rubric: criteria with described levels, locked by the hash of its content.

The hash is the identity. Two files with the same criteria, weights and texts are the same rubric; any change
in what a judge would read or count makes another one.
"""

import hashlib
import json
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rubrics.checks import Check

__all__ = ["Criterion", "Level", "Rubric", "rubric_hash"]

_IDENTIFIER = r"^[a-z][a-z0-9_-]{0,63}$"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Level(_Frozen):
    """One step of a criterion's scale."""

    value: int
    label: str = Field(min_length=1)
    description: str = Field(min_length=1)
    """What an answer at this level is like, specific enough that two people agree."""
    examples: tuple[str, ...] = Field(default=(), max_length=5)
    """Short answers of this level, shown to people and to the model."""


class Criterion(_Frozen):
    id: str = Field(pattern=_IDENTIFIER)
    question: str = Field(min_length=3)
    """What is asked of the answer."""
    scale: Literal["binary", "ordinal", "nominal", "points"] = "ordinal"
    """nominal: kinds without an order, which are recorded and stay out of the total. points: met or not met."""
    levels: tuple[Level, ...] = Field(min_length=2, max_length=10)
    """From worst to best, by ascending value; of points: 0 is not met, 1 is met."""
    points: float | None = Field(default=None, allow_inf_nan=False)
    """What meeting it adds to the score of a rubric of points; below zero for what must not be there."""
    weight: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    required: bool = True
    """A required criterion that is unscored leaves the total open."""
    evidence: Literal["required", "optional", "none"] = "optional"
    """Whether a level must rest on quoted words of the answer."""
    guideline_ref: str | None = None
    applies_when: str = ""
    """When the criterion means anything; elsewhere it is `not_applicable`, which opens no total and counts as no
    zero. Empty: always.
    """
    tags: tuple[str, ...] = ()
    check: Check | None = None
    """Set for a deterministic criterion; none means that a language model judges it."""

    @model_validator(mode="after")
    def _scale_fits(self) -> "Criterion":
        values = [level.value for level in self.levels]
        if values != sorted(set(values)):
            raise ValueError(
                f"criterion {self.id!r}: level values must ascend without repeats, found {values}"
            )
        if self.scale == "binary" and len(values) != 2:
            raise ValueError(f"criterion {self.id!r}: a binary scale has two levels, found {len(values)}")
        if self.scale == "points" and (values != [0, 1] or not self.points):
            raise ValueError(
                f"criterion {self.id!r}: points need the levels 0 (not met) and 1 (met), and `points` other than zero"
            )
        if self.scale != "points" and self.points is not None:
            raise ValueError(f"criterion {self.id!r}: `points` belong to the scale `points`")
        return self


class Rubric(_Frozen):
    name: str = Field(pattern=_IDENTIFIER)
    title: str = Field(min_length=1)
    version: int = Field(default=1, ge=1)
    description: str = ""
    pass_mark: float | None = Field(default=None, ge=0, le=1)
    """Lowest passing total, 0 to 1; none means that the rubric describes and does not pass or fail."""
    aggregation: Literal["weighted_mean", "points", "worst"] = "weighted_mean"
    """How levels become the total: their weighted mean, points met over the points there are to gain (never
    below 0), or the worst criterion alone.
    """
    criteria: tuple[Criterion, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _aggregates(self) -> "Rubric":
        counted = [criterion for criterion in self.criteria if criterion.scale != "nominal"]
        if not counted:
            raise ValueError("a rubric needs a criterion with an order; kinds alone give no total")
        pointed = [criterion for criterion in counted if criterion.scale == "points"]
        if self.aggregation == "points":
            if len(pointed) < len(counted):
                raise ValueError("a rubric of points holds criteria of points only (and nominal ones)")
            if all((criterion.points or 0) < 0 for criterion in pointed):
                raise ValueError("a rubric of points needs a criterion that gains some")
        elif pointed:
            raise ValueError("criteria of points need `aggregation: points`")
        return self

    @model_validator(mode="after")
    def _distinct(self) -> "Rubric":
        # `a-b` and `a_b` are one name where names are written with underscores only, as in a model's reply.
        ids = [criterion.id.replace("-", "_") for criterion in self.criteria]
        twice = sorted({id_ for id_ in ids if ids.count(id_) > 1})
        if twice:
            raise ValueError(f"criterion ids must be distinct, repeated: {', '.join(twice)}")
        return self


_LATER: dict[str, object] = {
    "examples": [],
    "points": None,
    "applies_when": "",
    "aggregation": "weighted_mean",
}
"""Fields that rubrics did not always have, with their defaults: left out of the canonical JSON where they say
nothing, so that a rubric keeps its identity when this schema grows."""


def _canonical(value: object) -> object:
    if isinstance(value, dict):
        return {
            key: _canonical(inner)
            for key, inner in value.items()
            if key not in _LATER or inner != _LATER[key]
        }
    return [_canonical(inner) for inner in value] if isinstance(value, list) else value


def rubric_hash(rubric: Rubric) -> str:
    """`sha256:` and the hash of the canonical JSON: keys sorted, no white space, defaults of the first schema
    written out and those of later fields left out.
    """
    document = _canonical(rubric.model_dump(mode="json"))
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"
