"""The verification table's endpoints: a part of the list, one item, saving choices, the person's columns."""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app import resources
from app.errors import Invalid
from app.services import verification
from app.services.context import Actor, Context
from app.services.verification import Choice
from app.services.verification_list import STATES, Filters
from app.web.answers import actor_of, body_of, endpoint, json_answer, object_of
from app.web.shapes import item_json, suggestion_json

__all__ = ["routes"]


_LARGEST = 2**31 - 1
"""The largest number that both databases know as an id."""


@endpoint
async def setup(request: Request) -> Response:
    return json_answer(
        await run_in_threadpool(
            verification.table_setup,
            resources.context(),
            actor_of(request),
            request.path_params["project_id"],
        )
    )


def _whole(value: str | None, name: str) -> int | None:
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and int(value) <= _LARGEST):
        raise Invalid(f"`{name}` is a whole number of at most {_LARGEST}")
    return int(value)


def _filters(request: Request) -> Filters:
    asked = request.query_params
    states = frozenset(part for part in asked.get("states", "").split(",") if part)
    if states - set(STATES):
        raise Invalid(f"states are {', '.join(STATES)}")
    below = asked.get("below")
    try:
        confidence = float(below) if below else None
    except ValueError as error:
        raise Invalid("`below` is a number from 0 to 1") from error
    return Filters(
        states=states,
        label=asked.get("label", ""),
        search=asked.get("search", ""),
        query=asked.get("query", ""),
        job=_whole(asked.get("job"), "job"),
        model=asked.get("model", ""),
        verifier=asked.get("verifier", ""),
        confidence_below=confidence,
        sort=asked.get("sort") or "order",
        descending=asked.get("direction") == "down",
        unverified_first=asked.get("first") == "unverified",
    )


@endpoint
async def rows(request: Request) -> Response:
    asked = request.query_params
    page = await run_in_threadpool(
        verification.list_rows,
        resources.context(),
        actor_of(request),
        request.path_params["project_id"],
        question=asked.get("question", ""),
        filters=_filters(request),
        offset=_whole(asked.get("offset"), "offset") or 0,
        limit=_whole(asked.get("limit"), "limit") or 100,
    )
    return json_answer({"total": page.total, "counts": page.counts, "rows": page.rows})


def _details(ctx: Context, actor: Actor, project_id: int, item_id: int, suggestion_id: int) -> dict[str, Any]:
    found = verification.item_details(ctx, actor, project_id, item_id, suggestion_id)
    return {
        "item": item_json(found["item"]),
        "suggestion": suggestion_json(found["suggestion"]),
        "verdict": found["verdict"],
        "own": found["own"],
        "history": found["history"],
    }


@endpoint
async def item(request: Request) -> Response:
    path = request.path_params
    return json_answer(
        await run_in_threadpool(
            _details,
            resources.context(),
            actor_of(request),
            path["project_id"],
            path["item_id"],
            path["suggestion_id"],
        )
    )


def _choice(row: Any) -> Choice:
    if (
        not isinstance(row, dict)
        or not isinstance(row.get("item_id"), int)
        or not isinstance(row.get("suggestion_id"), int)
        or not isinstance(row.get("token"), str)
        or not 16 <= len(row["token"]) <= 64
    ):
        raise Invalid("a choice needs item_id, suggestion_id and token")
    looked = row.get("looked_seconds")
    return Choice(
        item_id=row["item_id"],
        suggestion_id=row["suggestion_id"],
        value=row.get("value"),
        token=row["token"],
        via="bulk" if row.get("via") == "bulk" else "table",
        others=object_of(row, "others"),
        looked_seconds=max(0.0, float(looked)) if isinstance(looked, int | float) else None,
    )


@endpoint
async def save(request: Request) -> Response:
    body = await body_of(request)
    given = body.get("choices")
    if not isinstance(given, list):
        raise Invalid("saving needs `choices`, a list")
    saved = await run_in_threadpool(
        verification.save_choices,
        resources.context(),
        actor_of(request),
        request.path_params["project_id"],
        question=str(body.get("question", "")),
        choices=[_choice(row) for row in given],
    )
    return json_answer(
        {"saved": [{"item_id": row.item_id, "ok": row.ok, "outcome": row.outcome} for row in saved]}
    )


@endpoint
async def preferences(request: Request) -> Response:
    body = await body_of(request)
    await run_in_threadpool(verification.save_preferences, resources.context(), actor_of(request), body)
    return json_answer({})


routes = [
    Route("/api/verify/preferences", preferences, methods=["PUT"]),
    Route("/api/verify/{project_id:int}/setup", setup),
    Route("/api/verify/{project_id:int}/rows", rows),
    Route("/api/verify/{project_id:int}/items/{item_id:int}/{suggestion_id:int}", item),
    Route("/api/verify/{project_id:int}/save", save, methods=["POST"]),
]
