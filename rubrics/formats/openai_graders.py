"""Graders of OpenAI's API: `score_model` and `label_model`, one criterion each.

A grader is a prompt. Ours holds the criterion as JSON behind a fixed sentence, so that it can be read back word
for word; the free text of other graders does not say where one level ends and the next begins, and is refused.
"""

import json
from typing import Annotated, Any, Literal

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
    read_json,
)
from rubrics.schema import Criterion, Level, Rubric

__all__ = ["Grader", "from_openai", "to_openai"]

Grader = Literal["score_model", "label_model"]

_TASK: dict[Grader, str] = {
    "score_model": "Judge the answer on the criterion below. Give the value of the level whose description fits best.",
    "label_model": "Judge the answer on the criterion below. Give the label of the level whose description fits best.",
}
_SHOWN = "Request:\n{{item.prompt}}\n\nAnswer:\n{{sample.output_text}}"


class _Said(Foreign):
    role: Literal["user", "assistant", "system", "developer"]
    content: str
    type: Literal["message"] | None = None


class _Grader(Foreign):
    type: Grader
    name: str = Field(min_length=1)
    model: str
    input: Annotated[list[_Said], Field(min_length=1)]
    labels: list[str] | None = None
    passing_labels: list[str] | None = None
    range: list[float] | None = None
    pass_threshold: float | None = None
    sampling_params: dict[str, Any] | None = None


class _Level(Foreign):
    value: int
    label: str
    description: str


class _Question(Foreign):
    question: str
    levels: list[_Level]


def from_openai(document: Any, kind: Grader | None = None) -> Imported:
    """The rubric of a grader that `to_openai` wrote. Raises RubricError for any other, with the reason."""
    given = document.get("type") if isinstance(document, dict) else None
    if given not in _TASK or (kind is not None and given != kind):
        raise RubricError(f"type {given!r}; wanted is {kind or 'score_model or label_model'}")
    grader = checked(_Grader, document, f"grader {given}")
    first, *others = grader.input
    task, _, body = first.content.partition("\n\n")
    if task != _TASK[grader.type]:
        raise RubricError(
            f"the instructions of grader {grader.name!r} are free text: where the levels and their descriptions are "
            "cannot be told without guessing. Write them as criteria with options (EvalAssist) or as YAML"
        )
    question = checked(_Question, read_json(body), f"the criterion in grader {grader.name!r}")
    levels = sorted(question.levels, key=lambda level: level.value)
    problem, pass_mark = _threshold(grader, levels)
    if problem:
        raise RubricError(f"grader {grader.name!r}: {problem}")
    try:
        rubric = Rubric(
            name=identifier(grader.name, otherwise=f"openai-{digest_of(document)}", joined_by="-"),
            title=grader.name,
            pass_mark=pass_mark,
            criteria=(
                Criterion(
                    id="score",
                    question=question.question,
                    scale="binary" if len(levels) == 2 else "ordinal",
                    levels=tuple(Level(**level.model_dump()) for level in levels),
                ),
            ),
        )
    except ValidationError as error:
        raise RubricError([f"grader {grader.name!r}: {found['msg']}" for found in error.errors()]) from error
    beside = [f"model {grader.model!r}", *(["sampling_params"] if grader.sampling_params else [])]
    shown = [(message.role, message.content) for message in others] != [("user", _SHOWN)]
    return Imported(rubric, (*beside, *(["the messages that show the answer"] if shown else [])))


def _threshold(grader: _Grader, levels: list[_Level]) -> tuple[str, float | None]:
    """A problem, or the pass mark: the share of the scale from which on an answer passes."""
    values, labels = [level.value for level in levels], [level.label for level in levels]
    if not values or values[0] == values[-1]:
        return f"the levels {values} are no scale", None
    worst, width = values[0], values[-1] - values[0]
    if grader.type == "score_model":
        if grader.labels is not None or grader.passing_labels is not None:
            return "a score_model has no labels", None
        if grader.range != [values[0], values[-1]]:
            return f"the range {grader.range} is not that of the levels {values}", None
        mark = grader.pass_threshold
        return "", None if mark is None else round((mark - worst) / width, 12)
    if grader.range is not None or grader.pass_threshold is not None:
        return "a label_model has neither range nor pass_threshold", None
    if grader.labels != labels:
        return f"the labels {grader.labels} are not those of the levels, {labels}", None
    passing = grader.passing_labels or []
    lowest = len(labels) - len(passing)
    if not passing or sorted(passing) != sorted(labels[lowest:]):
        return (
            f"the passing labels {passing} are not the best ones of {labels}; a pass mark is a point on the scale",
            None,
        )
    return "", round((values[lowest] - worst) / width, 12)


def to_openai(rubric: Rubric, kind: Grader, *, model: str) -> Exported:
    """A grader for `model`. Raises RubricError with every reason the rubric does not fit."""
    criterion, *others = rubric.criteria
    problems = not_for_models_only(criterion, "a grader")
    if others:
        problems.append(f"the rubric has {len(rubric.criteria)} criteria; a grader gives one score")
    if criterion.scale in ("nominal", "points"):
        problems.append(f"criterion {criterion.id!r} is {criterion.scale}; a grader has levels in an order")
    labels = [level.label for level in criterion.levels]
    passing = _passing(rubric, criterion)
    if kind == "label_model" and len(set(labels)) < len(labels):
        problems.append(f"the labels {labels} repeat; a label_model tells levels by label")
    if kind == "label_model" and not passing:
        problems.append("the rubric has no pass mark; a label_model needs labels that pass")
    texts = [
        rubric.title,
        criterion.question,
        *(text for level in criterion.levels for text in (level.label, level.description)),
    ]
    problems += [
        f"{text!r} has {{{{ in it, which a grader fills in as a template" for text in texts if "{{" in text
    ]
    if problems:
        raise RubricError(problems)
    body = {
        "question": criterion.question,
        "levels": [level.model_dump(include={"value", "label", "description"}) for level in criterion.levels],
    }
    document: dict[str, Any] = {
        "type": kind,
        "name": rubric.title,
        "model": model,
        "input": [
            {
                "role": "system",
                "content": f"{_TASK[kind]}\n\n{json.dumps(body, ensure_ascii=False, indent=2)}",
            },
            {"role": "user", "content": _SHOWN},
        ],
    }
    if kind == "label_model":
        document |= {"labels": labels, "passing_labels": passing}
    else:
        worst, best = criterion.levels[0].value, criterion.levels[-1].value
        document["range"] = [worst, best]
        if rubric.pass_mark is not None:
            document["pass_threshold"] = round(worst + rubric.pass_mark * (best - worst), 12)
    kept = ("title", "pass_mark") if kind == "score_model" else ("title",)
    return Exported(f"{json.dumps(document, ensure_ascii=False, indent=2)}\n", lost_names(rubric, *kept))


def _passing(rubric: Rubric, criterion: Criterion) -> list[str]:
    """The labels of the levels that reach the pass mark; none without one."""
    worst, best = criterion.levels[0].value, criterion.levels[-1].value
    return [
        level.label
        for level in criterion.levels
        if rubric.pass_mark is not None and (level.value - worst) / (best - worst) >= rubric.pass_mark
    ]
