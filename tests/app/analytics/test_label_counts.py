"""Labels over items with ties apart, and each rater beside the others."""

import pandas as pd
import pytest

from app.analytics.coding import Coded, code_ratings
from app.analytics.intervals import wilson
from app.analytics.label_counts import spread_of_labels, with_others


def coded(*items: str) -> Coded:
    rows = [
        (f"i{number}", f"r{rater}", value)
        for number, item in enumerate(items)
        for rater, value in enumerate(item)
        if value != "."
    ]
    return code_ratings(pd.DataFrame(rows, columns=["item", "rater", "value"]))


def test_an_item_whose_votes_tie_has_no_label() -> None:
    # AAB -> A; AB -> tie; B -> B; ABC -> tie; BBA -> B
    found = spread_of_labels(coded("AAB", "AB", "B", "ABC", "BBA"))
    assert [(one.label, one.items.count, one.ratings) for one in found.labels] == [("A", 1, 5), ("B", 2, 6), ("C", 0, 1)]  # fmt: skip
    assert (found.ties.count, found.ties.n, found.n_items, found.n_ratings, found.n_raters) == (
        2,
        5,
        5,
        12,
        3,
    )
    # Wilson, 1 of 5: centre (.2 + 3.8415/10)/(1 + 3.8415/5) = .3303, half 1.96*sqrt(.2*.8/5 + 3.8415/100)/1.7683 = .2941
    assert found.labels[0].items.low == pytest.approx(0.0362, abs=1e-3)
    assert found.labels[0].items.high == pytest.approx(0.6245, abs=1e-3)


def test_each_rater_is_set_beside_the_others_of_the_same_items() -> None:
    # AAB, AB, B(r0 alone), BB
    # r0: AAB 1 of 2 others, AB 0 of 1, BB 1 of 1 -> (.5 + 0 + 1)/3 = .5, n = 3 of 4 ratings
    # r1: .5, 0, 1 -> .5; r2: AAB 0 of 2 -> 0, one item: no interval
    found = with_others(coded("AAB", "AB", "B", "BB"))
    assert [(one.rater, one.ratings, one.items) for one in found] == [
        ("r0", 4, 3),
        ("r1", 3, 3),
        ("r2", 1, 1),
    ]
    assert [one.equal for one in found] == [pytest.approx(0.5), pytest.approx(0.5), 0.0]
    assert found[0].low is found[0].high is None
    assert found[0].reason == "3 items in common are too few for an interval, which needs 10"


def test_who_shares_no_item_has_no_figure() -> None:
    (found,) = with_others(coded("A", "B"))
    assert (found.ratings, found.items, found.equal) == (2, 0, None)
    assert found.reason == "nobody else rated these items"


def test_the_same_share_throughout_has_no_interval() -> None:
    found = with_others(coded(*["AA"] * 12))[0]
    assert (found.equal, found.low, found.high) == (1.0, None, None)
    assert "says nothing" in str(found.reason)


def test_wilson_ends_exactly_at_none_and_at_all() -> None:
    for n in range(1, 200):
        nothing, everything = wilson(0, n), wilson(n, n)
        assert nothing is not None and nothing[0] == 0.0 < nothing[1] < 1
        assert everything is not None and 0 < everything[0] < everything[1] == 1.0


def test_the_interval_is_that_of_drawing_items() -> None:
    # 100 items, 80 equal: standard error sqrt(.8*.2/100) = .04, interval .8 -/+ .0784
    found = with_others(coded(*["AA"] * 80, *["AB"] * 20))[0]
    assert found.equal == pytest.approx(0.8)
    assert found.low == pytest.approx(0.7216, abs=0.015)
    assert found.high == pytest.approx(0.8784, abs=0.015)
