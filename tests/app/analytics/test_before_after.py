"""Alpha before and after a change: the two values, their difference, its interval, and what has none."""

import numpy as np
import pandas as pd
import pytest

from app.analytics.agreement import alpha, count_ratings
from app.analytics.before_after import compare, on_the_same_items
from app.analytics.coincidences import Metric


def ratings(before: list[str], after: list[str], *, same: bool = False) -> pd.DataFrame:
    """Each text is an item, each letter the value of one rater."""
    rows = [
        {"item": f"{'' if same else side}{number}", "rater": f"r{rater}", "value": value, "after": side == "after"}
        for side, items in (("before", before), ("after", after))
        for number, item in enumerate(items)
        for rater, value in enumerate(item)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_the_difference_is_that_of_the_two_alphas() -> None:
    # Before: AA AB BB BA. Off-diagonal coincidences 4 of n = 8; A and B 4 times each:
    # D_o = 4/8, D_e = (64 - 32)/(8*7) = 32/56, alpha = 1 - .5/(4/7) = .125.
    # After: AA AA BB BB, D_o = 0, alpha = 1. Difference .875.
    found = compare(ratings(["AA", "AB", "BB", "BA"], ["AA", "AA", "BB", "BB"]), "nominal")
    assert found.before.value == pytest.approx(0.125)
    assert found.after.value == 1.0
    assert found.difference == pytest.approx(0.875)
    assert found.low is not None and found.high is not None and found.low <= 0.875 <= found.high
    assert found.note is not None
    assert found.note.startswith("only 4 items have two ratings on one side: the interval is unstable; ")
    # Of 4 items drawn again, all of one label on one side have no alpha.
    assert found.note.endswith("of 1,000 replicates are undefined and left out")
    assert (found.common, found.raters_before, found.raters_after, found.raters_common) == (0, 2, 2, 2)


def test_what_is_undefined_on_one_side_has_no_difference() -> None:
    found = compare(ratings(["AA", "AB"], ["AA", "AA"]), "nominal")
    assert found.difference is found.low is found.high is None
    assert found.reason == "after: only one value occurs, so agreement by chance is certain"


def test_a_side_without_any_rating_is_said() -> None:
    found = compare(ratings(["AA", "AB"], []), "nominal")
    assert found.reason == "after: no item has two ratings"


def test_items_with_one_rating_count_on_neither_side() -> None:
    found = compare(ratings(["AA", "AB", "BB", "BA", "A"], ["AA", "BB", "B"]), "nominal")
    assert found.before.value == pytest.approx(0.125)
    assert (found.before.n_items, found.before.n_single) == (4, 1)
    assert (found.after.n_items, found.after.n_single) == (2, 1)


def test_the_same_items_are_those_rated_twice_on_both_sides() -> None:
    frame = ratings(["AA", "AB", "BB", "B"], ["AA", "A", "BB", "BB"], same=True)
    assert sorted(set(on_the_same_items(frame)["item"])) == ["0", "2"]
    assert compare(frame, "nominal").common == 2


def test_nothing_changed_on_the_same_items_is_a_difference_of_zero_for_sure() -> None:
    # Every item has the same ratings on both sides and is drawn with both: each replicate's difference is 0.
    items = ["AA", "AB", "BB", "BA", "AA"] * 10
    found = compare(ratings(items, items, same=True), "nominal")
    assert (found.difference, found.low, found.high) == (0.0, 0.0, 0.0)
    apart = compare(ratings(items, items), "nominal")
    assert apart.difference == 0.0
    assert apart.low is not None and apart.low < -0.2


@pytest.mark.parametrize("metric", ["nominal", "ordinal", "interval"])
def test_the_interval_is_that_of_drawing_items_one_by_one(metric: Metric) -> None:
    rng = np.random.default_rng(3)
    sides = [["".join(str(v) for v in rng.integers(1, 4, 3)) for _ in range(40)] for _ in range(2)]
    found = compare(ratings(*sides), metric, replicates=2000)
    draws = []
    for _ in range(400):
        values = []
        for side in sides:
            drawn = [side[place] for place in rng.integers(0, 40, 40)]
            one = ratings(drawn, [])
            values.append(alpha(count_ratings(one), metric, replicates=0).value or 0.0)
        draws.append(values[1] - values[0])
    low, high = np.quantile(draws, [0.025, 0.975])
    assert found.low == pytest.approx(low, abs=0.05)
    assert found.high == pytest.approx(high, abs=0.05)


def test_sets_of_labels_are_compared_by_what_they_share() -> None:
    # One label more or less: MASI 1 - 1/2 * 2/3 = 2/3 apart. Before: {a},{ab} and {a},{a}; n = 4, {a} 3, {ab} 1.
    # D_o = 2*(2/3)/4 = 1/3; D_e = 2*3*1*(2/3)/(4*3) = 1/3; alpha = 0. After, all equal within: alpha 1.
    rows = [
        ("x", "r0", ["a"], False), ("x", "r1", ["a", "b"], False), ("y", "r0", ["a"], False), ("y", "r1", ["a"], False),
        ("v", "r0", ["b", "a"], True), ("v", "r1", ["a", "b"], True), ("w", "r0", ["a"], True), ("w", "r1", ["a"], True),
    ]  # fmt: skip
    found = compare(pd.DataFrame(rows, columns=["item", "rater", "value", "after"]), "masi")
    assert found.before.value == pytest.approx(0.0)
    assert found.difference == pytest.approx(1.0)


def test_a_person_who_rates_again_counts_on_both_sides_and_once_on_each() -> None:
    frame = pd.concat([ratings(["AA", "AB", "BB", "BA"], ["AA", "BB", "AA", "BB"], same=True)] * 2)
    found = compare(frame, "nominal")
    assert (found.before.n_ratings, found.after.n_ratings) == (8, 8)
    assert found.difference == pytest.approx(0.875)
