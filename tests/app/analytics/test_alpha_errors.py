"""Alpha of very many different items, whose standard error is not drawn: against draws, differences and a library."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from app.analytics import agreement, alpha_errors, count_rows
from app.analytics.agreement import alpha, alphas_of_rows, count_label_sets, count_ratings, percent_agreement
from app.analytics.chance_corrected import chance_corrected
from app.analytics.coding import Floats
from app.analytics.coefficients import Declared, coefficients_of
from app.analytics.coincidences import Metric, alphas_of_parts, ratio_distances, within

NUMBERS: tuple[Metric, ...] = ("nominal", "ordinal", "interval", "ratio")


def rated(items: int, values: int, raters: int = 4, *, missing: float = 0.2, seed: int = 1) -> pd.DataFrame:
    """Items of any value, rated with noise."""
    draw = np.random.default_rng(seed)
    item, rater = np.divmod(np.arange(items * raters), raters)
    noisy = draw.integers(0, values, items)[item] + draw.normal(0, values / 8, items * raters)
    value = np.clip(np.round(noisy), 0, values - 1).astype(int)
    frame = pd.DataFrame({"item": item, "rater": rater, "value": value})
    return frame[draw.random(len(frame)) >= missing]


def never_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(count_rows, "MOST_DRAWN", 0)
    monkeypatch.setattr(agreement, "MOST_DRAWN", 0)


@pytest.mark.parametrize("metric", NUMBERS)
def test_the_error_is_of_the_differences_that_one_more_item_makes(metric: Metric) -> None:
    counts = count_ratings(rated(60, 9))
    table = counts.table.toarray()
    rows = table[table.sum(axis=1) >= 2]
    often = np.random.default_rng(3).integers(1, 4, len(rows)).astype(float)
    values = np.asarray(counts.values, float)
    scale = values - values.mean()
    moments = np.column_stack([rows.sum(axis=1), rows @ scale, rows @ scale**2])
    distance = ratio_distances(values)
    of: dict[Metric, Callable[[Floats], Floats]] = {
        name: lambda weights, name=name: alphas_of_rows(rows, weights, values, name)  # type: ignore[misc]
        for name in NUMBERS[:3]
    }
    of["ratio"] = lambda weights: alphas_of_parts(within(rows, distance), rows, weights, distance)
    sparse = csr_array(rows)
    found = {
        "nominal": lambda: alpha_errors.nominal(sparse, often),
        "ordinal": lambda: alpha_errors.ordinal(sparse, often),
        "interval": lambda: alpha_errors.by_moments(moments, often),
        "ratio": lambda: alpha_errors.by_distances(sparse, often, distance),
    }[metric]()
    little = 1e-4 * np.eye(len(rows))
    slope = (of[metric](often + little) - of[metric](often - little)) / 2e-4
    spread = often @ (slope - often @ slope / often.sum()) ** 2
    assert found == pytest.approx((of[metric](often[None, :])[0], np.sqrt(spread)), rel=1e-6)


@pytest.mark.parametrize("metric", NUMBERS)
def test_items_that_are_not_drawn_have_the_interval_of_those_that_are(
    metric: Metric, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = count_ratings(rated(1_500, 7))
    drawn = alpha(counts, metric, replicates=4_000)
    never_drawn(monkeypatch)
    found = alpha(counts, metric)
    assert found.value == pytest.approx(drawn.value, abs=1e-12) and found.note == drawn.note
    assert (
        found.low is not None and found.high is not None and drawn.low is not None and drawn.high is not None
    )
    # 4,000 draws know a spread to 1 / sqrt(8,000) = .011 of itself.
    assert found.high - found.low == pytest.approx(drawn.high - drawn.low, rel=0.05)


@pytest.mark.parametrize("metric", ["masi", "jaccard"])
def test_sets_of_labels_of_very_many_items_too(metric: Metric, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(4)
    given = rated(800, 4)
    sets = [
        [f"l{label}" for label in (value, *draw.choice(4, draw.integers(0, 3)))] for value in given["value"]
    ]
    counts = count_label_sets(given.assign(value=pd.Series(sets, index=given.index)))
    drawn = alpha(counts, metric, replicates=4_000)
    never_drawn(monkeypatch)
    found = alpha(counts, metric)
    assert found.value == pytest.approx(drawn.value, abs=1e-12)
    assert (
        found.low is not None and found.high is not None and drawn.low is not None and drawn.high is not None
    )
    assert found.high - found.low == pytest.approx(drawn.high - drawn.low, rel=0.05)


@pytest.mark.parametrize("metric", NUMBERS)
def test_a_library_says_the_same_of_items_that_nearly_all_differ(metric: Metric) -> None:
    krippendorff = pytest.importorskip("krippendorff")
    counts = count_ratings(rated(8_000, 40))
    rows, _ = count_rows.different_rows(counts.table)
    assert not isinstance(rows, np.ndarray) and rows.shape[0] > 5_000
    expected = krippendorff.alpha(
        value_counts=counts.table.toarray().astype(int),
        value_domain=list(counts.values),
        level_of_measurement=metric,
    )
    assert alpha(counts, metric).value == pytest.approx(expected, abs=1e-10)


def test_every_coefficient_is_the_same_whichever_way_items_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    frame, declared = rated(300, 6), Declared(tuple(map(str, range(9))), range(9))
    dense = coefficients_of(frame, declared)
    never_drawn(monkeypatch)
    sparse = coefficients_of(frame, declared)
    assert sparse.percent == pytest.approx(dense.percent) and sparse.labels == 9
    assert dense.others_quadratic is not None and sparse.others_quadratic is not None
    pairs: list[tuple[Any, Any]] = [
        *zip(sparse.others.values(), dense.others.values(), strict=True),
        *zip(sparse.others_quadratic.values(), dense.others_quadratic.values(), strict=True),
    ]
    for found, expected in pairs:
        for name in ("value", "error", "low", "high"):
            assert getattr(found, name) == pytest.approx(getattr(expected, name)), (found.name, name)


def test_where_one_value_only_occurs_nothing_is_defined_however_many_items(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    never_drawn(monkeypatch)
    counts = count_ratings(rated(20, 1))
    for metric in NUMBERS:
        found = alpha(counts, metric)
        assert (found.value, found.low) == (None, None)
        assert found.reason == "only one value occurs, so agreement by chance is certain"


def test_full_agreement_of_very_many_items_is_not_certainty(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = rated(400, 5)
    counts = count_ratings(frame.assign(value=frame["item"] % 5))
    drawn = alpha(counts, "nominal")
    never_drawn(monkeypatch)
    found = alpha(counts, "nominal")
    assert found.value == 1.0 and found.note == drawn.note
    assert found.low == pytest.approx(drawn.low) and 0.9 < (found.low or 0) < 1


def test_different_rows_come_once_with_how_often() -> None:
    table = np.asarray([[0, 2, 0], [1, 0, 1], [0, 2, 0], [3, 0, 0]], float)
    rows, often = count_rows.different_rows(table)
    assert rows.tolist() == [[0, 2, 0], [1, 0, 1], [3, 0, 0]]
    assert often.tolist() == [2, 1, 1]
    none, nothing = count_rows.different_rows(np.zeros((0, 0)))
    assert none.shape == (0, 0) and len(nothing) == 0


def test_rows_that_are_taken_for_each_other_are_kept_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    table = np.asarray([[0, 2, 0], [1, 0, 1], [0, 2, 0]], float)
    monkeypatch.setattr(count_rows, "_codes_of", lambda _: (np.zeros(3, np.intp), np.zeros(1, np.intp)))
    rows, often = count_rows.different_rows(table)
    assert sorted(rows.tolist()) == [[0, 2, 0], [0, 2, 0], [1, 0, 1]]
    assert often.tolist() == [1, 1, 1]


def test_a_table_holds_what_was_given_and_no_zeros() -> None:
    frame = pd.DataFrame({"item": ["x", "x", "y"], "rater": ["a", "b", "a"], "value": [7, 9, 9]})
    counts = count_ratings(frame)
    assert counts.table.toarray().tolist() == [[1, 1], [0, 1]] and counts.table.nnz == 3
    assert percent_agreement(counts) == 0.0
    assert chance_corrected(counts.table, labels=2)["percent"].value == 0.0


@pytest.mark.parametrize("metric", ["ordinal", "interval"])
def test_items_with_one_rating_change_no_interval_however_many(metric: Metric) -> None:
    few = rated(12, 100, 2, missing=0.0).astype(str)
    singles = pd.DataFrame(
        {"item": [f"s{n}" for n in range(6_000)], "rater": "r0", "value": [str(n) for n in range(6_000)]}
    )
    alone = alpha(count_ratings(few), metric)
    beside = alpha(count_ratings(pd.concat([few, singles], ignore_index=True)), metric)
    assert beside.n_single == 6_000 and beside.n_items == alone.n_items == 12
    assert alone.value is not None and alone.low is not None and alone.high is not None
    assert (beside.value, beside.low, beside.high) == pytest.approx((alone.value, alone.low, alone.high))
