"""The code that draws charts is on its way while the page is still being computed."""

from pathlib import Path
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["ChartCode"]

_PAGES: Final = ("/agreement", "/judge-quality", "/time")
"""Pages that begin with a chart. Others fetch the code, over a megabyte, when they come to one."""


class ChartCode:
    """Names Streamlit's file for charts in the response to such a page, which else asks for it at its first chart.

    `folder`: Streamlit's files, as they are served from `/`.
    """

    def __init__(self, app: ASGIApp, folder: Path) -> None:
        self.app = app
        files = sorted(folder.glob("static/js/PlotlyChart.*.js"))
        self.link = ", ".join(
            f"</{file.relative_to(folder).as_posix()}>; rel=modulepreload; crossorigin" for file in files
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in _PAGES or not self.link:
            await self.app(scope, receive, send)
            return

        async def with_link(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                MutableHeaders(scope=message).append("Link", self.link)
            await send(message)

        await self.app(scope, receive, with_link)
