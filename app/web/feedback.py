"""Feedback on submitted answers: the verdicts, that they were seen, and disputes."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app import resources
from app.services import disputes, judging
from app.web.answers import actor_of, body_of, endpoint, json_answer

__all__ = ["routes"]


@endpoint
async def dispute(request: Request) -> Response:
    body = await body_of(request)
    await run_in_threadpool(
        disputes.open_dispute,
        resources.context(),
        actor_of(request),
        request.path_params["verdict_id"],
        criterion=str(body.get("criterion", "")),
        reason=str(body.get("reason", "")),
    )
    return json_answer({"state": "open"})


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
    Route("/api/work/{project_id:int}/feedback", feedback),
    Route("/api/work/feedback/seen", seen, methods=["POST"]),
    Route("/api/work/verdicts/{verdict_id:int}/dispute", dispute, methods=["POST"]),
]
