"""The one server process: pages, login, the browser's endpoints and the judge service behind one gate."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from streamlit import config as streamlit_config

from app import resources
from app.services.accounts import actor_of_token
from app.services.context import Context
from app.services.remote_judging import RemoteJudging
from app.themes import streamlit_options
from app.web import assets, chat, feedback, help, login, media, verify, work
from app.web.gate import Gate, SecurityHeaders
from app.web.preload import ChartCode
from judge.remote import Limits
from judge.service import make_service
from rubrics import catalog

__all__ = ["make_app"]

_MAIN = Path(__file__).parent / "main.py"

_OPTIONS: dict[str, object] = {
    "server.headless": True,
    "server.fileWatcherType": "none",
    # Identity set by the gate reaches st.user; a resumed session is bound to it, so that nobody can take over
    # another person's session by its id.
    "server.trustedUserHeaders": '{"X-Milo-User": "name", "X-Milo-Login": "login"}',
    # A full garbage collection after every page run holds the interpreter for some 50 ms.
    "runner.postScriptGC": False,
    "runner.magicEnabled": False,
    "browser.gatherUsageStats": False,
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "client.showSidebarNavigation": True,
}


def configure(ctx: Context) -> None:
    """Streamlit's options, set here so that the working directory does not matter."""
    options = _OPTIONS | {"server.maxUploadSize": ctx.settings.max_upload_mb} | streamlit_options()
    for name, value in options.items():
        streamlit_config.set_option(name, value, "set by MILO")


def make_app(ctx: Context, *, demo: bool = False) -> st.App:
    """The application for uvicorn; `demo` shows the demo accounts on the login page."""
    configure(ctx)
    resources.provide(ctx)
    service = make_service(
        rubrics=catalog,
        gateway=ctx.gateway,
        who=lambda token: actor.login if (actor := actor_of_token(ctx, token)) else None,
        run=lambda work_: ctx.loop.run(work_),
        jobs=RemoteJudging(ctx),
        limits=Limits(
            in_a_job=min(ctx.settings.judge_job_submissions, ctx.settings.judge_waiting_submissions),
            body_megabytes=ctx.settings.judge_body_mb,
        ),
    )
    routes: list[BaseRoute] = [
        *login.routes(demo=demo),
        *assets.routes,
        *work.routes,
        *verify.routes,
        *help.routes,
        *feedback.routes,
        *chat.routes,
        *media.routes,
        Route("/favicon.ico", _no_icon),
        Route("/work", _first_page),
        Mount("/v1", app=service),
    ]

    @asynccontextmanager
    async def lifespan(_app: st.App) -> AsyncIterator[None]:
        # The first page would otherwise pay for these imports.
        await asyncio.to_thread(_warm_up)
        # And the first one with charts for these, while somebody logs in.
        loading = asyncio.create_task(asyncio.to_thread(_load_charts))
        yield
        await loading

    return st.App(
        str(_MAIN),
        routes=routes,
        lifespan=lifespan,
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(GZipMiddleware, minimum_size=1000),
            Middleware(Gate),
            Middleware(ChartCode, folder=Path(st.__file__).parent / "static"),
        ],
    )


async def _first_page(request: Request) -> Response:
    """Work is the first page of those who have it, and the first page's only address is `/`."""
    return RedirectResponse(f"/?{request.url.query}" if request.url.query else "/", status_code=307)


async def _no_icon(_request: object) -> Response:
    return Response(status_code=204)


def _warm_up() -> None:
    import pandas  # noqa: F401
    import plotly.graph_objects  # noqa: F401


def _load_charts() -> None:
    import scipy.special  # noqa: F401

    import app.components.agreement_overview
    import app.components.agreement_panels
    import app.components.quality_panels  # noqa: F401

    # What is loaded now stays for good; a collector that walks it each time holds every page up.
    gc.collect()
    gc.freeze()
