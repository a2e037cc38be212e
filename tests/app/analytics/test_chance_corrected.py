"""Coefficients beside alpha, by hand and against textbooks."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analytics.agreement import count_ratings
from app.analytics.chance_corrected import chance_corrected

CASES = Path(__file__).parents[4] / "shared" / "data" / "reference_values" / "reference_cases.json"
FOUND: dict[str, Any] = (
    {case["id"]: case for case in json.loads(CASES.read_text(encoding="utf-8"))} if CASES.exists() else {}
)
textbook = pytest.mark.skipif(
    not FOUND, reason="the textbook cases are not here (shared/data/reference_values)"
)


tables = st.lists(st.tuples(*[st.integers(0, 3)] * 3), min_size=2, max_size=20)
"""Items x three labels."""


def table_of(case: dict[str, Any]) -> np.ndarray:
    """Items x labels counts of a case."""
    data, layout = case["data"], case["layout"]
    if "category counts" in layout:
        return np.asarray(data, float)
    if layout == "confusion matrix":
        labels = len(data)
        rows = []
        for a, counts in enumerate(data):
            for b, count in enumerate(counts):
                row = np.zeros(labels)
                row[a] += 1
                row[b] += 1
                rows += [row] * count
        return np.asarray(rows)
    items = data if layout.startswith("units") else list(zip(*data, strict=True))
    frame = pd.DataFrame(
        [
            {"item": str(i), "rater": str(j), "value": value}
            for i, row in enumerate(items)
            for j, value in enumerate(row)
            if value is not None
        ]
    )
    return np.asarray(count_ratings(frame).table.toarray())


def test_two_raters_by_hand() -> None:
    # Of ten items: six yes-yes, two no-no, one yes-no, one no-yes. Observed .8; yes .7, no .3.
    table = np.asarray([[2, 0]] * 6 + [[0, 2]] * 2 + [[1, 1]] * 2, float)
    found = chance_corrected(table, labels=2)
    assert found["percent"].value == pytest.approx(0.8)
    assert found["fleiss"].value == pytest.approx((0.8 - 0.58) / 0.42)
    assert found["AC"].value == pytest.approx((0.8 - 0.42) / 0.58)  # 2 * .7 * .3 by chance
    assert found["brennan_prediger"].value == pytest.approx(0.6)  # a half by chance
    # A third label that nobody used changes what chance does.
    assert chance_corrected(table, labels=3)["brennan_prediger"].value == pytest.approx(
        (0.8 - 1 / 3) / (2 / 3)
    )


def test_what_is_undefined_says_why() -> None:
    alone = chance_corrected(np.asarray([[1.0, 0.0], [0.0, 1.0]]), labels=2)
    assert {one.value for one in alone.values()} == {None} and "two ratings" in (alone["AC"].reason or "")
    same = chance_corrected(np.asarray([[2.0, 0.0]] * 3), labels=2)
    assert same["fleiss"].value is None and "by chance is certain" in (same["fleiss"].reason or "")
    assert same["AC"].value == pytest.approx(1.0)  # which is what AC was made for


@textbook
@pytest.mark.parametrize("name", ["gwet_raw_4raters", "gwet_raw_5observers", "gwet_cont3x3abstractors"])
def test_gwet_and_brennan_prediger(name: str) -> None:
    case = FOUND[name]
    expected, tolerance = case["expected"], max(case["tol"], 1e-5)
    table = table_of(case)
    found = chance_corrected(table, labels=table.shape[1])
    for key, coefficient in (
        ("AC1", "AC"),
        ("fleiss", "fleiss"),
        ("BP", "brennan_prediger"),
        ("pa", "percent"),
    ):
        if key in expected:
            assert found[coefficient].value == pytest.approx(expected[key], abs=tolerance), key
    if "AC1_ci" in expected:
        assert found["AC"].error == pytest.approx(expected["AC1_se"], abs=1e-4)
        assert [found["AC"].t_low, found["AC"].t_high] == pytest.approx(expected["AC1_ci"], abs=1e-3)


@textbook
@pytest.mark.parametrize(
    ("name", "key", "coefficient"),
    [
        ("fleiss1971_diagnoses", "fleiss", "fleiss"),
        ("wikipedia_fleiss", "fleiss", "fleiss"),
        ("randolph", "fixed_marginal", "fleiss"),
        ("randolph", "free_marginal", "brennan_prediger"),
    ],
)
def test_fleiss_and_free_marginals(name: str, key: str, coefficient: str) -> None:
    case = FOUND[name]
    table = table_of(case)
    found = chance_corrected(table, labels=table.shape[1])[coefficient]
    assert found.value == pytest.approx(case["expected"][key], abs=max(case["tol"], 1e-6))


def test_one_label_needs_the_declared_ones() -> None:
    # Three items of two ratings, all "yes". What chance does depends on how many labels there are.
    same = np.asarray([[2.0]] * 3)
    alone = chance_corrected(same, labels=1)
    assert (alone["AC"].value, alone["brennan_prediger"].value) == (None, None)
    assert alone["AC"].reason == "only one label is known; needs the declared label set"
    assert alone["percent"].value == 1.0
    known = chance_corrected(same, labels=2)
    assert (known["AC"].value, known["brennan_prediger"].value) == (1.0, 1.0)
    assert known["fleiss"].value is None and "by chance is certain" in (known["fleiss"].reason or "")
    # A scale of one to five of which only 3 was given, squared distances.
    scale = np.asarray([[0, 0, 2.0, 0, 0]] * 3)
    weighted = chance_corrected(scale, labels=5, weighting="quadratic", scale=np.arange(1.0, 6))
    assert (weighted["AC"].value, weighted["brennan_prediger"].value) == (1.0, 1.0)


def test_bounds_stay_within_what_is_possible() -> None:
    # Two items that disagree and one that agrees: value +- t(2) * error reaches far below 0.
    table = np.asarray([[2, 0], [1, 1], [1, 1], [0, 1]], float)
    found = chance_corrected(table, labels=2)
    percent = found["percent"]
    assert percent.t_low is not None and percent.t_low < 0
    assert percent.low is not None and percent.high is not None
    assert 0 < percent.low < 1 / 3 < percent.high < 1
    for name in ("AC", "brennan_prediger", "fleiss"):
        low, high = found[name].low, found[name].high
        assert low is not None and high is not None and -1 <= low < high <= 1
    assert percent.note == "only 3 items have two ratings: the interval is unstable"


def test_figures_are_plain_numbers() -> None:
    # A number of numpy's would be written as text into the JSON of a report.
    for table in ([[2, 0], [1, 1], [0, 2]], [[2, 0], [0, 2], [2, 0]]):
        for one in chance_corrected(np.asarray(table, float), labels=2).values():
            figures = (one.value, one.error, one.low, one.high, one.t_low, one.t_high)
            assert {type(figure) for figure in figures} == {float}


def test_a_single_item_has_no_interval() -> None:
    found = chance_corrected(np.asarray([[1.0, 1], [1, 0], [0, 1]]), labels=2)
    assert {(one.low, one.high, one.note) for one in found.values()} == {
        (None, None, "only one item has two ratings: no interval")
    }


def test_full_agreement_is_not_certainty() -> None:
    # 40 items, none differs. Wilson's upper bound of 0 of 40: 3.8415 / 43.8415 = .0876 of items may disagree.
    found = chance_corrected(np.asarray([[2, 0]] * 20 + [[0, 2]] * 20, float), labels=2)
    seldom = 1.959964**2 / (40 + 1.959964**2)
    assert (found["percent"].value, found["percent"].high) == (1.0, 1.0)
    assert found["percent"].low == pytest.approx(1 - seldom)
    for name in ("AC", "brennan_prediger", "fleiss"):  # by chance one half: twice as much
        assert found[name].low == pytest.approx(1 - 2 * seldom)
        assert found[name].note is not None and "no ratings of the 40 items differ" in (
            found[name].note or ""
        )


def test_what_carries_the_interval_decides_whether_it_is_stable() -> None:
    # 200 items, three of which differ.
    few = chance_corrected(np.asarray([[2, 0]] * 100 + [[0, 2]] * 97 + [[1, 1]] * 3, float), labels=2)
    assert few["AC"].note == "only 3 items have ratings that differ: the interval is unstable"
    rare = chance_corrected(np.asarray([[2, 0]] * 195 + [[1, 1]] * 5, float), labels=2)
    assert rare["AC"].note == (
        "only 5 items have another value than the most frequent one: the interval is unstable"
    )
    enough = chance_corrected(np.asarray([[2, 0]] * 100 + [[0, 2]] * 80 + [[1, 1]] * 20, float), labels=2)
    assert {one.note for one in enough.values()} == {None}


@settings(max_examples=50, deadline=None)
@given(tables, st.permutations([0, 1, 2]), st.integers(3, 6))
def test_labels_have_no_names_and_unused_ones_count(rows: Any, order: list[int], labels: int) -> None:
    table = np.asarray(rows, float)
    first = chance_corrected(table, labels=labels)
    again = chance_corrected(table[:, order], labels=labels)
    padded = chance_corrected(np.hstack([table, np.zeros((len(table), labels - 3))]), labels=labels)
    more = chance_corrected(table, labels=labels + 1)
    for name, one in first.items():
        for other in (again[name], padded[name]):
            for figure in ("value", "error", "low", "high"):
                assert getattr(one, figure) == pytest.approx(getattr(other, figure))
        if one.value is None:
            continue
        assert one.value <= 1 + 1e-9
        if name in ("percent", "fleiss"):  # do not depend on what nobody used
            assert more[name].value == pytest.approx(one.value)
        elif one.value < 1 - 1e-9:  # chance has more to choose from, so the same agreement is worth more
            assert (more[name].value or 0) > one.value
    if first["percent"].value is not None:
        # By hand: chance is 1 / labels.
        expected = (first["percent"].value - 1 / labels) / (1 - 1 / labels)
        assert first["brennan_prediger"].value == pytest.approx(expected)


@settings(max_examples=50, deadline=None)
@given(tables, st.integers(2, 4))
def test_items_twice_are_the_same_agreement(rows: Any, times: int) -> None:
    table = np.asarray(rows, float)
    once, often = (
        chance_corrected(table, labels=3),
        chance_corrected(np.repeat(table, times, axis=0), labels=3),
    )
    for name, one in once.items():
        assert one.value == pytest.approx(often[name].value)
        if one.error is not None and often[name].error is not None:
            n = int((table.sum(axis=1) >= 1).sum())
            assert often[name].error == pytest.approx(one.error * np.sqrt((n - 1) / (times * n - 1)))
