"""HealthBench: criteria with points, negative ones for what must not be there (openai/simple-evals).

The score is the sum of the points met over the positive ones, which is our aggregation `points`.
"""

import json
from typing import Annotated, Any

from pydantic import Field, ValidationError

from rubrics.errors import RubricError
from rubrics.formats.shape import (
    Exported,
    Foreign,
    Imported,
    checked,
    digest_of,
    lost_names,
    not_for_models_only,
)
from rubrics.schema import Criterion, Level, Rubric

__all__ = ["from_healthbench", "to_healthbench"]

_LEVELS = (
    Level(value=0, label="not met", description="What the criterion says is not so of the answer."),
    Level(value=1, label="met", description="What the criterion says is so of the answer."),
)
"""HealthBench describes no levels: a criterion is met or it is not."""

_OF_THE_ITEM = ("prompt", "prompt_id", "example_tags", "ideal_completions_data", "canary")
"""Fields of a line that are about the conversation and not about what it is judged by."""


class _Item(Foreign):
    criterion: str = Field(min_length=3)
    points: float
    tags: list[str] = Field(default_factory=list)


class _Example(Foreign):
    rubrics: Annotated[list[_Item], Field(min_length=1)]


def from_healthbench(document: Any) -> Imported:
    """The rubric of one line, or of the bare list of its `rubrics`.

    Raises RubricError for a file of several lines: each has a rubric of its own.
    """
    if isinstance(document, list) and all(isinstance(part, dict) and "rubrics" in part for part in document):
        if len(document) != 1:
            raise RubricError(
                f"the file holds {len(document)} examples, each with a rubric of its own; give one line of it"
            )
        document = document[0]
    if isinstance(document, list):
        document = {"rubrics": document}
    if not isinstance(document, dict):
        raise RubricError("a HealthBench rubric is an object with `rubrics`, or their list")
    beside = [name for name in _OF_THE_ITEM if name in document]
    example = checked(
        _Example, {key: value for key, value in document.items() if key not in beside}, "HealthBench"
    )
    try:
        criteria = tuple(
            Criterion(
                id=f"c{number}",
                question=item.criterion,
                scale="points",
                points=item.points,
                tags=tuple(item.tags),
                levels=_LEVELS,
            )
            for number, item in enumerate(example.rubrics, 1)
        )
        rubric = Rubric(
            name=f"healthbench-{digest_of(document['rubrics'])}",
            title=f"HealthBench rubric, {len(criteria)} criteria",
            description="Criteria with points, from HealthBench.",
            aggregation="points",
            criteria=criteria,
        )
    except ValidationError as error:
        raise RubricError([f"HealthBench: {found['msg']}" for found in error.errors()]) from error
    return Imported(rubric, tuple(f"{name} (about the item)" for name in beside))


def to_healthbench(rubric: Rubric) -> Exported:
    """One line with `rubrics`. Raises RubricError with every reason it does not fit."""
    problems = []
    if rubric.aggregation != "points":
        problems.append(
            f"the rubric's total is by {rubric.aggregation}; HealthBench adds up points (aggregation: points)"
        )
    for criterion in rubric.criteria:
        plain = not_for_models_only(criterion, "HealthBench")
        problems += plain
        if criterion.scale == "nominal":
            problems.append(f"criterion {criterion.id!r} is nominal; HealthBench has points only")
        elif criterion.scale == "points" and criterion.levels != _LEVELS and not plain:
            problems.append(
                f"criterion {criterion.id!r} describes what met and not met mean; HealthBench has no place for it, so "
                "say it in the question and use the usual texts "
                + " / ".join(f"{level.label}: {level.description}" for level in _LEVELS)
            )
    if problems:
        raise RubricError(problems)
    items = [
        {"criterion": criterion.question, "points": _points(criterion), "tags": list(criterion.tags)}
        for criterion in rubric.criteria
    ]
    return Exported(f"{json.dumps({'rubrics': items}, ensure_ascii=False)}\n", lost_names(rubric, "tags"))


def _points(criterion: Criterion) -> float | int:
    points = criterion.points or 0.0
    return int(points) if points.is_integer() else points
