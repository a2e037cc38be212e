import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from app.analytics.alignment import align, weighted_kappa

SCALE = [1, 2, 3]


def test_by_hand() -> None:
    # Pairs (1,1) (2,2) (3,3) (1,3). Weights: distance squared over 4, so (1,3) weighs 1.
    # Missed: 1. First's levels: 1 twice, 2, 3 once; second's: 1, 2 once, 3 twice. By chance, over n = 4:
    # sum of w * row * column / 4 = [1*(2*2 + 1*1) + .25*(2*1 + 1*1 + 1*2 + 1*1)] / 4 = (5 + 1.5) / 4 = 1.625.
    assert weighted_kappa([1, 2, 3, 1], [1, 2, 3, 3], SCALE) == pytest.approx(1 - 1 / 1.625)


@given(st.lists(st.tuples(st.sampled_from(SCALE), st.sampled_from(SCALE)), min_size=2, max_size=40))
def test_equals_an_independent_library_where_that_is_defined(pairs: list[tuple[int, int]]) -> None:
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    ours = weighted_kappa(first, second, SCALE)
    if len({*first, *second}) == 1:
        assert ours is None
        return
    theirs = cohen_kappa_score(first, second, labels=SCALE, weights="quadratic")
    assert ours == pytest.approx(theirs)
    assert ours is not None and -1 <= ours <= 1
    assert weighted_kappa(second, first, SCALE) == pytest.approx(ours)


def test_a_level_that_nobody_gave_counts_as_distance() -> None:
    # 1 against 3 is two steps of the scale, though 2 never occurs.
    assert weighted_kappa([1, 1, 3, 3], [1, 3, 3, 1], SCALE) == weighted_kappa(
        [1, 1, 2, 2], [1, 2, 2, 1], [1, 2]
    )


def test_bias_and_interval_say_who_is_milder() -> None:
    rng = np.random.default_rng(1)
    people = rng.integers(1, 4, 200)
    judge = np.minimum(people + (rng.random(200) < 0.5), 3)
    found = align(judge.tolist(), people.tolist(), SCALE)
    assert found.bias == pytest.approx(float((judge - people).mean()))
    assert found.bias_low is not None and found.bias_low > 0
    assert found.low is not None and found.high is not None and found.kappa is not None
    assert found.low < found.kappa < found.high


def test_nothing_and_one_level_throughout_are_undefined_with_a_reason() -> None:
    assert align([], [], SCALE).reason == "no answer has both"
    found = align([2, 2, 2], [2, 2, 2], SCALE)
    assert (found.kappa, found.equal, found.n) == (None, 3, 3) and "throughout" in str(found.reason)
