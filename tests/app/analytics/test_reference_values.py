"""Coefficients of textbooks, where the file of cases is there."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.analytics.agreement import Metric, alpha, cohen_kappa, count_ratings, pairwise_kappas
from app.analytics.chance_corrected import chance_corrected
from app.analytics.icc import icc
from app.analytics.kappa_intervals import kappas_of_tables, with_intervals

CASES = Path(__file__).parents[4] / "shared" / "data" / "reference_values" / "reference_cases.json"
FOUND: list[dict[str, Any]] = json.loads(CASES.read_text(encoding="utf-8")) if CASES.exists() else []
METRICS: tuple[Metric, ...] = ("nominal", "ordinal", "interval", "ratio")

pytestmark = pytest.mark.skipif(
    not FOUND, reason="the textbook cases are not here (shared/data/reference_values)"
)


def long(rows: list[list[Any]], *, raters_first: bool) -> pd.DataFrame:
    """item, rater, value of a matrix; null is no rating."""
    return pd.DataFrame(
        [
            {"item": str(b if raters_first else a), "rater": str(a if raters_first else b), "value": value}
            for a, row in enumerate(rows)
            for b, value in enumerate(row)
            if value is not None
        ]
    )


ALPHAS = [
    case
    for case in FOUND
    if case["layout"].startswith(("raters x units", "units x raters"))
    and any(f"alpha_{metric}" in case["expected"] for metric in METRICS)
]


@pytest.mark.parametrize("case", ALPHAS, ids=lambda c: c["id"])
def test_krippendorffs_alpha(case: dict[str, Any]) -> None:
    counts = count_ratings(long(case["data"], raters_first=case["layout"].startswith("raters")))
    wanted = {metric: case["expected"].get(f"alpha_{metric}") for metric in METRICS}
    for metric, value in wanted.items():
        if value is not None:
            assert alpha(counts, metric, replicates=10).value == pytest.approx(value, abs=case["tol"]), metric


@pytest.mark.parametrize(
    "case", [c for c in FOUND if c["layout"] == "confusion matrix"], ids=lambda c: c["id"]
)
def test_cohens_kappa(case: dict[str, Any]) -> None:
    pairs = [
        (row, column)
        for row, counts in enumerate(case["data"])
        for column, count in enumerate(counts)
        for _ in range(count)
    ]
    first = pd.Series([row for row, _ in pairs])
    second = pd.Series([column for _, column in pairs])
    kappa, reason, n, _ = cohen_kappa(first, second)
    assert reason is None and n == len(pairs)
    assert kappa == pytest.approx(case["expected"]["cohen"], abs=case["tol"])


def computed(case: dict[str, Any]) -> dict[str, Any]:
    """What this project computes of a case, under the names of the file."""
    layout, data = case["layout"], case["data"]
    if data is None:
        return {}
    if "counts" in layout:
        table = np.asarray(data, float)
    elif layout == "confusion matrix":
        rows = [(a, b) for a, row in enumerate(data) for b, often in enumerate(row) for _ in range(often)]
        frame = pd.DataFrame(
            [
                {"item": str(n), "rater": str(r), "value": value}
                for n, row in enumerate(rows)
                for r, value in enumerate(row)
            ]
        )
        table = count_ratings(frame).table
    else:
        frame = long(data, raters_first=layout.startswith("raters"))
        table = count_ratings(frame).table
    out: dict[str, Any] = {"column_sums": table.sum(axis=0).tolist()}
    for weighting, suffix in (("identity", "1"), ("linear", "2_linear"), ("quadratic", "2_quadratic")):
        found = chance_corrected(table, labels=table.shape[1], weighting=weighting)  # type: ignore[arg-type]
        out[f"AC{suffix}"], out[f"AC{suffix}_se"] = found["AC"].value, found["AC"].error
        if weighting == "quadratic":
            out["fleiss_quadratic"] = found["fleiss"].value
        if weighting == "identity":
            for name, key in (("fleiss", "fleiss"), ("brennan_prediger", "BP"), ("percent", "pa")):
                out[key], out[f"{key}_se"] = found[name].value, found[name].error
                out[f"{key}_ci"] = [found[name].t_low, found[name].t_high]
            out["AC1_ci"] = [found["AC"].t_low, found["AC"].t_high]
            out["fixed_marginal"], out["free_marginal"] = out["fleiss"], out["BP"]
    if "counts" in layout:
        return out
    counts = count_ratings(frame)
    out |= {f"alpha_{metric}": alpha(counts, metric, replicates=10).value for metric in METRICS}
    out["alpha"] = out["alpha_nominal"]
    if layout == "confusion matrix":
        wide = frame.pivot(index="item", columns="rater", values="value")
        out["cohen"] = cohen_kappa(wide["0"], wide["1"])[0]
        (pair,) = with_intervals(frame, pairwise_kappas(frame))
        if pair.low is not None:
            out["ci"] = [pair.low, pair.high]
        if pair.linear is not None:
            out["linear"] = pair.linear.value
            if pair.linear.low is not None:
                out["linear_ci"] = [pair.linear.low, pair.linear.high]
        for name, weights in (
            ("cohen", np.eye(3)),
            ("linear", 1 - np.abs(np.subtract.outer(range(3), range(3))) / 2),
        ):
            if len(data) == 3:
                out[f"{name}_ase"] = kappas_of_tables(np.asarray(data, float)[None], weights)[1][0]
        if case["id"] == "cohen1968":  # its own weights, as distances of up to 6
            weights = 1 - np.array([[0, 1, 3], [1, 0, 6], [3, 6, 0]]) / 6
            out["weighted_v"] = kappas_of_tables(np.asarray(data, float)[None], weights)[0][0]
    if layout.startswith("targets"):
        found_icc = icc(frame)
        out |= {
            "ICC1": found_icc.icc1,
            "ICC2": found_icc.icc2,
            "ICC3": found_icc.icc3,
            "ICC1k": found_icc.icc1_mean,
            "ICC2k": found_icc.icc2_mean,
            "ICC3k": found_icc.icc3_mean,
        }
    return out


NOT_COMPUTED = {
    "AC1_pe": "a step on the way to AC1", "AC1_p_value": "intervals are shown and no tests against 0",
    "AC2_ordinal": "numbers are weighed by their distance", "AC2_ordinal_se": "as AC2_ordinal",
    "z_null": "as AC1_p_value", "ase_h0": "as AC1_p_value", "z": "as AC1_p_value",
    "scott": "Fleiss' kappa of two raters; Cohen's is shown",
    "cohen_se": "that of irrCAC; the large-sample one stands as cohen_ase",
    "ci": "of nineteen items; from twenty on there is an interval, by the error that stands as cohen_ase",
    "linear_ci": "as ci",
    "prevalence": "tests/app/analytics/test_aggregation.py", "observer1": "tests/app/analytics/test_aggregation.py",
    "loglik_ours": "tests/app/analytics/test_aggregation.py",
}  # fmt: skip
"""Figures of the file that are not ours, each with why."""


@pytest.mark.parametrize("case", FOUND, ids=lambda c: c["id"])
def test_every_figure_of_the_file_is_ours_or_named(case: dict[str, Any]) -> None:
    ours = computed(case)
    # Tables of R divide variances by n, raw data by n - 1 (as here); of 100 items that is .0002.
    of_table = case["layout"] == "confusion matrix"
    for name, expected in case["expected"].items():
        if name not in ours:
            assert name in NOT_COMPUTED, name
            continue
        tolerance = 5e-4 if of_table and name.endswith("_se") else max(case["tol"], 1e-5)
        assert ours[name] == pytest.approx(expected, abs=tolerance), name


def test_there_are_fifteen_cases() -> None:
    assert len(FOUND) == 15
