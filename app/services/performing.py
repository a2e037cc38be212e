"""What is done for one call, whichever engine calls: begin, ask, store result and status in one transaction.

Execution is at least once; the result is stored once. A call that was taken over, cancelled or finished in the
meantime stores nothing.
"""

import asyncio
import hashlib
import itertools
import json
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from app.clock import utc_now
from app.services.writing import Writer
from db.engine import DATABASE_DOWN, Engine, Session
from db.store import calls

__all__ = ["Account", "Done", "GiveUp", "Handler", "Pause", "TryAgain", "call_key", "perform"]

N = TypeVar("N", int, float)

_MOST_STARTS = 20
"""A call started this often without an end kills its worker, and is stopped."""
_FIRST_WAIT = 0.5
_LONGEST_WAIT = 20.0
_LONGEST_REASON = 500
PATIENCE_SECONDS = 600.0
"""How long a call waits for an endpoint that is away; a restart or a bad minute fails nothing."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Account:
    """What a call cost and how it went, whether it has a result or not."""

    outcome: str
    """ok, refused, filtered, truncated, invalid or unavailable."""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost_usd: float | None = None
    seconds: float | None = None
    report: Mapping[str, Any] | None = None
    """What people look into: attempts, labels that the schema does not know."""

    def __add__(self, earlier: "Account") -> "Account":
        """With what earlier tries of the same call cost."""
        return replace(
            self,
            prompt_tokens=_sum(earlier.prompt_tokens, self.prompt_tokens),
            completion_tokens=_sum(earlier.completion_tokens, self.completion_tokens),
            cost_usd=_sum(earlier.cost_usd, self.cost_usd),
        )


@dataclass(frozen=True, slots=True)
class Done:
    """The call has a result; `store` writes it, in the transaction that marks the call done."""

    store: Callable[[Session], None]
    account: Account | None = None


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The call cannot be done; it is marked failed with this reason."""

    reason: str
    account: Account | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """No call of this job can be done until somebody mends something; the job pauses, and nothing is failed."""

    reason: str


class TryAgain(Exception):
    """The call may succeed later; raised by a handler."""

    def __init__(
        self,
        reason: str,
        after_seconds: float | None = None,
        *,
        account: Account | None = None,
        otherwise: Done | None = None,
    ) -> None:
        """`account`: what this try cost. `otherwise`: what is stored when patience ends; without it the call fails."""
        self.reason, self.after_seconds = reason, after_seconds
        self.account, self.otherwise = account, otherwise
        super().__init__(reason)


Handler = Callable[[str, Mapping[str, Any]], Awaitable[Done | GiveUp | Pause]]
"""(call id, spec) -> what came of it."""


def call_key(kind: str, *parts: object) -> str:
    """The id of a call: the hash of everything that decides its result, so that the same call is one row."""
    canonical = json.dumps([kind, *parts], sort_keys=True, default=str)
    return f"{kind}-{hashlib.sha256(canonical.encode()).hexdigest()[:40]}"


async def perform(
    engine: Engine,
    handlers: Mapping[str, Handler],
    call_id: str,
    *,
    patience_seconds: float = PATIENCE_SECONDS,
    writer: Writer | None = None,
) -> None:
    """Do one call. Raises only when the database itself is away, or on cancellation. Calls that are done at the same
    time share a `writer`.
    """
    writer = writer or Writer(engine)
    begun = await writer.write(lambda session: calls.begin_call(session, call_id))
    if begun is None:
        return
    kind, spec, starts = begun
    outcome: Done | GiveUp | Pause
    if starts > _MOST_STARTS:
        outcome = GiveUp(f"started {starts - 1} times without an end")
    elif kind not in handlers:
        outcome = GiveUp(f"this version has no way to do a call of kind {kind!r}")
    else:
        outcome = await _patiently(handlers[kind], call_id, spec, patience_seconds)
    try:
        await _keep(writer, call_id, outcome, patience_seconds)
    except DATABASE_DOWN:
        raise
    except Exception as error:
        account = None if isinstance(outcome, Pause) else outcome.account
        words = f"the result cannot be stored: {type(error).__name__}: {error}"[:_LONGEST_REASON]
        log.exception("call %s: its result cannot be stored", call_id)
        await _keep(writer, call_id, GiveUp(words, account), patience_seconds)


async def _keep(
    writer: Writer, call_id: str, outcome: Done | GiveUp | Pause, patience_seconds: float
) -> None:
    """Store what came of it. A database that cannot write, for a full disk or because it is away, is tried again
    with the result in hand: asking the model anew would be paid anew.
    """
    begun = time.monotonic()
    for number in itertools.count():
        try:
            return await writer.write(lambda session: _finish(session, call_id, outcome))
        except DATABASE_DOWN:
            wait = random.uniform(0, min(_LONGEST_WAIT, _FIRST_WAIT * 2**number))
            if time.monotonic() - begun + wait > patience_seconds:
                raise
            await asyncio.sleep(wait)
    raise AssertionError("the loop returns")


async def _patiently(
    handler: Handler, call_id: str, spec: Mapping[str, Any], patience_seconds: float
) -> Done | GiveUp | Pause:
    begun = time.monotonic()
    spent: list[Account] = []
    for number in itertools.count():
        try:
            return _with(await handler(call_id, spec), spent)
        except TryAgain as error:
            jitter = random.uniform(0, min(_LONGEST_WAIT, _FIRST_WAIT * 2**number))
            wait = (error.after_seconds or 0) + jitter
            waited = time.monotonic() - begun
            if waited + wait > patience_seconds:
                if error.otherwise is not None:
                    return _with(error.otherwise, spent)
                reason = f"gave up after {number + 1} tries in {waited:.0f} s: {error.reason}"
                last = error.account or Account("unavailable")
                return _with(GiveUp(reason, replace(last, seconds=waited)), spent)
            if error.account is not None:
                spent.append(error.account)
            await asyncio.sleep(wait)
        except DATABASE_DOWN:
            raise  # the engine does the whole call again when the database is back
        except Exception as error:  # noqa: BLE001 - the job loop: one bad call must not sink the others
            return GiveUp(f"{type(error).__name__}: {error}")
    raise AssertionError("the loop returns")


def _with(outcome: Done | GiveUp | Pause, spent: Sequence[Account]) -> Done | GiveUp | Pause:
    """The outcome with what earlier tries cost, which is paid however the call ends."""
    if not spent or isinstance(outcome, Pause):
        return outcome
    account = outcome.account or Account("ok" if isinstance(outcome, Done) else "unavailable")
    return replace(outcome, account=sum(spent, account))


def _sum(first: N | None, second: N | None) -> N | None:
    return second if first is None else first if second is None else first + second


def _finish(session: Session, call_id: str, outcome: Done | GiveUp | Pause) -> None:
    if isinstance(outcome, Pause):
        calls.pause_job_of(session, call_id, outcome.reason)
        return
    failure = outcome.reason if isinstance(outcome, GiveUp) else None
    account = outcome.account or Account("ok" if failure is None else "unavailable")
    ended = calls.finish_call(
        session,
        call_id,
        status="failed" if failure else "done",
        error=failure,
        now=utc_now(),
        outcome=account.outcome,
        prompt_tokens=account.prompt_tokens,
        completion_tokens=account.completion_tokens,
        cost_usd=account.cost_usd,
        seconds=account.seconds,
        report=account.report,
    )
    if ended and isinstance(outcome, Done):
        outcome.store(session)
    if ended and account.cost_usd:
        calls.charge_job_of(session, call_id, account.cost_usd)
