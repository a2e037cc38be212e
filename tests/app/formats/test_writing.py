import csv
import json
import time
from pathlib import Path

import pandas as pd
import pytest

from app.formats import csv_bytes, write_rows

ROWS = [
    {"value": "=1+2", "n": -3, "o": {"a": [1]}, "none": None},
    {"value": "plain", "n": 4, "o": None, "none": None},
]
COLUMNS = ("value", "n", "o", "none")


def test_cells_that_a_spreadsheet_would_run_are_made_harmless_and_numbers_stay_numbers(
    tmp_path: Path,
) -> None:
    write_rows(ROWS, tmp_path / "o.csv", format="csv", columns=COLUMNS)
    rows = list(csv.reader((tmp_path / "o.csv").read_text().splitlines()))
    assert rows[1] == ["'=1+2", "-3", '{"a":[1]}', ""]


def test_json_lines_keep_objects_and_missing_values(tmp_path: Path) -> None:
    write_rows(ROWS, tmp_path / "o.jsonl", format="jsonl", columns=COLUMNS)
    assert json.loads((tmp_path / "o.jsonl").read_text().splitlines()[0]) == ROWS[0]


def test_parquet_reads_back_also_without_rows(tmp_path: Path) -> None:
    assert write_rows(ROWS, tmp_path / "o.parquet", format="parquet", columns=COLUMNS) == 2
    assert pd.read_parquet(tmp_path / "o.parquet")["value"].tolist() == ["=1+2", "plain"]
    write_rows([], tmp_path / "e.parquet", format="parquet", columns=COLUMNS)
    assert pd.read_parquet(tmp_path / "e.parquet").columns.tolist() == list(COLUMNS)


def test_a_failure_midway_leaves_the_old_file(tmp_path: Path) -> None:
    out = tmp_path / "o.jsonl"
    out.write_text("old")

    def rows() -> object:
        yield ROWS[0]
        raise RuntimeError("midway")

    with pytest.raises(RuntimeError):
        write_rows(rows(), out, format="jsonl", columns=COLUMNS)  # type: ignore[arg-type]
    assert out.read_text() == "old" and [path.name for path in tmp_path.iterdir()] == ["o.jsonl"]


@pytest.mark.parametrize("format_", ["jsonl", "csv", "parquet"])
def test_a_hundred_thousand_rows_are_written_without_a_cap(tmp_path: Path, format_: str) -> None:
    started = time.monotonic()
    count = write_rows((ROWS[0] for _ in range(100_000)), tmp_path / "o", format=format_, columns=COLUMNS)
    assert count == 100_000 and time.monotonic() - started < 60


def test_the_names_of_columns_are_guarded_like_cells() -> None:
    assert csv_bytes([{"=a": 1}], ("=a",)).decode().splitlines() == ["'=a", "1"]
