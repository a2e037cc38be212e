"""What a use case needs of the process: made once in `app.wiring`, handed to every service function."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from app.bridge import ModelLoop
from app.services.jobs import Jobs
from app.settings import Settings
from db.engine import Engine
from judge.llm import Gateway

__all__ = ["Actor", "Context", "ItemCounts"]


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
