"""Intraclass correlations beside published figures, and with missing ratings beside a slow definition."""

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.analytics.icc import FORMS, icc

# Shrout and Fleiss 1979, table 2: six targets, four judges.
SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
# Their table 4, with the intervals that R's psych::ICC and pingouin print of these data.
PUBLISHED = {
    "icc1": (0.17, -0.13, 0.72),
    "icc2": (0.29, 0.02, 0.76),
    "icc3": (0.71, 0.34, 0.95),
    "icc1_mean": (0.44, -0.88, 0.91),
    "icc2_mean": (0.62, 0.07, 0.93),
    "icc3_mean": (0.91, 0.68, 0.99),
}


def long(rows: Any) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"item": f"i{i}", "rater": f"r{j}", "value": value}
            for i, row in enumerate(rows)
            for j, value in enumerate(row)
            if value is not None and not np.isnan(value)
        ],
        columns=["item", "rater", "value"],
    )


@pytest.mark.parametrize("form", FORMS)
def test_all_six_forms_are_the_published_ones(form: Any) -> None:
    found = icc(long(SHROUT_FLEISS))
    interval = found.intervals[form]
    assert interval is not None
    assert (getattr(found, form), *interval) == pytest.approx(PUBLISHED[form], abs=0.006)
    assert (found.method, found.n, found.n_raters, found.n_ratings, found.k) == (
        "analysis of variance", 6, 4, 24, 4.0,
    )  # fmt: skip


def slow_components(frame: pd.DataFrame) -> tuple[float, float, float, float]:
    """(items, raters, rest, one-way correlation) by solving for what sums of squares are on average.

    The averages are read off the matrices of the quadratic forms: E y'Ay = tr(A V), V = Z Z' of each part.
    """
    y = frame["value"].to_numpy(float)
    items = pd.get_dummies(frame["item"]).to_numpy(float)
    raters = pd.get_dummies(frame["rater"]).to_numpy(float)
    n = len(y)
    ones = np.full((n, n), 1 / n)

    def onto(z: Any) -> Any:
        return z @ np.linalg.inv(z.T @ z) @ z.T

    p_items, p_raters, every = onto(items), onto(raters), np.eye(n)
    forms = [p_items - ones, p_raters - ones, every - p_items - p_raters + ones]
    parts = [items @ items.T, raters @ raters.T, every]
    expected = np.array([[np.trace(form @ part) for part in parts] for form in forms])
    found = np.linalg.solve(expected, [y @ form @ y for form in forms])
    between, inside = p_items - ones, every - p_items
    one = np.array([[np.trace(form @ part) for part in (parts[0], every)] for form in (between, inside)])
    of_items, rest = np.linalg.solve(one, [y @ between @ y, y @ inside @ y])
    return found[0], found[1], found[2], of_items / (of_items + rest)


def incomplete(seed: int, items: int = 40, raters: int = 6, missing: float = 0.4) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    rows = draw.normal(size=(items, 1)) + 0.6 * draw.normal(size=(1, raters))
    rows = rows + 0.8 * draw.normal(size=(items, raters))
    rows[draw.random(rows.shape) < missing] = np.nan
    return long(rows)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_with_missing_ratings_it_is_the_slow_definition(seed: int) -> None:
    frame = incomplete(seed)
    found = icc(frame)
    items, raters, rest, one_way = slow_components(frame)
    assert found.icc1 == pytest.approx(one_way)
    assert found.icc2 == pytest.approx(items / (items + raters + rest))
    assert found.icc3 == pytest.approx(items / (items + rest))
    k = 1 / np.mean(1 / frame.groupby("item").size())
    assert found.k == pytest.approx(k)
    assert found.icc2_mean == pytest.approx(items / (items + (raters + rest) / k))
    assert (found.method, found.n, found.n_ratings) == (
        "variance components", frame["item"].nunique(), len(frame),
    )  # fmt: skip
    for form in FORMS:
        interval = found.intervals[form]
        assert interval is not None and interval[0] < getattr(found, form) < interval[1]


def test_one_missing_rating_costs_one_rating() -> None:
    found = icc(long(SHROUT_FLEISS).iloc[:-1])
    assert (found.method, found.n, found.n_raters, found.n_ratings) == ("variance components", 6, 4, 23)
    assert found.icc3 is not None and found.note is not None and "only 6 items" in found.note


def test_without_a_gap_the_components_are_the_analysis_of_variance() -> None:
    from app.analytics.variance_components import components_of

    frame = long(SHROUT_FLEISS)
    item, rater = pd.factorize(frame["item"])[0], pd.factorize(frame["rater"])[0]
    parts, whole = components_of(item, rater, frame["value"].to_numpy(float)), icc(frame)
    assert (parts.one_way, parts.absolute, parts.consistency) == pytest.approx(
        (whole.icc1, whole.icc2, whole.icc3)
    )


def test_a_crowd_of_raters_has_correlations() -> None:
    # 500 raters x 20 items each: no item has the ratings of all.
    draw = np.random.default_rng(4)
    rater = np.repeat(np.arange(500), 20)
    item = np.concatenate([draw.choice(2000, 20, replace=False) for _ in range(500)])
    value = draw.normal(size=2000)[item] + 0.5 * draw.normal(size=500)[rater] + draw.normal(size=10_000)
    found = icc(pd.DataFrame({"item": item, "rater": rater, "value": value}))
    # Of 1 + .25 + 1 and of 1 + 1.
    assert found.icc2 == pytest.approx(1 / 2.25, abs=0.04) and found.icc3 == pytest.approx(0.5, abs=0.04)
    low, high = found.intervals["icc2"] or (0.0, 0.0)
    assert low < 1 / 2.25 < high


def test_raters_who_share_no_item_leave_the_one_way_form() -> None:
    rows = [("a", "1", 1), ("a", "2", 2), ("b", "3", 4), ("b", "4", 5), ("c", "5", 3), ("c", "6", 3)]
    found = icc(pd.DataFrame(rows, columns=["item", "rater", "value"]))
    # Means 1.5, 4.5, 3 of two: between 2 * 4.5 / 2 = 4.5, inside (.5 + .5 + 0) / 3. (4.5 - 1/3) / (4.5 + 1/3).
    assert found.icc1 == pytest.approx((4.5 - 1 / 3) / (4.5 + 1 / 3))
    assert (found.icc2, found.icc3, found.icc2_mean) == (None, None, None)
    assert found.note is not None and "too few ratings are shared" in found.note


def test_undefined_is_said() -> None:
    same = icc(long([[3, 3], [3, 3], [3, 3]]))
    assert same.icc2 is None and "same number" in (same.reason or "")
    alone = icc(long([[1, None], [None, 2], [3, None]]))
    assert alone.icc1 is None and "two ratings" in (alone.reason or "")
    agreed = icc(long([[1, 1], [2, 2], [4, 4]]))
    assert (agreed.icc1, agreed.icc2, agreed.icc3) == (1.0, 1.0, 1.0)
    assert set(agreed.intervals.values()) == {None} and "agree on every item" in (agreed.note or "")
    shifted = icc(long([[1, 2], [2, 3], [4, 5]]))
    assert shifted.icc3 == pytest.approx(1.0) and shifted.intervals["icc3"] is None
    assert shifted.note is not None and "order the items alike" in shifted.note


def test_intervals_with_gaps_hold_the_truth() -> None:
    # Variances: items 1, raters .36, rest .64. An interval over items speaks of these raters, so the form that sets their
    # severity aside is the one that must hold.
    held = 0
    for seed in range(150):
        low, high = icc(incomplete(100 + seed)).intervals["icc3"] or (1.0, 0.0)
        held += low <= 1 / 1.64 <= high
    assert held / 150 >= 0.89


numbers = st.lists(
    st.lists(st.one_of(st.none(), st.integers(1, 5)), min_size=3, max_size=3), min_size=4, max_size=15
)


@settings(max_examples=50, deadline=None)
@example([[None, None, None], [None, None, 1], [None, 1, 1], [None, 2, 1]], [0, 1, 2], -3.0, 2.0)
@example([[None, None, None], [None, None, 1], [None, 1, 1], [None, 1, 2]], [0, 1, 2], -3.0, 2.0)
@given(numbers, st.permutations([0, 1, 2]), st.sampled_from([-3.0, 1000.0]), st.sampled_from([2.0, -0.5]))
def test_neither_names_nor_zero_nor_unit_matter(
    rows: Any, order: list[int], shift: float, unit: float
) -> None:
    first = icc(long(rows))
    others = [
        icc(long([[row[place] for place in order] for row in rows])),
        icc(long([[v if v is None else v * unit + shift for v in row] for row in rows])),
    ]
    for other, form in product(others, FORMS):
        assert getattr(other, form) == pytest.approx(getattr(first, form), abs=1e-6)
        if first.intervals:
            assert other.intervals[form] == pytest.approx(first.intervals[form], abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.integers(1, 5), min_size=3, max_size=3), min_size=3, max_size=12))
def test_items_twice_hardly_change_it(rows: Any) -> None:
    # Mean squares grow by 2 (n - 1) / (2 n - 1) at most: towards the large-sample value.
    once, twice = icc(long(rows)), icc(long([*rows, *rows]))
    if once.icc3 is not None and twice.icc3 is not None:
        assert twice.icc3 == pytest.approx(once.icc3, abs=0.25)


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 10**6), st.integers(3, 25), st.integers(2, 5), st.floats(0.3, 0.9))
def test_no_form_lies_above_1_however_few_ratings_are_shared(
    seed: int, items: int, raters: int, share: float
) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.integers(1, 6, (items, raters)).astype(float)
    rows[rng.random(rows.shape) > share] = np.nan
    found = icc(long(rows))
    for form in FORMS:
        value, interval = getattr(found, form), found.intervals.get(form)
        assert value is None or value <= 1 + 1e-9, form
        assert value is not None or interval is None
        assert interval is None or interval[0] <= value <= interval[1] <= 1 + 1e-9
    assert found.reason or found.note or all(getattr(found, form) is not None for form in FORMS)
