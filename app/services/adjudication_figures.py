"""Figures of adjudication: why answers differ, whose answers were overturned, and how the deciders fare themselves."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.analytics.answer_distance import answer_key
from app.analytics.intervals import Share, known_median
from app.services import policy
from app.services.adjudication import REASONS
from app.services.context import Actor, Context
from app.services.standing import Part, parts_of
from db.engine import reading
from db.review_records import AdjudicationRecord
from db.store import adjudications, people

__all__ = ["AdjudicationFigures", "Decider", "ReasonCount", "adjudication_figures"]


@dataclass(frozen=True, slots=True)
class ReasonCount:
    question: str
    reason: str
    n: int


@dataclass(frozen=True, slots=True)
class Decider:
    """One person who decides, and what others made of the decisions later."""

    login: str
    decisions: int
    own: int
    """Of items that they had answered themselves."""
    median_seconds: float | None
    """Time a decision, the form being open; None where it is not known."""
    overturned: Share
    """Of the decisions that somebody else looked at again later, those that came out otherwise."""


@dataclass(frozen=True, slots=True)
class AdjudicationFigures:
    decided: int
    """Cases with a decision."""
    reasons: list[ReasonCount]
    """Of the decisions that stand."""
    overturned: dict[str, Share]
    """Annotator -> first answers that differ from the decision, of all in decided cases."""
    two_right: int
    """Decided cases that this leaves out: both answers were right."""
    adjudicators: list[Decider]


def adjudication_figures(ctx: Context, actor: Actor, project_id: int) -> AdjudicationFigures:
    """Reasons, overturned answers and adjudicators. A decision about a case that another person decided otherwise
    later is overturned; the later one is the last of somebody else's.
    """
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "see_quality")
        rows = adjudications.adjudications_of_project(session, project_id)
        parts = parts_of(session, project_id, list({row.item_id for row in rows}))
        logins = {user.id: user.login for user in people.list_users(session)}
    standing = {(row.item_id, row.question): row for row in rows}
    telling = [row for row in standing.values() if row.reason != "two_right"]
    return AdjudicationFigures(
        decided=len(standing),
        reasons=_reasons(standing.values()),
        overturned={logins[user_id]: share for user_id, share in _overturned_answers(telling, parts).items()},
        two_right=len(standing) - len(telling),
        adjudicators=_adjudicators(rows, logins),
    )


def _reasons(standing: Iterable[AdjudicationRecord]) -> list[ReasonCount]:
    counts = Counter((row.question, row.reason) for row in standing)
    return [
        ReasonCount(question, reason, counts[question, reason])
        for question in dict.fromkeys(question for question, _ in counts)
        for reason in REASONS
        if counts[question, reason]
    ]


def _overturned_answers(
    decided: Iterable[AdjudicationRecord], parts: Mapping[int, Sequence[Part]]
) -> dict[int, Share]:
    """Person -> first answers that differ from the decision."""
    n: Counter[int] = Counter()
    wrong: Counter[int] = Counter()
    for row in decided:
        for part in parts.get(row.item_id, ()):
            if part.first is None or row.question not in part.first.values:
                continue
            n[part.user_id] += 1
            wrong[part.user_id] += answer_key(part.first.values[row.question]) != answer_key(row.value[0])
    return {user_id: Share.of(wrong[user_id], count) for user_id, count in sorted(n.items())}


def _adjudicators(rows: Sequence[AdjudicationRecord], logins: Mapping[int, str]) -> list[Decider]:
    by_case: dict[tuple[int, str], list[AdjudicationRecord]] = {}
    by_person: dict[int, list[AdjudicationRecord]] = {}
    for row in rows:
        by_case.setdefault((row.item_id, row.question), []).append(row)
        by_person.setdefault(row.author_id, []).append(row)
    out = []
    for author_id, mine in sorted(by_person.items()):
        pairs = [
            (row, later[-1])
            for row in mine
            if (
                later := [
                    other
                    for other in by_case[row.item_id, row.question]
                    if other.id > row.id and other.author_id != author_id
                ]
            )
        ]
        changed = sum(answer_key(row.value[0]) != answer_key(last.value[0]) for row, last in pairs)
        out.append(
            Decider(
                login=logins[author_id],
                decisions=len(mine),
                own=sum(row.own for row in mine),
                median_seconds=known_median(row.seconds for row in mine),
                overturned=Share.of(changed, len(pairs)),
            )
        )
    return out
