"""Kappa of pairs with weights and intervals, by hand; ratio alpha."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analytics import kappa_intervals
from app.analytics.agreement import alpha, count_ratings, pairwise_kappas
from app.analytics.kappa_intervals import MOST_VALUES, kappas_of_tables, with_intervals


def long(**raters: list[object]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"item": str(number), "rater": name, "value": value}
            for name, values in raters.items()
            for number, value in enumerate(values)
            if value is not None
        ]
    )


def test_the_error_of_two_by_two_by_hand() -> None:
    # 20 and 15 equal of 50: po .7, pe .5, kappa .4. With p = .4 .1 .2 .3, margins .5 .5 and .6 .4, the formula's sum:
    # .4 (.5 - 1.1 * .3)^2 + .3 (.5 - .9 * .3)^2 = .02743; .3^2 (.1 (.6 + .5)^2 + .2 (.4 + .5)^2) = .02547;
    # less (.7 * .5 - 2 * .5 + .7)^2 = .0025. Over 50 * .5^4.
    kappa, error = kappas_of_tables(np.array([[[20.0, 5.0], [10.0, 15.0]]]), np.eye(2))
    assert kappa[0] == pytest.approx(0.4)
    first = 0.4 * (0.5 - 1.1 * 0.3) ** 2 + 0.3 * (0.5 - 0.9 * 0.3) ** 2
    second = 0.3**2 * (0.1 * (0.6 + 0.5) ** 2 + 0.2 * (0.4 + 0.5) ** 2)
    assert error[0] == pytest.approx(math.sqrt((first + second - 0.0025) / (50 * 0.5**4)))


def test_pairs_carry_intervals_and_near_numbers_count_as_near() -> None:
    often = 4  # an interval takes twenty items
    frame = long(a=[1, 2, 3, 3, 1, 2] * often, b=[1, 2, 2, 3, 2, 2] * often, c=[3, 1, 1, 1, 3, None] * often)
    plain = pairwise_kappas(frame)
    found = with_intervals(frame, plain)
    assert [(one.kappa, one.n, one.agree) for one in found] == [
        (one.kappa, one.n, one.agree) for one in plain
    ]
    near = found[0]  # a and b differ on two of six, by one step each
    assert near.kappa is not None and near.linear is not None and near.quadratic is not None
    assert near.low is not None and near.high is not None and near.low < near.kappa < near.high <= 1.0
    assert near.kappa < (near.linear.value or 0) < (near.quadratic.value or 0)
    # Of the two tables: sums of squared differences seen and by chance, 2 and 6 * (mean of a^2 + mean of b^2 - 2 mean mean).
    a, b = np.array([1, 2, 3, 3, 1, 2]), np.array([1, 2, 2, 3, 2, 2])
    by_chance = np.mean(np.subtract.outer(a, b) ** 2)
    assert near.quadratic.value == pytest.approx(1 - np.mean((a - b) ** 2) / by_chance)


def test_few_items_have_no_interval() -> None:
    frame = long(a=[1, 2, 3, 3, 1], b=[1, 2, 2, 3, 2])
    (one,) = with_intervals(frame, pairwise_kappas(frame))
    assert one.kappa is not None and (one.low, one.high) == (None, None)
    assert one.linear is not None and one.linear.value is not None and one.linear.low is None
    assert one.no_interval == "fewer than 20 items in common: no interval"


@pytest.mark.parametrize(
    ("b", "why"),
    [
        (["x", "y"] * 12, "they agree on every item"),
        (["y", "x"] * 12, "they agree on no item"),
        (["x"] * 24, "one of them says the same throughout"),
    ],
)
def test_a_pair_without_a_spread_says_so(b: list[object], why: str) -> None:
    frame = long(a=["x", "y"] * 12, b=b)
    (one,) = with_intervals(frame, pairwise_kappas(frame))
    assert (one.low, one.no_interval) == (None, f"{why}: no interval")


def test_raters_who_always_agree_get_no_interval() -> None:
    (one,) = with_intervals(
        long(a=["x", "y"], b=["x", "y"]), pairwise_kappas(long(a=["x", "y"], b=["x", "y"]))
    )
    assert (one.kappa, one.low, one.high, one.linear) == (1.0, None, None, None)


def test_undefined_stays_undefined() -> None:
    frame = long(a=[1, 1], b=[1, 1], c=[None, None, 1, 2])
    for one in with_intervals(frame, pairwise_kappas(frame)):
        assert one.kappa is None and one.low is None and one.quadratic is not None
        assert one.quadratic.value is None and one.reason is not None


def test_measurements_are_left_as_they_are() -> None:
    values: list[object] = [float(number) for number in range(MOST_VALUES + 1)]
    frame = long(a=values, b=values)
    (one,) = with_intervals(frame, pairwise_kappas(frame))
    assert (one.kappa, one.low, one.quadratic) == (1.0, None, None)


def test_the_interval_holds_what_it_says() -> None:
    # 400 tables of 60 items from shares with kappa (.7 - .5) / .5 = .4: 95 % of intervals hold it, give or take.
    draw = np.random.default_rng(3)
    tables = draw.multinomial(60, [0.4, 0.1, 0.2, 0.3], size=400).reshape(-1, 2, 2).astype(float)
    kappa, error = kappas_of_tables(tables, np.eye(2))
    held = np.abs(kappa - 0.4) <= 1.96 * error
    assert 0.91 <= held.mean() <= 0.98


cells = st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=3, max_size=3)


@settings(max_examples=60, deadline=None)
@given(cells, st.permutations([0, 1, 2]), st.integers(2, 4))
def test_kappa_knows_neither_raters_nor_names_of_labels(table: Any, order: list[int], times: int) -> None:
    counts = np.asarray(table, float)[None]
    kappa, error = kappas_of_tables(counts, np.eye(3))
    swapped = kappas_of_tables(counts.transpose(0, 2, 1), np.eye(3))
    renamed = kappas_of_tables(counts[:, order][:, :, order], np.eye(3))
    for other in (swapped, renamed):
        assert other[0] == pytest.approx(kappa, nan_ok=True)
        assert other[1] == pytest.approx(error, nan_ok=True)
    more = kappas_of_tables(counts * times, np.eye(3))  # every item so often: errors shrink by the root
    assert more[0] == pytest.approx(kappa, nan_ok=True)
    assert more[1] * math.sqrt(times) == pytest.approx(error, nan_ok=True, abs=1e-9)
    assert np.isnan(kappa[0]) or -1 - 1e-9 <= kappa[0] <= 1 + 1e-9
    # A scale read backwards has the same distances.
    linear = 1 - np.abs(np.subtract.outer(range(3), range(3))) / 2
    backwards = kappas_of_tables(counts[:, ::-1, ::-1], linear)
    assert backwards[0] == pytest.approx(kappas_of_tables(counts, linear)[0], nan_ok=True)


class TestRatio:
    def test_is_by_the_relative_difference(self) -> None:
        # Items 1 and 2, and 4 and 4: distance (1 / 3)^2 once. Observed 2 / 9 over the four ratings, each item's pairs over
        # m - 1 = 1. By chance over all ordered pairs: 2 (1/9 + 2 * .6^2 + 2 (1/3)^2) = 2 (1/9 + .72 + 2/9).
        counts = count_ratings(long(a=[1, 4], b=[2, 4]))
        expected = 1 - 3 * (2 / 9) / (2 * (1 / 9 + 0.72 + 2 / 9))
        assert alpha(counts, "ratio").value == pytest.approx(expected)

    def test_zero_and_zero_are_equal(self) -> None:
        assert alpha(count_ratings(long(a=[0, 3], b=[0, 3])), "ratio").value == 1.0

    def test_needs_a_true_zero(self) -> None:
        assert alpha(count_ratings(long(a=[-1, 3], b=[0, 3])), "ratio").reason == (
            "some values are below 0, so there is no true zero"
        )
        assert alpha(count_ratings(long(a=["x"], b=["y"])), "ratio").reason == "the values are not numbers"


def test_pairs_of_many_raters_are_computed_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    frame = long(**{f"r{number}": rng.integers(1, 4, 30).tolist() for number in range(7)})
    plain = pairwise_kappas(frame)
    at_once = with_intervals(frame, plain)
    monkeypatch.setattr(kappa_intervals, "_CELLS", 7 * 9 * 2)  # two raters a block
    assert with_intervals(frame, plain) == at_once
    assert all(one.low is not None for one in at_once)
