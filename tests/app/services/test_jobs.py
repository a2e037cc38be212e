"""The job port on both databases: what is enqueued, done, cancelled and taken over."""

import asyncio
import threading
import time
from collections.abc import Mapping
from typing import Any

import pytest

from app.bridge import ModelLoop
from app.clock import utc_now
from app.services.jobs import Done, GiveUp, Jobs, TryAgain, WorkerEngine, call_key
from app.services.performing import Account, perform
from db.engine import Engine, reading, transaction
from db.models import Call
from db.store import calls
from tests.app.services.world import World


def statuses(engine: Engine) -> dict[str, str]:
    with reading(engine) as session:
        return {call.id: call.status for call in session.query(Call)}


def enqueue(engine: Engine, jobs: Jobs, *names: str, job_id: int | None = None) -> int:
    with transaction(engine) as session:
        return jobs.enqueue(session, kind="k", specs={name: {"name": name} for name in names}, job_id=job_id)


@pytest.fixture
def jobs(engine: Engine) -> Any:
    made = Jobs(engine)
    yield made
    made.close()


def test_a_call_is_known_by_what_it_asks() -> None:
    assert call_key("judge", 1, "a") == call_key("judge", 1, "a") != call_key("judge", 1, "b")


def test_the_same_call_twice_is_one(engine: Engine, jobs: Jobs) -> None:
    assert (enqueue(engine, jobs, "a", "b"), enqueue(engine, jobs, "b", "c")) == (2, 1)
    assert set(statuses(engine)) == {"a", "b", "c"}


def test_a_rolled_back_enqueue_leaves_nothing(engine: Engine, jobs: Jobs) -> None:
    with pytest.raises(RuntimeError), transaction(engine) as session:
        jobs.enqueue(session, kind="k", specs={"a": {}}, job_id=None)
        raise RuntimeError("undo")
    assert statuses(engine) == {}


def test_a_handler_that_fails_marks_its_call_and_no_other(engine: Engine, jobs: Jobs) -> None:
    enqueue(engine, jobs, "good", "bad", "worse")

    async def handle(call_id: str, _spec: Mapping[str, Any]) -> Done | GiveUp:
        if call_id == "bad":
            return GiveUp("no such thing")
        if call_id == "worse":
            raise ZeroDivisionError
        return Done(lambda session: None)

    for name in ("good", "bad", "worse"):
        asyncio.run(perform(engine, {"k": handle}, name))
    assert statuses(engine) == {"good": "done", "bad": "failed", "worse": "failed"}


def test_try_again_is_tried_again(engine: Engine, jobs: Jobs) -> None:
    enqueue(engine, jobs, "a")
    seen = []

    async def handle(call_id: str, _spec: Mapping[str, Any]) -> Done:
        seen.append(call_id)
        if len(seen) < 3:
            raise TryAgain("busy", 0.0)
        return Done(lambda session: None)

    asyncio.run(perform(engine, {"k": handle}, "a"))
    assert (len(seen), statuses(engine)) == (3, {"a": "done"})


def test_when_patience_ends_what_was_handed_over_for_that_is_stored(engine: Engine, jobs: Jobs) -> None:
    enqueue(engine, jobs, "a", "b")
    stored: list[str] = []

    async def handle(call_id: str, _spec: Mapping[str, Any]) -> Done:
        otherwise = Done(lambda session: stored.append(call_id)) if call_id == "a" else None
        raise TryAgain("away", otherwise=otherwise)

    for name in ("a", "b"):
        asyncio.run(perform(engine, {"k": handle}, name, patience_seconds=0))
    assert (stored, statuses(engine)) == (["a"], {"a": "done", "b": "failed"})


def test_what_earlier_tries_cost_is_counted_however_the_call_ends(engine: Engine, jobs: Jobs) -> None:
    enqueue(engine, jobs, "a", "b")
    tries: list[str] = []

    async def handle(call_id: str, _spec: Mapping[str, Any]) -> Done | GiveUp:
        tries.append(call_id)
        account = Account("unavailable", 10, 5, 0.25)
        if tries.count(call_id) < 3:
            raise TryAgain("busy", 0.0, account=account)
        return Done(lambda session: None, Account("ok", 1, 2)) if call_id == "a" else GiveUp("no")

    for name in ("a", "b"):
        asyncio.run(perform(engine, {"k": handle}, name))
    with reading(engine) as session:
        found = {
            call.id: (call.prompt_tokens, call.completion_tokens, call.cost_usd)
            for call in session.query(Call)
        }
    # two tries of 10 and 5 tokens at .25 each, and the last one's 1 and 2 whose price is unknown
    assert found == {"a": (21, 12, 0.5), "b": (20, 10, 0.5)}


def test_a_result_that_cannot_be_stored_fails_its_call(engine: Engine, jobs: Jobs) -> None:
    enqueue(engine, jobs, "a")

    async def handle(_call_id: str, _spec: Mapping[str, Any]) -> Done:
        def store(_session: object) -> None:
            raise ValueError("no such row")

        return Done(store, Account("ok", 10, 5))

    asyncio.run(perform(engine, {"k": handle}, "a"))
    with reading(engine) as session:
        call = session.get(Call, "a")
        assert call is not None
        assert (call.status, call.prompt_tokens) == ("failed", 10)
        assert call.error == "the result cannot be stored: ValueError: no such row"


def test_a_call_that_was_cancelled_while_running_stores_nothing(world: World) -> None:
    project, engine = world.project(), world.ctx.engine
    with transaction(engine) as session:
        job = calls.add_job(
            session,
            project_id=project.id,
            kind="judge",
            agent_id=None,
            spec={},
            started_by="t",
            now=utc_now(),
        )
    enqueue(engine, world.ctx.jobs, "a", job_id=job.id)
    stored = []

    async def handle(_call_id: str, _spec: Mapping[str, Any]) -> Done:
        await asyncio.to_thread(world.ctx.jobs.cancel, job.id)
        return Done(lambda session: stored.append(1))

    asyncio.run(perform(engine, {"k": handle}, "a"))
    assert (stored, statuses(engine)) == ([], {"a": "cancelled"})
    assert world.ctx.jobs.resume(job.id, statuses=("cancelled",)) == 1
    assert world.ctx.jobs.progress(job.id) == {"queued": 1}


def test_a_call_that_kills_its_worker_is_stopped(engine: Engine, jobs: Jobs) -> None:
    enqueue(engine, jobs, "a")
    for _ in range(20):
        with transaction(engine) as session:
            calls.begin_call(session, "a")
    asyncio.run(perform(engine, {}, "a"))
    with reading(engine) as session:
        call = session.get(Call, "a")
        assert call is not None and call.status == "failed" and "20 times" in (call.error or "")


@pytest.mark.slow
def test_a_worker_does_what_is_queued_and_calls_lost_by_the_engine_are_found(
    engine: Engine, jobs: Jobs
) -> None:
    with transaction(engine) as session:  # a call that the engine knows nothing of
        calls.add_calls(session, {"lost": {}}, kind="k", queue="models", job_id=None, now=utc_now())
    enqueue(engine, jobs, *(f"c{n}" for n in range(30)))
    assert jobs.reconcile() == 1
    loop, done, all_done = ModelLoop(), [], threading.Event()

    async def handle(call_id: str, _spec: Mapping[str, Any]) -> Done:
        def store(_session: object) -> None:
            done.append(call_id)
            if len(done) == 31:
                all_done.set()

        return Done(store)

    worker = WorkerEngine(engine, {"k": handle}, loop.run, worker_id=f"test-{time.monotonic_ns()}")
    worker.launch()
    try:
        assert all_done.wait(30), statuses(engine)
        assert sorted(done) == sorted(["lost", *(f"c{n}" for n in range(30))])
    finally:
        worker.close(1)
        loop.close()
