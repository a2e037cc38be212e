"""The one event loop of a process that waits for models, in a thread of its own.

Pages, HTTP handlers and the worker live in other threads and loops; a gateway's connections belong to exactly
one loop. They hand coroutines over here and get futures, or pieces, back.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

__all__ = ["ModelLoop"]

T = TypeVar("T")

_END = object()


class ModelLoop:
    """Starts with the first thing handed to it; `close` cancels what is under way."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._closed:
                raise RuntimeError("the model loop is closed; connections of its models are gone with it")
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="models", daemon=True)
                self._thread.start()
            return self._loop

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine here; cancelling the future cancels it."""
        return asyncio.run_coroutine_threadsafe(work, self._running())

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine here and wait for it from another loop."""
        return await asyncio.wrap_future(self.submit(work))

    async def relay(self, make: Callable[[], AsyncIterator[T]]) -> AsyncIterator[T]:
        """The pieces of an iterator that runs here, for a reader in another loop.

        A reader that goes away cancels the iterator, which closes the model's connection.
        """
        reader = asyncio.get_running_loop()
        pieces: asyncio.Queue[Any] = asyncio.Queue()

        def hand_over(piece: object) -> None:
            with suppress(RuntimeError):  # the reader's loop is closed: nobody is left to read
                reader.call_soon_threadsafe(pieces.put_nowait, piece)

        async def pump() -> None:
            try:
                async for piece in make():
                    hand_over(piece)
            except Exception as error:  # noqa: BLE001 - handed to the reader, who raises it
                hand_over(error)
            finally:
                hand_over(_END)

        pumping = self.submit(pump())
        try:
            while (piece := await pieces.get()) is not _END:
                if isinstance(piece, Exception):
                    raise piece
                yield piece
        finally:
            pumping.cancel()

    def close(self) -> None:
        """Cancel what is under way, wait for it to end, and stop the thread."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
            self._closed = True
        if loop is None or thread is None:
            return
        try:
            asyncio.run_coroutine_threadsafe(_cancel_all(), loop).result(timeout=10)
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(timeout=10)
            if not loop.is_running():
                loop.close()


async def _cancel_all() -> None:
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
