"""Several replies about one criterion become one result; all of them are kept in it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from judge.types import CriterionResult, Scored, ScoreMethod, Unscored
from rubrics.schema import Criterion

__all__ = ["APART", "merge", "spread"]

APART = 2
"""Levels between two replies from which on a person should look."""


def merge(criterion: Criterion, results: Sequence[CriterionResult], method: ScoreMethod) -> CriterionResult:
    """The mean level, told in the words of the reply nearest to it; of kinds without an order the most frequent.

    Replies without a level are left out and stay visible in `samples`. Where as many or more say that the
    criterion does not apply as give a level, it does not apply.
    """
    if len(results) == 1:
        return results[0]
    scored = [result for result in results if isinstance(result, Scored)]
    away = [
        result for result in results if isinstance(result, Unscored) and result.reason == "not_applicable"
    ]
    if not scored or len(away) >= len(scored):
        return away[0] if away else results[0]
    levels = tuple(result.level if isinstance(result, Scored) else None for result in results)
    if criterion.scale == "nominal":
        commonest = Counter(result.level for result in scored).most_common(1)[0][0]
        nearest = next(result for result in scored if result.level == commonest)
        return replace(nearest, method=method, samples=levels)
    mean = fmean(result.value for result in scored)
    nearest = min(scored, key=lambda result: abs(result.value - mean))
    return replace(nearest, score=mean, method=method, samples=levels)


def spread(result: CriterionResult) -> int:
    """Levels between the lowest and the highest reply; 0 for a single one."""
    levels = [level for level in getattr(result, "samples", ()) if level is not None]
    return max(levels) - min(levels) if levels else 0
