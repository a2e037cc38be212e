"""The scripts and styles of our components, as they lie in the folder; cached for good under their hash."""

from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app.components.assets import FRONTEND, assets_version

__all__ = ["routes"]


class _Forever(StaticFiles):
    """Files under `/assets/v/HASH/`, which never change."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        version, _, rest = path.partition("/")
        response = await super().get_response(rest, scope)
        if version == assets_version():
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


async def _login_style(_request: object) -> Response:
    return FileResponse(FRONTEND / "login.css", media_type="text/css")


routes = [
    Route("/assets/login.css", _login_style),
    Mount("/assets/v", app=_Forever(directory=FRONTEND)),
]
