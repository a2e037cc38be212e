"""Published cases; the sources stand beside the numbers."""

import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analytics import agreement
from app.analytics.agreement import alpha, cohen_kappa, count_ratings, pairwise_kappas, percent_agreement
from app.analytics.coding import distinct_rows

SHARED = Path(__file__).parents[4] / "shared" / "data"

# Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), example C/D: four observers, twelve units.
KRIPPENDORFF = {
    "A": [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    "B": [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    "C": [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    "D": [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
}


def long(table: dict[str, list[Any]]) -> pd.DataFrame:
    rows = [
        {"item": item, "rater": rater, "value": value}
        for rater, values in table.items()
        for item, value in enumerate(values)
        if value is not None
    ]
    return pd.DataFrame(rows, columns=["item", "rater", "value"])


@pytest.mark.parametrize(
    ("metric", "expected"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_krippendorffs_example_with_missing_ratings(metric: Any, expected: float) -> None:
    found = alpha(count_ratings(long(KRIPPENDORFF)), metric)
    assert found.value == pytest.approx(expected, abs=5e-4)
    assert (found.n_items, found.n_single, found.n_raters) == (11, 1, 4)


def test_two_raters_by_hand() -> None:
    # aa, ab, bb, bb. Coincidences: o_aa = 2, o_ab = o_ba = 1, o_bb = 4; n = 8, n_a = 3, n_b = 5.
    # D_o = 2/8, D_e = 2*3*5/(8*7) = 30/56, alpha = 1 - (2/8)/(30/56) = 1 - 14/30
    found = alpha(count_ratings(long({"x": ["a", "a", "b", "b"], "y": ["a", "b", "b", "b"]})), "nominal")
    assert found.value == pytest.approx(1 - 14 / 30)


def test_cohens_example() -> None:
    # 50 items: yes/yes 20, yes/no 5, no/yes 10, no/no 15. Observed .70, expected .5*.6 + .5*.4 = .50: .20/.50
    a = pd.Series(["y"] * 25 + ["n"] * 25)
    b = pd.Series(["y"] * 20 + ["n"] * 5 + ["y"] * 10 + ["n"] * 15)
    kappa, _, n, agree = cohen_kappa(a, b)
    assert kappa == pytest.approx(0.40)
    assert (n, agree) == (50, 35)


def test_kappa_looks_at_shared_items_only() -> None:
    a = pd.Series(["y", "n", "y"], index=[1, 2, 3])
    b = pd.Series(["y", "n", "n", "n"], index=[1, 2, 8, 9])
    assert cohen_kappa(a, b) == (1.0, None, 2, 2)


def test_undefined_is_said_with_its_reason() -> None:
    same = alpha(count_ratings(long({"x": [1, 1], "y": [1, 1]})), "nominal")
    assert same.value is None and same.reason is not None and "only one value" in same.reason
    single = alpha(count_ratings(long({"x": [1, None], "y": [None, 2]})), "nominal")
    assert (single.value, single.reason, single.n_single) == (None, "no item has two ratings", 2)
    words = alpha(count_ratings(long({"x": ["a", "b"], "y": ["a", "a"]})), "interval")
    assert words.reason == "the values are not numbers"
    kappa, reason, n, _ = cohen_kappa(pd.Series([1, 1]), pd.Series([1, 1]))
    assert (kappa, n) == (None, 2) and reason is not None
    assert cohen_kappa(pd.Series([1], index=[1]), pd.Series([1], index=[2]))[:3] == (
        None,
        "no item in common",
        0,
    )
    empty = pd.DataFrame({"item": [], "rater": [], "value": []})
    assert alpha(count_ratings(empty), "nominal").value is None


def test_a_second_rating_of_the_same_rater_is_counted_and_left_out() -> None:
    frame = pd.concat(
        [long({"x": ["a", "b"], "y": ["a", "b"]}), pd.DataFrame([{"item": 0, "rater": "x", "value": "b"}])]
    )
    found = alpha(count_ratings(frame), "nominal")
    assert (found.value, found.n_duplicates) == (1.0, 1)


def test_percent_agreement_by_hand() -> None:
    # item 0: a a b, equal pairs 1 of 3; item 1: b b, 1 of 1; mean 2/3
    assert percent_agreement(
        count_ratings(long({"x": ["a", "b"], "y": ["a", "b"], "z": ["b", None]}))
    ) == pytest.approx(2 / 3)


ratings = st.lists(
    st.lists(st.one_of(st.none(), st.integers(1, 4)), min_size=3, max_size=3), min_size=3, max_size=25
)


@settings(max_examples=60, deadline=None)
@given(ratings, st.permutations([0, 1, 2]), st.sampled_from(["nominal", "ordinal", "interval"]))
def test_alpha_does_not_care_who_the_raters_are_nor_for_single_ratings(
    table: Any, order: list[int], metric: Any
) -> None:
    frame = long({str(rater): [row[rater] for row in table] for rater in range(3)})
    shuffled = long({str(rater): [row[order[rater]] for row in table] for rater in range(3)})
    first = alpha(count_ratings(frame), metric, replicates=5).value
    again = alpha(count_ratings(shuffled), metric, replicates=5).value
    single = pd.concat([frame, pd.DataFrame([{"item": "lone", "rater": "0", "value": 4}])], ignore_index=True)
    with_single = alpha(count_ratings(single), metric, replicates=5).value
    for other in (again, with_single):
        assert (first is None) == (other is None)
        if first is not None and other is not None:
            assert other == pytest.approx(first) and first <= 1 + 1e-9


def test_an_independent_library_says_the_same() -> None:
    krippendorff = pytest.importorskip("krippendorff")
    rng = np.random.default_rng(3)
    truth = rng.integers(1, 6, 200)
    raters = {
        str(n): [int(np.clip(t + rng.integers(-1, 2), 1, 5)) if rng.random() > 0.3 else None for t in truth]
        for n in range(4)
    }
    matrix = [[np.nan if value is None else value for value in values] for values in raters.values()]
    counts = count_ratings(long(raters))
    for metric in ("nominal", "ordinal", "interval"):
        expected = krippendorff.alpha(reliability_data=matrix, level_of_measurement=metric)
        assert alpha(counts, metric).value == pytest.approx(expected, abs=1e-12)


def test_the_interval_alpha_hardly_depends_on_decimals() -> None:
    rng = np.random.default_rng(1)
    values = {"x": rng.normal(size=80).round(3).tolist(), "y": rng.normal(size=80).round(3).tolist()}
    many = alpha(count_ratings(long(values)), "interval", replicates=20)
    coarse = {name: [round(v, 1) for v in column] for name, column in values.items()}
    few = alpha(count_ratings(long(coarse)), "interval", replicates=20)
    assert many.value is not None and few.value is not None
    assert math.isclose(many.value, few.value, abs_tol=0.05)


def test_every_pair_has_its_own_n() -> None:
    pairs = pairwise_kappas(long(KRIPPENDORFF))
    assert {(pair.rater_a, pair.rater_b): pair.n for pair in pairs}[("A", "B")] == 9
    assert len(pairs) == 6


@pytest.mark.skipif(not (SHARED / "dices").exists(), reason="the DICES data set is not beside this checkout")
@pytest.mark.parametrize(
    ("name", "expected"),
    [("dices_350_crowdsourced", 0.16086021565770392), ("dices_990", 0.14324966231784253)],
)
def test_dices_alphas_are_the_published_ones(name: str, expected: float) -> None:
    frame = pd.read_csv(SHARED / "dices" / f"{name}.csv").rename(columns={"slot": "rater", "label": "value"})
    assert alpha(count_ratings(frame), "nominal", replicates=10).value == pytest.approx(expected, abs=1e-9)


def test_full_agreement_is_not_certainty() -> None:
    # 40 items, half x half y, none differs. At most 3.84 / 43.84 of items disagree unseen; by chance a half would.
    found = alpha(count_ratings(long({"x": list("ab") * 20, "y": list("ab") * 20})), "nominal")
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(1 - 2 * 3.8415 / 43.8415, abs=1e-4)
    assert found.note is not None and "no ratings of the 40 items differ" in found.note


def test_undefined_replicates_are_counted() -> None:
    # One of 40 items has the other label: drawn again, it is missing (39/40)^40 = .363 of the times.
    found = alpha(count_ratings(long({"x": [*"a" * 39, "b"], "y": ["a"] * 39 + ["a"]})), "nominal")
    assert found.note is not None and found.note.startswith("only 1 items have another value")
    undefined = int(found.note.split("; ")[1].split(" of ")[0])
    assert undefined == pytest.approx(363, abs=50)


def measured(items: int, raters: int = 3, seed: int = 2) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    item, rater = np.divmod(np.arange(items * raters), raters)
    value = draw.normal(size=items)[item] + 0.5 * draw.normal(size=items * raters)
    return pd.DataFrame({"item": item, "rater": rater, "value": value + 1e6})


def test_measurements_of_many_items_have_an_interval_alpha_at_once() -> None:
    # 20,000 items of three distinct numbers each: 60,000 values, of which no table could be made.
    counts = count_ratings(measured(20_000))
    begun = time.perf_counter()
    found = alpha(counts, "interval")
    seconds = time.perf_counter() - begun
    assert found.value == pytest.approx(1 / 1.25, abs=0.01)  # items 1, the rest .25
    assert found.low is not None and found.high is not None and found.low < 0.8 < found.high
    # The large-sample error of a correlation r of three is (1 - r)(1 + 2 r) / sqrt(3 n): .0013.
    assert (found.high - found.low) / 2 / 1.96 == pytest.approx(0.2 * 2.6 / math.sqrt(3 * 20_000), rel=0.15)
    assert alpha(counts, "nominal").reason == "60,000 different values are too many to be labels"
    assert seconds < 5  # .3 alone on a machine


def test_measurements_are_compared_without_looking_at_each_value(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = count_ratings(long(KRIPPENDORFF))
    plain = {metric: alpha(counts, metric) for metric in ("nominal", "ordinal")}
    monkeypatch.setattr(agreement, "_MOST_LABELS", 0)
    for metric, expected in plain.items():
        found = alpha(counts, metric)  # type: ignore[arg-type]
        assert found.value == pytest.approx(expected.value)
        assert found.low == pytest.approx(expected.low, abs=0.03)


def test_full_agreement_and_constant_numbers_on_the_interval_scale() -> None:
    same = alpha(count_ratings(long({"x": [1, 2, 3], "y": [1, 2, 3]})), "interval")
    assert (same.value, same.high) == (1.0, 1.0) and same.low is not None and same.low < 0.5
    constant = alpha(count_ratings(long({"x": [2.5, 2.5], "y": [2.5, 2.5]})), "interval")
    assert constant.reason == "only one value occurs, so agreement by chance is certain"


@settings(max_examples=40, deadline=None)
@given(ratings, st.integers(2, 3), st.sampled_from(["nominal", "ordinal", "interval"]))
def test_integer_weights_are_items_that_often(table: Any, times: int, metric: Any) -> None:
    rows = np.asarray([[row.count(value) for value in range(1, 5)] for row in table], float)
    rows = rows[rows.sum(axis=1) >= 2]
    weights = np.array([1 + number % times for number in range(len(rows))], float)
    values = np.arange(1.0, 5)
    weighted = agreement.alphas_of_rows(rows, weights[None, :], values, metric)
    doubled = np.repeat(rows, weights.astype(int), axis=0)
    plain = agreement.alphas_of_rows(doubled, np.ones((1, len(doubled))), values, metric)
    assert weighted == pytest.approx(plain, nan_ok=True)


@settings(max_examples=40, deadline=None)
@given(ratings, st.sampled_from(["nominal", "interval"]))
def test_items_twice_raise_the_chance_of_alpha_only(table: Any, metric: Any) -> None:
    """D_o stays; D_e has n (n - 1) below: with everything twice 1 - alpha is (2 n - 1) / (2 (n - 1)) times as large."""
    frame = long({str(rater): [row[rater] for row in table] for rater in range(3)})
    again = frame.assign(item=frame["item"] + 1000)
    once = alpha(count_ratings(frame), metric, replicates=5)
    twice = alpha(count_ratings(pd.concat([frame, again])), metric, replicates=5)
    if once.value is not None and twice.value is not None:
        n = sum(len([v for v in row if v is not None]) for row in table if 3 - row.count(None) >= 2)
        assert 1 - twice.value == pytest.approx((1 - once.value) * (2 * n - 1) / (2 * (n - 1)))


@pytest.mark.parametrize("middle", [0.0, 0.5])
def test_numbers_that_lie_close_together_are_compared_all_the_same(middle: float) -> None:
    rows = pd.DataFrame(
        {
            "item": np.repeat(np.arange(100), 2),
            "rater": np.tile(["a", "b"], 100),
            "value": middle + np.repeat(np.arange(100), 2) * 1e-12,
        }
    )
    found = alpha(count_ratings(rows), "interval")
    assert found.value == pytest.approx(1.0) and found.low is not None and found.low > 0.9


def test_a_scale_of_very_many_values_counts_its_rows_as_sorting_would() -> None:
    rng = np.random.default_rng(5)
    table = np.stack([np.bincount(rng.integers(0, 101, 3), minlength=101) for _ in range(400)]).astype(float)
    table = np.vstack([table, table[:50]])
    rows, often = distinct_rows(table)
    expected, counts = np.unique(table, axis=0, return_counts=True)
    assert np.array_equal(rows, expected) and np.array_equal(often, counts)
