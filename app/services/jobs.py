"""The job port: calls in, results stored. The engine behind it is DBOS; nothing else imports it.

Our `calls` table is the truth: the engine only decides when a call runs, and can be exchanged. A workflow of
the engine ends well or cancelled, never in an error of its own; what went wrong stands in the call.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from dbos import DBOS, DBOSClient, DBOSConfig, error
from dbos import DBOSPortableJSONSerializer as JSONSerializer

from app.clock import utc_now
from app.services.performing import Done, GiveUp, Handler, TryAgain, call_key, perform
from app.services.writing import Writer
from db.engine import DATABASE_DOWN, Engine, Session, reading, transaction
from db.store import calls, endpoints

__all__ = [
    "BATCH",
    "LIVE",
    "QUEUE",
    "Done",
    "GiveUp",
    "Handler",
    "Jobs",
    "TryAgain",
    "WorkerEngine",
    "call_key",
]

LIVE: Final = 1
BATCH: Final = 10
QUEUE: Final = "models"
"""One queue per model endpoint; with one endpoint, one queue. Live calls go ahead of batches inside it."""

_VERSION = "milo-jobs-1"
"""Pinned: by default it is a hash of the source, and a worker only takes work of its own version."""
_WORKFLOW = "call"
_POLL_SECONDS = 0.2
_THREADS = 16
_FORGOTTEN_AT_ONCE = 1_000
_DATABASE_WAITS = tuple(2.0**number for number in range(9))
"""Seconds until a call is done again that found the database away, eight and a half minutes in all."""


class Jobs:
    """The side that asks: pages, services and commands."""

    USUAL_CONCURRENCY: Final = 64

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._client: DBOSClient | None = None

    def _connected(self) -> DBOSClient:
        if self._client is None:
            self._client = DBOSClient(
                system_database_engine=self._engine, application_name="milo", serializer=JSONSerializer()
            )
        return self._client

    def prepare(self) -> None:
        """Make the engine's own tables; done by the first process, before workers start. Safe to repeat."""
        DBOS.migrate(self._engine.url.render_as_string(hide_password=False))
        with reading(self._engine) as session:
            limit = endpoints.limit_of(session, QUEUE)
        self.set_endpoint(
            QUEUE,
            concurrency=limit.concurrency if limit else self.USUAL_CONCURRENCY,
            starts=limit.starts if limit else None,
            period_seconds=limit.period_seconds if limit else None,
        )

    def set_endpoint(
        self, queue: str, *, concurrency: int, starts: int | None = None, period_seconds: float | None = None
    ) -> None:
        """Limits of one endpoint's queue; running workers follow within a second."""
        limiter = {"limit": starts, "period": period_seconds} if starts and period_seconds else None
        self._connected().register_queue(
            queue,
            global_concurrency=concurrency,
            worker_concurrency=concurrency,
            polling_interval_sec=_POLL_SECONDS,
            limiter=limiter,  # type: ignore[arg-type]
            on_conflict="always_update",
        )

    def enqueue(
        self,
        session: Session,
        *,
        kind: str,
        specs: Mapping[str, Mapping[str, Any]],
        job_id: int | None,
        priority: int = BATCH,
        queue: str = QUEUE,
    ) -> int:
        """Queue the calls that are not known yet, in the caller's transaction; returns how many there were."""
        if not specs:
            return 0
        fresh = calls.add_calls(session, specs, kind=kind, queue=queue, job_id=job_id, now=utc_now())
        for call_id in fresh:
            self._put(session, queue, call_id, 0, priority)
        return len(fresh)

    def _put(self, session: Session, queue: str, call_id: str, generation: int, priority: int) -> None:
        self._connected().enqueue_in_transaction(
            session.connection(),
            {
                "workflow_name": _WORKFLOW,
                "queue_name": queue,
                "workflow_id": f"{call_id}#{generation}",
                "app_version": _VERSION,
                "priority": priority,
            },
            call_id,
        )

    def cancel(self, job_id: int) -> int:
        """Cancel what is not finished; calls in flight end without storing anything."""
        with transaction(self._engine) as session:
            stopped = calls.cancel_calls(session, job_id, now=utc_now())
        if stopped:
            self._connected().cancel_workflows([f"{call_id}#{generation}" for call_id, generation in stopped])
        return len(stopped)

    def pause(self, job_id: int, reason: str) -> None:
        """Start no further call of the job; those in flight end and are stored."""
        with transaction(self._engine) as session:
            calls.pause_job(session, job_id, reason)

    def resume(self, job_id: int, *, statuses: Sequence[str], budget_usd: float | None = None) -> int:
        """Queue calls that ended in one of `statuses` (paused, cancelled, failed) once more; the job goes on."""
        with transaction(self._engine) as session:
            calls.unpause_job(session, job_id, budget_usd=budget_usd)
            again = calls.reopen_calls(session, job_id=job_id, statuses=statuses)
            for call_id, generation, queue in again:
                self._put(session, queue, call_id, generation, BATCH)
            return len(again)

    def progress(self, job_id: int) -> dict[str, int]:
        with reading(self._engine) as session:
            return calls.progress(session, job_id)

    def reconcile(self) -> int:
        """Queue unfinished calls that the engine knows nothing of (its tables were lost, or it was exchanged)."""
        with reading(self._engine) as session:
            open_calls = calls.unfinished(session)
        if not open_calls:
            return 0
        ids = [f"{call_id}#{generation}" for call_id, generation, _ in open_calls]
        alive: set[str] = set()
        for start in range(0, len(ids), 500):
            found = self._connected().list_workflows(
                workflow_ids=ids[start : start + 500], load_input=False, load_output=False
            )
            alive |= {
                state.workflow_id for state in found if state.status in ("ENQUEUED", "PENDING", "DELAYED")
            }
        lost = [row for row, id_ in zip(open_calls, ids, strict=True) if id_ not in alive]
        with transaction(self._engine) as session:
            renewed = [row for row in lost if calls.renew_generation(session, row[0], row[1])]
            for call_id, generation, queue in renewed:
                self._put(session, queue, call_id, generation + 1, BATCH)
        return len(renewed)

    def forget_finished(self, *, older_than_days: float) -> int:
        """Delete the engine's own rows of what ended long ago; our calls stay. Returns how many there were."""
        client = self._connected()
        before = utc_now() - timedelta(days=older_than_days)
        done = 0
        while True:
            found = client.list_workflows(
                status=["SUCCESS", "CANCELLED", "ERROR"],
                completed_before=before.isoformat(),
                limit=_FORGOTTEN_AT_ONCE,
                load_input=False,
                load_output=False,
            )
            if not found:
                return done
            client.delete_workflows([state.workflow_id for state in found])
            done += len(found)

    def close(self) -> None:
        if self._client is not None:
            self._client.destroy()
            self._client = None


def _is_a_fault(record: logging.LogRecord) -> bool:
    """Not that somebody cancelled a call that was under way, for which the engine logs a traceback each."""
    cause = record.exc_info[1] if record.exc_info else None
    return not isinstance(cause, error.DBOSAwaitedWorkflowCancelledError)


class WorkerEngine:
    """The side that does: one per worker process."""

    def __init__(
        self,
        engine: Engine,
        handlers: Mapping[str, Handler],
        run: Callable[[Coroutine[Any, Any, None]], Awaitable[None]],
        *,
        worker_id: str,
        concurrency: int = 64,
    ) -> None:
        """`run` carries a coroutine to the process's model loop and waits for it there."""
        self._engine = engine
        self.worker_id = worker_id
        self._at_work: set[str] = set()
        """Workflows that this process is really doing."""
        room = asyncio.Semaphore(concurrency)
        writer = Writer(engine)
        self._missed: set[str] = set()
        """Those that it should be doing and was not, at the last look."""

        # No step of the engine's: done again from its start, a call stores its result once anyway, and two
        # transactions of the engine's for each step are a fifth of the worker's time.
        @DBOS.workflow(name=_WORKFLOW, max_recovery_attempts=100)
        async def call(call_id: str) -> None:
            workflow_id = str(DBOS.workflow_id)
            self._at_work.add(workflow_id)
            try:
                async with room:
                    for wait in _DATABASE_WAITS:
                        try:
                            return await run(perform(engine, handlers, call_id, writer=writer))
                        except DATABASE_DOWN:
                            await asyncio.sleep(wait)
                    await run(perform(engine, handlers, call_id, writer=writer))
            finally:
                self._at_work.discard(workflow_id)

    def launch(self) -> None:
        logging.getLogger("dbos").setLevel(logging.ERROR)
        logging.getLogger("dbos").addFilter(_is_a_fault)
        config = DBOSConfig(
            name="milo",
            application_version=_VERSION,
            executor_id=self.worker_id,
            max_executor_threads=_THREADS,
            log_level="ERROR",
            system_database_url=self._engine.url.render_as_string(hide_password=False),
            system_database_engine=self._engine,
            serializer=JSONSerializer(),
        )
        DBOS(config=config)
        DBOS.launch()

    def rescue(self) -> int:
        """Put back what stands as this worker's in the engine and is not being done, at two looks in a row: a
        database that goes away at the wrong moment leaves such calls behind.
        """
        mine = {
            state.workflow_id: state.queue_name
            for state in DBOS.list_workflows(
                status="PENDING", executor_id=self.worker_id, load_input=False, load_output=False
            )
        }
        missed = set(mine) - self._at_work
        stranded, self._missed = missed & self._missed, missed
        for workflow_id in stranded:
            DBOS.resume_workflows([workflow_id], queue_name=mine[workflow_id])
        return len(stranded)

    def recover(self, dead: Sequence[str]) -> int:
        """Put back what workers without a heartbeat had claimed."""
        by_queue: dict[str, list[str]] = {}
        for state in DBOS.list_workflows(
            status="PENDING", executor_id=list(dead), load_input=False, load_output=False
        ):
            if state.queue_name:
                by_queue.setdefault(state.queue_name, []).append(state.workflow_id)
        for queue, ids in by_queue.items():
            DBOS.resume_workflows(ids, queue_name=queue)
        return sum(len(ids) for ids in by_queue.values())

    def close(self, drain_seconds: int) -> None:
        DBOS.destroy(workflow_completion_timeout_sec=drain_seconds)
