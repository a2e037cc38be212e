"""The assistant's stream as server-sent events."""

from collections.abc import AsyncIterator
from typing import Any, assert_never

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from app import resources
from app.errors import AppError, Invalid
from app.services import chat
from app.web.answers import actor_of, body_of, endpoint, json_answer

__all__ = ["routes"]


@endpoint
async def transcript(request: Request) -> Response:
    found = await run_in_threadpool(
        chat.transcript, resources.context(), actor_of(request), request.path_params["item_id"]
    )
    return json_answer(
        {
            "turns": [
                {
                    "id": turn.id,
                    "role": turn.role,
                    "text": turn.text,
                    "status": turn.status,
                    "model": turn.model,
                    "action": turn.action,
                }
                for turn in found.turns
            ],
            "assistant": {
                "available": found.available,
                "builtin": found.builtin,
                "label": found.label,
                "may_draft": found.may_draft,
                "level": found.limit.level,
                "message": found.limit.message,
            },
        }
    )


@endpoint
async def ask(request: Request) -> Response:
    body = await body_of(request)
    draft = body.get("answers") or {}
    if not isinstance(draft, dict):
        raise Invalid("`answers` is the form as typed: an object")
    pieces = chat.ask(
        resources.context(),
        actor_of(request),
        request.path_params["item_id"],
        request_id=str(body.get("request_id", ""))[:64],
        text=str(body.get("text", "")),
        draft=draft,
        action=str(body["action"]) if body.get("action") else None,
    )
    # The first piece is taken here, so that a refusal is a status and not a stream.
    first = await anext(pieces)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(first, pieces), media_type="text/event-stream", headers=headers)


async def _events(
    first: Any, rest: AsyncIterator[chat.Opened | chat.Piece | chat.Closed]
) -> AsyncIterator[bytes]:
    yield _event(first)
    try:
        async for piece in rest:
            yield _event(piece)
    except AppError as error:
        yield _line("error", {"message": str(error)})


def _event(piece: chat.Opened | chat.Piece | chat.Closed) -> bytes:
    match piece:
        case chat.Opened():
            return _line("turn", {"id": piece.turn_id, "notice": piece.notice})
        case chat.Piece():
            return _line("piece", {"text": piece.text})
        case chat.Closed():
            return _line("done", {"status": piece.status, "message": piece.message})
        case _:
            assert_never(piece)


def _line(event: str, data: dict[str, Any]) -> bytes:
    return b"event: " + event.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"


@endpoint
async def stop(request: Request) -> Response:
    await run_in_threadpool(chat.stop, resources.context(), actor_of(request), request.path_params["turn_id"])
    return json_answer({"stopped": True})


routes = [
    Route("/api/chat/{item_id:int}", transcript, methods=["GET"]),
    Route("/api/chat/{item_id:int}", ask, methods=["POST"]),
    Route("/api/chat/turns/{turn_id:int}/stop", stop, methods=["POST"]),
]
