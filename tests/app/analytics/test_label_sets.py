"""Alpha of answers that are sets of labels."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analytics.agreement import Metric, alpha, count_label_sets, count_ratings
from app.analytics.coincidences import set_distances

SET_METRICS: tuple[Metric, ...] = ("masi", "jaccard")


def long(table: dict[str, list[Any]]) -> pd.DataFrame:
    rows = [
        {"item": item, "rater": rater, "value": value}
        for rater, values in table.items()
        for item, value in enumerate(values)
        if value is not None
    ]
    return pd.DataFrame(rows, columns=["item", "rater", "value"])


# {a} inside {a,b}: Jaccard 1/2, M 2/3. {a,b} and {b,c}: Jaccard 1/3, M 1/3. Nothing shared: Jaccard 0.
DISTANCES = [
    (("a", "b"), ("a", "b"), 0.0, 0.0),
    (("a",), ("a", "b"), 1 - 1 / 3, 1 / 2),
    (("a", "b"), ("b", "c"), 1 - 1 / 9, 2 / 3),
    (("a",), ("b",), 1.0, 1.0),
    ((), (), 0.0, 0.0),
    ((), ("a",), 1.0, 1.0),
]


@pytest.mark.parametrize(("one", "other", "masi", "jaccard"), DISTANCES)
def test_distances_of_sets(one: tuple[str, ...], other: tuple[str, ...], masi: float, jaccard: float) -> None:
    assert set_distances([one, other], "masi")[0, 1] == pytest.approx(masi)
    assert set_distances([one, other], "jaccard")[1, 0] == pytest.approx(jaccard)


def test_two_raters_by_hand() -> None:
    # {a}{a}, {a}{a,b}, {b}{b}: n = 6, of which {a} 3, {a,b} 1, {b} 2.
    # masi: D_o = 2*(2/3)/6 = 2/9, D_e = 2*(3*1*2/3 + 3*2*1 + 1*2*2/3)/30 = 28/45, alpha = 1 - 10/28
    # jaccard: D_o = 2*(1/2)/6 = 1/6, D_e = 2*(3/2 + 6 + 1)/30 = 17/30, alpha = 1 - 5/17
    # nominal: D_o = 2/6, D_e = 2*(3 + 6 + 2)/30 = 22/30, alpha = 1 - 10/22
    counts = count_label_sets(long({"x": [["a"], ["a"], ["b"]], "y": [["a"], ["b", "a", "a"], "b"]}))
    assert counts.values == (("a",), ("a", "b"), ("b",))
    assert alpha(counts, "masi").value == pytest.approx(9 / 14)
    assert alpha(counts, "jaccard").value == pytest.approx(12 / 17)
    assert alpha(counts, "nominal").value == pytest.approx(12 / 22)


def test_the_interval_holds_the_estimate_and_is_the_same_at_every_run() -> None:
    values = [["a"], ["a", "b"], ["b"], ["c"], ["b", "c"]] * 8
    frame = long({"x": values, "y": values[1:] + values[:1], "z": values})
    for metric in SET_METRICS:
        found = alpha(count_label_sets(frame), metric)
        assert found.low is not None and found.value is not None and found.high is not None
        assert found.low < found.value < found.high and found.note is None
        assert found == alpha(count_label_sets(frame), metric)


def test_what_cannot_be_computed_is_said() -> None:
    words = count_ratings(long({"x": ["a", "b"], "y": ["a", "a"]}))
    assert alpha(words, "masi").reason == "the values are not sets of labels"
    sets = count_label_sets(long({"x": [["a"], []], "y": [["a"], None]}))
    assert alpha(sets, "interval").reason == "the values are not numbers"
    once = alpha(sets, "masi")
    assert once.value is None and once.reason is not None and "only one value" in once.reason
    assert (once.n_items, once.n_single, once.n_ratings) == (1, 1, 3)
    assert alpha(count_label_sets(long({"x": [], "y": []})), "masi").reason == "no item has two ratings"


label_sets = st.lists(
    st.lists(st.one_of(st.none(), st.frozensets(st.sampled_from("abcd"))), min_size=3, max_size=3),
    min_size=3,
    max_size=20,
)


@settings(max_examples=60, deadline=None)
@given(label_sets, st.permutations([0, 1, 2]), st.permutations("abcd"), st.sampled_from(SET_METRICS))
def test_neither_raters_names_nor_labels_names_matter(
    table: Any, order: list[int], letters: list[str], metric: Metric
) -> None:
    named = dict(zip("abcd", letters, strict=True))
    frame = long({str(rater): [row[rater] for row in table] for rater in range(3)})
    renamed = {
        str(rater): [
            None if row[order[rater]] is None else {named[x] for x in row[order[rater]]} for row in table
        ]
        for rater in range(3)
    }
    first = alpha(count_label_sets(frame), metric, replicates=5).value
    again = alpha(count_label_sets(long(renamed)), metric, replicates=5).value
    assert (first is None) == (again is None)
    if first is not None:
        assert again == pytest.approx(first) and first <= 1 + 1e-9


@settings(max_examples=40, deadline=None)
@given(label_sets)
def test_sets_of_one_label_are_as_nominal(table: Any) -> None:
    single = {
        str(rater): [None if row[rater] is None else [min(row[rater], default="e")] for row in table]
        for rater in range(3)
    }
    counts = count_label_sets(long(single))
    nominal = alpha(counts, "nominal", replicates=5)
    for metric in SET_METRICS:
        found = alpha(counts, metric, replicates=5)
        assert (found.value is None) == (nominal.value is None)
        if found.value is not None:
            assert found.value == pytest.approx(nominal.value)


@pytest.mark.parametrize("metric", SET_METRICS)
def test_an_independent_library_says_the_same(metric: Metric) -> None:
    krippendorff = pytest.importorskip("krippendorff")
    rng = np.random.default_rng(5)
    raters = {
        str(rater): [
            [label for label in "abcd" if rng.random() < 0.4] if rng.random() > 0.2 else None
            for _ in range(60)
        ]
        for rater in range(4)
    }
    counts = count_label_sets(long(raters))

    def apart(one: tuple[str, ...], other: tuple[str, ...]) -> float:
        """The definition in words, without matrices."""
        if one == other:
            return 0.0
        shared, union = set(one) & set(other), set(one) | set(other)
        held = shared in (set(one), set(other))
        m = 1.0 if metric == "jaccard" else 2 / 3 if held else 1 / 3
        return 1 - m * len(shared) / len(union)

    def distance(v1: Any, v2: Any, **_: Any) -> Any:
        numbers = np.broadcast_arrays(v1, v2)
        return np.vectorize(lambda a, b: apart(counts.values[int(a)], counts.values[int(b)]))(*numbers)  # type: ignore[arg-type]

    expected = krippendorff.alpha(
        value_counts=counts.table.toarray().astype(int),
        value_domain=np.arange(len(counts.values)),
        level_of_measurement=distance,
    )
    assert alpha(counts, metric).value == pytest.approx(expected, abs=1e-12)
