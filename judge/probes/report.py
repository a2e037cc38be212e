"""What an audit found, to be stored and drawn later."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from judge.errors import JudgeError
from judge.probes.findings import Finding, ProbeName
from judge.probes.words import in_words, summary

__all__ = ["AuditReport"]


@dataclass(frozen=True, slots=True)
class AuditReport:
    """An audit of one judge (a model or a panel of them, with our prompt) on one rubric and one set of answers."""

    made_at: str
    """ISO 8601, UTC."""
    rubric_name: str
    rubric_version: int
    rubric_hash: str
    criteria: tuple[str, ...]
    """Those that were judged: without a language model only the ones that rules decide."""
    prompt_version: str
    model: str
    """That was asked for, the members of a panel with commas; `built-in checks` without one."""
    models_reported: tuple[str, ...]
    """As the endpoint named them."""
    parameters: Mapping[str, Any]
    seed: int
    """Of the lot, the padding and the intervals."""
    replicates: int
    answers: int
    answers_in_file: int
    requests: int
    """Requests to the model, retries not counted."""
    prompt_tokens: int
    completion_tokens: int
    payload_hash: str
    """Of the text given as an attack of one's own; empty without one. The text itself is not kept."""
    probes: tuple[ProbeName, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    """What has to be known to read the figures."""
    format: Literal[1] = 1

    def to_json(self) -> dict[str, Any]:
        """JSON values, numbers unrounded; each finding with its verdict in words, and the whole with a summary."""
        plain: dict[str, Any] = _ADAPTER.dump_python(self, mode="json")
        for row, finding in zip(plain["findings"], self.findings, strict=True):
            row["verdict"] = in_words(finding)
        return plain | {"summary": summary(self.findings)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "AuditReport":
        """The report again. Raises JudgeError when it is none."""
        try:
            return _ADAPTER.validate_python(dict(stored))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise JudgeError(f"no report of an audit: {where}: {first['msg']}") from error


_ADAPTER = TypeAdapter(AuditReport)
