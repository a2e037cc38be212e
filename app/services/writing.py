"""Short writes of many calls in one transaction: a commit costs more than what it commits."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from db.engine import DATABASE_DOWN, Engine, Session, transaction

__all__ = ["Writer"]

T = TypeVar("T")
_Work = Callable[[Session], Any]

_AT_ONCE: Final = 16
"""So that a page that wants to write waits for some milliseconds only."""


class Writer:
    """Does what is asked for while another write is under way together, in the order in which it was asked for.

    Nobody waits for company: a write that finds the writer idle is done at once. If one of several fails, nothing of
    them is kept and each is done by itself, so that one that cannot be stored takes no other with it. A writer
    belongs to one event loop.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._waiting: deque[tuple[_Work, asyncio.Future[Any]]] = deque()
        self._under_way: asyncio.Task[None] | None = None

    async def write(self, work: Callable[[Session], T]) -> T:
        """What `work` returns, once it is committed; it raises what `work` or the database raises. `work` may be done
        more than once, but is committed once.
        """
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, done))
        if self._under_way is None:
            self._under_way = asyncio.create_task(self._drain())
        return await done

    async def _drain(self) -> None:
        try:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(_AT_ONCE, len(self._waiting)))]
                try:
                    found = await asyncio.to_thread(self._together, [work for work, _ in batch])
                except BaseException:
                    for _, done in batch:
                        done.cancel()
                    raise
                for (_, done), result in zip(batch, found, strict=True):
                    if done.done():
                        continue  # whoever asked has gone
                    if isinstance(result, Exception):
                        done.set_exception(result)
                    else:
                        done.set_result(result)
        finally:
            self._under_way = None

    def _together(self, batch: Sequence[_Work]) -> list[Any]:
        if len(batch) > 1:
            try:
                with transaction(self._engine) as session:
                    return [work(session) for work in batch]
            except DATABASE_DOWN as error:
                return [error] * len(batch)
            except Exception:  # noqa: BLE001 - whose it is shows when each is done by itself
                pass
        return [self._alone(work) for work in batch]

    def _alone(self, work: _Work) -> Any:
        try:
            with transaction(self._engine) as session:
                return work(session)
        except Exception as error:  # noqa: BLE001 - raised again where it was asked for
            return error
