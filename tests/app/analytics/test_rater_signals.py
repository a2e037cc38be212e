import numpy as np
import pandas as pd
import pytest

from app.analytics.rater_signals import rater_signs


def table(*rows: tuple[str, str, str, str | None, float | None]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["item", "rater", "value", "gold", "seconds"])
    return frame.astype({"seconds": float})


def test_signs_of_three_people_by_hand() -> None:
    # Item 1: a x 2 s, b x 10 s, c y 12 s, median 10. Item 2: a x 3 s, b y 20 s, c y 0 s (no time), median 11.5.
    found = rater_signs(
        table(
            ("1", "a", "x", "x", 2),
            ("1", "b", "x", "x", 10),
            ("1", "c", "y", "x", 12),
            ("2", "a", "x", None, 3),
            ("2", "b", "y", None, 20),
            ("2", "c", "y", None, 0),
        )
    )
    by = {one.rater: one for one in found.raters}
    # a agrees with one of two on item 1, with nobody on item 2: 1/4. b: 1/2 and 1/2. c: nobody and 1/2.
    assert {name: one.peers for name, one in by.items()} == {"a": 0.25, "b": 0.5, "c": 0.25}
    assert [one.rater for one in found.raters] == ["a", "c", "b"]
    # Parts of the medians: a .2 and 3/11.5, b 1 and 20/11.5, c 1.2.
    assert by["a"].relative_time == pytest.approx((0.2 + 3 / 11.5) / 2)
    assert by["b"].relative_time == pytest.approx((1 + 20 / 11.5) / 2)
    assert by["c"].relative_time == 1.2
    assert (by["a"].within_3s, by["b"].within_3s, by["c"].timed) == (1.0, 0.0, 1)
    assert (by["a"].top_label, by["a"].top_share, by["b"].top_share) == ("x", 1.0, 0.5)
    # Known is item 1: a and b are right, c is not; only a was quick there (2 of 10 s).
    assert (found.judgments.count, found.judgments.n, found.judgments.n_raters) == (2, 3, 3)
    assert (found.quick.count, found.quick.n, found.others.count, found.others.n) == (1, 1, 1, 2)
    # One known item each decides about nobody.
    assert {one.often_wrong for one in found.raters} == {None}
    assert all(one.auroc is None and "no rater has 10" in str(one.reason) for one in found.finds)


def test_who_is_often_wrong_and_what_finds_them() -> None:
    # Ten known items. Right: a to f all ten, g eight, h nine, i three. The median is 10 of 10, less .1: g and i are
    # often wrong, h with exactly .9 is not. All take their 5 s, but for i, who takes 50, and a, who takes 1.
    rows = []
    for item in range(10):
        for rater, right in zip("abcdefghi", (10, 10, 10, 10, 10, 10, 8, 9, 3), strict=True):
            seconds = {"i": 50.0, "a": 1.0}.get(rater, 5.0)
            rows.append((str(item), rater, "yes" if item < right else "no", "yes", seconds))
    found = rater_signs(table(*rows))
    assert {one.rater for one in found.raters if one.often_wrong} == {"g", "i"}
    finds = {one.signal: one for one in found.finds}
    assert (finds["peers"].auroc, finds["peers"].often_wrong, finds["peers"].others) == (1.0, 2, 7)
    # Of 14 pairs of one who is often wrong and one who is not: i is slower than all seven (0), g is as quick as six
    # (3) and slower than a (0).
    assert finds["relative_time"].auroc == pytest.approx(3 / 14)
    # Within 3 s: only a. i and g tie with six each (6 of 7 halves) and stand below a: 6/14.
    assert finds["within_3s"].auroc == pytest.approx(6 / 14)
    assert finds["peers"].low is None  # two are too few for an interval


def test_the_interval_of_hanley_and_mcneil() -> None:
    # Their formula with A = .8, 10 and 20: Q1 = .8/1.2, Q2 = 2*.64/1.8.
    rng = np.random.default_rng(3)
    rows = []
    for number in range(30):
        right = 4 if number < 10 else 10
        for item in range(10):
            seconds = float(rng.integers(4, 30)) - (2 if number < 10 else 0)
            rows.append((str(item), f"r{number:02}", "yes" if item < right else "no", "yes", seconds))
    speed = next(one for one in rater_signs(table(*rows)).finds if one.signal == "relative_time")
    assert speed.auroc is not None and speed.low is not None and speed.high is not None
    area = speed.auroc
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + 9 * (first - area**2) + 19 * (second - area**2)
    assert speed.high - area == pytest.approx(min(1 - area, 1.96 * (spread / 200) ** 0.5), abs=1e-4)


def test_one_rating_an_item_and_no_times_leave_the_signs_unknown() -> None:
    found = rater_signs(table(("1", "a", "x", None, None), ("2", "a", "y", None, 4)))
    (one,) = found.raters
    assert (one.peers, one.relative_time, one.within_3s, one.right) == (None, None, 0.0, None)
    assert found.judgments.value is None


def test_a_tenth_below_the_median_is_not_more_than_a_tenth() -> None:
    def of(rater: str, right: int) -> list[tuple[str, str, str, str | None, float | None]]:
        return [(f"{rater}{n}", rater, "x" if n < right else "y", "x", None) for n in range(10)]

    signs = {
        one.rater: one.often_wrong for one in rater_signs(table(*of("a", 9), *of("b", 8), *of("c", 7))).raters
    }
    # The median is .8, and .8 - .7 is .10000000000000009 as a machine has it.
    assert signs == {"a": False, "b": False, "c": False}
