"""Choosing the confidence from which a suggestion is selected: what each threshold lets through; and how well an agent
tells one label from the rest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Threshold", "area", "label_scores", "thresholds"]


@dataclass(frozen=True, slots=True)
class Threshold:
    """What selecting every suggestion at or above `confidence` would do."""

    confidence: float
    selected: int
    right: int
    """Of the selected ones, how many are right."""
    true_rate: float | None
    """Share of all right suggestions that are selected; None without a right one."""
    false_rate: float | None
    """Share of all wrong suggestions that are selected; None without a wrong one."""


def thresholds(confidences: Sequence[float], right: Sequence[bool]) -> list[Threshold]:
    """One point per distinct confidence, highest first: the points of the ROC curve.

    Source: T. Fawcett, Pattern Recognition Letters 27(8), 2006, algorithm 1 (ties are one point).
    """
    pairs = sorted(zip(confidences, right, strict=True), key=lambda pair: -pair[0])
    positives = sum(right)
    negatives = len(right) - positives
    out: list[Threshold] = []
    selected = good = 0
    for number, (confidence, is_right) in enumerate(pairs):
        selected += 1
        good += is_right
        if number + 1 < len(pairs) and pairs[number + 1][0] == confidence:
            continue
        out.append(
            Threshold(
                confidence=confidence,
                selected=selected,
                right=good,
                true_rate=good / positives if positives else None,
                false_rate=(selected - good) / negatives if negatives else None,
            )
        )
    return out


def label_scores(
    label: str,
    labels: int,
    values: Sequence[object],
    confidences: Sequence[float],
    probabilities: Sequence[Mapping[str, float] | None],
) -> list[float]:
    """How sure each suggestion is that the answer is `label`, 0 to 1, for a curve of that label against the rest.

    By the agent's own probabilities where it gave some. Else the confidence where `label` was suggested, and an equal
    part of what is left of 1 where one of the other `labels` (how many there are) was.
    """
    return [
        given.get(label, 0.0)
        if given
        else confidence
        if value == label
        else (1 - confidence) / max(labels - 1, 1)
        for value, confidence, given in zip(values, confidences, probabilities, strict=True)
    ]


def area(points: Sequence[Threshold]) -> float | None:
    """Area under the ROC curve in [0, 1], by trapezoids; None unless there are right and wrong suggestions."""
    if not points or points[-1].true_rate is None or points[-1].false_rate is None:
        return None
    total, x, y = 0.0, 0.0, 0.0
    for point in points:
        assert point.true_rate is not None and point.false_rate is not None, "the same for all points"
        total += (point.false_rate - x) * (point.true_rate + y) / 2
        x, y = point.false_rate, point.true_rate
    return total
