"""What the models cost, by the part they play, and per answer. Unknown prices are unknown, never nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from app.services import policy
from app.services.context import Actor, Context
from app.services.endpoints import PriceList, price_list
from app.services.projects import rubric_of
from db import frames, usage_frames
from db.engine import Session, reading
from db.store import projects
from db.usage_frames import JudgeUsage
from judge.llm import Usage
from judge.scorer import BUILT_IN

__all__ = ["BothWays", "CostReport", "JudgeCost", "RoleCost", "cost_report"]

Role = Literal["before", "beside", "after", "check"]
ROLES: tuple[Role, ...] = ("before", "beside", "after", "check")

_ROLE_OF: dict[usage_frames.What, Role] = {
    "answers": "after",
    "suggestions": "before",
    "pairs": "after",
    "drafts": "check",
}


@dataclass(frozen=True, slots=True)
class RoleCost:
    """One part that models play: before (suggestions, and what the judge says of them), beside (chat), after (verdicts,
    and answers compared), check (drafts).
    """

    role: Role
    calls: int
    """Answers of language models; the built-in ones cost nothing and are not counted."""
    tokens: int
    unknown_tokens: int
    """Calls whose endpoint reported no tokens."""
    usd: float | None
    """None unless every call with tokens has a known price."""


@dataclass(frozen=True, slots=True)
class JudgeCost:
    """What the judge was asked in one way."""

    what: usage_frames.What
    together: str
    """`all`: one request for all criteria that fit, `one`: one request for each."""
    samples: int
    judged: int
    requests: float | None
    """Really sent for each, repeated ones too, as counted; None where nothing was recorded."""
    one_each: float | None
    """What one request for each criterion would be: the criteria that a model scores, times the replies."""
    tokens: float | None
    """For each whose endpoint reported them."""
    usd: float | None
    """For each; None unless every one with tokens has a known price."""


@dataclass(frozen=True, slots=True)
class BothWays:
    """Answers that were judged with all criteria in one request and with one request for each: measured, not guessed."""

    answers: int
    requests_together: float | None
    requests_each: float | None
    tokens_together: float
    tokens_each: float
    usd_together: float | None
    usd_each: float | None


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
    judge: list[JudgeCost]
    both_ways: BothWays | None
    """None while no answer was judged both ways with as many replies; `milo judge again --per-criterion` does it."""


@dataclass(frozen=True, slots=True)
class _Priced:
    tokens: int | None
    usd: float | None


def cost_report(ctx: Context, actor: Actor, project_id: int, *, study_id: int | None = None) -> CostReport:
    """Tokens and money of a project, or of one study in it.

    Suggestions and chat cost what they were priced at then. Verdicts and checks are priced by the model that each
    names and its day, by the table of prices (`milo prices`); the settings' prices serve for the configured model
    only, where the table says nothing.
    """
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "see_time")
        other = list(usage_frames.model_usage(session, project_id, study_id=study_id))
        judged = list(usage_frames.judge_usage(session, project_id, without=BUILT_IN, study_id=study_id))
        answers = frames.count_first_answers(session, project_id, study_id=study_id)
        prices = price_list(session, ctx.settings)
        criteria = _model_criteria(session, {row.rubric_version_id for row in judged})
    own = ctx.gateway.model if ctx.gateway else ctx.settings.model
    priced = [(row, _price(row, prices, own)) for row in judged]
    parts: dict[Role, list[_Priced]] = {role: [] for role in ROLES}
    for use in other:
        parts[use.part].append(_Priced(_sum(use.prompt_tokens, use.completion_tokens), use.cost_usd))
    for row, price in priced:
        parts[_ROLE_OF[row.what]].append(price)
    roles = [_role(role, rows) for role, rows in parts.items()]
    used = [role for role in roles if role.calls]
    total = (
        sum(role.usd or 0.0 for role in used) if used and all(role.usd is not None for role in used) else None
    )
    tokens_in_all = sum(role.tokens for role in roles)
    return CostReport(
        project=project.name,
        roles=roles,
        answers=answers,
        usd=total,
        usd_per_answer=total / answers if total is not None and answers else None,
        tokens_per_answer=tokens_in_all / answers if answers else None,
        judge=_ways(priced, criteria),
        both_ways=_both_ways([(row, price) for row, price in priced if row.what == "answers"]),
    )


def _price(row: JudgeUsage, prices: PriceList, own: str) -> _Priced:
    if row.prompt_tokens is None or row.completion_tokens is None:
        return _Priced(None, None)
    configured = row.model == own or row.model.startswith(f"{own}-")
    usage = Usage(row.prompt_tokens, row.completion_tokens)
    return _Priced(
        row.prompt_tokens + row.completion_tokens, prices.cost(row.model, usage, row.at, own=configured)
    )


def _sum(prompt: int | None, completion: int | None) -> int | None:
    return None if prompt is None or completion is None else prompt + completion


def _role(role: Role, rows: Sequence[_Priced]) -> RoleCost:
    known = [row for row in rows if row.tokens is not None]
    return RoleCost(
        role=role,
        calls=len(rows),
        tokens=sum(row.tokens or 0 for row in known),
        unknown_tokens=len(rows) - len(known),
        usd=_money(known),
    )


def _money(rows: Sequence[_Priced]) -> float | None:
    """Of all together; None without any and where one is not known."""
    prices = [row.usd for row in rows if row.tokens is not None]
    return sum(price or 0.0 for price in prices) if prices and None not in prices else None


def _mean(values: Iterable[float | None]) -> float | None:
    """Of those that are known."""
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _model_criteria(session: Session, version_ids: Iterable[int | None]) -> dict[int, int]:
    """Rubric version -> criteria that a model scores."""
    found = {}
    for id_ in version_ids:
        record = projects.rubric_by_id(session, id_) if id_ is not None else None
        if record is not None:
            found[record.id] = sum(criterion.check is None for criterion in rubric_of(record).criteria)
    return found


def _ways(priced: Sequence[tuple[JudgeUsage, _Priced]], criteria: dict[int, int]) -> list[JudgeCost]:
    groups: dict[tuple[usage_frames.What, str, int], list[tuple[JudgeUsage, _Priced]]] = {}
    for row, price in priced:
        groups.setdefault((row.what, row.together, row.samples), []).append((row, price))
    out = []
    for (what, together, samples), rows in sorted(groups.items()):
        money = _money([price for _, price in rows])
        counted = sum(price.tokens is not None for _, price in rows)
        out.append(
            JudgeCost(
                what=what,
                together=together,
                samples=samples,
                judged=len(rows),
                requests=_mean(row.requests for row, _ in rows),
                one_each=_mean(
                    criteria[row.rubric_version_id] * samples if row.rubric_version_id in criteria else None
                    for row, _ in rows
                ),
                tokens=_mean(price.tokens for _, price in rows),
                usd=None if money is None else money / counted,
            )
        )
    return out


def _both_ways(priced: Sequence[tuple[JudgeUsage, _Priced]]) -> BothWays | None:
    """The newest verdict of each answer in either way, by the same model on the same rubric with as many replies."""
    newest: dict[tuple[object, ...], dict[str, tuple[JudgeUsage, _Priced]]] = {}
    for row, price in sorted(priced, key=lambda pair: pair[0].at):
        if price.tokens is not None:
            key = (row.about, row.rubric_version_id, row.model, row.samples)
            newest.setdefault(key, {})[row.together] = row, price
    both = [ways for ways in newest.values() if len(ways) == 2]
    if not both:
        return None
    together, each = ([ways[name] for ways in both] for name in ("all", "one"))
    money = [_money([price for _, price in side]) for side in (together, each)]
    return BothWays(
        answers=len(both),
        requests_together=_mean(row.requests for row, _ in together),
        requests_each=_mean(row.requests for row, _ in each),
        tokens_together=fmean(price.tokens or 0 for _, price in together),
        tokens_each=fmean(price.tokens or 0 for _, price in each),
        usd_together=None if money[0] is None else money[0] / len(both),
        usd_each=None if money[1] is None else money[1] / len(both),
    )
