"""What an endpoint may be asked and what it costs: limits that running workers follow, prices with their dates."""

from dataclasses import dataclass
from datetime import datetime

from app.clock import utc_now
from app.errors import Conflict, Invalid
from app.services import policy
from app.services.audit_log import record_action
from app.services.context import Actor, Context
from app.services.jobs import QUEUE
from app.settings import Settings
from db.engine import Session, reading, transaction
from db.store import endpoints
from db.store.endpoints import Limit, PriceRow
from judge.llm import Usage

__all__ = [
    "Limit",
    "PriceList",
    "PriceRow",
    "add_price",
    "list_prices",
    "price_list",
    "read_limit",
    "set_limit",
]

_MOST_AT_ONCE = 1024


@dataclass(frozen=True, slots=True)
class PriceList:
    """What models cost from which day on; the settings' prices serve for the configured model before that."""

    rows: tuple[PriceRow, ...]
    settings: Settings

    def per_million(self, model: str, at: datetime, *, own: bool) -> tuple[float, float] | None:
        """(prompt, reply) USD a million tokens; None when unknown.

        A name that the endpoint extends by a date (`m-2026-01-01`) has the price of the longest name it begins
        with. `own`: it is the configured model, whatever the endpoint calls it, for which the settings' prices
        serve where no row does.
        """
        names = {row.model for row in self.rows if model == row.model or model.startswith(f"{row.model}-")}
        for name in sorted(names, key=len, reverse=True):
            for row in self.rows:  # newest first
                if row.model == name and row.valid_from <= at:
                    return row.input_usd_per_million, row.output_usd_per_million
        given = self.settings.model_input_usd_per_million, self.settings.model_output_usd_per_million
        if not own or given[0] is None or given[1] is None:
            return None
        return given[0], given[1]

    def cost(self, model: str, usage: Usage | None, at: datetime, *, own: bool = True) -> float | None:
        """USD; None where the price or the tokens are unknown."""
        price = self.per_million(model, at, own=own)
        if price is None or usage is None:
            return None
        return (usage.prompt_tokens * price[0] + usage.completion_tokens * price[1]) / 1_000_000


def price_list(session: Session, settings: Settings) -> PriceList:
    return PriceList(tuple(endpoints.prices(session)), settings)


def list_prices(ctx: Context) -> list[PriceRow]:
    with reading(ctx.engine) as session:
        return endpoints.prices(session)


def add_price(
    ctx: Context,
    actor: Actor,
    *,
    model: str,
    valid_from: datetime,
    input_usd_per_million: float,
    output_usd_per_million: float,
) -> None:
    """Note what a model costs from a day on. Earlier calls keep what they cost. Raises Conflict for a day that
    has a price already.
    """
    if not model.strip() or input_usd_per_million < 0 or output_usd_per_million < 0:
        raise Invalid("a price needs a model's name and two numbers that are not negative")
    row = PriceRow(model.strip(), valid_from, input_usd_per_million, output_usd_per_million, actor.login)
    with transaction(ctx.engine) as session:
        policy.require_admin(session, actor)
        if not endpoints.add_price(session, row, now=utc_now()):
            raise Conflict(f"{row.model} has a price from {valid_from:%Y-%m-%d} already")
        record_action(session, actor, "price.add", None, model=row.model)


def read_limit(ctx: Context) -> Limit:
    with reading(ctx.engine) as session:
        return endpoints.limit_of(session, QUEUE) or Limit(ctx.jobs.USUAL_CONCURRENCY, None, None)


def set_limit(ctx: Context, actor: Actor, limit: Limit) -> None:
    """Change how hard the endpoint is driven; running workers follow within a second."""
    if not 1 <= limit.concurrency <= _MOST_AT_ONCE:
        raise Invalid(f"from 1 to {_MOST_AT_ONCE} calls at the same time")
    if (limit.starts is None) != (limit.period_seconds is None):
        raise Invalid("a rate is a number of calls and the seconds in which they may start")
    if limit.starts is not None and (limit.starts < 1 or (limit.period_seconds or 0) <= 0):
        raise Invalid("a rate allows at least one call in some time")
    with transaction(ctx.engine) as session:
        policy.require_admin(session, actor)
        endpoints.set_limit(session, QUEUE, limit, changed_by=actor.login, now=utc_now())
        record_action(session, actor, "endpoint.limit", None, concurrency=limit.concurrency)
    ctx.jobs.set_endpoint(
        QUEUE, concurrency=limit.concurrency, starts=limit.starts, period_seconds=limit.period_seconds
    )
