"""What a use case needs of the process: made once in `app.wiring`, handed to every service function."""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar

from app.bridge import ModelLoop
from app.services.jobs import Jobs
from app.settings import Settings
from db.engine import Engine
from judge.llm import Gateway

__all__ = ["Actor", "Context", "ItemCounts", "Kept"]

_Result = TypeVar("_Result")


class ItemCounts:
    """Items and complete items per project, for progress bars.

    Counting a hundred thousand items takes longer than giving one out. A count that took long is used for two
    hundred times as long, so that counting costs half a percent; a quick one is made anew each time.
    """

    _TIMES = 200
    _QUICK_SECONDS = 0.001

    def __init__(self) -> None:
        self._known: dict[int, tuple[tuple[int, int], float]] = {}
        """Project -> (items, complete) and until when that is good enough (monotonic)."""

    def of(self, project_id: int, count: Callable[[], tuple[int, int]]) -> tuple[int, int]:
        known = self._known.get(project_id)
        now = time.monotonic()
        if known is not None and now < known[1]:
            return known[0]
        found = count()
        took = time.monotonic() - now
        if took > self._QUICK_SECONDS:
            self._known[project_id] = (found, now + took * self._TIMES)
        return found

    def forget(self, project_id: int) -> None:
        """Count anew at the next question."""
        self._known.pop(project_id, None)


class Kept:
    """Results that take long, each kept as long as the data that it was made from have the same version.

    Whoever asks reads the version first, from the database: what another process stored is seen. Results are
    shared by all who ask, so nobody changes them.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: dict[Hashable, tuple[Hashable, Any]] = {}
        """What for -> (version, result), the one used longest ago first."""
        self._lock = Lock()

    def of(self, key: Hashable, version: Hashable, make: Callable[[], _Result]) -> _Result:
        with self._lock:
            known = self._known.pop(key, None)
            if known is not None and known[0] == version:
                self._known[key] = known
                return known[1]  # type: ignore[no-any-return] # the key says what it is
        found = make()  # without the lock: at worst two people at once wait for the same figure
        with self._lock:
            self._known[key] = version, found
            while len(self._known) > self._most:
                del self._known[next(iter(self._known))]
        return found

    def renewed(self, key: Hashable, version: Hashable, make: Callable[[_Result | None], _Result]) -> _Result:
        """A result that is made of the one before: `make` gets what it made last under this version, or None."""
        with self._lock:
            known = self._known.pop(key, None)
            before = known[1] if known is not None and known[0] == version else None
            if known is not None:
                self._known[key] = known
        found = make(before)
        with self._lock:
            self._known[key] = version, found
            while len(self._known) > self._most:
                del self._known[next(iter(self._known))]
        return found


@dataclass(frozen=True, slots=True)
class Context:
    """The process: its settings, its database and its way to models."""

    settings: Settings
    engine: Engine
    jobs: Jobs
    gateway: Gateway | None
    """None when no endpoint is configured; the built-in models serve then."""
    loop: ModelLoop
    counts: ItemCounts = field(default_factory=ItemCounts)
    ratings: Kept = field(default_factory=lambda: Kept(3))
    """All ratings of a project; a million of them take 60 MB."""
    figures: Kept = field(default_factory=lambda: Kept(100))
    """What was computed of them."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does it. Made by `accounts` from a login session or token, or for the command line."""

    user_id: int | None
    login: str
    name: str
    is_admin: bool

    @classmethod
    def operator(cls) -> "Actor":
        """The command line: it reads the database file anyway, so it may do everything, and is audited."""
        return cls(user_id=None, login="operator", name="operator", is_admin=True)
