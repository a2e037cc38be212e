"""Agreement on marked spans, by hand, against slow definitions, and on a public study."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analytics.agreement import alpha, count_ratings
from app.analytics.span_agreement import Matching, count_spans, mean_f1, pairwise_f1
from app.analytics.span_alpha import position_alpha

STUDY = Path(__file__).parents[4] / "shared" / "data" / "greinacher2017"
LENGTH = 14

Row = tuple[str, str, int, int, str]


def marked(*rows: Row) -> pd.DataFrame:
    """rater, item, start, end, label."""
    return pd.DataFrame(rows, columns=["rater", "item", "start", "end", "label"])


def by(raters: str, items: str) -> pd.DataFrame:
    """Each of the raters annotated each of the items; both are single letters."""
    return pd.DataFrame([(rater, item) for item in items for rater in raters], columns=["rater", "item"])


def test_f1_of_two_raters_by_hand() -> None:
    spans = marked(
        ("x", "1", 0, 2, "PER"), ("x", "1", 5, 8, "ORG"),
        ("y", "1", 0, 2, "PER"), ("y", "1", 5, 7, "ORG"), ("y", "1", 5, 7, "ORG"),
        ("y", "2", 0, 1, "PER"),
        ("y", "3", 0, 1, "PER"),
    )  # fmt: skip
    # Item 1: two spans each, one the same, two that overlap. Item 2: x saw it and marked nothing. Item 3: y alone.
    # exact 2*1/(2+3), overlap 2*2/(2+3); the repeated span counts once
    counts = count_spans(spans, by("xy", "12"))
    (pair,) = pairwise_f1(counts)
    assert [pair.exact, pair.overlap] == pytest.approx([0.4, 0.8])
    assert (pair.rater_a, pair.rater_b, pair.n, pair.spans_a, pair.spans_b) == ("x", "y", 2, 2, 3)
    assert counts.items == ("1", "2") and counts.n_duplicates == 1


def test_the_mean_gives_every_pair_the_same_weight() -> None:
    # x-y: 2*1/(1+1) = 1; x-z and y-z: 0 of 1 + 3 spans; mean 1/3. v and w marked nothing: their six pairs with x, y
    # and z are 0, and v-w is undefined; mean 1/9.
    spans = marked(
        ("x", "1", 0, 2, "A"), ("y", "1", 0, 2, "A"), *(("z", "1", n, n + 1, "A") for n in (5, 7, 9))
    )
    counts = count_spans(spans, by("xyzvw", "1"))
    found = mean_f1(counts, "exact")
    assert found.value == pytest.approx(1 / 9)
    assert (found.n_pairs, found.n_undefined, found.n_items, found.low) == (10, 1, 1, None)
    assert mean_f1(count_spans(spans, by("xyz", "1")), "exact").value == pytest.approx(1 / 3)
    assert mean_f1(counts, "exact", against="z").value == 0.0
    quiet = next(pair for pair in pairwise_f1(counts) if (pair.rater_a, pair.rater_b) == ("v", "w"))
    assert (quiet.exact, quiet.overlap, quiet.reason) == (None, None, "neither marked a span")


def test_a_label_must_be_the_same_and_a_border_is_no_overlap() -> None:
    spans = marked(("x", "1", 0, 4, "A"), ("y", "1", 0, 4, "B"), ("x", "2", 0, 4, "A"), ("y", "2", 4, 6, "A"))
    (pair,) = pairwise_f1(count_spans(spans, by("xy", "12")))
    assert (pair.exact, pair.overlap) == (0.0, 0.0)


def test_overlaps_are_matched_one_to_one_and_as_many_as_can_be() -> None:
    # One long span of x over three of y: one match, 2*1/(1+3)
    several = marked(("x", "1", 0, 10, "A"), *(("y", "1", start, start + 2, "A") for start in (0, 4, 8)))
    assert pairwise_f1(count_spans(several, by("xy", "1")))[0].overlap == 0.5
    # A chain: y's first - x's first - y's second - x's second. The largest overlap is in the middle; two matches are
    # possible without it.
    chain = marked(
        ("x", "1", 0, 10, "A"), ("x", "1", 11, 14, "A"), ("y", "1", 0, 1, "A"), ("y", "1", 2, 12, "A")
    )
    assert pairwise_f1(count_spans(chain, by("xy", "1")))[0].overlap == 1.0


def test_alpha_over_positions_by_hand() -> None:
    # 10 positions: A/A twice, outside/A once, outside/outside 7 times; n = 20, A 5, outside 15.
    # D_o = 2/20, D_e = 2*5*15/(20*19), alpha = 1 - 38/150. The second item has one rater.
    spans = marked(("x", "1", 0, 2, "A"), ("y", "1", 0, 3, "A"), ("x", "2", 0, 3, "B"))
    annotated = pd.concat([by("xy", "1"), by("x", "2")])
    found = position_alpha(spans, annotated, {"1": 10, "2": 5})
    assert found.value == pytest.approx(112 / 150)
    assert (found.n_items, found.n_single, found.n_ratings, found.low) == (1, 1, 3, None)
    # Two labels of one rater are a value of their own, in any order, and not either of them.
    both = marked(("x", "1", 0, 2, "A"), ("x", "1", 0, 2, "B"), ("y", "1", 0, 2, "B"), ("y", "1", 0, 2, "A"))
    assert position_alpha(both, by("xy", "1"), {"1": 4}).value == 1.0
    # A+B/A on 2 positions, outside on 2: n = 8, D_o = 4/8, D_e = 2*(2*2 + 2*4 + 2*4)/56, alpha = 1 - 28/40
    partly = position_alpha(both.iloc[[0, 1, 3]], by("xy", "1"), {"1": 4})
    assert partly.value == pytest.approx(0.3)


def test_what_cannot_be_computed_is_said() -> None:
    nothing = marked()
    silent = position_alpha(nothing, by("xy", "1"), {"1": 5})
    assert silent.value is None and silent.reason is not None and "only one value" in silent.reason
    assert mean_f1(count_spans(nothing, by("xy", "1")), "exact").reason == "no rater marked a span"
    for annotated in (by("x", "1"), by("", "")):
        counts = count_spans(nothing, annotated)
        assert pairwise_f1(counts) == []
        assert mean_f1(counts, "overlap").reason == "no item has two raters"
        assert position_alpha(nothing, annotated, {"1": 5}).reason == "no item has two raters"
    one = marked(("x", "1", 2, 4, "A"))
    assert mean_f1(count_spans(one, by("xy", "1")), "exact", against="gold").reason == (
        "no item has 'gold' and another rater"
    )
    with pytest.raises(ValueError, match="1 items have no length, the first is '1'"):
        position_alpha(one, by("xy", "1"), {})
    with pytest.raises(ValueError, match="the first at 4 in item '1' with 3 positions"):
        position_alpha(one, by("xy", "1"), {"1": 3})
    with pytest.raises(ValueError, match="1 spans have no room, the first from 3 to 3 in item '1'"):
        count_spans(marked(("x", "1", 3, 3, "A")), by("xy", "1"))


places = st.tuples(st.integers(0, LENGTH - 1), st.integers(1, 6)).map(
    lambda p: (p[0], min(p[0] + p[1], LENGTH))
)
rows = st.lists(
    st.tuples(st.sampled_from("xyz"), st.sampled_from("12"), places, st.sampled_from("AB")).map(
        lambda r: (r[0], r[1], r[2][0], r[2][1], r[3])
    ),
    max_size=24,
)


def slow_f1(table: pd.DataFrame, one: str, other: str, matching: Matching) -> float | None:
    """The definition for two raters who annotated everything, with scipy's matching of bipartite graphs."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_bipartite_matching

    a, b = (
        [tuple(row[1:]) for row in table.drop_duplicates().itertuples(index=False) if row[0] == rater]
        for rater in (one, other)
    )
    if not a and not b:
        return None
    if matching == "exact":
        return 2 * len(set(a) & set(b)) / (len(a) + len(b))
    touch = [
        [p[0] == q[0] and p[3] == q[3] and p[1] < q[2] and q[1] < p[2] for q in b] for p in a
    ]  # item, start, end, label
    if not a or not b:
        return 0.0
    found = maximum_bipartite_matching(csr_array(np.array(touch, dtype=int)))
    return 2 * int((found >= 0).sum()) / (len(a) + len(b))


@settings(max_examples=150, deadline=None)
@given(rows)
def test_f1_is_that_of_the_definition(table: list[Row]) -> None:
    spans = marked(*table)
    counts = count_spans(spans, by("xyz", "12"))
    pairs = pairwise_f1(counts)
    assert [(pair.rater_a, pair.rater_b) for pair in pairs] == [("x", "y"), ("x", "z"), ("y", "z")]
    for pair in pairs:
        assert pair.exact == slow_f1(spans, pair.rater_a, pair.rater_b, "exact")
        assert pair.overlap == slow_f1(spans, pair.rater_a, pair.rater_b, "overlap")
        assert pair.exact is None or (pair.overlap is not None and 0 <= pair.exact <= pair.overlap <= 1)
    known = [pair.overlap for pair in pairs if pair.overlap is not None]
    found = mean_f1(counts, "overlap", replicates=5).value
    assert found is None if not known else found == pytest.approx(np.mean(known))


@settings(max_examples=60, deadline=None)
@given(rows, st.permutations("xyz"))
def test_alpha_over_positions_is_that_of_one_row_a_position(table: list[Row], order: list[str]) -> None:
    spans = marked(*table)
    one_by_one = pd.DataFrame(
        [
            {
                "item": f"{item} {position}",
                "rater": rater,
                "value": " ".join(
                    sorted(
                        {row[4] for row in table if row[:2] == (rater, item) and row[2] <= position < row[3]}
                    )
                ),
            }
            for item in "12"
            for position in range(LENGTH)
            for rater in "xyz"
        ]
    )
    lengths = {"1": LENGTH, "2": LENGTH}
    found = position_alpha(spans, by("xyz", "12"), lengths, replicates=5)
    expected = alpha(count_ratings(one_by_one), "nominal", replicates=5).value
    assert (found.value is None) == (expected is None)
    if found.value is not None:
        assert found.value == pytest.approx(expected)
        renamed = spans.assign(rater=spans["rater"].map(dict(zip("xyz", order, strict=True))))
        again = position_alpha(renamed, by("xyz", "12"), lengths, replicates=5)
        assert again.value == pytest.approx(found.value)


def test_the_interval_is_that_of_items_drawn_again() -> None:
    rng = np.random.default_rng(11)
    items = "abcdefgh"
    table: list[Row] = []
    for item in items:
        for start in (0, 4, 9):
            table += [
                (rater, item, start, start + int(rng.integers(1, 4)), "A")
                for rater in "xyz"
                if rng.random() < 0.7
            ]
    spans, annotated = marked(*table), by("xyz", items)

    def drawn(weights: Any) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, int]]:
        copies = [
            (item, f"{item}{copy}") for item, n in zip(items, weights, strict=True) for copy in range(n)
        ]
        return (
            pd.concat([spans[spans["item"] == item].assign(item=name) for item, name in copies]),
            pd.concat([annotated[annotated["item"] == item].assign(item=name) for item, name in copies]),
            {name: LENGTH for _, name in copies},
        )

    samples = [
        drawn(weights) for weights in np.random.default_rng(7).multinomial(8, np.full(8, 1 / 8), size=40)
    ]
    f1 = [mean_f1(count_spans(s, a), "exact", replicates=0).value for s, a, _ in samples]
    alphas = [position_alpha(s, a, n, replicates=0).value for s, a, n in samples]
    found = mean_f1(count_spans(spans, annotated), "exact", replicates=40)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(np.array(f1, float), [0.025, 0.975])))
    over = position_alpha(spans, annotated, {item: LENGTH for item in items}, replicates=40)
    assert (over.low, over.high) == pytest.approx(tuple(np.quantile(np.array(alphas, float), [0.025, 0.975])))
    assert found.note == "only 8 items have two ratings: the interval is unstable"


@pytest.mark.skipif(not STUDY.exists(), reason="the greinacher2017 data set is not beside this checkout")
def test_sixty_six_annotators_of_a_study() -> None:
    """The figures of the data set's note; .886 is the mean of the annotators' F1, pooled it would be .885."""
    spans = pd.read_csv(STUDY / "spans.csv").rename(columns={"subject": "rater"})
    texts = pd.read_csv(STUDY / "texts.csv")
    work = pd.read_csv(STUDY / "paragraphs.csv").rename(columns={"subject": "rater"})
    for table in (spans, texts, work):
        table["item"] = table["doc"] + " " + table["paragraph"].astype(str)
    people = spans[spans["source"] == "subject"]
    lengths = dict(zip(texts["item"], texts["n_tokens"], strict=True))

    tokens = position_alpha(people, work, lengths)
    assert tokens.value == pytest.approx(0.895, abs=5e-4)
    assert tokens.low is not None and tokens.high is not None and tokens.low < 0.895 < tokens.high
    assert (tokens.n_items, tokens.n_raters, tokens.n_ratings) == (73, 66, 73 * 66)

    counts = count_spans(people, work)
    between = mean_f1(counts, "exact")
    assert between.value == pytest.approx(0.827, abs=5e-4)
    assert (between.n_pairs, between.n_undefined, between.n_items) == (66 * 65 // 2, 0, 73)
    overlap = mean_f1(counts, "overlap").value
    assert overlap is not None and overlap > 0.827

    gold = count_spans(spans[spans["source"] != "suggestion"], pd.concat([work, texts.assign(rater="gold")]))
    assert mean_f1(gold, "exact", against="gold").value == pytest.approx(0.886, abs=5e-4)
