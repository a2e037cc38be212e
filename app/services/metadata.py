"""Computed metadata: a job that fills a column of the items' metadata, in batches."""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from app.agents.metadata import FUNCTIONS, WHOLE, Computer
from app.clock import utc_now
from app.errors import Invalid, NotAllowed
from app.services import policy
from app.services.audit_log import record_action
from app.services.context import Actor, Context
from app.services.jobs import BATCH, Done, GiveUp, call_key
from app.services.own_code import own_function
from app.services.submissions import plain_text
from app.services.subsets import resolve
from db.engine import reading, transaction
from db.records import JobRecord
from db.store import calls, items

__all__ = ["KIND", "NAMES", "compute", "start_metadata"]

KIND = "metadata"
NAMES = tuple(FUNCTIONS)
_PER_CALL = 500
_NAME = re.compile(r"[A-Za-z_]\w{0,63}")


def start_metadata(
    ctx: Context, actor: Actor, project_id: int, *, name: str, function: str = "", query: str = ""
) -> JobRecord:
    """Fill the metadata column `name` of the items that `query` finds.

    `name` is one of FUNCTIONS, or any column with `function`, `module:function` of the operator's own that takes
    a list of texts and returns a value each. Raises Invalid for an unknown name, NotAllowed for own code from
    anybody but the command line.
    """
    if function and actor.user_id is not None:
        raise NotAllowed("code of one's own is run from the command line")
    if not _NAME.fullmatch(name):
        raise Invalid(f"{name!r} cannot be the name of a metadata column")
    _function(name, function)
    with transaction(ctx.engine) as session:
        policy.require(session, actor, project_id, "run_jobs")
        wanted = resolve(session, project_id, query)
        if not wanted:
            raise Invalid("the query finds no item")
        spec = {"agent": name, "query": query, "items": len(wanted)}
        job = calls.add_job(
            session,
            project_id=project_id,
            kind=KIND,
            agent_id=None,
            spec=spec,
            started_by=actor.login,
            now=utc_now(),
        )
        size = len(wanted) if name in WHOLE and not function else _PER_CALL
        parts = [wanted[first : first + size] for first in range(0, len(wanted), size)]
        specs = {
            call_key(KIND, job.id, number): {"name": name, "function": function, "items": part}
            for number, part in enumerate(parts)
        }
        ctx.jobs.enqueue(session, kind=KIND, specs=specs, job_id=job.id, priority=BATCH)
        record_action(session, actor, "job.start", project_id, **spec)
        return job


def _function(name: str, function: str) -> Computer:
    if not function:
        if name not in FUNCTIONS:
            raise Invalid(f"no metadata {name!r}; there are {', '.join(FUNCTIONS)}")
        return FUNCTIONS[name]
    return own_function(function)


async def compute(ctx: Context, _call_id: str, spec: Mapping[str, Any]) -> Done | GiveUp:
    """The worker's part: compute one batch, and hand back how to store it."""
    values, problem = await asyncio.to_thread(_compute, ctx, spec)
    if problem:
        return GiveUp(problem)
    return Done(lambda session: items.set_metadata(session, spec["name"], values))


def _compute(ctx: Context, spec: Mapping[str, Any]) -> tuple[dict[int, Any], str]:
    function = _function(spec["name"], spec["function"])
    with reading(ctx.engine) as session:
        texts = {
            item_id: plain_text(content) for item_id, content in items.contents_of(session, spec["items"])
        }
    values: Sequence[Any] = function(list(texts.values()))
    if len(values) != len(texts):
        return {}, f"{spec['name']}: {len(values)} values for {len(texts)} texts"
    try:
        json.dumps(list(values), allow_nan=False)
    except (TypeError, ValueError) as error:
        return {}, f"{spec['name']}: a value is no JSON: {error}"
    return dict(zip(texts, values, strict=True)), ""
