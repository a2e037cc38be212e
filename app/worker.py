"""Worker processes: doing calls, taking over from workers that died, what is due by the clock, and keeping a child
worker alive.

A worker beats by the database's clock. One that is silent for long (a setting) is dead; somebody else puts
what it had claimed back into the queue. On SQLite the child's restart under the same name does that.
"""

import logging
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping

from app.services import drift_watch
from app.services.context import Context
from app.services.jobs import Handler, WorkerEngine
from app.services.retention import forget_old_texts
from db.engine import DATABASE_DOWN, Engine, is_sqlite, transaction
from db.store import calls

__all__ = ["Clock", "Heartbeat", "Supervisor", "forget", "run_worker"]

_BEATS = 30
"""Heartbeats in the time after which silence means death: a few may be late or lost."""
_DRAIN_SECONDS = 5
_ROUNDS_AN_HOUR = 60
_KEPT_DAYS = 7
"""How long the engine keeps its own rows of what has ended."""

log = logging.getLogger(__name__)


class Heartbeat:
    """Tells the database that this worker is alive, and looks for those that are not."""

    def __init__(
        self,
        engine: Engine,
        worker: WorkerEngine,
        *,
        reconcile: Callable[[], int],
        dead_seconds: float,
    ) -> None:
        """`reconcile` queues the calls that the job engine has lost."""
        self._engine, self._worker, self._reconcile = engine, worker, reconcile
        self._rounds = 0
        self._beat, self._dead = dead_seconds / _BEATS, dead_seconds
        self._last = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop beating and say so: what this worker had claimed may be taken over at once."""
        self._stop.set()
        self._thread.join(timeout=10)
        with transaction(self._engine) as session:
            calls.beat(session, self._worker.worker_id, 0.0)

    def _run(self) -> None:
        while True:
            try:
                self.once()
            except DATABASE_DOWN as error:
                log.warning("heartbeat missed: %s", error.orig)
            if self._stop.wait(self._beat * random.uniform(0.8, 1.2)):
                return

    def once(self) -> int:
        """One beat and one look around; returns how many calls were put back."""
        with transaction(self._engine) as session:
            now = calls.database_seconds(session)
            calls.beat(session, self._worker.worker_id, now)
        silent = time.monotonic() - self._last
        self._last = time.monotonic()
        if silent > self._dead / 2:
            return 0  # the database was away, or this process stood still: everybody looks dead now
        with transaction(self._engine) as session:
            if not calls.take_reaper_lock(session):
                return 0
            dead = calls.dead_workers(session, before=now - self._dead)
        self._rounds += 1
        if self._rounds % _BEATS == 0:
            self._worker.rescue()
            self._reconcile()
        if not dead:
            return 0
        recovered = self._worker.recover(dead)
        with transaction(self._engine) as session:
            calls.forget_workers(session, dead, before=now - self._dead)
        return recovered


def worker_id(engine: Engine, configured: str | None) -> str:
    """On SQLite always `local`, so that a restart finds its own work; elsewhere unique."""
    if is_sqlite(engine):
        return "local"
    return configured or f"{socket.gethostname()}-{uuid.uuid4().hex[:8]}"


def run_worker(ctx: Context, handlers: Mapping[str, Handler], *, concurrency: int = 64) -> None:
    """Do calls, at most `concurrency` at the same time, until SIGTERM or SIGINT, then finish what is quick and hand over the rest."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    _end_with_parent(stop)
    ctx.jobs.prepare()
    ctx.jobs.reconcile()
    worker = WorkerEngine(
        ctx.engine,
        handlers,
        ctx.loop.run,
        worker_id=worker_id(ctx.engine, ctx.settings.worker_id),
        concurrency=concurrency,
    )
    worker.launch()
    heartbeat = Heartbeat(
        ctx.engine, worker, reconcile=ctx.jobs.reconcile, dead_seconds=ctx.settings.worker_dead_seconds
    )
    heartbeat.start()
    clock = Clock(ctx)
    clock.start()
    stop.wait()
    clock.stop()
    worker.close(_DRAIN_SECONDS)
    heartbeat.stop()


def _end_with_parent(stop: threading.Event) -> None:
    """Stop when the parent does, however it ends: a supervised child gets a pipe that then closes."""
    descriptor = os.environ.get("MILO_PARENT_PIPE")  # noqa: TID251 - handed from parent to child, no setting
    if descriptor is None:
        return

    def watch() -> None:
        os.read(int(descriptor), 1)
        stop.set()

    threading.Thread(target=watch, name="parent", daemon=True).start()


class Clock:
    """Does what is due by the clock, beside the calls: looks at agents, and forgetting what is old enough."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._rounds = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=10)

    def once(self) -> None:
        """One round: forgetting in the first and then every hour, what is due in each."""
        if self._rounds % _ROUNDS_AN_HOUR == 0:
            forget(self._ctx)
        self._rounds += 1
        drift_watch.ask_due(self._ctx)

    def _run(self) -> None:
        while True:
            try:
                self.once()
            except DATABASE_DOWN as error:
                log.warning("what is due waits for the database: %s", error.orig)
            except Exception:
                log.exception("what is due could not be done; it is tried again in a minute")
            if self._stop.wait(3600 / _ROUNDS_AN_HOUR):
                return


def forget(ctx: Context) -> None:
    """Delete what the settings say is old enough."""
    ctx.jobs.forget_finished(older_than_days=_KEPT_DAYS)
    forget_old_texts(ctx)


class Supervisor:
    """Keeps one child worker running beside the server."""

    def __init__(self, arguments: list[str]) -> None:
        """`arguments` follow `python -m app.cli`."""
        self._arguments = arguments
        self._stop = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _run(self) -> None:
        wait = 0.5
        while not self._stop.is_set():
            read_end, write_end = os.pipe()
            started = time.monotonic()
            environment = os.environ | {"MILO_PARENT_PIPE": str(read_end)}  # noqa: TID251
            self._child = subprocess.Popen(
                [sys.executable, "-m", "app.cli", *self._arguments], pass_fds=(read_end,), env=environment
            )
            os.close(read_end)
            code = self._child.wait()
            os.close(write_end)
            if self._stop.is_set():
                return
            # A worker that dies at once is started ever more slowly; one that ran for a while, at once.
            wait = 0.5 if time.monotonic() - started > 60 else min(wait * 2, 30)
            log.warning("the worker ended with code %s; starting it again in %.0f s", code, wait)
            self._stop.wait(wait)

    def close(self) -> None:
        self._stop.set()
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()
            try:
                self._child.wait(timeout=_DRAIN_SECONDS + 10)
            except subprocess.TimeoutExpired:
                self._child.kill()
        if self._thread.is_alive():
            self._thread.join(timeout=5)
