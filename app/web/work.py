"""The Work page's endpoints: the next item, drafts, submitting and browser events.

JSON in and out; the services decide. A page that labels talks to these and never waits for a page run.
"""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app import resources
from app.errors import Invalid
from app.services import answering, assignment, drafts, telemetry
from app.services.context import Actor, Context
from app.web.answers import actor_of, body_of, endpoint, json_answer, object_of
from app.web.shapes import next_json, progress_json, setup_json, task_json

__all__ = ["routes"]


@endpoint
async def setup(request: Request) -> Response:
    return json_answer(
        await run_in_threadpool(
            setup_json, resources.context(), actor_of(request), request.path_params["project_id"]
        )
    )


@endpoint
async def next_item(request: Request) -> Response:
    held = [int(part) for part in request.query_params.get("held", "").split(",") if part.isdecimal()]
    found = await run_in_threadpool(
        assignment.next_task,
        resources.context(),
        actor_of(request),
        request.path_params["project_id"],
        held=held,
    )
    return json_answer(next_json(found))


def _opened(ctx: Context, actor: Actor, project_id: int, item_id: int) -> dict[str, Any]:
    task = assignment.open_task(ctx, actor, project_id, item_id)
    return {
        "task": task_json(task),
        "reason": None,
        "progress": progress_json(assignment.progress(ctx, actor, project_id)),
    }


@endpoint
async def one_item(request: Request) -> Response:
    path = request.path_params
    return json_answer(
        await run_in_threadpool(
            _opened, resources.context(), actor_of(request), path["project_id"], path["item_id"]
        )
    )


@endpoint
async def save_draft(request: Request) -> Response:
    body = await body_of(request)
    answers, version = body.get("answers"), body.get("version", 0)
    if not isinstance(answers, dict) or not isinstance(version, int):
        raise Invalid("a draft needs `answers` (an object) and `version` (a whole number)")
    stored = await run_in_threadpool(
        drafts.save_draft,
        resources.context(),
        actor_of(request),
        request.path_params["item_id"],
        version=version,
        answers=answers,
        tab=str(body.get("tab", "")),
        provenance=object_of(body, "provenance"),
    )
    return json_answer({"version": stored.version, "saved_at": stored.saved_at.isoformat()})


def _submit(ctx: Context, actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
    item_id, form_token = body.get("item_id"), body.get("form_token")
    if not isinstance(item_id, int) or not isinstance(form_token, str):
        raise Invalid("a submit needs `item_id` and `form_token`")
    if body.get("action") == "skip":
        done = answering.skip(
            ctx, actor, item_id=item_id, form_token=form_token, reason=str(body.get("skip_reason", ""))
        )
    else:
        answers = body.get("answers")
        if not isinstance(answers, dict):
            raise Invalid("a submit needs `answers` (an object)")
        done = answering.submit(
            ctx,
            actor,
            item_id=item_id,
            form_token=form_token,
            answers=answers,
            provenance=object_of(body, "provenance"),
        )
    return {
        "annotation_id": done.annotation_id,
        "revision": done.revision,
        "late": done.late,
        "duplicate": done.duplicate,
        "progress": progress_json(assignment.progress(ctx, actor, done.project_id)),
    }


@endpoint
async def submit(request: Request) -> Response:
    body = await body_of(request)
    return json_answer(await run_in_threadpool(_submit, resources.context(), actor_of(request), body))


@endpoint
async def events(request: Request) -> Response:
    body = await body_of(request)
    now, batch = body.get("now_ms"), body.get("events")
    if not isinstance(now, int | float) or not isinstance(batch, list):
        raise Invalid("a batch needs `now_ms` and `events`")
    try:
        found = [
            telemetry.BrowserEvent(
                seq=int(event["seq"]),
                kind=str(event["kind"]),
                seconds_ago=(now - float(event["at_ms"])) / 1000,
                data=event.get("data") or {},
            )
            for event in batch
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise Invalid("an event needs seq, kind and at_ms") from error
    visit = await run_in_threadpool(
        telemetry.record_events,
        resources.context(),
        actor_of(request),
        visit_key=str(body.get("visit_key", "")),
        tab=str(body.get("tab", "")),
        events=found,
    )
    return json_answer(
        {
            "visit": {
                "handling_seconds": visit.reading + visit.working + visit.chatting,
                "idle_seconds": visit.idle + visit.hidden,
                "waiting_seconds": visit.waiting_model + visit.waiting_judge,
                "tabs": visit.tabs,
            }
        }
    )


routes = [
    Route("/api/work/{project_id:int}/setup", setup),
    Route("/api/work/{project_id:int}/next", next_item, methods=["POST"]),
    Route("/api/work/{project_id:int}/items/{item_id:int}", one_item, methods=["POST"]),
    Route("/api/work/drafts/{item_id:int}", save_draft, methods=["PUT"]),
    Route("/api/work/submit", submit, methods=["POST"]),
    Route("/api/work/events", events, methods=["POST"]),
]
