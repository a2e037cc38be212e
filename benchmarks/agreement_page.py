"""The Agreement page over a million ratings in the database: what a person waits for, the first time and again.

    python benchmarks/agreement_page.py [--ratings 1000000] [--postgresql]

Times the calls that the page makes (projects, agreement, where raters differ, rubric scores, labels) in a fresh process,
whose first call also imports what the figures need: first, again, with a pair selected, what is computed only when
somebody opens it, and after one more rating.
Beside them `pandas.read_sql` of the same ratings in the same process. On SQLite; `--postgresql` adds a server of its
own.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy.orm import Session

from app.services import reports
from app.services.aggregated_labels import aggregate_labels
from app.services.chosen_agreement import RaterChoice, chosen_agreement, raters_of
from app.services.context import Actor, Context
from app.services.disagreement import disagreement
from app.services.label_distribution import label_distribution
from app.services.parts_agreement import parts_agreement
from app.services.projects import create_ratings_project, list_projects
from app.settings import load_settings
from app.wiring import build_context, close_context
from benchmarks.agreement_ratings import make
from db.bulk import insert_tuples
from db.engine import is_sqlite, open_engine, transaction
from db.migrate import upgrade
from db.models import Rating
from tests.databases import running_postgresql

OPERATOR = Actor.operator()
COLUMNS = ("project_id", "item", "rater", "rater_kind", "question", "value", "number", "repeat", "meta")
FIRST, AGAIN = 2.0, 0.5
"""Targets, in seconds."""


def opened(folder: Path, url: str) -> Context:
    return build_context(load_settings(_env_file=None, data_dir=folder, database_url=url))


def prepare(folder: Path, url: str, ratings: int) -> None:
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()
    ctx = opened(folder, url)
    project = create_ratings_project(ctx, OPERATOR, name="R")
    frame = make(ratings)
    rows = [
        (project.id, item, rater, "human", "q", value, float(value), 0)
        for item, rater, value in zip(frame["item"], frame["rater"], frame["value"], strict=True)
    ]
    started = time.perf_counter()
    if is_sqlite(ctx.engine):
        with transaction(ctx.engine) as session:
            insert_tuples(session, Rating, COLUMNS, [(*row, {}) for row in rows])
    else:
        copy(ctx, rows)
    print(f"  {len(rows):,} ratings stored in {time.perf_counter() - started:.0f} s")
    close_context(ctx)


def copy(ctx: Context, rows: list[tuple[Any, ...]]) -> None:
    with Session(ctx.engine) as session, session.begin():
        driver: Any = session.connection().connection.driver_connection
        with (
            driver.cursor() as cursor,
            cursor.copy(f"COPY ratings ({', '.join(COLUMNS)}) FROM STDIN") as sink,
        ):
            for row in rows:
                sink.write_row((*row, "{}"))
    with ctx.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE ratings")  # the server's own, some minutes after an import


def page(ctx: Context, project_id: int, pair: tuple[str, str] | None = None) -> tuple[str, str]:
    """What `app/views/agreement.py` asks for; returns two raters to select."""
    list_projects(ctx, OPERATOR)
    report = reports.agreement(ctx, OPERATOR, project_id)
    chosen = report.questions[0]
    disagreement(ctx, OPERATOR, project_id, question=chosen.question, rater_kind=chosen.rater_kind, pair=pair)
    reports.rubric_scores(ctx, OPERATOR, project_id)
    label_distribution(ctx, OPERATOR, project_id)  # the tab that is open when the page is
    return chosen.pairs[0].rater_a, chosen.pairs[0].rater_b


PANELS: dict[str, Callable[[Context, int], Any]] = {
    "opened: several labels": lambda ctx, project: parts_agreement(ctx, OPERATOR, project),
    "opened: any raters": lambda ctx, project: (
        raters_of(ctx, OPERATOR, project, "q"),
        chosen_agreement(ctx, OPERATOR, project, RaterChoice("q")),
    ),
    "opened: aggregated": lambda ctx, project: aggregate_labels(ctx, OPERATOR, project, question="q"),
}
"""What the page computes only when somebody opens it."""


def seconds(act: Callable[[], Any]) -> tuple[float, float]:
    """(seconds on the clock, seconds of this process's processor)."""
    began, cpu = time.perf_counter(), time.process_time()
    act()
    return time.perf_counter() - began, time.process_time() - cpu


def measure(folder: Path, url: str) -> None:
    ctx = opened(folder, url)
    ((project, _),) = list_projects(ctx, OPERATOR)
    pair = ("rater-000000", "rater-000001")
    figures = {"first": seconds(lambda: page(ctx, project.id))}
    again = [seconds(lambda: page(ctx, project.id)) for _ in range(5)]
    figures["again"] = (statistics.median(w for w, _ in again), statistics.median(c for _, c in again))
    figures["a pair selected"] = seconds(lambda: page(ctx, project.id, pair))
    for name, panel in PANELS.items():
        figures[name] = seconds(lambda panel=panel: panel(ctx, project.id))  # type: ignore[misc]
    with transaction(ctx.engine) as session:
        row: tuple[Any, ...] = (project.id, "item-000000", "somebody", "human", "q", "1", 1.0, 0, {})
        insert_tuples(session, Rating, COLUMNS, [row])
    figures["after one more rating"] = seconds(lambda: page(ctx, project.id))
    query = f"SELECT question, rater_kind, item, rater, value FROM ratings WHERE project_id = {project.id}"
    with ctx.engine.connect() as connection:
        plain, _ = seconds(lambda: pd.read_sql(query, connection))
    for name, (wall, cpu) in figures.items():
        target = {"first": FIRST, "again": AGAIN}.get(name)
        print(
            f"  {name:<22} {wall:6.2f} s ({cpu:.2f} s of the processor), {wall / plain:.2f} of read_sql"
            + (f"; target {target} s" if target else "")
        )
    print(f"  {'pandas.read_sql':<22} {plain:6.2f} s")
    close_context(ctx)


def both(name: str, url: str, ratings: int) -> None:
    print(name)
    with tempfile.TemporaryDirectory() as folder:
        address = url or f"sqlite:///{folder}/milo.db"
        prepare(Path(folder), address, ratings)
        command = [sys.executable, __file__, "--measure", address, "--folder", folder]
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
        subprocess.run(command, check=True, env=environment)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--ratings", type=int, default=1_000_000)
    parser.add_argument(
        "--postgresql", action="store_true", help="also on a PostgreSQL server, started for it"
    )
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        measure(given.folder, given.measure)
        return
    both("SQLite", "", given.ratings)
    if given.postgresql:
        with running_postgresql() as server:
            both("PostgreSQL", f"{server.url}/postgres", given.ratings)


if __name__ == "__main__":
    main()
