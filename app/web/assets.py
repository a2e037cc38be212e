"""The scripts and styles of our components, as they lie in the folder; cached for good under their hash."""

import hashlib
from functools import cache
from pathlib import Path

from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

__all__ = ["FRONTEND", "assets_version", "routes"]

FRONTEND = Path(__file__).parents[1] / "components" / "frontend"


@cache
def assets_version() -> str:
    """Hash of every file: a changed one changes the address, so that browsers never run an old script."""
    digest = hashlib.sha256()
    for path in sorted(FRONTEND.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(FRONTEND).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


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
