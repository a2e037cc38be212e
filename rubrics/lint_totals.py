"""Weights and pass marks: what a criterion can change, and what can pass at all.

Totals are those of answers on which every criterion is scored; one that does not apply or could not be judged
shifts the weights of the others.
"""

from collections.abc import Iterator, Sequence
from itertools import product

from rubrics.checks import Check, ForbiddenPhrases, Length, RequiredPhrases
from rubrics.findings import Finding, about
from rubrics.schema import Criterion, Rubric

__all__ = ["lint_totals"]

_DOMINANT = 0.8
"""Share of the whole scale from which on the other criteria are decoration, where no pass mark says so exactly."""
_NEGLIGIBLE = 0.1
"""Part of an equal share below which a criterion might as well not be there."""
_MOST_SUMS = 5_000
"""Sums kept while combinations are counted out, quick enough to do while somebody types; beyond that only the shares
are looked at."""


def lint_totals(rubric: Rubric) -> Iterator[Finding]:
    counted = [
        (place, criterion) for place, criterion in enumerate(rubric.criteria) if criterion.scale != "nominal"
    ]
    steps = _steps(rubric, [criterion for _, criterion in counted])
    pairs = list(_excluding(counted))
    for (place, first), (_, second), why in pairs:
        yield about(
            "checks_contradict", "error", place, first, "check",
            what=f"`{first.id}` and `{second.id}` cannot both be at their best: {why}",
            advice="change one of the two, or take it out",
        )  # fmt: skip
    marks = list(_pass_mark(rubric, steps, [(counted.index(a), counted.index(b)) for a, b, _ in pairs]))
    yield from marks
    yield from _idle_weights(rubric)
    # Under a mark that all or none reach, no weight changes anything: the mark is what is wrong then.
    if rubric.aggregation != "worst" and len(counted) > 1 and not marks:
        for number, (place, criterion) in enumerate(counted):
            yield from _influence(rubric, steps, number, place, criterion)


def _steps(rubric: Rubric, counted: Sequence[Criterion]) -> list[list[float]]:
    """For each criterion what its levels add to the total, in their order; of `worst` the shares themselves."""
    shares = [
        [
            (level.value - criterion.levels[0].value)
            / (criterion.levels[-1].value - criterion.levels[0].value)
            for level in criterion.levels
        ]
        for criterion in counted
    ]
    if rubric.aggregation == "worst":
        return shares
    if rubric.aggregation == "points":
        weights = [criterion.points or 0.0 for criterion in counted]
        whole = sum(weight for weight in weights if weight > 0)
    else:
        weights = [criterion.weight for criterion in counted]
        whole = sum(weights)
    return [[weight * share / whole for share in row] for weight, row in zip(weights, shares, strict=True)]


def _idle_weights(rubric: Rubric) -> Iterator[Finding]:
    single = len([criterion for criterion in rubric.criteria if criterion.scale != "nominal"]) == 1
    for place, criterion in enumerate(rubric.criteria):
        why = (
            "kinds stay out of the total"
            if criterion.scale == "nominal"
            else "its points count, not a weight"
            if criterion.scale == "points"
            else "the worst criterion alone counts"
            if rubric.aggregation == "worst"
            else "it is the only one that counts"
            if single
            else ""
        )
        if why and criterion.weight != 1:
            yield about(
                "weight_without_effect", "warning", place, criterion, "weight",
                what=f"the weight {criterion.weight:g} changes nothing: {why}",
                advice="leave the weight out",
            )  # fmt: skip


def _influence(
    rubric: Rubric, steps: list[list[float]], number: int, place: int, criterion: Criterion
) -> Iterator[Finding]:
    key = "points" if rubric.aggregation == "points" else "weight"
    others = steps[:number] + steps[number + 1 :]
    low, high = min(steps[number]), max(steps[number])
    widths = [max(row) - min(row) for row in steps]
    if rubric.pass_mark is None:
        alone = (high - low) / sum(widths) >= _DOMINANT
    else:
        alone = _reaches(high + sum(map(min, others)), rubric.pass_mark) and not _reaches(
            low + sum(map(max, others)), rubric.pass_mark
        )
    if alone:
        yield about(
            "weight_dominates", "warning", place, criterion, key,
            what=f"`{criterion.id}` decides alone, whatever the other {len(others)} criteria are",
            advice=f"lower its {key}, or judge it in a rubric of its own",
        )  # fmt: skip
    # One that is not required may be there for its words of advice alone.
    sums = _sums(others) if criterion.required else None
    idle = rubric.pass_mark is not None and sums is not None and not any(
        _reaches(total + high, rubric.pass_mark) and not _reaches(total + low, rubric.pass_mark) for total in sums
    )  # fmt: skip
    if idle or high - low < _NEGLIGIBLE * sum(widths) / len(widths):
        share = (high - low) / sum(widths)
        yield about(
            "weight_without_effect", "warning", place, criterion, key,
            what=f"`{criterion.id}` counts for {share:.1%} of the total"
            + (" and never changes whether an answer passes" if idle else ""),
            advice=f"raise its {key}, or leave it out; `scale: nominal` records a kind without counting it",
        )  # fmt: skip


def _reaches(total: float, pass_mark: float) -> bool:
    return total >= pass_mark - 1e-9


def _sums(rows: Sequence[Sequence[float]]) -> set[float] | None:
    """Every sum of one value a row; None when there are too many to count out."""
    found = {0.0}
    for row in rows:
        found = {round(total + value, 9) for total in found for value in row}
        if len(found) > _MOST_SUMS:
            return None
    return found


def _pass_mark(rubric: Rubric, steps: list[list[float]], pairs: list[tuple[int, int]]) -> Iterator[Finding]:
    mark = rubric.pass_mark
    if mark is None:
        return
    together = min if rubric.aggregation == "worst" else sum
    if _reaches(max(0.0, together(map(min, steps))), mark):
        yield Finding(
            "pass_mark", "error", ("pass_mark",), "",
            f"every answer passes: the lowest total there is reaches {mark:g}",
            "raise it, or leave it out if nothing is to pass or fail",
        )  # fmt: skip
    best = max(
        together(
            sorted(row)[-2] if number in dropped else max(row) for number, row in enumerate(steps)
        )
        for dropped in map(set, product(*pairs))
    )  # fmt: skip
    if not _reaches(min(1.0, best), mark):
        yield Finding(
            "pass_mark", "error", ("pass_mark",), "",
            f"no answer passes: the highest total there is, {best:.2f}, is below {mark:g}",
            "lower it, or mend the checks that exclude each other",
        )  # fmt: skip


_Placed = tuple[int, Criterion]


def _excluding(counted: Sequence[_Placed]) -> Iterator[tuple[_Placed, _Placed, str]]:
    """Pairs of criteria by rule of which at most one can be at its best, and why."""
    for number, first in enumerate(counted):
        for second in counted[number + 1 :]:
            for one, other in ((first, second), (second, first)):
                why = _excluded(one[1].check, other[1].check)
                if why:
                    yield one, other, why
                    break


def _excluded(one: Check | None, other: Check | None) -> str:
    if isinstance(one, Length) and isinstance(other, Length):
        if other.max_words is not None and one.min_words > other.max_words:
            return f"one wants at least {one.min_words} words, the other at most {other.max_words}"
    elif isinstance(one, RequiredPhrases) and isinstance(other, ForbiddenPhrases):
        barred = [f" {' '.join(phrase.casefold().split())} " for phrase in other.phrases]
        for purpose, phrases in one.groups.items():
            if all(any(bad in f" {' '.join(p.casefold().split())} " for bad in barred) for p in phrases):
                return f"every phrase that gives {purpose!r} is forbidden by the other"
    return ""
