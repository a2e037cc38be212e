"""What is looked at before anything of a request's body is read: whose the token is, and how large the body is."""

from collections.abc import Callable

from fastapi import HTTPException
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Door", "owner_of"]

_WITHOUT_BODY = ("GET", "HEAD", "OPTIONS", "DELETE")


def owner_of(authorization: str | None, who: Callable[[str], str | None]) -> str | None:
    """Whose the bearer token in this header is; None for nobody's, and for any other header."""
    kind, _, token = (authorization or "").partition(" ")
    return who(token.strip()) if kind.lower() == "bearer" and token.strip() else None


class Door:
    """Pure ASGI: a framework's own checks come after the body is in memory."""

    def __init__(self, app: ASGIApp, *, who: Callable[[str], str | None], megabytes: int) -> None:
        self.app = app
        self._who = who
        self._most = megabytes * 2**20
        self._words = f"the body is larger than {megabytes} MiB; send fewer submissions at a time"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in _WITHOUT_BODY:
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        owner = await run_in_threadpool(owner_of, headers.get("authorization"), self._who)
        if owner is None:
            answer = JSONResponse({"detail": "a bearer token is needed"}, 401, {"WWW-Authenticate": "Bearer"})
            await answer(scope, receive, send)
            return
        scope.setdefault("state", {})["owner"] = owner
        declared = headers.get("content-length", "")
        if declared.isdigit() and int(declared) > self._most:
            await JSONResponse({"detail": self._words}, 413)(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._most:
                raise HTTPException(413, self._words)
            return message

        await self.app(scope, counted, send)
