"""Rubrics of other systems to ours. What does not fit is refused, not cut."""

import hashlib
import re
from collections.abc import Mapping

from pydantic import ValidationError

from rubrics.errors import RubricError
from rubrics.schema import Criterion, Level, Rubric

__all__ = ["from_prometheus", "rubric_from"]

_SCORE_LINE = re.compile(r"^[ \t]*Score[ \t]+([1-5])[ \t]*:[ \t]*(.*)$", re.MULTILINE)


def from_prometheus(source: str | Mapping[str, object]) -> Rubric:
    """A rubric of one ordinal criterion, 1 to 5.

    `source` is the rendered text (`[criteria]` and five lines `Score n: …`) or the object with `criteria`
    and `score1_description` … `score5_description`. Raises RubricError unless all five are there.
    """
    if isinstance(source, str):
        # Before the first score, then for each score its number, its line, and the lines that go on with it.
        head, *scores = _SCORE_LINE.split(source)
        question = head.strip().removeprefix("[").removesuffix("]").strip()
        found = [
            (int(number), f"{line}{more}".strip())
            for number, line, more in zip(scores[::3], scores[1::3], scores[2::3], strict=True)
        ]
    else:
        question = str(source.get("criteria") or "").strip()
        found = [
            (number, str(text).strip())
            for number in range(1, 6)
            if (text := source.get(f"score{number}_description")) is not None
        ]
    if not question or [number for number, _ in found] != [1, 2, 3, 4, 5]:
        raise RubricError(
            f"not a Prometheus rubric: needs a criterion and Score 1 to Score 5, found "
            f"{'a' if question else 'no'} criterion and scores {[number for number, _ in found]}"
        )
    if len(question) < 3:
        raise RubricError(f"a Prometheus rubric whose criterion is only {question!r}")
    if empty := [number for number, text in found if not text]:
        raise RubricError(f"a Prometheus rubric with no text for score {empty}")
    digest = hashlib.sha256(f"{question}\n{found}".encode()).hexdigest()[:12]
    return Rubric(
        name=f"prometheus-{digest}",
        title=question if len(question) <= 120 else f"{question[:117]}…",
        description="One criterion, 1 to 5, from a Prometheus rubric.",
        pass_mark=0.5,
        criteria=(
            Criterion(
                id="score",
                question=question,
                levels=tuple(
                    Level(value=number, label=str(number), description=text) for number, text in found
                ),
                evidence="optional",
            ),
        ),
    )


def rubric_from(source: str | Mapping[str, object]) -> Rubric:
    """A rubric given inside another document: our own object, or a Prometheus rubric as object or text."""
    if isinstance(source, Mapping) and "name" in source:
        try:
            return Rubric.model_validate(dict(source))
        except ValidationError as error:
            raise RubricError([f"{found['loc']}: {found['msg']}" for found in error.errors()]) from error
    return from_prometheus(source)
