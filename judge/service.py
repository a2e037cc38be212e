"""The judge over HTTP: the same submission as through library and command gives the same verdict.

The token check, the way to the model's event loop and the keeper of jobs are handed in; nothing here knows a database.
"""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Path, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import JsonValue
from starlette.concurrency import run_in_threadpool

from judge.errors import BadSubmission, KeyTaken, TooManyWaiting
from judge.http_door import Door, owner_of
from judge.http_page import page_of
from judge.http_shapes import JobAccepted, JobReply, JudgeReply, JudgeRequest, Problem, RubricLine
from judge.llm import Gateway
from judge.remote import Limits, Order, RemoteJob, RemoteJobs
from judge.scorer import Judge, score_many
from judge.types import Submission, Verdict
from rubrics import Rubric, RubricError, rubric_from, rubric_hash

__all__ = ["make_service"]

_SAMPLES_IN_A_JOB = 3
"""Where gains level off; while somebody waits it is one."""
_LINES, _MOST_LINES = 100, 1_000
_LARGEST_ID = 2**63 - 1

Run = Callable[[Coroutine[Any, Any, list[Verdict]]], Awaitable[list[Verdict]]]
JobId = Annotated[int, Path(ge=1, le=_LARGEST_ID)]

_NOBODY: dict[int | str, dict[str, Any]] = {401: {"model": Problem, "description": "No token, or nobody's."}}
_UNKNOWN = {**_NOBODY, 404: {"model": Problem, "description": "There is no such thing, or it is not yours."}}
_TOO_MUCH = {**_NOBODY, 413: {"model": Problem, "description": "The body is too large."}}
_JOB_REFUSED = {
    **_TOO_MUCH,
    409: {"model": Problem, "description": "The idempotency key was used for another request."},
    429: {
        "model": Problem,
        "description": "Too much of yours is waiting; Retry-After says when to come back.",
    },
}

_BASE = "/v1"


def make_service(
    *,
    rubrics: Callable[[], Mapping[str, Rubric]],
    gateway: Gateway | None,
    who: Callable[[str], str | None],
    run: Run,
    jobs: RemoteJobs | None = None,
    limits: Limits | None = None,
) -> FastAPI:
    """The service. `who` says whose a token is (None for nobody), `run` carries the scoring to the model loop, `jobs`
    keeps what is judged in the background; without it more submissions than are judged at once are refused.
    """
    bounds = limits or Limits()
    service = FastAPI(title="MILO judge", version="1", docs_url=None, redoc_url=None)
    service.add_middleware(Door, who=who, megabytes=bounds.body_megabytes)

    def caller(
        request: Request,
        _described: Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))],
    ) -> str:
        # The door has asked already where there is a body.
        name = getattr(request.state, "owner", None) or owner_of(request.headers.get("authorization"), who)
        if name is None:
            raise HTTPException(401, "a bearer token is needed", {"WWW-Authenticate": "Bearer"})
        return str(name)

    @service.get("/health", summary="Whether the service is up, and what judges")
    def health() -> dict[str, str]:
        return {"status": "ok", "model": gateway.model if gateway else "built-in checks"}

    @service.get("/rubrics", summary="The rubrics that can be named", responses=_NOBODY)
    def list_rubrics(_caller: Annotated[str, Depends(caller)]) -> list[RubricLine]:
        return [
            RubricLine(
                name=one.name,
                title=one.title,
                version=one.version,
                hash=rubric_hash(one),
                criteria=len(one.criteria),
            )
            for one in rubrics().values()
        ]

    @service.get(
        "/rubrics/{name}",
        summary="One rubric whole, as it can be sent along; its hash is in the header ETag",
        responses=_UNKNOWN,
    )
    def show_rubric(name: str, response: Response, _caller: Annotated[str, Depends(caller)]) -> Rubric:
        known = rubrics()
        if name not in known:
            raise HTTPException(404, f"no rubric {name!r}; there are {', '.join(sorted(known))}")
        response.headers["ETag"] = f'"{rubric_hash(known[name])}"'
        return known[name]

    def start(keeper: RemoteJobs, name: str, request: JudgeRequest) -> JSONResponse:
        if len(request.submissions) > bounds.in_a_job:
            raise HTTPException(
                422, f"submissions: {len(request.submissions)}; at most {bounds.in_a_job} in a job"
            )
        rubric = _rubric(request.rubric, rubrics())
        _submissions(request)
        order = Order(
            rubric,
            request.submissions,
            request.samples or _SAMPLES_IN_A_JOB,
            request.together,
            request.idempotency_key,
        )
        try:
            job_id = keeper.start(name, order)
        except KeyTaken as error:
            raise HTTPException(409, str(error)) from error
        except TooManyWaiting as error:
            raise HTTPException(429, str(error), {"Retry-After": str(error.retry_after_seconds)}) from error
        accepted = JobAccepted(id=job_id, address=_address(job_id), submissions=len(request.submissions))
        return JSONResponse(accepted.model_dump(), 202, {"Location": accepted.address})

    more = f"; more than {bounds.at_once} become a job" if jobs else ""

    @service.post(
        "/judge",
        summary=f"Judge up to {bounds.at_once} answers on a rubric while you wait{more}",
        response_model=JudgeReply,
        response_model_exclude_unset=True,
        responses={**_JOB_REFUSED, 202: {"model": JobAccepted}} if jobs else _TOO_MUCH,
    )
    async def judge(request: JudgeRequest, name: Annotated[str, Depends(caller)]) -> Any:
        if len(request.submissions) > bounds.at_once:
            if jobs is None:
                raise HTTPException(
                    422, f"submissions: {len(request.submissions)}; at most {bounds.at_once} at once"
                )
            return await run_in_threadpool(start, jobs, name, request)
        scorer = Judge(
            _rubric(request.rubric, rubrics()),
            gateway,
            samples=request.samples or 1,
            together=request.together,
        )
        verdicts = await run(_all(scorer, _submissions(request)))
        return {"verdicts": [verdict.to_json() for verdict in verdicts]}

    if jobs is not None:
        _add_jobs(service, jobs, caller, start)

    @service.get("/docs", include_in_schema=False)
    def page() -> HTMLResponse:
        return HTMLResponse(page_of(service.openapi(), _BASE))

    return service


def _add_jobs(
    service: FastAPI,
    jobs: RemoteJobs,
    caller: Callable[..., str],
    start: Callable[[RemoteJobs, str, JudgeRequest], JSONResponse],
) -> None:
    @service.post(
        "/jobs",
        status_code=202,
        summary="Judge many answers in the background; the same idempotency key gives the same job",
        response_model=JobAccepted,
        responses=_JOB_REFUSED,
    )
    def start_job(request: JudgeRequest, name: Annotated[str, Depends(caller)]) -> Any:
        return start(jobs, name, request)

    @service.get(
        "/jobs/{job_id}",
        summary="How a job stands, and the verdicts that exist, in the order of the submissions",
        response_model=JobReply,
        response_model_exclude_unset=True,
        responses=_UNKNOWN,
    )
    def show_job(
        job_id: JobId,
        name: Annotated[str, Depends(caller)],
        first: Annotated[int, Query(alias="from", ge=0, le=_LARGEST_ID)] = 0,
        limit: Annotated[int, Query(ge=0, le=_MOST_LINES)] = _LINES,
    ) -> Any:
        return _found(jobs.state(name, job_id, first=first, count=limit), job_id, first, limit)

    @service.delete(
        "/jobs/{job_id}",
        summary="Judge no more of a job; verdicts that exist stay",
        response_model=JobReply,
        response_model_exclude_unset=True,
        responses=_UNKNOWN,
    )
    def cancel_job(job_id: JobId, name: Annotated[str, Depends(caller)]) -> Any:
        jobs.cancel(name, job_id)
        return _found(jobs.state(name, job_id, first=0, count=0), job_id, 0, 0)


def _address(job_id: int) -> str:
    return f"{_BASE}/jobs/{job_id}"


def _found(job: RemoteJob | None, job_id: int, first: int, count: int) -> dict[str, Any]:
    if job is None:
        raise HTTPException(404, f"no job {job_id} of yours")
    rubric = job.rubric
    end = first + count
    return {
        "id": job.id,
        "address": _address(job.id),
        "status": job.status,
        "paused": job.paused,
        "submissions": job.submissions,
        "counts": {
            status: job.counts.get(status, 0)
            for status in ("queued", "running", "paused", "done", "failed", "cancelled")
        },
        "prompt_tokens": job.prompt_tokens,
        "completion_tokens": job.completion_tokens,
        "cost_usd": job.cost_usd,
        "calls_without_price": job.calls_without_price,
        "rubric": {"name": rubric.name, "version": rubric.version, "hash": rubric_hash(rubric)},
        "samples": job.samples,
        "together": job.together,
        "model": job.model,
        "created_at": job.created_at,
        "verdicts": list(job.lines),
        "next": end if end < job.submissions else None,
    }


async def _all(judge: Judge, submissions: list[Submission]) -> list[Verdict]:
    return [verdict async for verdict in score_many(judge, submissions)]


def _submissions(request: JudgeRequest) -> list[Submission]:
    read = []
    for number, row in enumerate(request.submissions):
        try:
            read.append(Submission.from_json(row))
        except BadSubmission as error:
            raise HTTPException(422, f"submissions[{number}]: {error}") from error
    return read


def _rubric(given: str | dict[str, JsonValue], known: Mapping[str, Rubric]) -> Rubric:
    if isinstance(given, str) and given in known:
        return known[given]
    try:
        if isinstance(given, str) and "\n" not in given:
            raise RubricError(f"no rubric {given!r}; there are {', '.join(sorted(known))}")
        return rubric_from(given)
    except RubricError as error:
        raise HTTPException(422, f"rubric: {error}") from error
