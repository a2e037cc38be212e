"""Help with an item: suggestions that come after an answer or on request, and the judge on a draft."""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app import resources
from app.services import assignment, draft_checks, live_suggestion
from app.services.context import Actor, Context
from app.web.answers import actor_of, body_of, endpoint, json_answer, object_of
from app.web.shapes import suggestions_json

__all__ = ["routes"]


def _revealed(ctx: Context, actor: Actor, item_id: int, answers: dict[str, Any]) -> dict[str, Any]:
    return suggestions_json(assignment.reveal(ctx, actor, item_id, answers=answers))


@endpoint
async def reveal(request: Request) -> Response:
    body = await body_of(request)
    shown = await run_in_threadpool(
        _revealed,
        resources.context(),
        actor_of(request),
        request.path_params["item_id"],
        object_of(body, "answers"),
    )
    return json_answer({"suggestions": shown})


@endpoint
async def ask_suggestion(request: Request) -> Response:
    found = await run_in_threadpool(
        live_suggestion.request_suggestion,
        resources.context(),
        actor_of(request),
        request.path_params["item_id"],
    )
    return json_answer({"state": found.state, "reason": found.reason})


def _polled(ctx: Context, actor: Actor, item_id: int) -> dict[str, Any]:
    found = live_suggestion.poll_suggestion(ctx, actor, item_id)
    suggestions = (
        suggestions_json(assignment.held_task(ctx, actor, item_id)) if found.state == "ready" else {}
    )
    return {"state": found.state, "reason": found.reason, "suggestions": suggestions}


@endpoint
async def asked_suggestion(request: Request) -> Response:
    return json_answer(
        await run_in_threadpool(
            _polled, resources.context(), actor_of(request), request.path_params["item_id"]
        )
    )


@endpoint
async def check(request: Request) -> Response:
    body = await body_of(request)
    return json_answer(
        await draft_checks.check_draft(
            resources.context(),
            actor_of(request),
            request.path_params["item_id"],
            request_id=str(body.get("request_id", ""))[:64],
            question=str(body.get("question", "")),
            text=str(body.get("text", "")),
        )
    )


routes = [
    Route("/api/work/items/{item_id:int}/reveal", reveal, methods=["POST"]),
    Route("/api/work/items/{item_id:int}/suggestion", ask_suggestion, methods=["POST"]),
    Route("/api/work/items/{item_id:int}/suggestion", asked_suggestion, methods=["GET"]),
    Route("/api/work/items/{item_id:int}/check", check, methods=["POST"]),
]
