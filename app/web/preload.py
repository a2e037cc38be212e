"""The code that draws charts is fetched and run while the page is still being computed."""

from pathlib import Path
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.components.assets import assets_version

__all__ = ["ChartCode"]

_PAGES: Final = ("/agreement", "/judge-quality", "/time")
"""Pages that begin with a chart. Others fetch the code, over a megabyte, when they come to one."""
_OF_THE_FILE: Final = ("etag", "last-modified", "content-length")
"""Headers that are not true of the page with our line in it."""


class ChartCode:
    """Puts a script into such a page that asks for Streamlit's file for charts at once.

    The browser else asks for it at the first chart, and then needs most of a second to read it. `folder`: Streamlit's
    files, as they are served from `/`.
    """

    def __init__(self, app: ASGIApp, folder: Path) -> None:
        self.app = app
        files = sorted(folder.glob("static/js/PlotlyChart.*.js"))
        self.script = "".join(
            f'<link rel="modulepreload" crossorigin href="/{name}">'
            f'<script type="module" src="/assets/v/{assets_version()}/ahead.js?/{name}"></script>'
            for name in (file.relative_to(folder).as_posix() for file in files)
        ).encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] not in _PAGES:
            await self.app(scope, receive, send)
            return
        # The page as it is: it is packed on its way out.
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        start: Message | None = None
        body = b""

        async def with_script(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start" and message["status"] == 200:
                start = message
                return
            if start is None or message["type"] != "http.response.body":
                await send(message)
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            page = body.replace(b"</head>", self.script + b"</head>", 1)
            headers = MutableHeaders(scope=start)
            for name in _OF_THE_FILE:
                del headers[name]
            headers["Content-Length"] = str(len(page))
            await send(start)
            await send({"type": "http.response.body", "body": page})

        await self.app({**scope, "headers": plain}, receive, with_script)
