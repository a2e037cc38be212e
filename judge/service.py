"""The judge over HTTP: the same submission as through library and command gives the same verdict.

The token check and the way to the model's event loop are handed in; nothing here knows a database.
"""

import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from judge.errors import BadSubmission
from judge.llm import Gateway
from judge.scorer import Judge, score_many
from judge.types import Submission, Verdict
from rubrics import Rubric, RubricError, rubric_from, rubric_hash

__all__ = ["make_service"]

_MOST_SUBMISSIONS = 50
"""In one synchronous request; more belongs into a file for the command."""

Run = Callable[[Coroutine[Any, Any, list[Verdict]]], Awaitable[list[Verdict]]]


class JudgeRequest(BaseModel):
    """One rubric and the answers to judge on it."""

    model_config = ConfigDict(extra="forbid")

    rubric: str | dict[str, JsonValue] = Field(
        description="A rubric's name, or a rubric itself: ours, or a Prometheus one."
    )
    submissions: list[dict[str, JsonValue]] = Field(
        min_length=1,
        max_length=_MOST_SUBMISSIONS,
        description="Each {id, prompt, response, reference?, context?}.",
    )


class JudgeReply(BaseModel):
    """One verdict per submission, in the same order."""

    verdicts: list[dict[str, JsonValue]]


_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>MILO judge API</title>
<style>body{{font:15px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}}
code,pre{{background:#8881;padding:.1em .3em;border-radius:4px}}pre{{padding:.8em;overflow:auto}}
h2{{margin-top:2rem;font-size:1.05rem}}</style></head><body><h1>MILO judge API</h1>
<p>The description for programs is at <a href="{base}/openapi.json">openapi.json</a>. Every call but
<code>/health</code> takes the header <code>Authorization: Bearer TOKEN</code>.</p>{operations}</body></html>"""


def make_service(
    *,
    rubrics: Callable[[], Mapping[str, Rubric]],
    gateway: Gateway | None,
    who: Callable[[str], str | None],
    run: Run,
) -> FastAPI:
    """The service. `who` says whose a token is (None for nobody), `run` carries the scoring to the model loop."""
    service = FastAPI(title="MILO judge", version="1", docs_url=None, redoc_url=None)

    def caller(authorization: Annotated[str | None, Header()] = None) -> str:
        kind, _, token = (authorization or "").partition(" ")
        name = who(token) if kind.lower() == "bearer" and token else None
        if name is None:
            raise HTTPException(401, "a bearer token is needed", {"WWW-Authenticate": "Bearer"})
        return name

    @service.get("/health", summary="Whether the service is up, and what judges")
    def health() -> dict[str, str]:
        return {"status": "ok", "model": gateway.model if gateway else "built-in checks"}

    @service.get("/rubrics", summary="The rubrics that can be named")
    def list_rubrics(_caller: Annotated[str, Depends(caller)]) -> list[dict[str, JsonValue]]:
        return [
            {
                "name": r.name,
                "title": r.title,
                "version": r.version,
                "hash": rubric_hash(r),
                "criteria": len(r.criteria),
            }
            for r in rubrics().values()
        ]

    @service.post("/judge", summary="Judge one or more answers on a rubric")
    async def judge(request: JudgeRequest, _caller: Annotated[str, Depends(caller)]) -> JudgeReply:
        scorer = Judge(_rubric(request.rubric, rubrics()), gateway)
        submissions = []
        for number, row in enumerate(request.submissions):
            try:
                submissions.append(Submission.from_json(row))
            except BadSubmission as error:
                raise HTTPException(422, f"submissions[{number}]: {error}") from error
        verdicts = await run(_all(scorer, submissions))
        return JudgeReply(verdicts=[verdict.to_json() for verdict in verdicts])

    @service.get("/docs", include_in_schema=False)
    def page() -> HTMLResponse:
        # Swagger's page loads its scripts from outside; this one loads nothing.
        blocks = []
        for path, methods in service.openapi()["paths"].items():
            for method, operation in methods.items():
                blocks.append(
                    f"<h2><code>{method.upper()} /v1{path}</code></h2><p>{operation['summary']}</p>"
                )
        example = json.dumps(
            {"rubric": "helpfulness", "submissions": [{"id": "1", "prompt": "…", "response": "…"}]},
            indent=2,
            ensure_ascii=False,
        )
        blocks.append(f"<h2>A body for <code>/judge</code></h2><pre>{example}</pre>")
        return HTMLResponse(_PAGE.format(base="/v1", operations="".join(blocks)))

    return service


async def _all(judge: Judge, submissions: list[Submission]) -> list[Verdict]:
    return [verdict async for verdict in score_many(judge, submissions)]


def _rubric(given: str | dict[str, JsonValue], known: Mapping[str, Rubric]) -> Rubric:
    if isinstance(given, str) and given in known:
        return known[given]
    try:
        if isinstance(given, str) and "\n" not in given:
            raise RubricError(f"no rubric {given!r}; there are {', '.join(sorted(known))}")
        return rubric_from(given)
    except RubricError as error:
        raise HTTPException(422, f"rubric: {error}") from error
