"""Coefficients of textbooks, where the file of cases is there."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from app.analytics.agreement import Metric, alpha, cohen_kappa, count_ratings

CASES = Path(__file__).parents[4] / "shared" / "data" / "reference_values" / "reference_cases.json"
FOUND: list[dict[str, Any]] = json.loads(CASES.read_text(encoding="utf-8")) if CASES.exists() else []
METRICS: tuple[Metric, ...] = ("nominal", "ordinal", "interval")

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
