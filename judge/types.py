"""What goes into the judge and what comes out, with the one JSON shape that every door gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from judge.errors import BadSubmission
from judge.images import read_image
from judge.llm import Failed, Image, Usage

__all__ = [
    "FIELDS",
    "CriterionResult",
    "Evidence",
    "ScoreMethod",
    "Scored",
    "Source",
    "Submission",
    "Unscored",
    "Verdict",
]

Source = Literal["response", "prompt", "reference", "context", "none"]
ScoreMethod = Literal["rule", "single", "mean_of_samples", "token_probabilities", "panel"]
"""How a score came about: by a deterministic check, from one reply, as the mean of several replies of one model,
as the mean over the probabilities of the level's token, or as the mean of several models."""

_TEXT_FIELDS = ("prompt", "response", "reference", "context")
FIELDS = ("id", *_TEXT_FIELDS, "images")
"""What is read of a submission; whatever else stands beside it is left aside."""
_LONGEST = 400_000


@dataclass(frozen=True, slots=True)
class Submission:
    """One text answer with what it answers."""

    id: str
    prompt: str
    response: str
    reference: str | None = None
    context: str | None = None
    images: tuple[Image, ...] = ()

    @classmethod
    def from_json(cls, row: Mapping[str, Any], *, folder: Path | None = None) -> "Submission":
        """Images are data URIs or, where a folder is given, files in it. Raises BadSubmission naming the field that
        is missing, of the wrong type or too long.
        """
        if "id" not in row or not isinstance(row["id"], str | int):
            raise BadSubmission("id: is missing or neither text nor a whole number")
        _require_text("id", str(row["id"]))
        values: dict[str, str | None] = {}
        for name in _TEXT_FIELDS:
            value = row.get(name)
            if value is None and name in ("reference", "context"):
                values[name] = None
            elif not isinstance(value, str):
                raise BadSubmission(f"{name}: is missing or not text")
            elif len(value) > _LONGEST:
                raise BadSubmission(f"{name}: {len(value):,} characters; at most {_LONGEST:,}")
            else:
                _require_text(name, value)
                values[name] = value
        images = row.get("images") or []
        if not isinstance(images, list):
            raise BadSubmission("images: are no list")
        return cls(
            id=str(row["id"]),
            prompt=values["prompt"] or "",
            response=values["response"] or "",
            reference=values["reference"],
            context=values["context"],
            images=tuple(read_image(image, folder) for image in images),
        )


def _require_text(name: str, value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise BadSubmission(f"{name}: character {error.start} is half of a pair, which is no text") from error


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words that a level rests on. Offsets count code points of the text named by `source`."""

    quote: str
    start: int | None
    end: int | None
    source: Source
    verified: bool
    """True only for words found in the response itself."""


@dataclass(frozen=True, slots=True)
class Scored:
    id: str
    level: int
    rationale: str
    evidence: tuple[Evidence, ...] = ()
    suggestion: str = ""
    score: float | None = None
    """On the scale of the levels, between them where several replies or probabilities say so; None: the level."""
    method: ScoreMethod = "single"
    samples: tuple[int | None, ...] = ()
    """The level of each reply, None where a reply gave none; empty for a single one."""

    @property
    def value(self) -> float:
        """What counts in the total."""
        return float(self.level) if self.score is None else self.score


@dataclass(frozen=True, slots=True)
class Unscored:
    """A criterion without a level. `reason` is one word for machines, `rationale` says it to people."""

    id: str
    reason: str
    rationale: str
    evidence: tuple[Evidence, ...] = ()
    suggestion: str = ""


CriterionResult = Scored | Unscored


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judge's result on one submission."""

    id: str
    criteria: tuple[CriterionResult, ...]
    total: float | None
    """Weighted mean of the levels, each scaled to 0..1; None while a required criterion is unscored."""
    passed: bool | None
    """None while a required criterion is unscored, or when the rubric has no pass mark."""
    rubric_name: str
    rubric_version: int
    rubric_hash: str
    model: str
    """As the endpoint reported it; `built-in checks` when no model was asked."""
    usage: Usage | None
    prompt_version: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    raw: str | None = None
    flags: tuple[str, ...] = ()
    """Why a person should look, `kind` or `kind:criterion`: signs that the answer speaks to its judge, evidence
    that is not in it, replies two levels apart, a rationale that names another level.
    """
    requests: int = 0
    """Requests that were really sent, repeated ones too."""
    failures: tuple[Failed, ...] = ()
    """Requests that brought no reply, for whoever may ask again later."""

    @property
    def reason(self) -> str | None:
        """Why there is no total: the reasons of the criteria that are unscored, None when there is a total."""
        if self.total is not None:
            return None
        reasons = sorted({result.reason for result in self.criteria if isinstance(result, Unscored)})
        return ",".join(reasons) or "nothing_scored"

    def to_json(self) -> dict[str, Any]:
        """The shape that the command, the service and the library share; `reason` only when unscored."""
        head: dict[str, Any] = {"id": self.id, "status": "scored" if self.total is not None else "unscored"}
        if self.reason is not None:
            head["reason"] = self.reason
        return head | {
            "criteria": [_criterion(result) for result in self.criteria],
            "total": self.total,
            "passed": self.passed,
            "rubric": {"name": self.rubric_name, "version": self.rubric_version, "hash": self.rubric_hash},
            "model": self.model,
            "usage": {
                "prompt_tokens": self.usage.prompt_tokens,
                "completion_tokens": self.usage.completion_tokens,
            }
            if self.usage
            else None,
            "flags": list(self.flags),
        }


def _criterion(result: CriterionResult) -> dict[str, Any]:
    head: dict[str, Any] = {"id": result.id, "level": result.level if isinstance(result, Scored) else None}
    if isinstance(result, Unscored):
        head["reason"] = result.reason
    else:
        head |= {"score": result.value, "score_method": result.method, "samples": list(result.samples)}
    return head | {
        "rationale": result.rationale,
        "evidence": [
            {
                "quote": evidence.quote,
                "start": evidence.start,
                "end": evidence.end,
                "source": evidence.source,
                "verified": evidence.verified,
            }
            for evidence in result.evidence
        ],
        "suggestion": result.suggestion,
    }
