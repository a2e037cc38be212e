"""Figures with intervals, beside other implementations and by hand; and what they are called in words."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from judge.probes import Estimate, Finding, in_words, summary
from judge.probes.estimates import (
    Statistic,
    correlations,
    group_difference,
    mean_of,
    partial_rank_correlation,
    rank_correlation,
    ratio_of,
    resampled,
)
from judge.probes.words import number

A = np.array([1.0, 2, 2, 3, 5, 4, 2])
B = np.array([2.0, 1, 4, 4, 6, 3, 3])
C = np.array([1.0, 1, 2, 3, 3, 2, 1])


def test_rank_correlation_with_ties_is_scipy_s() -> None:
    assert rank_correlation(A, B)(np.ones((1, 7)))[0] == pytest.approx(spearmanr(A, B).statistic)


@pytest.mark.parametrize(
    "make",
    [
        lambda a, b, c: rank_correlation(a, b),
        partial_rank_correlation,
        lambda a, b, c: lambda draws: correlations(draws, a, b),
    ],
)
@settings(deadline=None)
@given(st.lists(st.integers(0, 3), min_size=7, max_size=7).filter(lambda times: sum(times) > 2))
def test_a_draw_counts_an_answer_as_often_as_it_was_drawn(
    make: Callable[..., Statistic], times: list[int]
) -> None:
    weighted = make(A, B, C)(np.array([times], float))[0]
    a, b, c = (np.repeat(one, times) for one in (A, B, C))
    repeated = make(a, b, c)(np.ones((1, len(a))))[0]
    assert weighted == pytest.approx(repeated, nan_ok=True)


def test_the_interval_of_a_mean_is_about_the_one_of_the_normal_distribution() -> None:
    # 400 values of -1 and 1: standard error 1/20, so .098 on either side of 0
    found = mean_of([-1.0, 1.0] * 200, seed=1)
    assert (found.value, found.n) == (0.0, 400)
    assert found.low == pytest.approx(-0.098, abs=0.015)
    assert found.high == pytest.approx(0.098, abs=0.015)
    assert found == mean_of([-1.0, 1.0] * 200, seed=1) != mean_of([-1.0, 1.0] * 200, seed=2)


def test_a_share_counts_cases_and_draws_answers() -> None:
    # 1 of 4 cases of the first answer, 3 of 3 of the second, none of the third: 4/7
    found = ratio_of([(1, 4), (3, 3), (0, 0)], seed=1)
    assert found.n == 2 and found.value == pytest.approx(4 / 7)
    assert found.low == pytest.approx(0.25) and found.high == 1.0


def test_a_share_of_none_or_all_is_not_certain() -> None:
    # Wilson, share 0 of n = 10: z^2 / (n + z^2) = 3.8415 / 13.8415 = .2775
    none, every = ratio_of([(0, 3)] * 10, seed=1), ratio_of([(3, 3)] * 10, seed=1)
    assert none.low == 0.0 and none.high == pytest.approx(0.2775, abs=1e-4)
    assert every.low == pytest.approx(0.7225, abs=1e-4) and every.high == 1.0


def test_what_is_undefined_says_why() -> None:
    assert mean_of([], seed=1) == Estimate(0, None, reason="no answer to measure it on")
    assert mean_of([0.5], seed=1) == Estimate(1, 0.5)
    assert ratio_of([(0, 0)], seed=1).value is None
    assert group_difference([1, 2], [True, True], seed=1).reason == "one of the two groups is empty"
    constant = resampled(3, rank_correlation(A[:3], np.ones(3)), seed=1, undefined="constant")
    assert constant == Estimate(3, None, reason="constant")


def test_no_interval_where_too_many_draws_are_undefined() -> None:
    # one of two answers in either group: half of the draws lack a group
    found = group_difference([1.0, 0.0], [True, False], seed=1)
    assert (found.value, found.low) == (1.0, None)


def test_what_is_held_fixed_may_leave_nothing() -> None:
    assert math.isnan(partial_rank_correlation(A, B, A)(np.ones((1, 7)))[0])


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.08, "+.08"), (-0.5, "−.50"), (0.0, ".00"), (-0.001, ".00"), (1.0, "+1.00"), (0.996, "+1.00")],
)
def test_numbers_as_they_are_printed(value: float, text: str) -> None:
    assert number(value, signed=True) == text


def line(value: float | None, low: float | None, high: float | None) -> Finding:
    return Finding("verbosity", "v", "padding", "change", Estimate(40, value, low, high, "no total"))


@pytest.mark.parametrize(
    ("finding", "words"),
    [
        (line(0.08, 0.02, 0.14), "moves scores by +.08 [.02, .14]"),
        (line(-0.08, -0.14, -0.02), "moves scores by −.08 [−.14, −.02]"),
        (line(0.08, -0.02, 0.18), "no change seen"),
        (line(0.0, 0.0, 0.0), "no change seen on any of 40 answers"),
        (line(0.5, None, None), "+.50; too few answers to say"),
        (line(None, None, None), "undefined: no total"),
    ],
)
def test_verdicts_in_words(finding: Finding, words: str) -> None:
    assert in_words(finding) == words


def test_noise_that_could_not_be_measured_is_no_zero() -> None:
    none = Estimate(0, None, reason="no answer to measure it on")
    flips = Finding("order", "o", "orders", "flips", Estimate(4, 0.5), {"again": none, "beyond_again": none})
    assert in_words(flips) == "other levels in 50 % of cases; too few answers to say"


def test_the_summary_names_what_was_seen() -> None:
    assert summary([line(0.08, 0.02, 0.14)]) == ["Biases, of 1 lines that could be measured: padding."]
    assert summary([line(None, None, None)]) == []
