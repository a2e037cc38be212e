"""Worker processes that are killed: what they had begun is done once, by themselves after a restart or by others."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.services.jobs import Jobs
from db.engine import Engine, is_sqlite, reading
from db.models import Call, Verdict
from tests.app.services.world import World
from tests.contract.loopback import Loopback

ANSWERS = 8

pytestmark = pytest.mark.slow


@contextmanager
def worker(url: str, endpoint: str, name: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("OPENAI")} | {
        "MILO_DATABASE_URL": url,
        "MILO_DATA_DIR": str(folder / "data"),
        "MILO_WORKER_ID": name,
        "MILO_WORKER_DEAD_SECONDS": "3",
        "OPENAI_BASE_URL": endpoint,
        "OPENAI_API_KEY": "none",
    }
    process = subprocess.Popen([sys.executable, "-m", "app.cli", "work"], env=environment)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(timeout=20)


def until(holds: Callable[[], bool], seconds: float, otherwise: Callable[[], object]) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.05)


def outcomes(engine: Engine) -> tuple[dict[str, int], int]:
    """(Status -> calls, verdicts stored)."""
    with reading(engine) as session:
        statuses = [call.status for call in session.query(Call)]
        return {status: statuses.count(status) for status in statuses}, session.query(Verdict).count()


def test_a_killed_worker_s_calls_are_done_once_by_its_successor(
    engine: Engine,
    world: World,
    loopback: Loopback,
    tmp_path: Path,
) -> None:
    project = world.project()
    ann = world.member(project, "ann")
    world.fill(project, [{"id": f"i{n}", "text": f"t{n}"} for n in range(ANSWERS)], tmp_path)
    for number in range(ANSWERS):
        world.submit(ann, world.next(ann, project), verdict="good", why=f"Because of reason {number}.")
    assert outcomes(engine) == ({"queued": ANSWERS}, 0)
    jobs = Jobs(engine)
    jobs.prepare()
    jobs.close()
    url = engine.url.render_as_string(hide_password=False)
    # The first half is answered at once, the other half keeps the first worker waiting until it is killed.
    loopback.script[:] = ["ok"] * (ANSWERS // 2) + ["slow:30"] * (ANSWERS // 2)
    with worker(url, loopback.base_url, "first", tmp_path) as first:
        until(
            lambda: len(loopback.requests) == ANSWERS and outcomes(engine)[1] == ANSWERS // 2,
            100,
            lambda: (len(loopback.requests), outcomes(engine)),
        )
        first.send_signal(signal.SIGKILL)
        first.wait()
    # On SQLite there is one worker, started again; elsewhere another one takes over.
    with worker(url, loopback.base_url, "first" if is_sqlite(engine) else "second", tmp_path):
        until(lambda: outcomes(engine) == ({"done": ANSWERS}, ANSWERS), 100, lambda: outcomes(engine))
    with reading(engine) as session:
        judged = [verdict.answer_id for verdict in session.query(Verdict)]
    assert len(set(judged)) == ANSWERS
    # What the first worker had finished was not asked for again.
    assert len(loopback.requests) == ANSWERS + ANSWERS // 2
