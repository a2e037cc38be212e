"""How many requests one process has in flight at an endpoint: fewer when it asks for time, more while it keeps up.

Additive increase, multiplicative decrease. Without it every waiting call comes back by itself, and half of what
is sent is refused again.
"""

import asyncio
import random
import time
from collections import deque

__all__ = ["Pacer"]

_MOST = 256
_CALM_SECONDS = 1.0
"""Refusals that arrive together are one sign, not many."""


class Pacer:
    """Use it from one event loop."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._window = float(most)
        self._in_flight = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._not_before = 0.0
        self._lowered_at = 0.0

    @property
    def window(self) -> int:
        """How many requests may be in flight now."""
        return max(1, int(self._window))

    async def enter(self) -> None:
        """Wait for a place, and for the time that the endpoint asked for."""
        while True:
            pause = self._not_before - time.monotonic()
            if pause > 0:
                await asyncio.sleep(pause + random.uniform(0, min(1.0, pause)))
            elif self._in_flight < self.window:
                self._in_flight += 1
                return
            else:
                await self._wait()

    async def _wait(self) -> None:
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        finally:
            if place in self._waiting:
                self._waiting.remove(place)

    def leave(self) -> None:
        """The request has ended, however."""
        self._in_flight -= 1
        for _ in range(self.window - self._in_flight):
            if not self._waiting:
                return
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)

    def went_well(self) -> None:
        """One more at a time for each window's worth of answers."""
        self._window = min(self._most, self._window + 1 / self._window)

    def overloaded(self, after_seconds: float | None) -> None:
        """The endpoint asked for time: half as many, and none before it said."""
        now = time.monotonic()
        if now - self._lowered_at > _CALM_SECONDS:
            self._window = max(1.0, min(self._window, self._in_flight or 1) / 2)
            self._lowered_at = now
        if after_seconds:
            self._not_before = max(self._not_before, now + after_seconds)
