import pytest

from app.analytics.roc import area, label_scores, thresholds


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


def test_each_label_has_a_curve_of_its_own_against_the_rest() -> None:
    # Three labels; suggestions a .8, b .6, a .4, c .5 and one with chances of its own, a .2 b .7 c .1.
    # Scores of a: .8, (1 - .6) / 2 = .2, .4, (1 - .5) / 2 = .25, .2.
    values = ["a", "b", "a", "c", "b"]
    chances = [None, None, None, None, {"a": 0.2, "b": 0.7, "c": 0.1}]
    scores = label_scores("a", 3, values, [0.8, 0.6, 0.4, 0.5, 0.7], chances)
    assert scores == pytest.approx([0.8, 0.2, 0.4, 0.25, 0.2])
    # Truth a, a, b, c, b. Pairs of an a and another: .8 beats three; .2 beats none and ties with one (.2): 3.5 of 6.
    assert area(thresholds(scores, [True, True, False, False, False])) == pytest.approx(3.5 / 6)
    # A label that an agent with chances leaves out has none.
    assert label_scores("d", 4, ["a"], [0.9], [{"a": 0.9}]) == [0.0]
