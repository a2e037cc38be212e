"""Confidences set beside how often they are right, and the maps that mend them."""

import math
from typing import Any

import numpy as np
import pytest

from app.analytics import confidence_maps
from app.analytics.calibration import calibration_error, measure, reliability
from app.analytics.confidence_maps import (
    FEWEST_ISOTONIC,
    Isotonic,
    Platt,
    Temperature,
    Unchanged,
    fit_maps,
    map_of,
)
from app.analytics.intervals import wilson


def drawn(n: int, truth: Any, *, seed: int = 0) -> tuple[list[float], list[bool]]:
    """Confidences from .05 to .95 and whether each is right, by the true chance of each confidence."""
    draw = np.random.default_rng(seed)
    confidences = draw.uniform(0.05, 0.95, n)
    return list(confidences), list(draw.random(n) < truth(confidences))


def test_the_error_is_the_weighted_gap_of_the_bins() -> None:
    # Bins of a fifteenth: (.6, .6667] holds .62 and .66, one right: mean .64, share .5, gap .14; (.8667, .9333] holds
    # .9 and .9, both right: gap .1. Half of the answers each: .12.
    found = calibration_error(np.array([0.62, 0.66, 0.9, 0.9]), np.array([1.0, 0.0, 1.0, 1.0]))
    assert found == pytest.approx(0.12)


def test_perfect_confidences_have_an_error_above_zero_by_chance() -> None:
    # Measured elsewhere: .090 at n = 100 and .009 at n = 10,000 in the mean; the 95 % point lies above.
    large = measure(*drawn(10_000, lambda c: c, seed=7))
    assert large is not None and 0.009 < large.chance < 0.02
    beyond = 0
    for seed in range(1, 101):
        small = measure(*drawn(100, lambda c: c, seed=seed))
        assert small is not None and 0.09 < small.chance < 0.25
        beyond += small.error > small.chance
    assert beyond <= 11  # 5 in 100 by construction; 12 or more have a chance of 0.4 %


def test_brier_is_the_mean_squared_distance() -> None:
    found = measure([0.8, 0.4], [True, False])
    assert found is not None and found.brier == pytest.approx((0.04 + 0.16) / 2)
    assert measure([], []) is None


def test_a_reliability_diagram_has_a_bin_for_what_is_there() -> None:
    low, high = reliability([0.31, 0.39, 0.35, 0.91], [True, False, False, True])
    assert (low.n, high.n) == (3, 1)
    assert low.confidence == pytest.approx(0.35) and low.right == pytest.approx(1 / 3)
    assert low.interval == wilson(1, 3)
    assert reliability([], []) == []


def test_each_map_is_what_its_formula_says() -> None:
    # logit(.8) = ln 4. Platt 2 ln 4 - 1 = 1.7726; 1 / (1 + e^-1.7726) = .85478. Temperature 2: half of ln 4 is ln 2: 2/3.
    assert Platt(2.0, -1.0).of(0.8) == pytest.approx(1 / (1 + math.exp(1 - 2 * math.log(4))))
    assert Temperature(2.0).of(0.8) == pytest.approx(2 / 3)
    assert Temperature(7.0).of(0.5) == pytest.approx(0.5)
    steps = Isotonic((0.2, 0.6), (0.1, 0.5))
    assert [steps.of(value) for value in (0.0, 0.4, 1.0)] == pytest.approx([0.1, 0.3, 0.5])


def test_confidences_that_boast_are_brought_down_to_the_truth() -> None:
    # What says c is right as often as a half of its log odds: temperature 2.
    found = fit_maps(*drawn(4_000, lambda c: np.sqrt(c / (1 - c)) / (1 + np.sqrt(c / (1 - c))), seed=1))
    assert found is not None and found.n == 4_000
    assert found.map.of(0.8) == pytest.approx(2 / 3, abs=0.04)
    assert set(found.losses) == {"raw", "platt", "temperature", "isotonic"}
    assert found.losses["temperature"] < found.losses["raw"]
    assert found.losses["temperature"] == pytest.approx(found.losses["platt"], abs=0.002)


def test_a_shift_needs_more_than_a_temperature() -> None:
    # Always two units of log odds too sure: Platt finds it, a temperature cannot.
    found = fit_maps(*drawn(900, lambda c: 1 / (1 + (1 - c) / c * math.exp(2)), seed=2))
    assert found is not None and isinstance(found.map, Platt)
    assert found.losses["platt"] < found.losses["temperature"] - 0.02
    assert "isotonic" not in found.losses  # too few


def test_a_jump_is_for_isotonic_regression() -> None:
    found = fit_maps(*drawn(FEWEST_ISOTONIC * 3, lambda c: np.where(c < 0.5, 0.2, 0.9), seed=3))
    assert found is not None and isinstance(found.map, Isotonic)
    assert found.map.of(0.3) == pytest.approx(0.2, abs=0.05) and found.map.of(0.7) == pytest.approx(
        0.9, abs=0.05
    )


def test_confidences_that_are_right_are_left_alone() -> None:
    # Of thirty samples of fifty, a map fitted to chance alone would predict worse.
    kept = [fit_maps(*drawn(50, lambda c: c, seed=seed)) for seed in range(30)]
    assert sum(one is not None and isinstance(one.map, Unchanged) for one in kept) > 15
    assert all(
        one.losses["raw"] == min(one.losses.values())
        for one in kept
        if one is not None and isinstance(one.map, Unchanged)
    )


def test_what_turns_sure_into_unsure_is_no_map() -> None:
    found = fit_maps(*drawn(300, lambda c: 1 - c, seed=4))
    assert found is not None
    assert found.map.of(0.9) >= found.map.of(0.1)


@pytest.mark.parametrize(
    ("confidences", "right"), [([0.5] * 29, [True, False] * 14 + [True]), ([0.5] * 40, [True] * 40)]
)
def test_too_little_to_learn_from_gives_no_map(confidences: list[float], right: list[bool]) -> None:
    assert fit_maps(confidences, right) is None


@pytest.mark.parametrize(
    "found", [Platt(1.5, -0.2), Temperature(1.7), Isotonic((0.1, 0.9), (0.2, 0.8)), Unchanged()]
)
def test_a_stored_map_is_the_same_map(found: Any) -> None:
    assert map_of(found.to_json()) == found
    assert map_of({**found.to_json(), "n": 30, "losses": {}}) == found


def test_the_loss_on_answers_left_out_is_not_better_than_on_new_ones() -> None:
    """One confidence for all, 30 answers, of which 70 % are right on average: whatever a map says of the new ones, the mean
    loss claimed must not lie below the mean loss of the fitted map on new answers, .7 * -log p + .3 * -log (1 - p).
    """
    rng = np.random.default_rng(0)
    claimed, true = [], []
    for _ in range(150):
        right = rng.random(30) < 0.7
        found = fit_maps([0.9] * 30, list(right))
        if found is not None:
            chance = confidence_maps._platt(np.full(30, 0.9), right).of(0.9)
            claimed.append(found.losses["platt"])
            true.append(-0.7 * np.log(chance) - 0.3 * np.log(1 - chance))
    assert np.mean(claimed) > np.mean(true) - 0.01
