"""The quick ways beside the plain ones, on ratings of every shape."""

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analytics import kappas, rating_counts, resampling
from app.analytics.aggregation import dawid_skene, vote
from app.analytics.agreement import alpha, count_ratings, percent_agreement
from app.analytics.chance_corrected import chance_corrected
from app.analytics.coding import code_ratings, distinct_rows, of_raters
from app.analytics.kappas import cohen_kappa, pairwise_kappas
from app.analytics.split_items import confusions, distances, entropies, entropy_of, most_split


def long(*rows: tuple[Any, Any, Any]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["item", "rater", "value"], dtype=object)


frames = st.lists(
    st.tuples(st.integers(0, 12), st.sampled_from("abcde"), st.sampled_from(["x", "y", "z", None])),
    max_size=60,
).map(lambda rows: long(*((f"i{item}", rater, value) for item, rater, value in rows)))


@settings(max_examples=80, deadline=None)
@given(frames)
def test_all_pairs_at_once_are_the_pairs_one_by_one(frame: pd.DataFrame) -> None:
    kept = frame[frame["value"].notna()].drop_duplicates(["item", "rater"])
    by_rater = {str(rater): rows.set_index("item")["value"] for rater, rows in kept.groupby("rater")}
    expected = [(a, b, *cohen_kappa(by_rater[a], by_rater[b])) for a, b in combinations(sorted(by_rater), 2)]
    found = [(p.rater_a, p.rater_b, p.kappa, p.reason, p.n, p.agree) for p in pairwise_kappas(frame)]
    assert found == [pytest.approx(pair) if pair[2] is not None else pair for pair in expected]


def test_with_many_raters_those_with_the_most_ratings_are_paired() -> None:
    frame = long(("1", "a", "x"), ("1", "b", "x"), ("2", "b", "y"), ("1", "c", "x"), ("2", "c", "y"))
    (pair,) = pairwise_kappas(frame, most_raters=2)
    assert (pair.rater_a, pair.rater_b, pair.kappa) == ("b", "c", 1.0)
    assert kappas.MOST_RATERS == 500


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 3), min_size=3, max_size=3), min_size=1, max_size=30),
    st.sampled_from([1, 10**5, 10**12]),
)
def test_distinct_rows_are_those_of_numpy(rows: list[list[int]], scale: int) -> None:
    # Scaled up, a row fits a float exactly, then a whole number, then neither.
    table = np.asarray(rows, float) * scale
    expected, frequency = np.unique(table, axis=0, return_counts=True)
    found, often = distinct_rows(table)
    assert found.tolist() == expected.tolist() and often.tolist() == frequency.tolist()


def test_drawing_item_by_item_gives_the_interval_of_drawing_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    rows = [
        (i, r, str(rng.integers(1, 6) if rng.random() < 0.5 else 1 + i % 5))
        for i in range(300)
        for r in "abc"
    ]
    counts = count_ratings(long(*rows))
    by_rows = {metric: alpha(counts, metric) for metric in ("nominal", "ordinal", "interval")}
    monkeypatch.setattr(resampling, "_MOST_MULTINOMIAL", 0)
    monkeypatch.setattr(resampling, "_CELLS", 1000)
    for metric, expected in by_rows.items():
        found = alpha(counts, metric)  # type: ignore[arg-type]
        assert found.value == expected.value
        assert found.low == pytest.approx(expected.low, abs=0.01)
        assert found.high == pytest.approx(expected.high, abs=0.01)


def test_the_interval_alpha_of_large_numbers_close_together_is_exact() -> None:
    # A shift changes no difference.
    rows = [("1", "a", 1), ("1", "b", 2), ("2", "a", 3), ("2", "b", 3), ("3", "a", 2), ("3", "b", 2)]
    far = [(item, rater, value + 10**9) for item, rater, value in rows]
    near, shifted = (alpha(count_ratings(long(*some)), "interval").value for some in (rows, far))
    assert near is not None and shifted == pytest.approx(near, abs=1e-9)


def test_too_many_different_values_are_no_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rating_counts, "_MOST_CELLS", 5)
    counts = count_ratings(long(("1", "a", "w"), ("1", "b", "x"), ("2", "a", "y"), ("3", "a", "z")))
    found = alpha(counts, "nominal")
    assert (found.value, found.reason) == (None, "4 different values are too many to be labels")
    assert (found.n_items, found.n_single, found.n_ratings) == (1, 2, 4)
    assert percent_agreement(counts) is None
    others = chance_corrected(counts.table, labels=4, reason=counts.reason)
    assert {one.reason for one in others.values()} == {found.reason}
    measured = chance_corrected(np.eye(1001) * 2, labels=2)
    assert measured["AC"].reason == "1,001 different values are too many to be labels"


def test_the_most_split_items_are_in_order_of_their_names() -> None:
    frame = long(
        ("b", "1", "x"), ("b", "2", "y"), ("a", "1", "y"), ("a", "2", "z"), ("c", "1", "x"), ("c", "2", "x"),
        ("d", "1", "x"), ("d", "2", "y"), ("d", "3", "z"), ("e", "1", "x"),
    )  # fmt: skip
    bits, names = entropies(frame), code_ratings(frame).items
    for count in (3, 10):
        assert [names[place] for place in most_split(bits, names, count)] == ["d", "a", "b"]


def test_ratings_of_two_raters_are_those_of_a_frame_with_only_them() -> None:
    frame = long(("a", "1", "x"), ("b", "2", "y"), ("b", "3", "x"), ("c", "1", "y"), ("c", "3", "z"))
    both = of_raters(code_ratings(frame), ("1", "3"))
    alone = frame[frame["rater"].isin(["1", "3"])]
    assert entropy_of(both).to_dict() == entropy_of(alone).to_dict() == {"a": 0.0, "b": 0.0, "c": 1.0}
    assert confusions(both).to_dict("records") == confusions(alone).to_dict("records")


def test_labels_of_coded_ratings_are_those_of_the_frame() -> None:
    rng = np.random.default_rng(2)
    rows = [(f"i{n // 3}", f"r{n % 5}", "xyz"[rng.integers(0, 3)]) for n in range(300)]
    frame = long(*rows).drop_duplicates(["item", "rater"])
    assert list(vote(code_ratings(frame))) == list(vote(frame))
    plain, coded = dawid_skene(frame), dawid_skene(code_ratings(frame))
    assert list(coded.items) == list(plain.items) and coded.log_likelihood == plain.log_likelihood


def test_a_weight_of_two_is_two_ratings() -> None:
    rows = [
        ("a", "1", "x"),
        ("a", "2", "y"),
        ("b", "1", "x"),
        ("b", "2", "x"),
        ("c", "1", "y"),
        ("c", "2", "y"),
    ]
    once = long(*rows).assign(weight=[2.0, *[1.0] * 5])
    twice = long(rows[0], *rows)
    weighted, doubled = dawid_skene(once), dawid_skene(twice)
    assert weighted.log_likelihood == pytest.approx(doubled.log_likelihood)
    assert weighted.accuracy == pytest.approx(doubled.accuracy)


def test_numbers_of_an_item_lie_apart_by_the_root_of_the_mean_square() -> None:
    frame = pd.DataFrame({"item": list("aaabbcd"), "rater": list("1231212"), "value": [1, 1, 4, 2, 5, 3, 3]})
    found = distances(code_ratings(frame))
    # a: pairs (1, 1), (1, 4), (1, 4): sqrt((0 + 9 + 9)/3). b: 3. c and d: one rating.
    assert found is not None and found.tolist() == pytest.approx([6**0.5, 3.0, 0.0, 0.0])
    assert distances(code_ratings(frame.assign(value=list("xxyxyzz")))) is None


def test_among_items_split_alike_those_come_first_that_more_is_split_about() -> None:
    names = pd.Index(["a", "b", "c"])
    bits, more = np.array([1.0, 1.0, 0.0]), np.array([0.5, 0.9, 2.0])
    assert most_split(bits, names, 3, then=more) == [1, 0]
