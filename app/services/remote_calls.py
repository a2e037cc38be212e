"""The worker's part of jobs that programs send: making the calls of a large job, and judging one submission."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.clock import utc_now
from app.services.context import Context
from app.services.endpoints import PriceList, price_list
from app.services.judged_calls import NO_MODEL, outcome_of
from app.services.performing import Done, GiveUp, Pause
from app.services.remote_judging import make_calls
from db.engine import Session, reading, transaction
from db.store import calls, remote
from judge import Judge, Submission
from judge.llm import Gateway, Parameters
from rubrics import Rubric

__all__ = ["judge_submission", "lay_out"]

_FRESH_SECONDS = 5.0
"""How long the calls of a job use what one of them has read: a new price is seen that much later."""
_KEPT = 16


@dataclass(frozen=True, slots=True)
class _Setting:
    """What the calls of one job share."""

    judge: Judge
    prices: PriceList
    gateway: Gateway | None
    """Of the process."""
    needs_model: bool
    until: float


_settings: dict[tuple[str, int], _Setting] = {}


def _setting(ctx: Context, session: Session, job_id: int) -> _Setting | None:
    key = (str(ctx.engine.url), job_id)
    known = _settings.get(key)
    if known is not None and known.gateway is ctx.gateway and time.monotonic() < known.until:
        return known
    job = calls.job_by_id(session, job_id)
    if job is None:
        return None
    model = job.spec["model"]
    judge = Judge(
        Rubric.model_validate_json(job.spec["rubric"]),
        ctx.gateway.for_model(model) if ctx.gateway and model else None,
        parameters=Parameters(timeout_seconds=ctx.settings.model_timeout_seconds),
        samples=job.spec["samples"],
        together=job.spec["together"],
    )
    prices = price_list(session, ctx.settings)
    found = _Setting(judge, prices, ctx.gateway, bool(model), time.monotonic() + _FRESH_SECONDS)
    while len(_settings) >= _KEPT:
        _settings.pop(next(iter(_settings)))
    _settings[key] = found
    return found


async def judge_submission(ctx: Context, call_id: str, spec: Mapping[str, Any]) -> Done | GiveUp | Pause:
    """Judge one submission and hand back how to store the verdict.

    An endpoint that is away is tried again, one that refuses every request pauses the job.
    """
    loaded = await asyncio.to_thread(_load, ctx, call_id, int(spec["job_id"]))
    if loaded is None:
        return GiveUp(
            f"job {spec['job_id']} or its submission is gone; texts are kept MILO_KEEP_REPLIES_DAYS days"
        )
    setting, document = loaded
    if setting.needs_model and setting.judge.gateway is None:
        return Pause(NO_MODEL)
    started = time.monotonic()
    verdict = await setting.judge.score(Submission.from_json(json.loads(document)))
    seconds = time.monotonic() - started

    def store(session: Session) -> None:
        remote.add_verdict(
            session,
            call_id,
            document=json.dumps(verdict.to_json(), separators=(",", ":")),
            prompt_version=verdict.prompt_version,
            parameters=verdict.parameters,
            raw=None if verdict.raw is None else json.dumps(verdict.raw),
            seconds=seconds,
            now=utc_now(),
        )

    return outcome_of(verdict, store=store, prices=setting.prices, seconds=seconds, live=False)


def _load(ctx: Context, call_id: str, job_id: int) -> tuple[_Setting, str] | None:
    with reading(ctx.engine) as session:
        document = remote.submission_of_call(session, call_id)
        setting = _setting(ctx, session, job_id)
    return None if document is None or setting is None else (setting, document)


async def lay_out(ctx: Context, call_id: str, spec: Mapping[str, Any]) -> Done | GiveUp:
    """Queue the calls of a large job, some hundred in a transaction, until all have one or the job is cancelled.

    Repeating it after a crash adds nothing twice.
    """

    def part() -> int:
        with transaction(ctx.engine) as session:
            calls.hold_job(session, int(spec["job_id"]))
            if calls.call_status(session, call_id) == ("cancelled", ""):
                return 0
            return make_calls(ctx, session, int(spec["job_id"]))

    while await asyncio.to_thread(part):
        pass
    return Done(lambda session: None)
