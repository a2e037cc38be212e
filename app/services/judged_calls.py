"""What a call that judges came to: stored, asked for again later, or its job paused.

A verdict that lacks a level because the endpoint was away is no result yet: the call is tried again. What the
endpoint says about this very request, or about every request, does not change by waiting.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

from app.clock import utc_now
from app.errors import Invalid
from app.services.context import Context
from app.services.endpoints import PriceList, price_list
from app.services.performing import Account, Done, GiveUp, Pause, TryAgain
from db.engine import Session
from judge import Unscored, Verdict
from judge.llm import Failed, Usage
from judge.scorer import BUILT_IN

__all__ = ["NO_MODEL", "ended_call", "model_in_use", "outcome_of", "require_price"]

NO_MODEL: Final = "no language model is configured in this worker; set OPENAI_API_KEY or OPENAI_BASE_URL"

_ABOUT_THIS_REQUEST: Final = re.compile(r"4(?!01|02|03|04|08|09|29)\d\d ")
"""How a provider's words begin when it refused this request and may take the next."""


def model_in_use(ctx: Context) -> str:
    """What judges at present: the configured model's name, or that there are rules only."""
    return ctx.gateway.model if ctx.gateway else BUILT_IN


def require_price(ctx: Context, session: Session) -> None:
    """Raises Invalid where a budget could not be kept, since the judge's model has no price."""
    if ctx.gateway is None:
        return
    if price_list(session, ctx.settings).per_million(ctx.gateway.model, utc_now(), own=True) is None:
        raise Invalid(f"a budget needs the price of {ctx.gateway.model!r}; `milo prices add` notes it")


def outcome_of(
    verdict: Verdict,
    *,
    store: Callable[[Session], None],
    prices: PriceList,
    seconds: float,
    live: bool,
) -> Done | GiveUp | Pause:
    """How the call ends, with what it cost; `store` writes the verdict.

    Raises TryAgain while the endpoint is away. When patience ends, or the endpoint refuses every request, a live
    call stores its unscored verdict, since somebody waits for it; a call of a job fails or pauses the job, and can
    be retried.
    """
    return ended_call(
        verdict.model,
        verdict.usage,
        verdict.failures,
        lacking=verdict.failures if _lacks(verdict) else (),
        store=store,
        prices=prices,
        seconds=seconds,
        live=live,
    )


def ended_call(
    model: str,
    usage: Usage | None,
    failures: Sequence[Failed],
    *,
    lacking: Sequence[Failed],
    store: Callable[[Session], None],
    prices: PriceList,
    seconds: float,
    live: bool,
) -> Done | GiveUp | Pause:
    """The same for whatever else the judge's model was asked; `lacking`: failures that leave a hole in the result."""
    done = Done(store, _account(model, usage, failures, prices, seconds))
    lacking = [one for one in lacking if one.kind == "unavailable"]
    shut = next((one for one in lacking if one.shut), None)
    if shut is not None:
        return done if live else Pause(f"the endpoint refuses: {shut.detail}")
    away = [one for one in lacking if not _ABOUT_THIS_REQUEST.match(one.detail)]
    if away:
        after = max((one.retry_after_seconds or 0.0 for one in away), default=0.0)
        raise TryAgain(away[0].detail, after or None, account=done.account, otherwise=done if live else None)
    return done


def _lacks(verdict: Verdict) -> bool:
    return any(isinstance(one, Unscored) and one.reason == "unavailable" for one in verdict.criteria)


def _account(
    model: str, usage: Usage | None, failures: Sequence[Failed], prices: PriceList, seconds: float
) -> Account:
    report = {"attempts": [_attempts(one) for one in failures]} if failures else None
    return Account(
        failures[0].kind if failures else "ok",
        usage.prompt_tokens if usage else None,
        usage.completion_tokens if usage else None,
        prices.cost(model, usage, utc_now()),
        round(seconds, 3),
        report,
    )


def _attempts(failed: Failed) -> list[str]:
    return [f"{attempt.outcome}: {attempt.detail}".rstrip(": ") for attempt in failed.attempts]
