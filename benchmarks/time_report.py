"""The effect of help on handling time over 1,000,000 visits, beside statsmodels on the same model in the same run.

    python -m venv other && other/bin/pip install statsmodels numpy pandas scipy
    PYTHONPATH=. other/bin/python benchmarks/time_report.py [--visits 1000000]

Both fit log seconds on help and order with annotator and item held fixed, and cluster by annotator. statsmodels
cannot hold 50,000 items as dummies in memory, so it gets the cheapest form there is: pandas takes the means of
annotators and items out, in turns until nothing moves, and `OLS` fits what is left. Prints the ratio of the times, the
median of three rounds, after checking that both found the same effect and interval. Below stands the form that a
notebook would start with, a formula with dummies, at two smaller sizes, and what the larger comes to at full size if time
goes with visits times the square of the columns, as least squares do: an extrapolation, not a measurement.
"""

import argparse
import math
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from app.analytics.effort import arm_effects, help_effect, naive_effect
from app.analytics.times import arm_times, group_times

ROUNDS = 3
PER_ITEM = 20
RATERS = 200
DUMMIES = (8_000, 16_000)


def visits(count: int, raters: int) -> pd.DataFrame:
    """Times with help that saves 10 %, practice, and people and items that differ; each item answered twenty times."""
    rng = np.random.default_rng(0)
    item = np.arange(count) // PER_ITEM
    rater = np.concatenate(
        [rng.choice(raters, PER_ITEM, replace=False) for _ in range(math.ceil(count / PER_ITEM))]
    )
    table = pd.DataFrame({"rater": rater[:count], "item": item}).sample(
        frac=1, random_state=1, ignore_index=True
    )
    table["position"] = table.groupby("rater").cumcount()
    helped = rng.random(count) < 0.5
    log_seconds = (
        3
        + rng.normal(0, 0.25, raters)[table["rater"]]
        + rng.normal(0, 0.5, item.max() + 1)[table["item"]]
        + (math.log(0.9) + rng.normal(0, 0.13, raters)[table["rater"]]) * helped
        - 0.3 * table["position"] / table["position"].max()
        + rng.normal(0, 0.34, count)
    )
    return table.assign(arm=np.where(helped, "suggestion", "none"), seconds=np.exp(log_seconds))


def demeaned(table: pd.DataFrame) -> Any:
    """statsmodels on what is left after the means of annotators and items, taken out with pandas."""
    import statsmodels.api as sm

    columns = pd.DataFrame(
        {
            "log_seconds": np.log(table["seconds"]),
            "helped": (table["arm"] != "none").astype(float),
            "position": table["position"].astype(float),
        }
    )
    columns -= columns.mean()
    while True:
        before = columns
        for name in ("rater", "item"):
            columns = columns - columns.groupby(table[name]).transform("mean")
        if (columns - before).abs().to_numpy().max() < 1e-10:
            break
    # The constant, now 0, is kept as a parameter, as the report counts it in its correction.
    exog = sm.add_constant(columns[["helped", "position"]])
    return sm.OLS(columns["log_seconds"], exog).fit(cov_type="cluster", cov_kwds={"groups": table["rater"]})


def dummies(table: pd.DataFrame) -> Any:
    import statsmodels.formula.api as smf

    columns = table.assign(
        log_seconds=np.log(table["seconds"]), helped=(table["arm"] != "none").astype(float)
    )
    return smf.ols("log_seconds ~ helped + position + C(rater) + C(item)", columns).fit(
        cov_type="cluster", cov_kwds={"groups": columns["rater"]}
    )


def timed(act: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = act()
    return time.perf_counter() - started, result


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--visits", type=int, default=1_000_000)
    count = parser.parse_args().visits
    try:
        import statsmodels
    except ImportError:
        raise SystemExit(
            "statsmodels is not installed; see the top of this file for what to install"
        ) from None
    table = visits(count, RATERS)
    print(
        f"{count:,} visits, {RATERS} annotators, {table['item'].nunique():,} items; statsmodels {statsmodels.__version__}"
    )
    ours, theirs = [], []
    for _ in range(ROUNDS):
        seconds, effect = timed(lambda: help_effect(table, flips=False))
        ours.append(seconds)
        seconds, fit = timed(lambda: demeaned(table))
        theirs.append(seconds)
    beta, error = float(fit.params["helped"]), float(fit.bse["helped"])
    expected = [math.expm1(beta + z * error) for z in (0, -1.959963984540054, 1.959963984540054)]
    assert np.allclose([effect.change, effect.low, effect.high], expected, atol=1e-8), (effect, expected)
    ratios = [other / own for other, own in zip(theirs, ours, strict=True)]
    print(f"  both: {effect.change:+.4%} [{effect.low:+.4%}, {effect.high:+.4%}]")
    print(f"  help_effect                         {statistics.median(ours):7.2f} s")
    print(f"  pandas means, then statsmodels OLS  {statistics.median(theirs):7.2f} s")
    print(f"  ratio {statistics.median(ratios):.1f}  (rounds: {', '.join(f'{r:.1f}' for r in ratios)})")

    dummies(visits(1_000, RATERS))  # imports, and what is done once
    for size in DUMMIES:
        part = visits(size, RATERS)
        own, effect = timed(partial(help_effect, part, flips=False))
        other, fit = timed(partial(dummies, part))
        assert math.isclose(effect.change, math.expm1(fit.params["helped"]), abs_tol=1e-6)
        print(f"  {size:,} visits: dummies {other:.2f} s, help_effect {own:.3f} s, ratio {other / own:,.0f}")
    columns = [RATERS + visit / PER_ITEM for visit in (DUMMIES[-1], count)]
    guess = other * (count / DUMMIES[-1]) * (columns[1] / columns[0]) ** 2
    print(
        f"  dummies at {count:,} visits, extrapolated: {guess / 86_400:,.0f} days"
        f" and a matrix of {count * columns[1] * 8 / 1e9:,.0f} GB"
    )

    print("  the rest of the report:")
    for name, act in (
        ("effect with 20,000 flips", lambda: help_effect(table)),
        ("each arm by itself", lambda: arm_effects(table)),
        ("times by arm", lambda: arm_times(table)),
        ("naive figures", lambda: naive_effect(table)),
        ("times by person", lambda: group_times(table, "rater")),
    ):
        print(f"    {name:<26} {timed(act)[0]:6.2f} s")


if __name__ == "__main__":
    main()
