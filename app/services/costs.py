"""What the models cost, by the part they play, and per answer. Unknown prices are unknown, never nothing."""

from dataclasses import dataclass
from typing import Literal

from app.services import policy
from app.services.context import Actor, Context
from db import frames
from db.engine import reading

__all__ = ["CostReport", "RoleCost", "cost_report"]

Role = Literal["before", "beside", "after", "check"]
ROLES: tuple[Role, ...] = ("before", "beside", "after", "check")


@dataclass(frozen=True, slots=True)
class RoleCost:
    """One part that models play: before (suggestions), beside (chat), after (verdicts), check (drafts)."""

    role: Role
    calls: int
    """Answers of language models; the built-in ones cost nothing and are not counted."""
    tokens: int
    unknown_tokens: int
    """Calls whose endpoint reported no tokens."""
    usd: float | None
    """At the configured prices; None when no call has a known price."""


@dataclass(frozen=True, slots=True)
class CostReport:
    project: str
    roles: list[RoleCost]
    answers: int
    """Submitted first answers of people."""
    usd: float | None
    """Of all parts; None unless every part with calls has known prices."""
    usd_per_answer: float | None
    tokens_per_answer: float | None


def cost_report(ctx: Context, actor: Actor, project_id: int, *, study_id: int | None = None) -> CostReport:
    """Tokens and money of a project, or of one study in it. Verdicts and checks are priced at today's settings, the others
    as stored.
    """
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "see_time")
        usages = frames.model_usage(session, project_id, study_id=study_id)
        answers = frames.count_first_answers(session, project_id, study_id=study_id)
    roles = []
    for role in ROLES:
        rows = [row for row in usages if row[0] == role]
        known = [row for row in rows if row[1] is not None and row[2] is not None]
        prices = [
            cost if cost is not None else ctx.settings.cost_usd(int(prompt or 0), int(completion or 0))
            for _, prompt, completion, cost in known
        ]
        roles.append(
            RoleCost(
                role=role,
                calls=len(rows),
                tokens=sum(int(prompt or 0) + int(completion or 0) for _, prompt, completion, _ in known),
                unknown_tokens=len(rows) - len(known),
                usd=sum(price for price in prices if price is not None)
                if prices and all(price is not None for price in prices)
                else None,
            )
        )
    used = [role for role in roles if role.calls]
    total = (
        sum(role.usd or 0.0 for role in used) if used and all(role.usd is not None for role in used) else None
    )
    tokens = sum(role.tokens for role in roles)
    return CostReport(
        project=project.name,
        roles=roles,
        answers=answers,
        usd=total,
        usd_per_answer=total / answers if total is not None and answers else None,
        tokens_per_answer=tokens / answers if answers else None,
    )
