from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from app.analytics.effort import arm_quality, arm_times, help_effect

SHARED = Path(__file__).parents[4] / "shared" / "data" / "greinacher2017"


def frame(rows: Sequence[tuple[str, str, str | None, int, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["rater", "item", "arm", "position", "seconds"])


def test_the_effect_is_found_under_practice_and_differences_between_people() -> None:
    # log t = rater + item - .02 * order + log(.8) * help, without noise: the change is exactly -20 %
    rng = np.random.default_rng(0)
    rows = []
    for rater in range(8):
        for position, item in enumerate(rng.permutation(20)):
            helped = bool(rng.random() < 0.5)
            seconds = np.exp(2 + 0.1 * rater + 0.05 * item - 0.02 * position + np.log(0.8) * helped)
            rows.append((str(rater), str(item), "suggestion" if helped else "none", position, float(seconds)))
    found = help_effect(frame(rows))
    assert found.change == pytest.approx(-0.2, abs=1e-9)
    assert (found.n, found.n_raters, found.n_items) == (160, 8, 20)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([("a", "1", "suggestion", 0, 3.0), ("b", "1", "suggestion", 0, 3.0)], "no control arm"),
        ([("a", "1", "none", 0, 3.0)], "no answer was given with help"),
        ([("a", "1", "none", 0, 3.0), ("a", "2", "suggestion", 1, 2.0)], "one annotator only"),
        ([("a", "1", "none", 0, 3.0), ("b", "1", "suggestion", 0, 2.0)], "confounded"),
        ([("a", "1", None, 0, 3.0)], "no answer has both"),
        ([], "no answer has both"),
    ],
)
def test_what_cannot_be_said_is_not_said(
    rows: list[tuple[str, str, str | None, int, float]], reason: str
) -> None:
    found = help_effect(frame(rows))
    assert found.change is None and found.reason is not None and reason in found.reason


def test_zero_and_negative_seconds_are_left_out_and_counted() -> None:
    rows = [
        (r, i, arm, p, s)
        for r in "ab"
        for p, (i, arm, s) in enumerate(
            [("1", "none", 4.0), ("2", "suggestion", 2.0), ("3", "none", 0.0), ("4", "none", -1.0)]
        )
    ]
    assert help_effect(frame(rows)).left_out == 4
    assert [(time.arm, time.n, time.median) for time in arm_times(frame(rows))] == [
        ("none", 2, 4.0),
        ("suggestion", 2, 2.0),
    ]


def test_quality_is_a_share_where_gold_is_known_and_a_mean_elsewhere() -> None:
    known = pd.DataFrame(
        {"arm": ["none", "none", "suggestion"], "right": [1.0, 0.0, 1.0], "number": [5.0, 6.0, 7.0]}
    )
    control, helped = arm_quality(known)
    assert (control.value, control.is_share, helped.value) == (0.5, True, 1.0)
    assert helped.low is not None and helped.low < 1  # Wilson: one of one is no certainty
    control, _ = arm_quality(known.assign(right=float("nan")))
    assert (control.value, control.is_share) == (5.5, False)


@pytest.mark.skipif(not SHARED.exists(), reason="the greinacher2017 data set is not beside this checkout")
@pytest.mark.parametrize(("level", "percent"), [(None, -8.84), (10, 5.78), (50, -8.41), (90, -21.79)])
def test_a_real_study_gives_its_known_effect(level: int | None, percent: float) -> None:
    data = pd.read_csv(SHARED / "paragraphs.csv")
    data = data if level is None else data[data["level"] == level]
    table = pd.DataFrame(
        {
            "rater": data["subject"],
            "item": data["doc"].astype(str) + "/" + data["paragraph"].astype(str),
            "arm": np.where(data["assisted"].astype(bool), "suggestion", "none"),
            "position": data["position"],
            "seconds": data["seconds"],
        }
    )
    found = help_effect(table)
    assert found.change is not None
    assert round(100 * found.change, 2) == percent
