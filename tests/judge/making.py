"""Rubrics, submissions and replies, made short."""

from typing import Any

from judge import Submission
from rubrics import Criterion, Level, Rubric

LEVELS = tuple(Level(value=n, label=f"L{n}", description=f"level {n}") for n in (1, 2, 3))


def criterion(id_: str, **fields: Any) -> Criterion:
    return Criterion.model_validate(
        {
            "id": id_,
            "question": f"How is {id_}?",
            "levels": [level.model_dump() for level in LEVELS],
            **fields,
        }
    )


def rubric(*criteria: Criterion, pass_mark: float | None = 0.6) -> Rubric:
    return Rubric(name="r", title="R", pass_mark=pass_mark, criteria=criteria)


def answer(text: str, **fields: Any) -> Submission:
    return Submission("1", "What is the rule?", text, **fields)


def said(level: int, *evidence: str) -> dict[str, object]:
    return {"evidence": list(evidence), "rationale": "because", "level": level, "suggestion": "more"}
