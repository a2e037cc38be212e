"""Agreement over a million ratings, beside the libraries that people use: seconds, memory and ratios of one run.

    python benchmarks/agreement_ratings.py [--ratings 1000000] [--crowd-kit-python PYTHON]

Three ratings an item of five labels, from a pool of 200 raters of different skill. Krippendorff's alpha with 1,000
bootstrap replicates beside `krippendorff` in a loop; every coefficient of as many ratings on a scale of a hundred values,
where nearly all items differ, beside the four alphas of `krippendorff` without an interval; the kappas of all 19,900 pairs beside scikit-learn in a loop;
Dawid and Skene's model beside crowd-kit. The loops are cut short and extrapolated, and it says so. Each part is a
process of its own, so that its memory is its own: what it holds with the ratings and the libraries before it begins,
and its peak.

crowd-kit asks for packages that MILO does without. Put it elsewhere, and name that Python:

    python -m venv crowd && crowd/bin/pip install crowd-kit
    python benchmarks/agreement_ratings.py --crowd-kit-python crowd/bin/python
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

RATERS, LABELS = 200, 5
METRICS: tuple[Any, ...] = ("nominal", "ordinal", "interval", "ratio")
REPLICATES = 1_000
LOOPED = 20
"""Replicates that `krippendorff` is run for; the rest is extrapolated."""
PAIRS = 200
"""Pairs that scikit-learn is run for, of 19,900."""
FINE = 100
"""Values of the fine scale."""
FEW_ITEMS = 2_000
"""Items that `krippendorff` is run for on the fine scale, of which it holds a table of values by values each."""
ROUNDS = 10
"""Of the model, where both do the same number."""
MOST_SECONDS, MOST_MEGABYTES, LOOP_RATIO, CROWD_KIT_RATIO = 0.5, 300, 1_000, 10
"""Targets for a million ratings: alpha with its replicates, its memory, and how many times quicker than the others."""


def make(ratings: int) -> pd.DataFrame:
    """item, rater, value as text, the same at every call."""
    rng = np.random.default_rng(1)
    items = ratings // 3
    truth = rng.choice(LABELS, items, p=[0.35, 0.25, 0.2, 0.12, 0.08])
    skill = rng.uniform(0.3, 0.9, RATERS)
    says = np.stack([s * np.eye(LABELS) + (1 - s) * rng.dirichlet(np.ones(LABELS), LABELS) for s in skill])
    first, steps = rng.integers(0, RATERS, items), rng.integers(1, RATERS // 3, (2, items))
    rater = np.stack([first, first + steps[0], first + steps[0] + steps[1]], axis=1).ravel() % RATERS
    item = np.repeat(np.arange(items), 3)
    below = says.cumsum(axis=2)[rater, truth[item]]
    value = (rng.random(len(item))[:, None] > below).sum(axis=1).clip(0, LABELS - 1)

    def names(prefix: str, count: int) -> Any:
        return np.asarray([f"{prefix}-{number:06d}" for number in range(count)], dtype=object)

    columns = {"item": names("item", items)[item], "rater": names("rater", RATERS)[rater]}
    return pd.DataFrame(columns | {"value": np.asarray(list("12345"), dtype=object)[value]}, dtype="str")


def megabytes(name: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    return float("nan")


def measured(act: Callable[[], Any], rounds: int) -> dict[str, Any]:
    """Median seconds of the rounds, by the clock and of the processor; megabytes held before, and at the peak."""
    held = megabytes("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    times, processor = [], []
    for _ in range(rounds):
        started, used = time.perf_counter(), time.process_time()
        act()
        times.append(time.perf_counter() - started)
        processor.append(time.process_time() - used)
    return {
        "seconds": statistics.median(times),
        "processor": statistics.median(processor),
        "held": held,
        "peak": megabytes("VmHWM"),
    }


def part_alpha(ratings: int) -> dict[str, Any]:
    from app.analytics.agreement import alpha, count_ratings

    frame = make(ratings)
    found = measured(lambda: alpha(count_ratings(frame), "nominal", replicates=REPLICATES), 5)
    counts = count_ratings(frame)
    for metric in ("nominal", "ordinal", "interval"):
        of_counts = measured(lambda metric=metric: alpha(counts, metric, replicates=REPLICATES), 5)  # type: ignore[misc]
        found[metric] = of_counts["seconds"]
    return found | {"alpha": alpha(counts, "nominal").value}


def part_krippendorff(ratings: int) -> dict[str, Any]:
    import krippendorff

    from app.analytics.agreement import count_ratings

    table = count_ratings(make(ratings)).table.toarray().astype(int)
    rng = np.random.default_rng(1)

    def replicate() -> None:
        drawn = table[rng.integers(0, len(table), len(table))]
        krippendorff.alpha(value_counts=drawn, level_of_measurement="nominal")

    found = measured(replicate, LOOPED)
    return found | {"alpha": krippendorff.alpha(value_counts=table, level_of_measurement="nominal")}


def make_fine(ratings: int) -> pd.DataFrame:
    """The same raters and items on a scale of FINE values: the item's place on it with a rater's noise."""
    rng = np.random.default_rng(2)
    frame = make(ratings)
    place = np.repeat(rng.uniform(0, FINE, len(frame) // 3), 3)
    value = np.clip(np.round(place + rng.normal(0, FINE / 8, len(frame))), 0, FINE - 1)
    return frame.assign(value=value.astype(int))


def part_fine(ratings: int) -> dict[str, Any]:
    import scipy.sparse  # noqa: F401 - its import is no part of the figure

    from app.analytics.coding import code_ratings
    from app.analytics.coefficients import Declared, coefficients_of

    coded = code_ratings(make_fine(ratings))
    return measured(lambda: coefficients_of(coded, Declared()), 3)


def part_fine_krippendorff(ratings: int) -> dict[str, Any]:
    import krippendorff

    from app.analytics.agreement import alpha, count_ratings

    frame = make_fine(ratings).iloc[: 3 * FEW_ITEMS]
    counts = count_ratings(frame)
    table = counts.table.toarray().astype(int)
    values: dict[str, float] = {}

    def all_four() -> None:
        for metric in METRICS:
            values[metric] = krippendorff.alpha(
                value_counts=table, value_domain=np.asarray(counts.values, float), level_of_measurement=metric
            )

    found = measured(all_four, 3)
    for metric in METRICS:
        assert abs(values[metric] - (alpha(counts, metric).value or 0.0)) < 1e-9, metric
    return found | {"items": len(table)}


def part_kappas(ratings: int) -> dict[str, Any]:
    import scipy.sparse  # noqa: F401 - its import is no part of the figure

    from app.analytics.kappas import pairwise_kappas

    frame = make(ratings)
    found = measured(lambda: pairwise_kappas(frame, most_raters=RATERS), 3)
    pairs = pairwise_kappas(frame, most_raters=RATERS)
    return found | {"pairs": len(pairs), "kappas": [pair.kappa for pair in pairs]}


def part_sklearn(ratings: int) -> dict[str, Any]:
    from sklearn.metrics import cohen_kappa_score

    frame = make(ratings).drop_duplicates(["item", "rater"])
    by_rater = {str(rater): rows.set_index("item")["value"] for rater, rows in frame.groupby("rater")}
    everyone = list(combinations(sorted(by_rater), 2))
    chosen = np.random.default_rng(1).choice(len(everyone), min(PAIRS, len(everyone)), replace=False)
    kappas: dict[int, float] = {}
    inside = 0.0
    warnings.simplefilter("ignore")  # of pairs with one value only, which few ratings have

    def loop() -> None:
        nonlocal inside
        for number in chosen.tolist():
            a, b = (by_rater[name] for name in everyone[number])
            shared = a.index.intersection(b.index)
            one, other = a.loc[shared].to_numpy(str), b.loc[shared].to_numpy(str)
            if not len(shared):
                continue
            started = time.perf_counter()
            kappas[number] = float(cohen_kappa_score(one, other, labels=list("12345")))
            inside += time.perf_counter() - started

    found = measured(loop, 1)
    return found | {"pairs": len(everyone), "done": len(chosen), "inside": inside, "kappas": kappas}


def part_model(ratings: int) -> dict[str, Any]:
    import scipy.sparse  # noqa: F401 - its import is no part of the figure

    from app.analytics.aggregation import dawid_skene

    frame = make(ratings)
    found = measured(lambda: dawid_skene(frame, rounds=ROUNDS, tolerance=0.0), 3)
    own = measured(lambda: dawid_skene(frame), 1)
    model = dawid_skene(frame)
    shares = dict(zip(model.labels, model.prevalence, strict=True))
    return found | {"own": own["seconds"], "rounds": model.rounds, "prevalence": shares}


def part_crowd_kit(ratings: int) -> dict[str, Any]:
    from crowdkit.aggregation import DawidSkene

    frame = make(ratings).rename(columns={"item": "task", "rater": "worker", "value": "label"})
    found = measured(lambda: DawidSkene(n_iter=ROUNDS, tol=-1.0).fit(frame), 1)
    started = time.perf_counter()
    model = DawidSkene(n_iter=200).fit(frame)
    own = time.perf_counter() - started
    shares = {str(label): float(share) for label, share in model.priors_.items()}
    return found | {"own": own, "rounds": len(model.loss_history_), "prevalence": shares}


PARTS = {
    "alpha": part_alpha,
    "krippendorff": part_krippendorff,
    "fine": part_fine,
    "fine-krippendorff": part_fine_krippendorff,
    "kappas": part_kappas,
    "sklearn": part_sklearn,
    "model": part_model,
    "crowd-kit": part_crowd_kit,
}


def run(part: str, ratings: int, python: str = sys.executable) -> dict[str, Any]:
    command = [python, __file__, "--part", part, "--ratings", str(ratings)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def memory(found: dict[str, Any]) -> str:
    return f"{found['processor']:.2f} s of the processor; held {found['held']:.0f} MB, peak {found['peak']:.0f} MB"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--ratings", type=int, default=1_000_000)
    parser.add_argument(
        "--crowd-kit-python", help="a Python that has crowd-kit; without it that part is left out"
    )
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        print(json.dumps(PARTS[given.part](given.ratings)))
        return

    ours, theirs = run("alpha", given.ratings), run("krippendorff", given.ratings)
    assert abs(ours["alpha"] - theirs["alpha"]) < 1e-9, (ours["alpha"], theirs["alpha"])
    loop = (REPLICATES + 1) * theirs["seconds"]
    counting = ours["seconds"] - ours["nominal"]
    print(f"{given.ratings:,} ratings, {RATERS} raters, {LABELS} labels")
    print(f"alpha with {REPLICATES:,} replicates, from the ratings: {ours['seconds']:.3f} s; {memory(ours)}; "
          f"target {MOST_SECONDS} s, {MOST_MEGABYTES} MB")  # fmt: skip
    for metric in ("nominal", "ordinal", "interval"):
        print(f"  of it, once they are counted, {metric:<9} {ours[metric]:.4f} s")
    print(f"krippendorff in a loop, counted before: {theirs['seconds']:.3f} s a replicate; {memory(theirs)}")
    print(f"  extrapolated from {LOOPED} replicates: {loop:.0f} s")
    print(f"  ratio, both counted before: {loop / ours['nominal']:,.0f}; with the same counting on both sides: "
          f"{(loop + counting) / ours['seconds']:,.0f}; target {LOOP_RATIO:,}")  # fmt: skip

    ours, theirs = run("fine", given.ratings), run("fine-krippendorff", given.ratings)
    four = theirs["seconds"] * (given.ratings // 3) / theirs["items"]
    print(
        f"every coefficient on a scale of {FINE}, of coded ratings: {ours['seconds']:.2f} s; {memory(ours)}"
    )
    print(f"krippendorff's four alphas without an interval, extrapolated from {theirs['items']:,} items: {four:.0f} s; "
          f"{memory(theirs)}; ratio {four / ours['seconds']:.0f}; no target is set")  # fmt: skip

    ours, theirs = run("kappas", given.ratings), run("sklearn", given.ratings)
    for number, kappa in theirs["kappas"].items():
        mine = ours["kappas"][int(number)]  # None where they say nan
        assert math.isnan(kappa) if mine is None else abs(mine - kappa) < 1e-9, (number, mine, kappa)
    scale = theirs["pairs"] / theirs["done"]
    print(f"kappas of all {ours['pairs']:,} pairs: {ours['seconds']:.3f} s; {memory(ours)}")
    print(f"scikit-learn in a loop, extrapolated from {theirs['done']} pairs: {scale * theirs['seconds']:.0f} s, of it "
          f"{scale * theirs['inside']:.0f} s in cohen_kappa_score; {memory(theirs)}")  # fmt: skip
    print(f"  ratio: {scale * theirs['seconds'] / ours['seconds']:,.0f}; with cohen_kappa_score alone: "
          f"{scale * theirs['inside'] / ours['seconds']:,.0f}; no target is set")  # fmt: skip

    ours = run("model", given.ratings)
    print(f"Dawid and Skene, {ROUNDS} rounds: {ours['seconds']:.2f} s; {memory(ours)}; to its own end, "
          f"{ours['rounds']} rounds: {ours['own']:.2f} s")  # fmt: skip
    if not given.crowd_kit_python:
        print("crowd-kit: left out. python -m venv crowd && crowd/bin/pip install crowd-kit, "
              "then --crowd-kit-python crowd/bin/python")  # fmt: skip
        return
    theirs = run("crowd-kit", given.ratings, given.crowd_kit_python)
    apart = max(abs(share - theirs["prevalence"][label]) for label, share in ours["prevalence"].items())
    print(f"crowd-kit, {ROUNDS} rounds: {theirs['seconds']:.2f} s; {memory(theirs)}; to its own end, "
          f"{theirs['rounds']} rounds: {theirs['own']:.2f} s")  # fmt: skip
    print(f"  ratio, the same number of rounds: {theirs['seconds'] / ours['seconds']:.1f}, target {CROWD_KIT_RATIO}, of the processor's time "
          f"{theirs['processor'] / ours['processor']:.1f}; each to its own end: "
          f"{theirs['own'] / ours['own']:.1f}; shares of the labels differ by {apart:.4f} at most")  # fmt: skip


if __name__ == "__main__":
    main()
