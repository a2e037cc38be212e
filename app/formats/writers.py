"""Rows to files: streaming, without a cap, and whole or not at all."""

import csv
import io
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any, Literal

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["FORMATS", "csv_bytes", "safe_cell", "write_rows"]

FORMATS: tuple[Literal["jsonl", "csv", "parquet"], ...] = ("jsonl", "csv", "parquet")

_BATCH = 5_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@contextmanager
def _whole(out: Path) -> Iterator[IO[bytes]]:
    """A temporary file beside `out` that takes its name only when everything was written."""
    out.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        temporary.replace(out)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_rows(rows: Iterable[Mapping[str, Any]], out: Path, *, format: str, columns: Sequence[str]) -> int:
    """Write the rows; returns how many there were. Objects in CSV and Parquet cells are JSON text."""
    writers: dict[str, Callable[[Iterable[Mapping[str, Any]], IO[bytes], Sequence[str]], int]] = {
        "jsonl": _jsonl,
        "csv": _csv,
        "parquet": _parquet,
    }
    with _whole(out) as file:
        return writers[format](rows, file, columns)


def csv_bytes(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> bytes:
    """The rows as a CSV file, with the same guard as one that is written."""
    file = io.BytesIO()
    _csv(rows, file, columns)
    return file.getvalue()


def _jsonl(rows: Iterable[Mapping[str, Any]], file: IO[bytes], columns: Sequence[str]) -> int:
    count = 0
    for row in rows:
        file.write(orjson.dumps({name: row.get(name) for name in columns}, option=orjson.OPT_APPEND_NEWLINE))
        count += 1
    return count


def _flat(value: Any) -> Any:
    return orjson.dumps(value).decode() if isinstance(value, dict | list) else value


def safe_cell(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula. Numbers stay numbers, also negative ones."""
    value = _flat(value)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def _csv(rows: Iterable[Mapping[str, Any]], file: IO[bytes], columns: Sequence[str]) -> int:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=False)
    writer = csv.writer(text)
    writer.writerow([safe_cell(name) for name in columns])
    count = 0
    for row in rows:
        writer.writerow([safe_cell(row.get(name)) for name in columns])
        count += 1
    text.flush()
    text.detach()
    return count


def _parquet(rows: Iterable[Mapping[str, Any]], file: IO[bytes], columns: Sequence[str]) -> int:
    # Columns keep one type over all batches: what is only ever a number or a flag stays so, the rest is text.
    count = 0
    writer: pq.ParquetWriter | None = None
    iterator = iter(rows)
    while batch := list(islice(iterator, _BATCH)):
        table = pa.table(
            {name: pa.array([_cell(name, row.get(name)) for row in batch], _type(name)) for name in columns}
        )
        if writer is None:
            writer = pq.ParquetWriter(file, table.schema)
        writer.write_table(table)
        count += len(batch)
    if writer is None:
        writer = pq.ParquetWriter(file, pa.schema([(name, _type(name)) for name in columns]))
    writer.close()
    return count


def _type(name: str) -> pa.DataType:
    if name.endswith(("_seconds", "confidence", "_total")):
        return pa.float64()
    if name in ("late", "simulated", "verdict_passed", "review_blind", "suggestion_planted"):
        return pa.bool_()
    if name in ("item_version", "revision", "schema_version", "guideline_version", "position"):
        return pa.int64()
    return pa.string()


def _cell(name: str, value: Any) -> Any:
    if value is None or _type(name) != pa.string():
        return value
    flat = _flat(value)
    return flat if isinstance(flat, str) else orjson.dumps(flat).decode()
