"""From errors to HTTP: one place that says which error is which status."""

import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from app.errors import AppError, Conflict, Invalid, NotAllowed, NotFound, TooLarge, Unreachable
from app.services.context import Actor
from app.wiring import DATABASE_DOWN

__all__ = ["Handle", "actor_of", "body_of", "endpoint", "json_answer", "object_of"]

log = logging.getLogger(__name__)

_STATUS: tuple[tuple[type[AppError], int], ...] = (
    (Conflict, 409),
    (Invalid, 422),
    (NotAllowed, 403),
    (NotFound, 404),
    (TooLarge, 413),
    (Unreachable, 502),
)
_LARGEST_BODY = 4 * 2**20

Handle = Callable[[Request], Awaitable[Response]]


def json_answer(body: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(body, option=orjson.OPT_NON_STR_KEYS), status, media_type="application/json")


def endpoint(handle: Handle) -> Handle:
    """A handler whose expected errors become answers, and whose defects become an id in the log."""

    async def handled(request: Request) -> Response:
        try:
            return await handle(request)
        except AppError as error:
            status = next((status for kind, status in _STATUS if isinstance(error, kind)), 400)
            body: dict[str, Any] = {"error": str(error)}
            if isinstance(error, Invalid):
                body["problems"] = list(error.problems)
            if isinstance(error, Conflict):
                body |= error.current
            return json_answer(body, status)
        except DATABASE_DOWN as error:
            log.warning("request %s %s: %s", request.method, request.url.path, error.orig)
            said = f"the database cannot be used at present ({error.orig}); nothing was stored, try again"
            return json_answer({"error": said}, 503)
        except Exception:
            reference = secrets.token_hex(4)
            log.exception("request %s %s failed (%s)", request.method, request.url.path, reference)
            return json_answer({"error": f"something went wrong on our side (reference {reference})"}, 500)

    return handled


def actor_of(request: Request) -> Actor:
    """Who the gate let through."""
    actor = request.scope["state"]["actor"]
    assert isinstance(actor, Actor), "the gate stands before every endpoint"
    return actor


async def body_of(request: Request) -> dict[str, Any]:
    """The request's JSON object. Raises TooLarge or Invalid."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_BODY:
            raise TooLarge(f"the request is larger than {_LARGEST_BODY // 2**20} MB")
    try:
        value = orjson.loads(bytes(body))
    except orjson.JSONDecodeError as error:
        raise Invalid(f"the request is not JSON: {error.msg}") from error
    if not isinstance(value, dict):
        raise Invalid("the request is not a JSON object")
    return value


def object_of(body: dict[str, Any], name: str) -> dict[str, Any]:
    """A field that is an object, empty when missing. Raises Invalid for anything else."""
    value = body.get(name) or {}
    if not isinstance(value, dict):
        raise Invalid(f"`{name}` is an object")
    return value
