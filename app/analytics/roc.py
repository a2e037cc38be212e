"""Choosing the confidence from which a suggestion is selected: what each threshold lets through."""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Threshold", "area", "thresholds"]


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
