"""A batch of a thousand calls under fire: nothing lost, nothing stored twice, and what a person reads of it."""

import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.services import agents, job_control, job_report, preannotation
from app.services.context import Context
from db.engine import DATABASE_DOWN, Engine, is_sqlite, reading
from db.models import Suggestion
from judge.llm import OpenAIGateway
from tests.app.services.world import OPERATOR, World
from tests.app.test_worker import until, worker
from tests.contract.loopback import Loopback
from tests.databases import Server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

COUNT = 1_000


class Batch:
    """One job about many items, and what is stored of it."""

    def __init__(self, world: World, loopback: Loopback, folder: Path, count: int = COUNT) -> None:
        self.count, self.folder, self.loopback = count, folder, loopback
        project = world.project()
        world.fill(project, [{"id": f"i{n}", "text": f"thing {n}"} for n in range(count)], folder)
        # Named here only so that the job may be started; the workers ask by themselves.
        gateway = OpenAIGateway("gpt-5-mini", api_key="k", base_url=loopback.base_url)
        self.ctx: Context = replace(world.ctx, gateway=gateway)
        self.ctx.jobs.prepare()
        self.job = preannotation.start(self.ctx, OPERATOR, project.id, agent=agents.DEFAULT).id
        self.url = world.ctx.engine.url.render_as_string(hide_password=False)

    def counts(self) -> dict[str, int]:
        try:
            return self.ctx.jobs.progress(self.job)
        except DATABASE_DOWN:
            return {}

    def done(self, number: int) -> Callable[[], bool]:
        return lambda: self.counts().get("done", 0) >= number

    def ended(self) -> bool:
        counts = self.counts()
        return (
            bool(counts)
            and not counts.get("queued", 0) + counts.get("running", 0)
            and sum(counts.values()) >= self.count
        )

    def wait(self, seconds: float = 150) -> None:
        until(self.ended, seconds, self.counts)

    def report(self) -> job_report.JobReport:
        return job_report.job_report(self.ctx, OPERATOR, self.job)

    def stored(self, engine: Engine) -> tuple[int, int]:
        """(items with a suggestion to the first question, suggestions to it): equal when nothing is doubled."""
        with reading(engine) as session:
            ids = [row.item_id for row in session.query(Suggestion).filter_by(question="verdict")]
        return len(set(ids)), len(ids)


def test_a_worker_killed_five_times(engine: Engine, world: World, loopback: Loopback, tmp_path: Path) -> None:
    loopback.latency = 0.1
    batch = Batch(world, loopback, tmp_path)
    for number in range(1, 6):
        name = "w" if is_sqlite(engine) else f"w{number}"
        with worker(batch.url, loopback.base_url, name, tmp_path) as process:
            until(batch.done(number * COUNT // 7), 90, batch.counts)
            process.send_signal(signal.SIGKILL)
            process.wait()
    with worker(batch.url, loopback.base_url, "w" if is_sqlite(engine) else "w6", tmp_path):
        batch.wait()
    assert batch.counts() == {"done": COUNT}
    assert batch.stored(engine) == (COUNT, COUNT)
    # Only what was in flight at a kill was paid twice: at most 64 each time.
    assert COUNT < len(loopback.requests) <= COUNT + 5 * 64


@pytest.mark.parametrize(
    ("chances", "kinds"),
    [
        ({"429": 0.2}, set()),
        ({"429:1": 0.2}, set()),
        ({"cut_json": 0.05, "500": 0.02, "html": 0.02}, set()),
        ({"refusal": 0.05, "filtered": 0.02}, {"refused", "filtered"}),
    ],
    ids=["429", "429 with Retry-After", "cut and broken replies", "refusals"],
)
def test_an_endpoint_with_faults(
    engine: Engine,
    world: World,
    loopback: Loopback,
    tmp_path: Path,
    chances: dict[str, float],
    kinds: set[str],
) -> None:
    loopback.chances.update(chances)
    loopback.latency = 0.05
    batch = Batch(world, loopback, tmp_path, 150)
    with worker(batch.url, loopback.base_url, "w", tmp_path):
        batch.wait()
        counts = batch.counts()
        assert counts.get("done", 0) + counts.get("failed", 0) == 150
        assert batch.stored(engine) == (counts["done"], counts["done"])
        failures = batch.report().failures
        assert {outcome for outcome, *_ in failures} == kinds and bool(counts.get("failed")) == bool(kinds)
        if kinds:  # said with the item and the provider's words; asked again when somebody wants it
            assert all(item.startswith("i") and said for _, _, item, said in failures)
            loopback.chances.clear()
            assert job_control.retry_job(batch.ctx, OPERATOR, batch.job) == counts["failed"]
            until(lambda: batch.counts() == {"done": 150}, 60, batch.counts)
    assert batch.stored(engine) == (150, 150)


def test_an_endpoint_that_is_away_for_a_minute(
    engine: Engine, world: World, loopback: Loopback, tmp_path: Path
) -> None:
    loopback.latency = 0.05
    batch = Batch(world, loopback, tmp_path, 300)
    with worker(batch.url, loopback.base_url, "w", tmp_path):
        until(batch.done(50), 60, batch.counts)
        loopback.chances["503"] = 1.0
        time.sleep(60)
        loopback.chances.clear()
        batch.wait()
    assert batch.counts() == {"done": 300} and batch.stored(engine) == (300, 300)


def test_a_revoked_key_pauses_the_job_and_a_new_one_lets_it_go_on(
    engine: Engine, world: World, loopback: Loopback, tmp_path: Path
) -> None:
    loopback.latency = 0.05
    batch = Batch(world, loopback, tmp_path, 300)
    with worker(batch.url, loopback.base_url, "w", tmp_path):
        until(batch.done(50), 60, batch.counts)
        loopback.chances["401"] = 1.0
        batch.wait()
        counts = batch.counts()
        assert set(counts) == {"done", "paused"} and "scripted 401" in (batch.report().state.job.paused or "")
        loopback.chances.clear()
        job_control.resume_job(batch.ctx, OPERATOR, batch.job)
        until(lambda: batch.counts() == {"done": 300}, 90, batch.counts)
    assert batch.stored(engine) == (300, 300)


def test_a_worker_that_stands_still_and_comes_back(
    postgresql_url: str, world_on_postgresql: World, loopback: Loopback, tmp_path: Path
) -> None:
    world = world_on_postgresql
    loopback.latency = 0.2
    batch = Batch(world, loopback, tmp_path, 400)
    with (
        worker(batch.url, loopback.base_url, "frozen", tmp_path) as frozen,
        worker(batch.url, loopback.base_url, "other", tmp_path),
    ):
        until(batch.done(40), 60, batch.counts)
        frozen.send_signal(signal.SIGSTOP)
        try:
            time.sleep(
                8
            )  # it is taken for dead after three seconds, and its calls are given to the other one
        finally:
            frozen.send_signal(signal.SIGCONT)
        batch.wait()
    assert batch.counts() == {"done": 400} and batch.stored(world.ctx.engine) == (400, 400)


def test_a_database_that_is_restarted_in_the_middle(
    postgresql: Server, world_on_postgresql: World, loopback: Loopback, tmp_path: Path
) -> None:
    if postgresql.restart is None:
        pytest.skip("this PostgreSQL server is not ours to restart")
    world = world_on_postgresql
    loopback.latency = 0.1
    batch = Batch(world, loopback, tmp_path, 400)
    with worker(batch.url, loopback.base_url, "w", tmp_path) as process:
        until(batch.done(60), 60, batch.counts)
        postgresql.restart(3.0)
        batch.wait()
        assert process.poll() is None  # it lived on
    assert batch.counts() == {"done": 400} and batch.stored(world.ctx.engine) == (400, 400)
