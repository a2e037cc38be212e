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


class Criterion(_Frozen):
    id: str = Field(pattern=_IDENTIFIER)
    question: str = Field(min_length=3)
    """What is asked of the answer."""
    scale: Literal["binary", "ordinal"] = "ordinal"
    levels: tuple[Level, ...] = Field(min_length=2, max_length=10)
    """From worst to best, by ascending value."""
    weight: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    required: bool = True
    """A required criterion that is unscored leaves the total open."""
    evidence: Literal["required", "optional", "none"] = "optional"
    """Whether a level must rest on quoted words of the answer."""
    guideline_ref: str | None = None
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
        return self


class Rubric(_Frozen):
    name: str = Field(pattern=_IDENTIFIER)
    title: str = Field(min_length=1)
    version: int = Field(default=1, ge=1)
    description: str = ""
    pass_mark: float | None = Field(default=None, ge=0, le=1)
    """Lowest passing total, 0 to 1; none means that the rubric describes and does not pass or fail."""
    criteria: tuple[Criterion, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _distinct(self) -> "Rubric":
        # `a-b` and `a_b` are one name where names are written with underscores only, as in a model's reply.
        ids = [criterion.id.replace("-", "_") for criterion in self.criteria]
        twice = sorted({id_ for id_ in ids if ids.count(id_) > 1})
        if twice:
            raise ValueError(f"criterion ids must be distinct, repeated: {', '.join(twice)}")
        return self


def rubric_hash(rubric: Rubric) -> str:
    """`sha256:` and the hash of the canonical JSON: keys sorted, no white space, defaults written out."""
    canonical = json.dumps(
        rubric.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"
