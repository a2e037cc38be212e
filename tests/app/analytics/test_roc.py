import pytest

from app.analytics.roc import area, thresholds


def test_points_and_area_by_hand() -> None:
    # Sorted: .9 right, .8 wrong, .8 right, .4 wrong. Two right, two wrong; .8 is one point.
    points = thresholds([0.8, 0.9, 0.4, 0.8], [True, True, False, False])
    assert [(p.confidence, p.selected, p.right, p.true_rate, p.false_rate) for p in points] == [
        (0.9, 1, 1, 0.5, 0.0),
        (0.8, 3, 2, 1.0, 0.5),
        (0.4, 4, 2, 1.0, 1.0),
    ]
    # Trapezoids: 0 to .5 wide at heights .5 and 1 (.375), .5 to 1 at height 1 (.5).
    assert area(points) == pytest.approx(0.875)


def test_confidence_that_tells_nothing_has_half_the_area() -> None:
    assert area(thresholds([0.5] * 4, [True, False, True, False])) == pytest.approx(0.5)


def test_without_a_wrong_suggestion_there_is_no_curve() -> None:
    points = thresholds([0.9, 0.8], [True, True])
    assert points[-1].false_rate is None and area(points) is None
    assert area([]) is None
