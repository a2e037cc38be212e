"""The one context of this process, for pages and endpoints. Holds nothing of any user."""

from app.errors import AppError
from app.services.context import Context

__all__ = ["context", "provide"]

_provided: list[Context] = []


def provide(ctx: Context) -> None:
    """Called once, when the process starts."""
    _provided[:] = [ctx]


def context() -> Context:
    """The process's context. Raises AppError when a page is run without the server around it."""
    if not _provided:
        raise AppError("MILO is started with `milo serve`, not by running a page")
    return _provided[0]
