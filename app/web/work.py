"""The Work page's endpoints: the next item, drafts, submitting, browser events and feedback.

JSON in and out; the services decide. A page that labels talks to these and never waits for a page run.
"""

from typing import Any

from markdown_it import MarkdownIt
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app import resources
from app.errors import Invalid
from app.services import answering, assignment, drafts, judging, telemetry
from app.services.assignment import NextTask, Progress, Task
from app.services.context import Actor, Context
from app.services.projects import describe
from app.web.answers import actor_of, body_of, endpoint, json_answer

__all__ = ["routes"]

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
"""Raw HTML in the text is shown as text; links other than http, https and mailto are dropped."""

_RECORDED = (
    "Recorded while an item is open: when the page is visible or hidden, that keys or the pointer were used (not "
    "which), pastes (not their text), when the chat waits for an answer, and when you submit. You see the result "
    "under My work."
)


def _setup(ctx: Context, actor: Actor, project_id: int) -> dict[str, Any]:
    state = describe(ctx, actor, project_id)
    project = state.project
    if state.schema is None:
        raise Invalid(f"project {project.name!r} holds imported ratings; there is nothing to work on")
    return {
        "project": {
            "id": project.id,
            "title": project.name,
            "problem": project.problem,
            "simulated": project.simulated,
            "guidelines_html": _MARKDOWN.render(state.guidelines.text) if state.guidelines else "",
            "guideline_version": state.guidelines.number if state.guidelines else None,
        },
        "schema": {"version_id": state.schema.id, **state.schema.document},
        "roles": {
            "preannotation": project.preannotation_on,
            "assistant": project.assistant_on,
            "judge": project.judge_on and state.rubric is not None,
        },
        "idle_seconds": project.idle_seconds,
        "definition": telemetry.DEFINITION.format(idle_seconds=project.idle_seconds),
        "recorded": _RECORDED,
        "user": {"name": actor.name},
    }


def _progress(progress: Progress) -> dict[str, int]:
    return {"done_by_me": progress.done_by_me, "total": progress.total, "complete": progress.complete}


def _part(item_id: int, part: dict[str, Any]) -> dict[str, Any]:
    shown = {
        name: part[name] for name in ("name", "kind", "title", "text", "messages", "alt") if part.get(name)
    }
    if part["kind"] in ("image", "audio", "video"):
        shown["url"] = f"/api/media/{item_id}/{part['name']}"
    return shown


def _task(task: Task | None) -> dict[str, Any] | None:
    if task is None:
        return None
    item = task.item
    parts = [_part(item.id, part) for part in item.content["parts"]]
    if item.content.get("context"):
        parts.append({"name": "context", "kind": "text", "title": "Context", "text": item.content["context"]})
    return {
        "item": {
            "id": item.id,
            "external_id": item.external_id,
            "version": item.version,
            "parts": parts,
            "metadata": item.meta,
        },
        "lease": {"expires_at": task.lease.expires_at.isoformat()},
        "arm": task.lease.arm,
        "suggestions": {
            question: {
                "id": suggestion.id,
                "value": suggestion.value[0],
                "confidence": suggestion.confidence,
                "confidence_source": suggestion.confidence_source,
                "calibrated": suggestion.calibrated,
                "rationale": suggestion.rationale,
                "model": suggestion.model,
                "builtin": suggestion.builtin,
                "examples": suggestion.examples,
            }
            for question, suggestion in task.suggestions.items()
        },
        "draft": {
            "version": task.draft.version,
            "answers": task.draft.answers,
            "saved_at": task.draft.saved_at.isoformat(),
        }
        if task.draft
        else None,
        "annotation": {
            "revision": task.annotation.revision,
            "state": task.annotation.state,
            "answers": {answer.question: answer.value[0] for answer in task.answers},
        }
        if task.annotation
        else None,
        "form_token": task.lease.form_token,
        "visit_key": task.lease.visit_key,
        "schema_version_id": task.schema_version_id,
        "guideline_version_id": task.guideline_version_id,
    }


def _next(found: NextTask) -> dict[str, Any]:
    return {"task": _task(found.task), "reason": found.reason, "progress": _progress(found.progress)}


@endpoint
async def setup(request: Request) -> Response:
    return json_answer(
        await run_in_threadpool(
            _setup, resources.context(), actor_of(request), request.path_params["project_id"]
        )
    )


@endpoint
async def next_item(request: Request) -> Response:
    held = [int(part) for part in request.query_params.get("held", "").split(",") if part.isdigit()]
    found = await run_in_threadpool(
        assignment.next_task,
        resources.context(),
        actor_of(request),
        request.path_params["project_id"],
        held=held,
    )
    return json_answer(_next(found))


def _opened(ctx: Context, actor: Actor, project_id: int, item_id: int) -> dict[str, Any]:
    task = assignment.open_task(ctx, actor, project_id, item_id)
    return {
        "task": _task(task),
        "reason": None,
        "progress": _progress(assignment.progress(ctx, actor, project_id)),
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
        done = answering.submit(ctx, actor, item_id=item_id, form_token=form_token, answers=answers)
    return {
        "annotation_id": done.annotation_id,
        "revision": done.revision,
        "late": done.late,
        "duplicate": done.duplicate,
        "progress": _progress(assignment.progress(ctx, actor, done.project_id)),
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


@endpoint
async def feedback(request: Request) -> Response:
    rows = await run_in_threadpool(
        judging.feedback, resources.context(), actor_of(request), request.path_params["project_id"]
    )
    return json_answer({"feedback": rows})


@endpoint
async def seen(request: Request) -> Response:
    body = await body_of(request)
    ids = [id_ for id_ in body.get("verdict_ids", []) if isinstance(id_, int)]
    await run_in_threadpool(judging.mark_seen, resources.context(), actor_of(request), ids)
    return json_answer({"seen": len(ids)})


routes = [
    Route("/api/work/{project_id:int}/setup", setup),
    Route("/api/work/{project_id:int}/next", next_item, methods=["POST"]),
    Route("/api/work/{project_id:int}/items/{item_id:int}", one_item, methods=["POST"]),
    Route("/api/work/{project_id:int}/feedback", feedback),
    Route("/api/work/feedback/seen", seen, methods=["POST"]),
    Route("/api/work/drafts/{item_id:int}", save_draft, methods=["PUT"]),
    Route("/api/work/submit", submit, methods=["POST"]),
    Route("/api/work/events", events, methods=["POST"]),
]
