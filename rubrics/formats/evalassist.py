"""EvalAssist: criteria with named, scored options, alone, as a list, or weighted (IBM/eval-assist, judges/types.py)."""

import json
import math
import re
from fractions import Fraction
from typing import Any

from pydantic import Field, ValidationError

from rubrics.errors import RubricError
from rubrics.formats.shape import (
    Exported,
    Foreign,
    Imported,
    checked,
    digest_of,
    identifier,
    lost_names,
    not_for_models_only,
)
from rubrics.schema import Criterion, Level, Rubric

__all__ = ["from_evalassist", "to_evalassist"]

_NAME, _STEP = "evalassist:name=", "evalassist:step=1/"
"""Tags that keep what an id and whole levels cannot: the criterion's name, and that its scores were parts of one."""
_ANSWER, _BESIDE = "response", ["prompt"]
"""The fields of an EvalAssist instance that our submission's answer and prompt would stand in."""
_LARGEST_PART = 100


class _Option(Foreign):
    name: str = Field(min_length=1)
    description: str = ""
    score: float | None = None


class _Criteria(Foreign):
    name: str
    description: str = Field(min_length=3)
    to_evaluate_field: str | None = None
    prediction_field: str | None = None
    """What `to_evaluate_field` was called before."""
    context_fields: list[str] | None = None
    options: list[_Option] = Field(min_length=2)
    examples: list[Any] = Field(default_factory=list)


class _Weighted(Foreign):
    criterion: _Criteria
    weight: float | None = None
    target_option: str | None = None
    score_threshold: float | None = None
    required: bool = False


class _Together(Foreign):
    items: list[_Weighted] = Field(min_length=1)
    normalize_scores: bool = True


def from_evalassist(document: Any) -> Imported:
    """The rubric of one criterion, of a list of them (equal weights), or of weighted `items`.

    Options become levels in the order of their scores; scores that are parts of one (0, 0.5, 1) become whole levels
    of the same distances, which the way back undoes. Raises RubricError with every reason it does not fit.
    """
    if isinstance(document, dict) and "items" in document:
        together = checked(_Together, document, "EvalAssist")
        problems, weights = _weights(together)
        given = [item.criterion for item in together.items]
    else:
        rows = document if isinstance(document, list) else [document]
        given = [checked(_Criteria, row, f"EvalAssist, criterion {n}") for n, row in enumerate(rows, 1)]
        problems, weights = [], [1.0] * len(given)
    criteria = []
    for number, (row, weight) in enumerate(zip(given, weights, strict=True), 1):
        found = _criterion(row, number, weight)
        if isinstance(found, Criterion):
            criteria.append(found)
        else:
            problems += found
    if problems:
        raise RubricError(problems)
    try:
        rubric = Rubric(
            name=f"evalassist-{digest_of(document)}",
            title=given[0].name.strip() or "EvalAssist"
            if len(given) == 1
            else f"EvalAssist, {len(given)} criteria",
            description="",
            criteria=tuple(criteria),
        )
    except ValidationError as error:
        raise RubricError([f"EvalAssist: {found['msg']}" for found in error.errors()]) from error
    return Imported(rubric, _fields_of_instances(given))


def _weights(together: _Together) -> tuple[list[str], list[float]]:
    problems = [
        f"criterion {item.criterion.name!r}: {what}"
        for item in together.items
        for says, what in (
            (item.target_option is not None, "target_option; ours counts every level, not one option alone"),
            (item.score_threshold is not None, "score_threshold; ours has one pass mark for the whole"),
            (
                item.required,
                "required there means that less than the best fails the whole; ours has no such rule",
            ),
        )
        if says
    ]
    if not together.normalize_scores:
        problems.append("normalize_scores is off; our totals are of levels scaled to 0 to 1")
    weights = [item.weight for item in together.items]
    if all(weight is None for weight in weights):
        return problems, [1.0] * len(weights)
    known = [weight for weight in weights if weight is not None]
    if len(known) < len(weights) or not math.isclose(sum(known), 1.0, rel_tol=1e-9):
        problems.append(f"the weights {weights} must all be given and sum to 1")
    if any(weight <= 0 for weight in known):
        problems.append("a weight of 0 or less; leave the criterion out instead")
    return problems, [weight or 1.0 for weight in weights]


def _criterion(row: _Criteria, number: int, weight: float) -> Criterion | list[str]:
    what = f"criterion {row.name!r}"
    problems = [
        f"{what}: option {option.name!r} has no description; say what an answer is like that gets it"
        for option in row.options
        if not option.description.strip()
    ]
    if row.examples:
        problems.append(f"{what} has examples; ours belong to a level and are short answers")
    scores = [option.score for option in row.options]
    numbers = [score for score in scores if score is not None]
    if len(numbers) < len(scores) or len(set(numbers)) < len(scores):
        problems.append(
            f"{what}: the options' scores {scores} must all be there and differ: levels have an order"
        )
        return problems
    parts = [Fraction(score).limit_denominator(_LARGEST_PART) for score in numbers]
    if any(abs(float(part) - score) > 1e-9 for part, score in zip(parts, numbers, strict=True)):
        problems.append(f"{what}: the scores {numbers} are no whole numbers of equal parts; levels are")
    if problems:
        return problems
    step = math.lcm(*(part.denominator for part in parts))
    id_ = identifier(row.name, otherwise=f"criterion_{number}")
    tags = [f"{_NAME}{row.name}"] if row.name != id_ else []
    ordered = sorted(zip(parts, row.options, strict=True), key=lambda pair: pair[0])
    try:
        return Criterion(
            id=id_,
            question=row.description,
            scale="binary" if len(ordered) == 2 else "ordinal",
            weight=weight,
            tags=(*tags, *([f"{_STEP}{step}"] if step > 1 else [])),
            levels=tuple(
                Level(value=int(part * step), label=option.name, description=option.description)
                for part, option in ordered
            ),
        )
    except ValidationError as error:
        return [f"{what}: {found['msg']}" for found in error.errors()]


def _fields_of_instances(given: list[_Criteria]) -> tuple[str, ...]:
    """Which fields of an instance are judged is no part of a rubric: here it is always the answer."""
    judged = {row.to_evaluate_field or row.prediction_field for row in given} - {None, _ANSWER}
    beside = {name for row in given for name in row.context_fields or ()} - set(_BESIDE)
    return (
        *(f"to_evaluate_field {name!r}" for name in sorted(filter(None, judged))),
        *(f"context field {name!r}" for name in sorted(beside)),
    )


def to_evalassist(rubric: Rubric) -> Exported:
    """One criterion, a list of equal weight, or weighted `items`. Raises RubricError with every reason not to."""
    problems = []
    if rubric.aggregation != "weighted_mean":
        problems.append(f"the rubric's total is by {rubric.aggregation}; EvalAssist has weighted means only")
    for criterion in rubric.criteria:
        problems += not_for_models_only(criterion, "EvalAssist")
        if criterion.scale in ("nominal", "points"):
            problems.append(
                f"criterion {criterion.id!r} is {criterion.scale}; EvalAssist has options with scores in an order"
            )
        labels = [level.label for level in criterion.levels]
        if len(set(labels)) < len(labels):
            problems.append(
                f"criterion {criterion.id!r}: labels {labels} repeat; EvalAssist tells options by name"
            )
    if problems:
        raise RubricError(problems)
    written = [_written(criterion) for criterion in rubric.criteria]
    weights = [criterion.weight for criterion in rubric.criteria]
    document: Any
    if len(written) == 1:
        document = written[0]
    elif all(weight == 1 for weight in weights):
        document = written
    else:
        total = sum(weights)
        shares = weights if math.isclose(total, 1.0, rel_tol=1e-9) else [weight / total for weight in weights]
        document = {
            "items": [
                {
                    "criterion": criterion,
                    "weight": share,
                    "target_option": None,
                    "score_threshold": None,
                    "required": False,
                }
                for criterion, share in zip(written, shares, strict=True)
            ],
            "normalize_scores": True,
        }
    kept = ["id", "weight"] + ["tags"] * all(
        _carriers(criterion) == criterion.tags for criterion in rubric.criteria
    )
    return Exported(f"{json.dumps(document, ensure_ascii=False, indent=2)}\n", lost_names(rubric, *kept))


def _carriers(criterion: Criterion) -> tuple[str, ...]:
    return tuple(tag for tag in criterion.tags if tag.startswith((_NAME, _STEP)))


def _written(criterion: Criterion) -> dict[str, Any]:
    names = [tag.removeprefix(_NAME) for tag in criterion.tags if tag.startswith(_NAME)]
    name = next(
        (name for name in names if identifier(name, otherwise=criterion.id) == criterion.id), criterion.id
    )
    found = next(
        (re.fullmatch(rf"{_STEP}(\d{{1,6}})", tag) for tag in criterion.tags if tag.startswith(_STEP)), None
    )
    step = int(found[1]) if found else 1
    return {
        "name": name,
        "description": criterion.question,
        "to_evaluate_field": _ANSWER,
        "context_fields": _BESIDE,
        "options": [
            {
                "name": level.label,
                "description": level.description,
                "score": level.value / step if step > 1 else level.value,
            }
            for level in criterion.levels
        ],
        "examples": [],
    }
