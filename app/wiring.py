"""The composition root: settings to a context, and the job handlers to the job port."""

from app.bridge import ModelLoop
from app.errors import AppError
from app.services import (
    contradictions,
    judging,
    metadata,
    preannotation,
    prompt_search,
    remote_calls,
    remote_judging,
    suggestion_judging,
)
from app.services.context import Context
from app.services.jobs import Handler, Jobs
from app.settings import Settings
from db.engine import DATABASE_DOWN, open_engine
from db.errors import StoreError
from db.migrate import require_current
from judge.llm import Gateway, OpenAIGateway

__all__ = ["DATABASE_DOWN", "EXPECTED", "build_context", "close_context", "handlers", "make_gateway"]

EXPECTED = (AppError, StoreError)
"""Errors whose message is for the person in front of the screen."""


def make_gateway(settings: Settings) -> Gateway | None:
    """The way to the configured model, or None: the built-in models serve then."""
    if not settings.has_endpoint:
        return None
    key = settings.openai_api_key
    return OpenAIGateway(
        settings.model, api_key=key.get_secret_value() if key else None, base_url=settings.openai_base_url
    )


def build_context(settings: Settings) -> Context:
    """Open the database (a missing SQLite file is made) and everything that hangs on it."""
    engine = open_engine(settings.url)
    require_current(engine)
    jobs = Jobs(engine)
    jobs.prepare()
    return Context(
        settings=settings, engine=engine, jobs=jobs, gateway=make_gateway(settings), loop=ModelLoop()
    )


def close_context(ctx: Context) -> None:
    if ctx.gateway is not None:
        ctx.loop.submit(ctx.gateway.close()).result(timeout=10)
    ctx.loop.close()
    ctx.jobs.close()
    ctx.engine.dispose()


def handlers(ctx: Context) -> dict[str, Handler]:
    """What a worker does for each kind of call."""
    return {
        contradictions.KIND: lambda call_id, spec: contradictions.compare_answers(ctx, call_id, spec),
        judging.KIND: lambda call_id, spec: judging.judge_answer(ctx, call_id, spec),
        suggestion_judging.KIND: lambda call_id, spec: suggestion_judging.judge_suggestion(
            ctx, call_id, spec
        ),
        metadata.KIND: lambda call_id, spec: metadata.compute(ctx, call_id, spec),
        prompt_search.KIND: lambda call_id, spec: prompt_search.try_variant(ctx, call_id, spec),
        preannotation.LAY_OUT: lambda call_id, spec: preannotation.lay_out(ctx, call_id, spec),
        remote_judging.LAY_OUT: lambda call_id, spec: remote_calls.lay_out(ctx, call_id, spec),
        remote_judging.KIND: lambda call_id, spec: remote_calls.judge_submission(ctx, call_id, spec),
        preannotation.KIND: lambda call_id, spec: preannotation.predict_items(ctx, call_id, spec),
    }
