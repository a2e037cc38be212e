"""What works on this machine and what to do about what does not."""

import asyncio
from dataclasses import dataclass

from app.services.context import Context
from db.engine import reading
from db.migrate import revision
from db.store import calls
from judge.llm import Message, ModelError, Parameters

__all__ = ["Finding", "check"]


@dataclass(frozen=True, slots=True)
class Finding:
    what: str
    ok: bool
    said: str


def check(ctx: Context) -> list[Finding]:
    """One finding for each part; asks the endpoint one short question when there is one."""
    findings = [
        Finding(
            "database",
            True,
            f"{ctx.engine.url.render_as_string(hide_password=True)}, revision {revision(ctx.engine)}",
        )
    ]
    if ctx.gateway is None:
        said = "none set up; the built-in models serve. Set OPENAI_API_KEY or OPENAI_BASE_URL, and MILO_MODEL"
        findings.append(Finding("model endpoint", True, said))
    else:
        findings.append(ctx.loop.submit(_ask(ctx)).result(timeout=60))
    with reading(ctx.engine) as session:
        alive = calls.live_workers(session, within=30)
    said = f"{alive} alive" if alive else "none alive; `milo serve` starts one, `milo work` another"
    findings.append(Finding("worker", alive > 0, said))
    return findings


async def _ask(ctx: Context) -> Finding:
    assert ctx.gateway is not None, "asked only with an endpoint"
    what = f"model {ctx.gateway.model}"
    try:
        async with asyncio.timeout(45):
            async for _ in ctx.gateway.stream(
                [Message.user("Say yes.")], parameters=Parameters(max_tokens=16)
            ):
                pass
    except ModelError as error:
        return Finding(what, False, f"{error}; check OPENAI_BASE_URL, OPENAI_API_KEY and MILO_MODEL")
    except TimeoutError:
        return Finding(what, False, "no answer within 45 seconds")
    return Finding(what, True, "answers")
