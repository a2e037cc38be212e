"""Importing 100,000 items beside a bare `json` + `executemany` loop in the same run.

The bare loop checks nothing, keeps no versions and finds no duplicates; it is the floor. Prints rows per second
of both and the ratio, the median of three rounds.
"""

import gc
import json
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path

from app.services.context import Actor
from app.services.intake import import_items
from app.services.projects import create_project
from app.settings import load_settings
from app.wiring import build_context, close_context

ROWS = 100_000
ROUNDS = 3
SCHEMA = "questions: [{id: label, type: choice, title: T, options: [{value: a}, {value: b}]}]"


def write(path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        for number in range(ROWS):
            text = f"Comment {number}: the bus was late again and nobody said why. " * 3
            file.write(json.dumps({"id": f"c-{number}", "text": text, "channel": "web", "words": 33}) + "\n")


def bare(path: Path, database: Path) -> float:
    started = time.perf_counter()
    connection = sqlite3.connect(database)
    connection.execute(
        "CREATE TABLE items (id INTEGER PRIMARY KEY, external_id TEXT, content TEXT, meta TEXT)"
    )
    with path.open(encoding="utf-8") as file:
        rows = (json.loads(line) for line in file)
        connection.executemany(
            "INSERT INTO items (external_id, content, meta) VALUES (?, ?, ?)",
            (
                (row["id"], json.dumps({"text": row["text"]}), json.dumps({"channel": row["channel"]}))
                for row in rows
            ),
        )
    connection.commit()
    connection.close()
    return time.perf_counter() - started


def ours(path: Path, folder: Path) -> float:
    ctx = build_context(load_settings(_env_file=None, data_dir=folder, database_url=None))
    project = create_project(ctx, Actor.operator(), name="P", schema_yaml=SCHEMA, guidelines="")
    started = time.perf_counter()
    report = import_items(ctx, Actor.operator(), project.id, path)
    seconds = time.perf_counter() - started
    assert report.added == ROWS, report
    close_context(ctx)
    return seconds


def main() -> None:
    gc.freeze()  # as the command does at its start
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "items.jsonl"
        write(path)
        floors, times = [], []
        for number in range(ROUNDS):
            floors.append(bare(path, folder / f"bare-{number}.db"))
            times.append(ours(path, folder / f"milo-{number}"))
        ratios = [floor / seconds for floor, seconds in zip(floors, times, strict=True)]
        print(f"bare json + executemany: {ROWS / statistics.median(floors):,.0f} rows/s")
        print(f"milo import:             {ROWS / statistics.median(times):,.0f} rows/s")
        print(
            f"ratio (target 0.5):      {statistics.median(ratios):.2f}  (rounds: {', '.join(f'{r:.2f}' for r in ratios)})"
        )


if __name__ == "__main__":
    main()
