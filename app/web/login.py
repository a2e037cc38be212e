"""The login page, outside Streamlit: a plain form that works without scripts."""

import html
import time
from collections import deque
from urllib.parse import parse_qs, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from app import resources
from app.services.accounts import end_session, sign_in
from app.web.answers import Handle
from app.web.gate import COOKIE, same_origin

__all__ = ["routes"]

_TRIES = 8
_WINDOW_SECONDS = 60
_failures: dict[str, deque[float]] = {}
# Failed logins of the last minute by address: counts only, forgotten with the process.

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>MILO: log in</title>
<link rel="stylesheet" href="/assets/login.css"></head><body><main>
<h1>MILO</h1><p class="claim">People and models label together.</p>
<form method="post" action="/login">{message}
<input type="hidden" name="next" value="{next}">
<label>Login<input name="login" autocomplete="username" autofocus required value="{login}"></label>
<label>Password<input name="password" type="password" autocomplete="current-password" required></label>
<button>Log in</button></form>{hint}</main></body></html>"""

_HINT = """<aside><strong>Demo</strong>: log in as <b>anna</b> (annotator), <b>quinn</b> (QA lead), <b>mara</b>
(manager) or <b>admin</b>, each with the password <b>milo-demo</b>.</aside>"""


def _page(
    request: Request, *, message: str = "", login: str = "", next_: str = "/", status: int = 200
) -> Response:
    note = f'<p class="error" role="alert">{html.escape(message)}</p>' if message else ""
    hint = _HINT if request.scope.get("milo.demo") else ""
    body = _PAGE.format(
        message=note, login=html.escape(login, quote=True), next=html.escape(next_, quote=True), hint=hint
    )
    return HTMLResponse(body, status, headers={"Cache-Control": "no-store"})


def _inside(next_: str) -> str:
    """A path of ours to go to after the login; anything that leads elsewhere becomes the start page."""
    parts = urlsplit(next_)
    inside = (
        next_.startswith("/")
        and not next_.startswith(("//", "/\\"))
        and not parts.netloc
        and not parts.scheme
    )
    return next_ if inside else "/"


async def show(request: Request) -> Response:
    return _page(request, next_=_inside(request.query_params.get("next", "/")))


async def log_in(request: Request) -> Response:
    if not same_origin(request):
        return _page(request, message="This form was sent from another site.", status=403)
    form = {
        name: values[0]
        for name, values in parse_qs((await request.body())[:10_000].decode("utf-8", "replace")).items()
    }
    login, next_ = form.get("login", ""), _inside(form.get("next", "/"))
    address = request.client.host if request.client else "?"
    # By account, so that one guessed account is slowed down without locking out a whole office; and by address,
    # so that many accounts cannot be tried one after the other.
    watched = [
        _failures.setdefault(key, deque(maxlen=most))
        for key, most in ((f"{address}|{login}", _TRIES), (address, 10 * _TRIES))
    ]
    if any(
        len(recent) == recent.maxlen and time.monotonic() - recent[0] < _WINDOW_SECONDS for recent in watched
    ):
        words = "Too many failed logins. Wait a minute and try again."
        return _page(request, message=words, login=login, next_=next_, status=429)
    ctx = resources.context()
    # Hashing takes a tenth of a second by design; it must not stand in the way of other requests.
    secret = await run_in_threadpool(sign_in, ctx, login=login, password=form.get("password", ""))
    if secret is None:
        for recent in watched:
            recent.append(time.monotonic())
        return _page(
            request,
            message="Login and password do not belong together.",
            login=login,
            next_=next_,
            status=401,
        )
    watched[0].clear()
    response = RedirectResponse(next_, 303)
    response.set_cookie(
        COOKIE,
        secret,
        max_age=int(ctx.settings.session_hours * 3600),
        httponly=True,
        samesite="lax",
        secure=ctx.settings.secure_cookies,
    )
    return response


async def log_out(request: Request) -> Response:
    secret = request.cookies.get(COOKIE)
    if secret:
        await run_in_threadpool(end_session, resources.context(), secret)
    response = RedirectResponse("/login", 303)
    response.delete_cookie(COOKIE)
    return response


def routes(*, demo: bool) -> list[Route]:
    """The routes; `demo` shows the demo accounts on the page."""

    def marked(handle: Handle) -> Handle:
        async def handled(request: Request) -> Response:
            request.scope["milo.demo"] = demo
            return await handle(request)

        return handled

    return [
        Route("/login", marked(show), methods=["GET"]),
        Route("/login", marked(log_in), methods=["POST"]),
        Route("/logout", log_out, methods=["POST"]),
    ]
