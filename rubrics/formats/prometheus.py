"""Prometheus: one criterion with the texts of the scores 1 to 5 (prometheus-eval, “rubric” of direct assessment)."""

import hashlib
import json
import re
from collections.abc import Mapping

from rubrics.errors import RubricError
from rubrics.formats.shape import Exported, lost_names, not_for_models_only
from rubrics.schema import Criterion, Level, Rubric

__all__ = ["from_prometheus", "to_prometheus"]

_SCORE_LINE = re.compile(r"^[ \t]*Score[ \t]+([1-5])[ \t]*:[ \t]*(.*)$", re.MULTILINE)
_FIELDS = {"criteria", *(f"score{number}_description" for number in range(1, 6))}


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
        if unknown := sorted(set(map(str, source)) - _FIELDS):
            raise RubricError(f"a Prometheus rubric has no {', '.join(unknown)}")
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


def to_prometheus(rubric: Rubric) -> Exported:
    """The object with `criteria` and five descriptions. Raises RubricError with every reason it does not fit."""
    criterion, *others = rubric.criteria
    problems = not_for_models_only(criterion, "Prometheus")
    if others:
        problems.append(
            f"the rubric has {len(rubric.criteria)} criteria; a Prometheus rubric is one criterion"
        )
    values = [level.value for level in criterion.levels]
    if values != [1, 2, 3, 4, 5] or criterion.scale != "ordinal":
        problems.append(
            f"criterion {criterion.id!r} is {criterion.scale} with levels {values}; Prometheus scores 1 to 5"
        )
    labels = [level.label for level in criterion.levels if level.label != str(level.value)]
    if labels:
        problems.append(
            f"criterion {criterion.id!r}: the labels {labels} have no place; Prometheus has the number and one text"
        )
    if problems:
        raise RubricError(problems)
    document = {"criteria": criterion.question} | {
        f"score{level.value}_description": level.description for level in criterion.levels
    }
    return Exported(f"{json.dumps(document, ensure_ascii=False, indent=2)}\n", lost_names(rubric))
