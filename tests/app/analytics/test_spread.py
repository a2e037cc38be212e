from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from app.analytics.spread import TYPICAL, Spread, spread_of

SHARED = Path(__file__).parents[4] / "shared" / "data" / "greinacher2017"


def past(seed: int, *, raters: int = 40, items: int = 60, crossover: bool = False) -> pd.DataFrame:
    """Times of people who all label all items, in orders of their own, with the spreads of TYPICAL."""
    rng = np.random.default_rng(seed)
    order = np.array([rng.permutation(items) for _ in range(raters)])
    position = np.tile(np.arange(items), (raters, 1))
    if crossover:
        helped = (position // 15 + np.arange(raters)[:, None]) % 2
    else:
        helped = np.array([[rng.permutation(2) for _ in range(items // 2)] for _ in range(raters)])
        helped = helped.reshape(raters, items)
    log_seconds = (
        rng.normal(3, TYPICAL.people, (raters, 1))
        + rng.normal(0, 0.5, items)[order]
        + rng.normal(-0.1, TYPICAL.effect, (raters, 1)) * helped
        - 0.005 * position
        + np.repeat(rng.normal(0, TYPICAL.drift, (raters, items // 10)), 10, axis=1)
        + rng.normal(0, (TYPICAL.residual**2 - TYPICAL.drift**2) ** 0.5, (raters, items))
    )
    return pd.DataFrame(
        {
            "rater": np.repeat(np.arange(raters), items),
            "item": order.ravel(),
            "arm": np.where(helped.ravel(), "suggestion", "none"),
            "position": position.ravel(),
            "seconds": np.exp(log_seconds).ravel(),
        }
    )


def middle(found: list[Spread], name: str) -> float:
    """Root of the mean variance: it is variances that are estimated without bias."""
    return float(np.mean([getattr(spread, name) ** 2 for spread in found]) ** 0.5)


def test_the_spread_that_was_put_in_comes_out() -> None:
    found = [spread_of(past(seed)) for seed in range(12)]
    for name, tolerance in (("residual", 0.005), ("effect", 0.02), ("people", 0.03), ("drift", 0.015)):
        assert middle(found, name) == pytest.approx(getattr(TYPICAL, name), abs=tolerance)
    assert (found[0].n, found[0].n_raters, found[0].assumed) == (2400, 40, ())


def test_help_in_blocks_tells_no_drift_but_the_rest() -> None:
    # Blocks of 15 with help in turn: neighbouring blocks of 10 differ in help, but for two of the five steps.
    found = [spread_of(past(seed, crossover=True), block=15) for seed in range(12)]
    assert found[0].assumed == ("drift",) and found[0].drift == TYPICAL.drift
    assert middle(found, "residual") == pytest.approx(TYPICAL.residual, abs=0.005)
    assert middle(found, "effect") == pytest.approx(TYPICAL.effect, abs=0.03)


def test_what_cannot_be_estimated_is_assumed_and_said() -> None:
    table = past(0)
    nothing = spread_of(table[:0])
    assert nothing == TYPICAL
    few = spread_of(table[table["rater"] < 5])
    assert few.assumed == ("effect", "people", "drift") and few.residual != TYPICAL.residual
    without_help = spread_of(table[table["arm"] == "none"].assign(arm=None))
    assert without_help.assumed == ("effect",)
    assert "drift" in spread_of(table.assign(position=np.nan)).assumed
    each_item_once = table.assign(item=-1 - table.index)
    assert spread_of(each_item_once) == TYPICAL
    assert spread_of(pd.concat([table, each_item_once])) == spread_of(table)
    zero = spread_of(pd.concat([table, table.head(100).assign(seconds=0.0)]))
    assert zero == spread_of(table)


def test_people_whom_no_item_connects_are_not_set_side_by_side() -> None:
    # The second half labels other items, which are e^2 times as long: that is no spread between people.
    table = past(0)
    apart = table["rater"] >= 20
    moved = table.assign(
        item=table["item"] + 1_000 * apart, seconds=table["seconds"] * np.where(apart, np.exp(2), 1)
    )
    assert spread_of(moved).people < 0.4


@pytest.mark.skipif(not SHARED.exists(), reason="the greinacher2017 data set is not beside this checkout")
def test_the_typical_spread_is_that_of_a_real_study() -> None:
    data = pd.read_csv(SHARED / "paragraphs.csv")
    table = pd.DataFrame(
        {
            "rater": data["subject"],
            "item": data["doc"].astype(str) + "/" + data["paragraph"].astype(str),
            "arm": np.where(data["assisted"].astype(bool), "suggestion", "none"),
            "position": data["position"],
            "seconds": data["seconds"],
        }
    )
    found = {level: spread_of(table[data["level"] == level]) for level in (10, 50, 90)}
    assert {level: round(spread.effect, 2) for level, spread in found.items()} == {
        10: 0.0,
        50: 0.03,
        90: 0.11,
    }
    whole = spread_of(table, block=6)
    assert (round(whole.residual, 2), round(whole.effect, 2), round(whole.people, 2)) == (0.34, 0.15, 0.25)
    assert round(whole.drift, 2) == round(spread_of(table, block=5).drift, 2) == TYPICAL.drift
