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


def some_answers(count: int) -> tuple[list[int], list[int]]:
    rng = np.random.default_rng(1)
    people = rng.integers(1, 4, count)
    judge = np.minimum(people + (rng.random(count) < 0.5), 3)
    return judge.tolist(), people.tolist()


def test_three_people_who_say_the_same_are_no_more_evidence_than_one() -> None:
    # Whatever answers are drawn, three times each of their pairs has the kappa and the share of one. Taken for
    # independent, the pairs would give intervals narrower by the root of 3.
    judge, people = some_answers(200)
    one = align(judge, people, SCALE, answers=range(200))
    three = align(judge * 3, people * 3, SCALE, answers=[*range(200)] * 3)
    assert (three.n, three.answers) == (600, 200)
    assert (three.kappa, three.low, three.high) == (one.kappa, one.low, one.high)
    assert three.equal_interval == pytest.approx(one.equal_interval)
    assert one.low is not None and one.high is not None and one.kappa is not None
    assert one.low < one.kappa < one.high
    pairs = align(judge * 3, people * 3, SCALE, answers=range(600))
    assert pairs.low is not None and pairs.high is not None
    assert (pairs.high - pairs.low) == pytest.approx((one.high - one.low) / 3**0.5, rel=0.1)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    # Judge and three people see an answer's quality, and people share a view of it that the judge has not. The
    # truth is kappa of 200,000 such answers. At 95 %, 100 studies of 60 answers miss it 11 times or more in 1 of 100.
    rng = np.random.default_rng(5)

    def study(count: int) -> tuple[list[int], list[int], list[int]]:
        quality, shared = rng.normal(0, 1, (2, count))
        noise = rng.normal(0, 0.6, (count, 4))
        seen = quality[:, None] + np.where(np.arange(4) > 0, 0.6 * shared[:, None], 0) + noise
        levels = np.digitize(seen, [-0.5, 0.5]) + 1
        judge = np.repeat(levels[:, 0], 3)
        return judge.tolist(), levels[:, 1:].ravel().tolist(), np.repeat(np.arange(count), 3).tolist()

    judge, people, _ = study(200_000)
    truth = weighted_kappa(judge, people, SCALE)
    equal = np.mean(np.asarray(judge) == np.asarray(people))
    assert truth is not None
    missed = unequal = as_pairs = 0
    for number in range(100):
        judge, people, answers = study(60)
        found = align(judge, people, SCALE, answers=answers, replicates=400, seed=number)
        assert found.low is not None and found.high is not None and found.equal_interval is not None
        missed += not found.low <= truth <= found.high
        unequal += not found.equal_interval[0] <= equal <= found.equal_interval[1]
        naive = align(judge, people, SCALE, answers=range(180), replicates=400, seed=number)
        assert naive.low is not None and naive.high is not None
        as_pairs += not naive.low <= truth <= naive.high
    assert missed <= 10 and unequal <= 10 and as_pairs > 10


def test_below_ten_answers_there_is_no_interval_however_many_people_scored_them() -> None:
    found = align([1, 2, 3] * 30, [1, 2, 2] * 30, SCALE, answers=[1, 2, 3] * 30)
    assert found.kappa is not None
    assert (found.low, found.high, found.equal_interval) == (None, None, None)
    assert found.note == "3 answers are too few for an interval, which needs 10"


def test_equal_throughout_counts_each_answer_once() -> None:
    # Ten answers with five people each are at the least ten observations: Wilson of 10 in 10 is 10 / (10 + 1.96^2).
    found = align([1, 2] * 25, [1, 2] * 25, SCALE, answers=[*range(10)] * 5)
    assert found.equal_interval == pytest.approx((10 / (10 + 1.959963984540054**2), 1.0))


def test_nothing_and_one_level_throughout_are_undefined_with_a_reason() -> None:
    assert align([], [], SCALE, answers=[]).reason == "no answer has both"
    found = align([2, 2, 2], [2, 2, 2], SCALE, answers="abc")
    assert (found.kappa, found.equal, found.n) == (None, 3, 3) and "throughout" in str(found.reason)
