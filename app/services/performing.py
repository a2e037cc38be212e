"""What is done for one call, whichever engine calls: begin, ask, store result and status in one transaction.

Execution is at least once; the result is stored once. A call that was taken over, cancelled or finished in the
meantime stores nothing.
"""

import asyncio
import hashlib
import json
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.clock import utc_now
from db.engine import Engine, Session, transaction
from db.store import calls

__all__ = ["Done", "GiveUp", "Handler", "TryAgain", "call_key", "perform"]

_MOST_STARTS = 20
"""A call started this often without an end kills its worker, and is stopped."""
_TRIES = 6
_FIRST_WAIT = 0.5


@dataclass(frozen=True, slots=True)
class Done:
    """The call has a result; `store` writes it, in the transaction that marks the call done."""

    store: Callable[[Session], None]


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The call cannot be done; it is marked failed with this reason."""

    reason: str


class TryAgain(Exception):
    """The call may succeed later; raised by a handler."""

    def __init__(self, reason: str, after_seconds: float | None = None) -> None:
        self.reason, self.after_seconds = reason, after_seconds
        super().__init__(reason)


Handler = Callable[[str, Mapping[str, Any]], Awaitable[Done | GiveUp]]
"""(call id, spec) -> what came of it."""


def call_key(kind: str, *parts: object) -> str:
    """The id of a call: the hash of everything that decides its result, so that the same call is one row."""
    canonical = json.dumps([kind, *parts], sort_keys=True, default=str)
    return f"{kind}-{hashlib.sha256(canonical.encode()).hexdigest()[:40]}"


async def perform(engine: Engine, handlers: Mapping[str, Handler], call_id: str) -> None:
    """Do one call. Raises only when the database itself is away, or on cancellation."""
    begun = await asyncio.to_thread(_begin, engine, call_id)
    if begun is None:
        return
    kind, spec, starts = begun
    outcome: Done | GiveUp
    if starts > _MOST_STARTS:
        outcome = GiveUp(f"started {starts - 1} times without an end")
    elif kind not in handlers:
        outcome = GiveUp(f"this version has no way to do a call of kind {kind!r}")
    else:
        outcome = await _patiently(handlers[kind], call_id, spec)
    await asyncio.to_thread(_finish, engine, call_id, outcome)


async def _patiently(handler: Handler, call_id: str, spec: Mapping[str, Any]) -> Done | GiveUp:
    for number in range(_TRIES):
        try:
            return await handler(call_id, spec)
        except TryAgain as error:
            if number == _TRIES - 1:
                return GiveUp(f"gave up after {_TRIES} tries: {error.reason}")
            wait = (error.after_seconds or 0) + random.uniform(0, _FIRST_WAIT * 2**number)
            await asyncio.sleep(wait)
        except Exception as error:  # noqa: BLE001 - the job loop: one bad call must not sink the others
            return GiveUp(f"{type(error).__name__}: {error}")
    raise AssertionError("the loop returns")


def _begin(engine: Engine, call_id: str) -> tuple[str, dict[str, Any], int] | None:
    with transaction(engine) as session:
        return calls.begin_call(session, call_id)


def _finish(engine: Engine, call_id: str, outcome: Done | GiveUp) -> None:
    failure = outcome.reason if isinstance(outcome, GiveUp) else None
    with transaction(engine) as session:
        status = "failed" if failure else "done"
        if calls.finish_call(session, call_id, status=status, error=failure, now=utc_now()) and isinstance(
            outcome, Done
        ):
            outcome.store(session)
