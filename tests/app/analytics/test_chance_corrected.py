"""Coefficients beside alpha, by hand and against textbooks."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.analytics.agreement import count_ratings
from app.analytics.chance_corrected import chance_corrected, icc

CASES = Path(__file__).parents[4] / "shared" / "data" / "reference_values" / "reference_cases.json"
FOUND: dict[str, Any] = (
    {case["id"]: case for case in json.loads(CASES.read_text(encoding="utf-8"))} if CASES.exists() else {}
)
textbook = pytest.mark.skipif(
    not FOUND, reason="the textbook cases are not here (shared/data/reference_values)"
)


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
    return count_ratings(frame).table


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
        assert [found["AC"].low, found["AC"].high] == pytest.approx(expected["AC1_ci"], abs=1e-3)


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


@textbook
def test_intraclass_correlations() -> None:
    case = FOUND["shrout_fleiss1979"]
    frame = pd.DataFrame(
        [
            {"item": i, "rater": j, "value": value}
            for i, row in enumerate(case["data"])
            for j, value in enumerate(row)
        ]
    )
    found, expected = icc(frame), case["expected"]
    assert (found.icc1, found.icc2, found.icc3, found.icc2_mean) == pytest.approx(
        (expected["ICC1"], expected["ICC2"], expected["ICC3"], expected["ICC2k"]), abs=0.005
    )
    assert icc(frame.iloc[:-1]).left_out == 1


def test_numbers_without_a_spread_have_no_correlation() -> None:
    frame = pd.DataFrame([{"item": i, "rater": r, "value": 3} for i in range(4) for r in "ab"])
    assert icc(frame).icc2 is None and "same number" in (icc(frame).reason or "")
