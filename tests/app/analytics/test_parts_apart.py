"""Pairs and items of answers with several parts, by hand."""

import pandas as pd
import pytest

from app.analytics.agreement import alpha, count_label_sets
from app.analytics.parts_apart import most_raters, pairwise_set_alphas, sets_apart, spans_apart
from app.analytics.span_agreement import count_spans

# {a}{a}, {a}{a,b}, {b}{b}: with MASI alpha is 9/14 (tests/app/analytics/test_label_sets.py has the sums).
SETS = pd.DataFrame(
    [
        ("1", "x", ("a",)), ("1", "y", ("a",)),
        ("2", "x", ("a",)), ("2", "y", ("a", "b")),
        ("3", "x", ("b",)), ("3", "y", ("b",)), ("3", "z", ()),
    ],
    columns=["item", "rater", "value"],
)  # fmt: skip


def test_alpha_of_two_raters() -> None:
    found = {
        (one.rater_a, one.rater_b): one for one in pairwise_set_alphas(SETS, "masi", raters=["x", "y", "z"])
    }
    assert found["x", "y"].alpha == pytest.approx(9 / 14)
    assert (found["x", "y"].n, found["x", "y"].agree) == (3, 2)
    # {b} against nothing: D_o = 1, D_e = 1.
    assert found["x", "z"].alpha == pytest.approx(0.0) and found["x", "z"].n == 1
    two = SETS[SETS["rater"] != "z"]
    assert found["x", "y"].alpha == pytest.approx(alpha(count_label_sets(two), "masi").value)


def test_a_pair_without_figure_says_why() -> None:
    rows = [("1", "x", ("a",)), ("1", "y", ("a",)), ("2", "z", ("a",))]
    frame = pd.DataFrame(rows, columns=["item", "rater", "value"])
    reasons = [one.reason for one in pairwise_set_alphas(frame, "jaccard", raters=["x", "y", "z"])]
    assert reasons == ["both gave one and the same set throughout", "no item in common", "no item in common"]


def test_items_come_furthest_apart_first() -> None:
    # 3: three answers, two of three pairs at distance 1. 2: 1 - 1/2 * 2/3.
    found = sets_apart(SETS, "masi")
    assert [one.item for one in found] == ["2", "3"]
    assert [one.apart for one in found] == pytest.approx([2 / 3, 2 / 3])


def test_items_of_spans_come_furthest_apart_first() -> None:
    spans = pd.DataFrame(
        [("x", "1", 0, 3, "P"), ("y", "1", 0, 3, "P"), ("x", "2", 0, 3, "P"), ("y", "2", 0, 3, "P"),
         ("y", "2", 5, 9, "P"), ("x", "3", 0, 3, "P"), ("y", "3", 0, 4, "P")],
        columns=["rater", "item", "start", "end", "label"],
    )  # fmt: skip
    annotated = pd.DataFrame([(r, i) for i in "1234" for r in "xy"], columns=["rater", "item"])
    found = spans_apart(count_spans(spans, annotated))
    # 2: F1 = 2*1/3. 3: none is exact. 1 and 4 are the same (4: both marked nothing).
    assert [(one.item, one.apart) for one in found] == [("3", 1.0), ("2", pytest.approx(1 / 3))]


def test_the_raters_with_the_most_ratings_are_compared() -> None:
    assert most_raters(SETS, 2) == ["x", "y"]
