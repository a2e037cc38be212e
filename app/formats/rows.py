"""Files of rows, whatever their format: one dictionary a row, with its line, or what is wrong with it.

Everything is bounded: a line, the unpacked size, the ratio of a compressed file. A file that passes a bound is
refused before it fills the machine.
"""

import csv
import gzip
import io
import re
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Any, Literal

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from app.errors import Invalid, TooLarge

__all__ = ["BadRow", "Format", "detect_format", "header_of", "read_rows"]

Format = Literal["jsonl", "json", "csv", "tsv", "parquet"]

_LONGEST_LINE = 32 * 2**20
_LARGEST_JSON = 256 * 2**20
_MOST_UNPACKING = 200
"""Unpacked bytes per packed byte above which a file is taken for a bomb; text packs 3 to 20 times."""
_SMALL = 16 * 2**20
"""Below this the ratio says nothing: a small file of one repeated letter packs a thousandfold."""

_DELIMITERS: Mapping[str, str | None] = {"csv": None, "tsv": "\t"}
"""None: the header says."""

csv.field_size_limit(min(sys.maxsize, _LONGEST_LINE))


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used: where, which field and why."""

    line: int
    field: str
    reason: str
    last: bool = False
    """Whether nothing after it could be read."""


def detect_format(name: str) -> Format:
    """The format that a file's name says. Raises Invalid for a name that says none."""
    plain = name.lower().removesuffix(".gz").removesuffix(".zip")
    for ending, format_ in (
        (".jsonl", "jsonl"),
        (".ndjson", "jsonl"),
        (".json", "json"),
        (".csv", "csv"),
        (".tsv", "tsv"),
        (".txt", "csv"),
        (".parquet", "parquet"),
    ):
        if plain.endswith(ending):
            return format_  # type: ignore[return-value]
    raise Invalid(
        f"{name!r}: the name should end in .jsonl, .json, .csv, .tsv, .txt or .parquet (.gz and .zip are unpacked)"
    )


class _Bounded(io.RawIOBase):
    """Unpacked bytes of a compressed file, refused once they pass the size or the ratio."""

    def __init__(self, source: IO[bytes], packed: int, most: int) -> None:
        self._source, self._packed, self._most, self._read = source, max(packed, 1), most, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._source.read(len(buffer))
        except (OSError, EOFError, zipfile.BadZipFile) as error:
            raise Invalid(f"the compressed file is damaged: {error}") from error
        self._read += len(data)
        if self._read > self._most:
            raise TooLarge(
                f"the file unpacks to more than {self._most // 2**20:,} MB; raise MILO_MAX_UNPACKED_MB if it is right"
            )
        if self._read > _SMALL and self._read > self._packed * _MOST_UNPACKING:
            raise TooLarge(
                f"the file unpacks more than {_MOST_UNPACKING}-fold, as bombs do; hand it over unpacked"
            )
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._source.close()
        super().close()


def _open(path: Path, max_unpacked_bytes: int) -> IO[bytes]:
    name = path.name.lower()
    packed = path.stat().st_size
    if name.endswith(".gz"):
        return io.BufferedReader(_Bounded(gzip.open(path), packed, max_unpacked_bytes), 2**18)  # type: ignore[arg-type]
    if name.endswith(".zip"):
        try:
            archive = zipfile.ZipFile(path)
        except zipfile.BadZipFile as error:
            raise Invalid(f"{path.name} is not a zip file: {error}") from error
        members = [member for member in archive.infolist() if not member.is_dir()]
        if len(members) != 1:
            archive.close()
            raise Invalid(f"{path.name} holds {len(members)} files; a zip to import holds exactly one")
        return io.BufferedReader(_Bounded(archive.open(members[0]), packed, max_unpacked_bytes), 2**18)
    return path.open("rb")


def read_rows(
    path: Path, *, format: Format | None = None, max_unpacked_bytes: int
) -> Iterator[tuple[int, dict[str, Any]] | BadRow]:
    """(line, row) of each row, or a BadRow; lines count from 1 and include a header."""
    kind = format or detect_format(path.name)
    if kind == "parquet":
        yield from _parquet(path)
        return
    with _open(path, max_unpacked_bytes) as source:
        if kind == "jsonl":
            yield from _jsonl(source)
        elif kind == "json":
            yield from _json(source)
        else:
            yield from _csv(source, _DELIMITERS[kind])


def header_of(path: Path, *, max_unpacked_bytes: int) -> list[str]:
    """The columns that a CSV or TSV file names in its first line, also those without a single value; none for others."""
    kind = detect_format(path.name)
    if kind not in _DELIMITERS:
        return []
    with _open(path, max_unpacked_bytes) as source:
        try:
            return next(_cells(source, _DELIMITERS[kind]), [])
        except (_Unreadable, csv.Error):
            return []


def _jsonl(source: IO[bytes]) -> Iterator[tuple[int, dict[str, Any]] | BadRow]:
    number = 0
    loads = orjson.loads
    while line := source.readline(_LONGEST_LINE + 1):
        number += 1
        if len(line) > _LONGEST_LINE:
            yield BadRow(number, "line", f"is longer than {_LONGEST_LINE // 2**20} MB")
            while line and not line.endswith(b"\n"):
                line = source.readline(_LONGEST_LINE)
            continue
        try:
            row = loads(line)
        except orjson.JSONDecodeError as error:
            if line.strip():
                yield BadRow(number, "line", _json_problem(line, error, first=number == 1))
            continue
        if isinstance(row, dict):
            yield number, row
        else:
            yield BadRow(number, "line", f"is a JSON {type(row).__name__}, not an object")


def _json_problem(line: bytes, error: orjson.JSONDecodeError, *, first: bool) -> str:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as wrong:
        return _not_utf8(line, wrong)
    if first and line.startswith(b"\xef\xbb\xbf"):
        return "begins with a byte order mark; save the file as UTF-8 without one"
    return f"is not JSON: {error.msg} at character {error.pos + 1}"


def _json(source: IO[bytes]) -> Iterator[tuple[int, dict[str, Any]] | BadRow]:
    data = source.read(_LARGEST_JSON + 1)
    if len(data) > _LARGEST_JSON:
        raise TooLarge(
            f"a JSON array may have {_LARGEST_JSON // 2**20} MB; write it as JSON Lines (.jsonl), which streams"
        )
    try:
        rows = orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise Invalid(f"line {error.lineno}: {_json_problem(data, error, first=False)}") from error
    if isinstance(rows, dict):
        rows = [rows]
    if not isinstance(rows, list):
        raise Invalid(f"a JSON file holds an array of objects, not a {type(rows).__name__}")
    for number, row in enumerate(rows, 1):
        yield (
            (number, row)
            if isinstance(row, dict)
            else BadRow(number, "row", f"is a {type(row).__name__}, not an object")
        )


def _not_utf8(line: bytes, wrong: UnicodeDecodeError) -> str:
    if line.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "is UTF-16, not UTF-8; save the file as UTF-8"
    return f"is not UTF-8: byte {wrong.start + 1} is 0x{line[wrong.start]:02x}; save the file as UTF-8"


class _Unreadable(Exception):
    """A line that is too long or no UTF-8; what follows cannot be trusted to be whole rows."""

    def __init__(self, line: int, reason: str) -> None:
        self.line, self.reason = line, reason
        super().__init__(reason)


def _text_lines(source: IO[bytes]) -> Iterator[str]:
    number = 0
    while raw := source.readline(_LONGEST_LINE + 1):
        number += 1
        if len(raw) > _LONGEST_LINE:
            raise _Unreadable(number, f"is longer than {_LONGEST_LINE // 2**20} MB")
        if number == 1:
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise _Unreadable(number, _not_utf8(raw, error)) from error
        if number == 1 and "\0" in text:
            raise _Unreadable(1, "has NUL characters, as UTF-16 has; save the file as UTF-8")
        yield text


def _delimiter(header: str) -> str:
    """A comma where there is one outside of quotes, else the more frequent of semicolon and tab."""
    plain = re.sub(r'"[^"]*"', "", header)
    return "," if "," in plain else max(",;\t", key=plain.count)


def _cells(source: IO[bytes], delimiter: str | None) -> Any:
    """The reader of the csv module, by the delimiter of the first line where none is given."""
    lines = _text_lines(source)
    first = next(lines, "")
    return csv.reader(chain([first], lines), delimiter=delimiter or _delimiter(first), strict=True)


def _csv(source: IO[bytes], delimiter: str | None) -> Iterator[tuple[int, dict[str, Any]] | BadRow]:
    try:
        reader = _cells(source, delimiter)
        header = next(reader, None)
        if not header or not any(header):
            return
        twice = sorted({name for name in header if header.count(name) > 1})
        if twice:
            raise Invalid(f"line 1: column {', '.join(map(repr, twice))} occurs twice")
        line = reader.line_num
        for cells in reader:
            start, line = line + 1, reader.line_num
            if not cells:
                continue
            if len(cells) != len(header):
                yield BadRow(start, "row", f"has {len(cells)} cells; the header has {len(header)}")
                continue
            yield start, {name: cell for name, cell in zip(header, cells, strict=True) if cell != ""}
    except _Unreadable as error:
        yield BadRow(error.line, "line", error.reason, last=True)
    except csv.Error as error:
        yield BadRow(reader.line_num + 1, "line", f"is not CSV: {error}", last=True)


def _parquet(path: Path) -> Iterator[tuple[int, dict[str, Any]] | BadRow]:
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise Invalid(f"{path.name} is not a Parquet file, or is damaged: {error}") from error
    with file:
        number = 0
        for batch in file.iter_batches(batch_size=5_000):
            for row in batch.to_pylist():
                number += 1
                yield number, {name: value for name, value in row.items() if value is not None}


def text_of(row: Mapping[str, Any], name: str) -> str | None:
    """A cell as text, None when it is missing; numbers are written out."""
    value = row.get(name)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return str(value)
    return None
