"""What the lint says about a rubric."""

from dataclasses import dataclass, replace
from typing import Literal

from rubrics.schema import Criterion

__all__ = ["Finding", "Kind", "Severity", "about"]

Severity = Literal["error", "warning"]
Kind = Literal[
    "schema",
    "missing_text",
    "same_levels",
    "vague_difference",
    "overlapping_levels",
    "double_barrelled",
    "contradiction",
    "undefined_word",
    "duplicate_criterion",
    "evidence_on_absence",
    "weight_dominates",
    "weight_without_effect",
    "pass_mark",
    "checks_contradict",
]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at. An error makes judgements wrong or impossible; a warning makes them worse."""

    kind: Kind
    severity: Severity
    path: tuple[int | str, ...]
    """Steps from the rubric to the part, as in `("criteria", 0, "question")`."""
    criterion: str
    """Its id; empty for what concerns the whole rubric."""
    what: str
    advice: str
    file: str = ""
    line: int | None = None
    """Counted from 1; None for a rubric that was not read from a text."""

    def at(self, file: str, line: int) -> "Finding":
        return replace(self, file=file, line=line)


def about(
    kind: Kind,
    severity: Severity,
    place: int,
    criterion: Criterion,
    *inner: int | str,
    what: str,
    advice: str,
) -> Finding:
    """A finding about a part of the criterion at `place`."""
    return Finding(kind, severity, ("criteria", place, *inner), criterion.id, what, advice)
