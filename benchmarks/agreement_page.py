"""The Agreement page over a million ratings in the database: what a person waits for, the first time and again.

    python -m benchmarks.agreement_page [--ratings 1000000]

A real server and headless Chromium: a QA lead logs in, sees the start page and opens the Agreement page, whose figures
nobody has asked for since the server began; then opens it again by its address, and again from the page before by the
navigation. Timed to the first chart on the screen. Beside it what one would use instead, on the same rows in the same database: `pandas.read_sql`, a count of values an item
and `krippendorff.alpha`, one number without an interval, imports left out. Then the calls that the page makes, in a fresh
process: first, again, with a pair selected, what is computed only when somebody opens it, and after one more rating.

On SQLite, and on a PostgreSQL server of its own where initdb is installed.
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
from playwright.sync_api import Page, sync_playwright
from sqlalchemy.orm import Session

from app.services import accounts, reports
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
from tests.browser.conftest import ARGUMENTS, CHROMIUM, running_milo
from tests.databases import running_postgresql

OPERATOR = Actor.operator()
COLUMNS = ("project_id", "item", "rater", "rater_kind", "question", "value", "number", "repeat", "meta")
FIRST, AGAIN = 2.0, 0.5
"""Targets, in seconds."""
PASSWORD = "bench bench"
ROUNDS = 5
SLOWEST = 300_000
"""Milliseconds after which a page is taken for broken."""
PAINTED = """() => {
  const chart = document.querySelector('[data-testid="stPlotlyChart"] .main-svg');
  return chart !== null && chart.getBoundingClientRect().height > 0;
}"""
WHOLE = '[data-test-script-state="notRunning"]'
"""Nothing more comes. Each page is waited for, outside of what is timed: nobody opens it anew while it still comes."""
SHOWN_AT = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))"
"""Milliseconds since navigation began, two frames later: what was in the document is on the screen."""


def opened(folder: Path, url: str) -> Context:
    return build_context(load_settings(_env_file=None, data_dir=folder, database_url=url))


def prepare(folder: Path, url: str, ratings: int) -> None:
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()
    ctx = opened(folder, url)
    project = create_ratings_project(ctx, OPERATOR, name="R")
    accounts.add_user(ctx, OPERATOR, login="lead", name="Lead", password=PASSWORD, is_admin=False)
    accounts.give_role(ctx, OPERATOR, project_id=project.id, login="lead", role="qa_lead")
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


def paint(folder: Path, url: str) -> None:
    """Navigation to the first chart on the screen: no figure is kept, then again, each time a session of its own."""
    with (
        running_milo(
            "serve", "--no-worker", data_dir=folder, environment={"MILO_DATABASE_URL": url}
        ) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        tab = browser.new_page(viewport={"width": 1280, "height": 900})
        tab.goto(f"{address}/login")
        tab.fill("input[name=login]", "lead")
        tab.fill("input[name=password]", PASSWORD)
        tab.click("button")
        tab.wait_for_selector('[data-testid="stElementContainer"]', state="attached", timeout=SLOWEST)
        tab.wait_for_selector(WHOLE, timeout=SLOWEST)
        first = chart(tab, address)
        again = [chart(tab, address) for _ in range(ROUNDS)]
        clicked = [by_navigation(tab, address) for _ in range(ROUNDS)]
        browser.close()
    usual = instead(url)
    print(
        f"  first chart on screen, {first:.2f} s, target {FIRST} s; {first / usual:.2f} of what one would use instead"
    )
    print(
        f"  again, median of {ROUNDS}:    {statistics.median(again):.2f} s (longest {max(again):.2f}), target {AGAIN} s; "
        f"{statistics.median(again) / usual:.2f}"
    )
    print(
        f"  again from another page, median of {ROUNDS}: {statistics.median(clicked):.2f} s (longest {max(clicked):.2f})"
    )
    print(f"  pandas.read_sql, counts and krippendorff.alpha: {usual:.2f} s, once and every time")


def chart(tab: Page, address: str) -> float:
    tab.goto(f"{address}/agreement", wait_until="commit")
    tab.wait_for_function(PAINTED, polling="raf", timeout=SLOWEST)
    shown = float(tab.evaluate(SHOWN_AT)) / 1000
    tab.wait_for_selector(WHOLE, timeout=SLOWEST)
    return shown


def by_navigation(tab: Page, address: str) -> float:
    """Seconds from the click on a link to the chart, on a page that is open already."""
    tab.goto(f"{address}/questions", wait_until="commit")
    tab.wait_for_selector(WHOLE, timeout=SLOWEST)
    tab.locator("[data-testid=stTopNavSection]", has_text="Quality").click()
    link = tab.locator("[data-testid=stTopNavDropdownLink]", has_text="Agreement")
    link.wait_for()
    tab.evaluate(
        "() => addEventListener('click', () => { window.clicked = performance.now(); }, { capture: true })"
    )
    link.click()
    tab.wait_for_function(PAINTED, polling="raf", timeout=SLOWEST)
    took = float(tab.evaluate(SHOWN_AT) - tab.evaluate("window.clicked")) / 1000
    tab.wait_for_selector(WHOLE, timeout=SLOWEST)
    return took


def instead(url: str) -> float:
    """Seconds of a script that computes one alpha of the same table."""
    import krippendorff

    engine = open_engine(url)
    began = time.perf_counter()
    with engine.connect() as connection:
        table = pd.read_sql("SELECT item, rater, value FROM ratings", connection)
    counts = pd.crosstab(table["item"], table["value"]).to_numpy()
    krippendorff.alpha(value_counts=counts, level_of_measurement="nominal")
    took = time.perf_counter() - began
    engine.dispose()
    return took


def page(ctx: Context, project_id: int, pair: tuple[str, str] | None = None) -> tuple[str, str]:
    """What `app/views/agreement.py` asks for; returns two raters to select."""
    list_projects(ctx, OPERATOR)
    reports.agreement_alphas(ctx, OPERATOR, project_id)
    parts_agreement(ctx, OPERATOR, project_id)
    report = reports.agreement(ctx, OPERATOR, project_id)
    chosen = report.questions[0]
    disagreement(ctx, OPERATOR, project_id, question=chosen.question, rater_kind=chosen.rater_kind, pair=pair)
    reports.rubric_scores(ctx, OPERATOR, project_id)
    label_distribution(ctx, OPERATOR, project_id)  # the tab that is open when the page is
    return chosen.pairs[0].rater_a, chosen.pairs[0].rater_b


PANELS: dict[str, Callable[[Context, int], Any]] = {
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
    print("  the calls of the page, in a fresh process:")
    query = f"SELECT question, rater_kind, item, rater, value FROM ratings WHERE project_id = {project.id}"
    with ctx.engine.connect() as connection:
        plain, _ = seconds(lambda: pd.read_sql(query, connection))
    for name, (wall, cpu) in figures.items():
        print(f"    {name:<22} {wall:6.2f} s ({cpu:.2f} s of the processor), {wall / plain:.2f} of read_sql")
    print(f"    {'pandas.read_sql':<22} {plain:6.2f} s")
    close_context(ctx)


def both(name: str, url: str, ratings: int) -> None:
    print(name)
    with tempfile.TemporaryDirectory() as folder:
        address = url or f"sqlite:///{folder}/milo.db"
        prepare(Path(folder), address, ratings)
        paint(Path(folder), address)
        command = [sys.executable, __file__, "--measure", address, "--folder", folder]
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
        subprocess.run(command, check=True, env=environment)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--ratings", type=int, default=1_000_000)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        measure(given.folder, given.measure)
        return
    both("SQLite", "", given.ratings)
    try:
        with running_postgresql() as server:
            both("PostgreSQL", f"{server.url}/postgres", given.ratings)
    except FileNotFoundError as error:
        print(f"PostgreSQL: left out, {error}")


if __name__ == "__main__":
    main()
