"""Nobody passes without a login: the gate stands before pages, websockets and endpoints alike."""

from urllib.parse import quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import resources
from app.services.accounts import actor_of_session

__all__ = ["COOKIE", "Gate", "SecurityHeaders"]

COOKIE = "milo_session"

_PUBLIC = ("/login", "/_stcore/health", "/favicon", "/assets/", "/static/")
_TOKEN = "/v1"
"""Programs come here with a bearer token; the service itself checks it."""
_MACHINE = ("/api/", "/media/", "/_stcore/", "/component/")

_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "font-src 'self' data:",
        "worker-src 'self' blob:",
        "frame-ancestors 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "object-src 'none'",
    )
)


class Gate:
    """Pure ASGI, so that it sees websockets too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        # Identity headers are ours to set: whatever a client sends under these names is dropped.
        scope["headers"] = [
            (name, value) for name, value in scope["headers"] if not name.startswith(b"x-milo-")
        ]
        if path.startswith(_PUBLIC) or path == _TOKEN or path.startswith(f"{_TOKEN}/"):
            await self.app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        secret = connection.cookies.get(COOKIE)
        actor = None
        if secret:
            actor = await run_in_threadpool(actor_of_session, resources.context(), secret)
        if actor is None:
            await _refuse(scope, receive, send, connection)
            return
        if (
            scope["type"] == "http"
            and scope["method"] not in ("GET", "HEAD", "OPTIONS")
            and not same_origin(connection)
        ):
            await JSONResponse({"error": "this request comes from another site"}, 403)(scope, receive, send)
            return
        scope["headers"] = [
            *scope["headers"],
            (b"x-milo-user", quote(actor.name).encode()),
            (b"x-milo-login", actor.login.encode()),
        ]
        scope.setdefault("state", {})["actor"] = actor
        await self.app(scope, receive, send)


def same_origin(connection: HTTPConnection) -> bool:
    """Whether a browser sent this from one of our own pages. Programs send no Origin and hold no cookie."""
    origin = connection.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == connection.headers.get("host")


async def _refuse(scope: Scope, receive: Receive, send: Send, connection: HTTPConnection) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 4401})
        return
    path = scope["path"]
    if path.startswith(_MACHINE):
        await JSONResponse({"error": "you are not logged in"}, 401)(scope, receive, send)
        return
    query = connection.url.query
    back = quote(path + (f"?{query}" if query else ""), safe="")
    await RedirectResponse(f"/login?next={back}", 303)(scope, receive, send)


class SecurityHeaders:
    """Headers that every response carries."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = _POLICY
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "same-origin"
            await send(message)

        await self.app(scope, receive, with_headers)
