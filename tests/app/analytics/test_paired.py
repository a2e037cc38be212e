from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from app.analytics.paired import paired_comparison

SHARED = Path(__file__).parents[4] / "shared" / "data" / "greinacher2017"


def frame(rows: Sequence[tuple[str, str | None, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["rater", "arm", "value"])


def test_the_difference_is_taken_person_by_person() -> None:
    # Differences 1, 2, 3, 4, 5: mean 3, sd sqrt(2.5), error sqrt(2.5 / 5) = .7071, t = 3 / .7071 = 4.2426 on 4
    # degrees; t.975(4) = 2.7764 (any table), so the interval is 3 -+ 1.9633.
    rows = [(str(n), "none", 10.0 * n) for n in range(5)]
    rows += [(str(n), "suggestion", 10.0 * n + 1 + n) for n in range(5)]
    found = paired_comparison(frame(rows), "value")
    assert (found.difference, found.n, found.degrees, found.unpaired) == (3.0, 5, 4, 0)
    assert found.t == pytest.approx(18**0.5)
    assert found.low == pytest.approx(1.0368, abs=1e-4) and found.high == pytest.approx(4.9632, abs=1e-4)
    # On 4 degrees p = 1 - s (1 + c / 2) with s = t / sqrt(t^2 + 4) = sqrt(18 / 22), c = 4 / 22: 1 - .98676.
    assert found.p_value == pytest.approx(0.01324, abs=1e-5)
    assert (found.with_help, found.without_help) == (23.0, 20.0)


def test_a_person_counts_once_however_many_rows_they_have() -> None:
    # a: 4 - 2 = 2 (4 is the mean of 3 and 5); b: 5 - 1 = 4. Mean 3, sd sqrt(2), t = 3 / 1.
    rows = [("a", "none", 2.0), ("a", "chat", 3.0), ("a", "suggestion", 5.0), ("b", "none", 1.0)]
    found = paired_comparison(frame([*rows, ("b", "chat", 5.0)]), "value")
    assert found.difference == 3.0 and found.t == pytest.approx(3.0)


def test_rows_without_arm_or_measure_and_people_with_one_side_are_left_out() -> None:
    rows = [("a", "none", 2.0), ("a", "chat", 4.0), ("a", None, 99.0), ("a", "chat", float("nan"))]
    rows += [("b", "none", 1.0), ("b", "chat", 5.0), ("b", "chat", float("inf")), ("c", "chat", 7.0)]
    found = paired_comparison(frame(rows), "value")
    assert (found.difference, found.n, found.unpaired) == (3.0, 2, 1)


@pytest.mark.parametrize(
    ("rows", "difference", "reason"),
    [
        ([], None, "0 people have"),
        ([("a", "none", 1.0), ("a", "chat", 2.0)], None, "1 person has"),
        ([("a", "none", 1.0), ("b", "chat", 2.0)], None, "0 people have"),
        # .3 - .2 and .2 - .1 differ in the last bit only
        ([("a", "none", 0.2), ("a", "chat", 0.3), ("b", "none", 0.1), ("b", "chat", 0.2)], 0.1, "the same"),
        ([("a", "none", 0.0), ("a", "chat", 0.0), ("b", "none", 0.0), ("b", "chat", 0.0)], 0.0, "the same"),
    ],
)
def test_what_cannot_be_tested_is_not_tested(
    rows: Sequence[tuple[str, str | None, float]], difference: float | None, reason: str
) -> None:
    found = paired_comparison(frame(rows), "value")
    assert found.t is None and found.p_value is None and found.low is None
    assert found.difference == (None if difference is None else pytest.approx(difference))
    assert found.reason is not None and reason in found.reason


def author_blocks(folder: Path) -> pd.DataFrame:
    """One row per person and block, with the measures as the author built them.

    Correctness and misses are in percent of the block's entities (`total_annotations_count`); all three are taken
    block by block, then averaged over a person's two blocks of each kind.
    """
    wide = pd.read_csv(folder / "subjects.csv")
    paragraphs = pd.read_csv(folder / "paragraphs.csv")
    sums = paragraphs.groupby(["subject", "block"])[["seconds", "final_correct"]].sum()
    parts = []
    for block in range(4):
        own = wide.filter(like=f"block_{block}_").rename(columns=lambda name: name.removeprefix("block_"))
        mine = sums.xs(block, level="block").loc[wide["subject_id"]].reset_index(drop=True)
        parts.append(
            pd.DataFrame(
                {
                    "rater": wide["subject_id"],
                    "level": wide["assistance_level"],
                    "arm": np.where(own[f"{block}_assistance_present"].astype(bool), "suggestion", "none"),
                    "correctness": own[f"{block}_correctness"],
                    "seconds per correct": mine["seconds"] / mine["final_correct"],
                    "misses": 100
                    * own[f"{block}_mistake_missed_count"]
                    / own[f"{block}_total_annotations_count"],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


@pytest.mark.skipif(not SHARED.exists(), reason="the greinacher2017 data set is not beside this checkout")
@pytest.mark.parametrize(
    ("measure", "level", "t", "p_value", "mean"),
    [
        # R. P. Greinacher, bachelor thesis, 2017, section 4.1; t(21), p < .001 given as 0.
        ("correctness", 10, -0.521, 0.608, -0.62),
        ("correctness", 50, 2.123, 0.046, 3.67),
        ("correctness", 90, 4.367, 0.000, 6.05),
        ("seconds per correct", 10, 0.762, 0.454, 0.51),
        ("seconds per correct", 50, -2.151, 0.043, -1.65),
        ("seconds per correct", 90, -6.416, 0.000, -1.93),
        ("misses", 10, -1.176, 0.252, -1.55),  # p is .2526: cut, not rounded, in print
        ("misses", 50, -2.383, 0.027, -2.80),
        ("misses", 90, -3.591, 0.002, -3.94),
    ],
)
def test_a_published_study_gives_its_printed_tests(
    measure: str, level: int, t: float, p_value: float, mean: float
) -> None:
    blocks = author_blocks(SHARED)
    found = paired_comparison(blocks[blocks["level"] == level], measure)
    assert found.t is not None and found.p_value is not None and found.difference is not None
    assert (round(found.t, 3), round(found.difference, 2)) == (t, mean)
    assert round(found.p_value, 3) == p_value or int(1000 * found.p_value) / 1000 == p_value
    assert (found.n, found.degrees) == (22, 21)
