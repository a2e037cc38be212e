"""All coefficients of a question over what it declares, by hand."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.analytics.coefficients import Declared, coefficients_of


def long(**raters: list[Any]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"item": f"i{number}", "rater": name, "value": value}
            for name, values in raters.items()
            for number, value in enumerate(values)
            if value is not None
        ]
    )


def test_declared_labels_are_told_with_those_nobody_gave() -> None:
    frame = long(a=["x", "y", "x"], b=["x", "x", "x"])
    found = coefficients_of(frame, Declared(("x", "y", "z")))
    assert (found.declared, found.unused, found.labels) == (("x", "y", "z"), ("z",), 3)
    # Observed 2/3, by chance a third.
    assert found.others["brennan_prediger"].value == pytest.approx((2 / 3 - 1 / 3) / (2 / 3))
    unknown = coefficients_of(frame, Declared())
    assert (unknown.declared, unknown.unused, unknown.labels) == (None, (), 2)
    # What is given besides the declared ones counts too.
    besides = coefficients_of(frame, Declared(("x", "z")))
    assert (besides.unused, besides.labels) == (("z",), 3)


def test_three_and_three_point_zero_are_one_declared_number() -> None:
    found = coefficients_of(long(a=["3.0", 4], b=[3, 4]), Declared(("3", "4", "5"), [3, 4, 5]))
    assert (found.unused, found.labels) == (("5",), 3)


def test_one_used_label_is_defined_over_what_is_declared() -> None:
    frame = long(a=["x"] * 5, b=["x"] * 5)
    known, unknown = coefficients_of(frame, Declared(("x", "y"))), coefficients_of(frame, Declared())
    assert known.others["AC"].value == known.others["brennan_prediger"].value == 1.0
    # 0 of 5 items disagree, so at most 3.84 / 8.84 of others; by chance none would for AC, a half for the other.
    seldom = 3.8415 / 8.8415
    assert known.others["AC"].low == pytest.approx(1 - seldom, abs=1e-4)
    assert known.others["brennan_prediger"].low == pytest.approx(1 - 2 * seldom, abs=1e-4)
    for name in ("AC", "brennan_prediger"):
        assert unknown.others[name].reason == "only one label is known; needs the declared label set"
    assert known.others["fleiss"].reason == "only one label occurs, so agreement by chance is certain"
    numbers = coefficients_of(long(a=[3, 3], b=[3, 3]), Declared(tuple("12345"), range(1, 6)))
    assert numbers.others_quadratic is not None and numbers.others_quadratic["AC"].value == 1.0


def test_declared_numbers_beyond_those_seen_are_in_the_weights() -> None:
    # Declared 1..5, seen 1, 2, 4: items 1 2, 2 2, 4 1, 4 4. Weights 1 - (distance / 4)^2 over all five, the columns of 3
    # and 5 being 0: pairs 15/16, 1, 7/16, 1, mean 27/32. Sum of weights: 5 + 2 (4 * 15 + 3 * 12 + 2 * 7 + 0) / 16 = 18.75.
    # By chance 18.75 / 25 = .75 for Brennan-Prediger.
    found = coefficients_of(
        long(a=[1, 2, 4, 4], b=[2, 2, 1, 4]), Declared(("1", "2", "3", "4", "5"), range(1, 6))
    )
    assert found.unused == ("3", "5") and found.others_quadratic is not None
    quadratic = found.others_quadratic
    assert quadratic["percent"].value == pytest.approx(27 / 32)
    assert quadratic["brennan_prediger"].value == pytest.approx((27 / 32 - 0.75) / 0.25)
    # Shares 2/8, 3/8, 0, 3/8, 0: sum of p (1 - p) = 21/32, times 18.75 / 20.
    by_chance = 18.75 / 20 * (1 - (4 + 9 + 9) / 64)
    assert quadratic["AC"].value == pytest.approx((27 / 32 - by_chance) / (1 - by_chance))
    # Fleiss' weighs only what occurs: with squared distances 1 - 2 var / 16, var = mean of squares less squared mean.
    values = np.array([1, 2, 2, 2, 4, 1, 4, 4])
    by_chance = 1 - 2 * values.var() / 16
    assert quadratic["fleiss"].value == pytest.approx((27 / 32 - by_chance) / (1 - by_chance))
    # Over what is seen alone the weights are others: the largest distance is 3.
    seen = coefficients_of(long(a=[1, 2, 4, 4], b=[2, 2, 1, 4]), Declared()).others_quadratic
    assert seen is not None and seen["brennan_prediger"].value != pytest.approx(
        quadratic["brennan_prediger"].value
    )


def test_measurements_have_an_interval_alpha_and_correlations() -> None:
    draw = np.random.default_rng(2)
    truth = draw.normal(size=400)
    frame = long(**{name: (truth + 0.5 * draw.normal(size=400)).tolist() for name in "abc"})
    found = coefficients_of(frame, Declared())
    # 1 / 1.25 of the variance is between items.
    assert found.interval is not None and found.interval.value == pytest.approx(0.8, abs=0.05)
    assert found.interval.low is not None and found.interval.low < 0.8 < (found.interval.high or 0)
    assert found.icc is not None and found.icc.icc1 == pytest.approx(found.interval.value, abs=0.01)
    assert found.others["AC"].reason == "1,200 different values are too many to be labels"
    assert {pair.no_interval for pair in found.pairs} == {"more than 20 different values: no interval"}
