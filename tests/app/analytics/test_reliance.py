from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from app.analytics.intervals import clustered_wilson, wilson
from app.analytics.reliance import label_shift, label_shifts, reliance

SHARED = Path(__file__).parents[4] / "shared" / "data" / "greinacher2017"


def decisions(rows: Sequence[tuple[str, str, bool | None, bool | None]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["rater", "arm", "right", "kept"])


def answers(rows: Sequence[tuple[str, str | None, str | None]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["rater", "arm", "label"])


def test_over_reliance_keeps_the_wrong_and_under_reliance_changes_the_right() -> None:
    # a: wrong kept 1 of 2, right changed 0 of 1; b: wrong kept 0 of 1, right changed 2 of 3.
    rows = [("a", "chat", False, True), ("a", "chat", False, False), ("a", "judge", True, True)]
    rows += [("b", "chat", False, False), ("b", "chat", True, False), ("b", "judge", True, False)]
    table = decisions([*rows, ("b", "judge", True, True)])
    (everything,) = reliance(table)
    assert (everything.group, everything.over.count, everything.over.n) == ((), 1, 3)
    assert (everything.under.count, everything.under.n, everything.under.n_raters) == (2, 4, 2)
    a, b = reliance(table, "rater")
    assert (a.group, a.over.value, a.under.value) == (("a",), 0.5, 0.0)
    assert (b.group, b.over.value) == (("b",), 0.0) and b.under.value == pytest.approx(2 / 3)
    assert (a.over.low, a.over.high) == wilson(1, 2)  # one person: the plain interval
    assert [found.group for found in reliance(table, "rater", "arm")] == [
        ("a", "chat"),
        ("a", "judge"),
        ("b", "chat"),
        ("b", "judge"),
    ]


def test_nothing_is_said_without_a_wrong_suggestion() -> None:
    (found,) = reliance(decisions([("a", "chat", True, True), ("a", "chat", None, True)]))
    assert (found.over.n, found.over.value, found.over.low) == (0, None, None)
    assert (found.under.n, found.under.value) == (1, 0.0)
    (found,) = reliance(decisions([]))
    assert (found.over.value, found.under.value) == (None, None)
    assert reliance(decisions([]), "rater") == []


def test_the_interval_is_as_wide_as_people_differ() -> None:
    # Ten people of ten decisions, half of whom keep all and half none: share .5, variance 10/9 * 10 * 25 / 100^2 =
    # 1/36, so .25 * 36 = 9 independent decisions, times (1.95996 / 2.26216)^2 = .75067 for ten people: 6.75602.
    # Wilson at .5 of 6.75602: half the width is 1.95996 * sqrt(.25 / 6.75602 + 3.84146 / (4 * 45.6438))
    # / (1 + 3.84146 / 6.75602) = 1.95996 * .24092 / 1.56860 = .30102.
    found = clustered_wilson(np.repeat([10.0, 0.0], 5), np.full(10, 10.0))
    assert found is not None and np.allclose(found, (0.5 - 0.30102, 0.5 + 0.30102), atol=1e-4)
    # All alike: nothing says that people differ, so it is the plain interval; so also when all decide the same.
    assert clustered_wilson(np.full(10, 5.0), np.full(10, 10.0)) == wilson(50, 100)
    assert clustered_wilson(np.full(10, 0.0), np.full(10, 10.0)) == wilson(0, 100)
    assert clustered_wilson(np.zeros(3), np.zeros(3)) is None


def test_the_interval_covers_where_wilson_alone_does_not() -> None:
    """22 people of 40 decisions, each with a share of their own around .3 (intraclass correlation .1)."""
    rng = np.random.default_rng(3)
    kept = rng.binomial(40, rng.beta(2.7, 6.3, size=(600, 22))).astype(float)
    n = np.full(22, 40.0)
    clustered = [clustered_wilson(row, n) or (1, 0) for row in kept]
    plain = [wilson(row.sum(), 880) or (1, 0) for row in kept]
    assert 0.92 <= np.mean([low <= 0.3 <= high for low, high in clustered]) <= 0.98
    assert np.mean([low <= 0.3 <= high for low, high in plain]) < 0.75


def test_labels_are_compared_within_people() -> None:
    # a says x on 1 of 2 with help and 0 of 2 without; b says x on all: differences 1/2 and 0, weights 2 * 2 / 4 = 1
    # and 2 * 2 / 4 = 1, so 1/4 of the answers moved.
    rows = [("a", "chat", "x"), ("a", "chat", "y"), ("a", "none", "y"), ("a", "none", "y")]
    rows += [("b", "chat", "x"), ("b", "chat", "x"), ("b", "none", "x"), ("b", "none", "x")]
    found = label_shift(answers([*rows, ("c", "chat", "x"), ("a", None, "x"), ("a", "chat", None)]))
    assert found.distance == pytest.approx(0.25)
    assert (found.n, found.n_raters, found.n_both) == (9, 3, 2)
    # a's single x falls among the helped in half of the permutations, or into the control: both are as far.
    assert found.p_value == 1.0
    assert [(s.arm, s.label, s.count, s.n, s.value) for s in found.shares] == [
        ("none", "x", 2, 4, 0.5),
        ("none", "y", 2, 4, 0.5),
        ("chat", "x", 4, 5, 0.8),
        ("chat", "y", 1, 5, 0.2),
    ]


def test_people_who_label_otherwise_and_had_more_help_are_no_shift() -> None:
    # a says mostly x and had help on 8 of 10, b mostly y and on 2 of 10; neither changes with help.
    rows = [("a", "chat", "x")] * 8 + [("a", "none", "x")] * 2
    rows += [("b", "chat", "y")] * 2 + [("b", "none", "y")] * 8
    found = label_shift(answers(rows))
    assert (found.distance, found.p_value) == (0.0, 1.0)
    assert (
        found.shares[0].value == 0.2 and found.shares[2].value == 0.8
    )  # as the plain distributions would have it


def test_a_shift_is_found_and_none_is_not_invented() -> None:
    rng = np.random.default_rng(5)
    rejected = 0
    for _ in range(300):
        helped, person = rng.random(200) < 0.5, np.repeat(np.arange(5), 40)
        label = rng.random(200) < (person + 1) / 8
        table = pd.DataFrame(
            {"rater": person, "arm": np.where(helped, "chat", "none"), "label": np.where(label, "x", "y")}
        )
        found = label_shift(table, draws=199)
        rejected += (found.p_value or 1) <= 0.05
    assert 4 <= rejected <= 27, rejected  # 15 expected of 300, standard deviation 3.8
    moved = table.assign(label=np.where(helped, "x", table["label"]))
    found = label_shift(moved, draws=199)
    assert found.p_value == 1 / 200
    assert found.distance is not None and found.chance is not None and found.distance > 2 * found.chance


def test_blocks_change_places_as_a_whole() -> None:
    # Each person one block with help, all x, and one without, all y. By block there are 2^3 equally likely
    # assignments, and two of them (all as it was, all the other way round) are as far; by answer it is rare.
    rows = [
        (person, arm, label, block)
        for person in "abc"
        for block, (arm, label) in enumerate((("chat", "x"), ("none", "y")))
        for _ in range(10)
    ]
    table = pd.DataFrame(rows, columns=["rater", "arm", "label", "block"])
    by_block = label_shift(table, draws=4_000)
    assert by_block.distance == 1.0
    assert by_block.p_value == pytest.approx(2 / 8, abs=0.03)  # four standard errors of 4,000 draws
    by_answer = label_shift(table.drop(columns="block")).p_value
    assert by_answer == pytest.approx(1 / 2_001)


def test_each_kind_of_help_is_set_against_the_control() -> None:
    rows = [("a", "chat", "x"), ("a", "none", "y"), ("b", "judge", "y"), ("b", "none", "y")]
    found = label_shifts(answers([*rows, ("a", "chat", "x"), ("b", "none", "x")]), draws=50)
    # a, chat: x against y: 1. b, judge: all y against half y: 1/2.
    assert {arm: round(shift.distance or 0, 9) for arm, shift in found.items()} == {"chat": 1.0, "judge": 0.5}


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "no answer has both"),
        ([("a", "chat", "x")], "no control arm"),
        ([("a", "none", "x")], "no answer was given with help"),
        ([("a", "none", "x"), ("b", "chat", "x")], "confounded"),
        ([("a", "none", "x"), ("a", "chat", "x")], "only one label"),
    ],
)
def test_what_cannot_be_compared_is_not(rows: Sequence[tuple[str, str, str]], reason: str) -> None:
    found = label_shift(answers(rows))
    assert found.distance is None and found.p_value is None
    assert found.reason is not None and reason in found.reason


@pytest.mark.skipif(not SHARED.exists(), reason="the greinacher2017 data set is not beside this checkout")
def test_a_real_study_gives_its_known_counts() -> None:
    spans = pd.read_csv(SHARED / "spans.csv", dtype={"subject": str})
    levels = pd.read_csv(SHARED / "subjects.csv").set_index("subject_id")["assistance_level"]
    place = ["doc", "paragraph", "start", "end", "label"]
    gold = set(spans.loc[spans["source"] == "gold", place].itertuples(index=False, name=None))
    final = spans.loc[spans["source"] == "subject", ["subject", *place]]
    kept = set(final.itertuples(index=False, name=None))
    shown = spans[spans["source"] == "suggestion"]
    table = pd.DataFrame(
        {
            "rater": shown["subject"],
            "level": shown["subject"].astype(int).map(levels),
            "right": [row in gold for row in shown[place].itertuples(index=False, name=None)],
            "kept": [row in kept for row in shown[["subject", *place]].itertuples(index=False, name=None)],
        }
    )
    assert {
        found.group[0]: (found.over.count, found.over.n, found.under.n - found.under.count, found.under.n)
        for found in reliance(table, "level")
    } == {"10": (63, 924, 326, 341), "50": (54, 484, 1639, 1716), "90": (17, 110, 2945, 3069)}
    # The 22 people differ in how many of the wrong ones they kept: Wilson alone would say .0537 to .0863.
    over = reliance(table, "level")[0].over
    assert over.low is not None and over.high is not None
    assert over.low < 0.0537 and over.high > 0.0863 and over.n_raters == 22
