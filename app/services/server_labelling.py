"""Suggestions of a model server that speaks the Label Studio ML backend protocol."""

import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from app import outbound
from app.agents.label_reply import Invalid
from app.agents.label_studio import label_config, read_result, task_of
from app.clock import utc_now
from app.errors import AppError, Unreachable
from app.services.agents import ServerConfiguration, stored_agent
from app.services.context import Context
from app.services.performing import Account, Done, GiveUp, Pause, TryAgain
from app.services.projects import schema_of
from db.engine import reading
from db.store import items, projects

__all__ = ["PER_CALL", "label_with_server"]

PER_CALL = 20
"""Items in one request."""


async def label_with_server(ctx: Context, call_id: str, spec: Mapping[str, Any]) -> Done | GiveUp | Pause:
    """Ask the server about a batch. One that is away is tried again; one that may not be asked pauses the job."""
    record, configuration = stored_agent(ctx, spec["agent"], ServerConfiguration)
    with reading(ctx.engine) as session:
        version = projects.latest_schema(session, spec["project_id"])
        contents = dict(items.contents_of(session, spec["items"]))
    if version is None or not contents:
        return GiveUp("the items are gone, or their project has no schema")
    schema = schema_of(version)
    tasks = [task_of(item_id, content) for item_id, content in contents.items()]
    body = {
        "tasks": tasks,
        "project": f"{spec['project_id']}.0",
        "label_config": label_config(schema, list(tasks[0]["data"])),
        "params": {"context": None},
    }
    started = time.monotonic()
    try:
        answer = await outbound.post_json(
            f"{configuration.url.rstrip('/')}/predict",
            body,
            allowed_hosts=ctx.settings.allowed_label_hosts,
            timeout_seconds=ctx.settings.model_timeout_seconds,
        )
    except Unreachable as error:
        raise TryAgain(str(error)) from error
    except AppError as error:
        return Pause(str(error))
    found = answer.get("results") if isinstance(answer, dict) else None
    if not isinstance(found, list) or len(found) != len(tasks):
        return GiveUp(f"the server answered without one result for each of {len(tasks)} tasks")
    rows: list[dict[str, Any]] = []
    invalid: list[Invalid] = []
    for task, prediction in zip(tasks, found, strict=True):
        one = prediction[0] if isinstance(prediction, list) and prediction else prediction
        if not isinstance(one, dict):
            continue
        suggestions, wrong = read_result(schema, one, task["data"])
        invalid += wrong
        rows += [
            {
                "item_id": task["id"],
                "question": suggestion.question,
                "value": [suggestion.value],
                "confidence": suggestion.confidence,
                "confidence_source": "none" if suggestion.confidence is None else "imported",
                "rationale": "",
                "examples": [],
                "model": record.name,
                "model_version": str(one.get("model_version") or answer.get("model_version") or ""),
                "details": {"server": configuration.url},
                "agent_id": record.id,
                "call_id": call_id,
                "created_at": utc_now(),
            }
            for suggestion in suggestions
        ]
    report = {"invalid": [asdict(problem) for problem in invalid]} if invalid else None
    account = Account("ok", seconds=round(time.monotonic() - started, 3), report=report)
    return Done(lambda session: items.add_suggestions(session, rows), account)
