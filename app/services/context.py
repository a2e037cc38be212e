"""What a use case needs of the process: made once in `app.wiring`, handed to every service function."""

from dataclasses import dataclass

from app.bridge import ModelLoop
from app.services.jobs import Jobs
from app.settings import Settings
from db.engine import Engine
from judge.llm import Gateway

__all__ = ["Actor", "Context"]


@dataclass(frozen=True, slots=True)
class Context:
    """The process: its settings, its database and its way to models."""

    settings: Settings
    engine: Engine
    jobs: Jobs
    gateway: Gateway | None
    """None when no endpoint is configured; the built-in models serve then."""
    loop: ModelLoop


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
