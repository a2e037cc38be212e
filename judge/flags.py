"""Why a person should look at a verdict. A flag never moves a level."""

import re
from collections.abc import Sequence
from typing import Final

from judge.merging import APART, spread
from judge.suspicion import suspicions
from judge.types import CriterionResult, Scored, Submission
from rubrics.schema import Criterion, Rubric

__all__ = ["flags_of"]

_NAMED: Final = re.compile(r"\b(?:level|score|rating)\s*(?:of|is|:)?\s*(-?\d+)\b", re.IGNORECASE)


def flags_of(rubric: Rubric, submission: Submission, results: Sequence[CriterionResult]) -> tuple[str, ...]:
    """`kind` or `kind:criterion`, each once: what the answer shows, then the criteria in their order."""
    flags = list(suspicions(rubric, submission))
    for criterion, result in zip(rubric.criteria, results, strict=True):
        if isinstance(result, Scored) and criterion.check is None:
            flags += [f"{kind}:{criterion.id}" for kind in _doubts(criterion, result)]
    return tuple(flags)


def _doubts(criterion: Criterion, result: Scored) -> list[str]:
    doubts = []
    worst = criterion.levels[0].value
    if any(not evidence.verified for evidence in result.evidence):
        doubts.append("unverified_evidence")
    elif criterion.evidence == "required" and not result.evidence and result.level != worst:
        doubts.append("no_evidence")  # at the worst level the point may be what is absent
    if spread(result) >= APART:
        doubts.append("replies_apart")
    named = {int(number) for number in _NAMED.findall(result.rationale)}
    known = {level.value for level in criterion.levels}
    if named & known and result.level not in named:
        doubts.append("rationale_names_another_level")
    return doubts
