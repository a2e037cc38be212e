"""Where raters differ, question by question: what stands beside the coefficients, for programs and the written report.

Everybody who may see quality gets the counts; which items these are, and who said what, is for those who may read
everybody's answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.services import policy
from app.services.agreement_report import AgreementReport
from app.services.context import Actor, Context
from app.services.disagreement import Confusion, Disagreement, wordless
from app.services.parts_agreement import PartsAgreement, SetAgreement, SpanAgreement
from app.services.parts_disagreement import PartsDisagreement, wordless_parts
from db.engine import reading

__all__ = [
    "MOST_CONFUSIONS",
    "Difference",
    "DisputedItem",
    "PartDifference",
    "PartItem",
    "difference",
    "differences",
    "part_differences",
]

MOST_CONFUSIONS: Final = 200


@dataclass(frozen=True, slots=True)
class DisputedItem:
    item: str
    """External id; of an answer on a criterion that of its item with the answer's number."""
    values: list[tuple[str, Any]]
    """(rater, value) of everybody who rated it."""
    entropy: float
    apart: float | None
    """As of `disagreement.Disputed`."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One question or criterion, as one kind of rater answers it."""

    question: str
    title: str
    rater_kind: str
    n_disputed: int
    """Items on which not all say the same."""
    n_items: int
    """Items with two ratings or more."""
    confusions: list[Confusion]
    """Most frequent first, the first MOST_CONFUSIONS: of measurements nearly every two values differ."""
    n_confusions: int
    """Pairs of values that stand against each other."""
    disputed: list[DisputedItem] | None
    """The worst ones; None for a reader who may see figures and not answers."""


@dataclass(frozen=True, slots=True)
class PartItem:
    item: str
    apart: float
    """Mean distance of every two answers, in [0, 1]: MASI for sets, 1 - exact F1 for spans."""
    values: list[tuple[str, str]]
    """(rater, answer in words)."""


@dataclass(frozen=True, slots=True)
class PartDifference:
    """One question with sets of labels or spans, as one kind of rater answers it."""

    question: str
    title: str
    rater_kind: str
    n_apart: int
    n_items: int
    """Items with two answers or more."""
    shown: list[PartItem] | None
    """The furthest apart; None for a reader who may see figures and not answers."""


def differences(ctx: Context, actor: Actor, project_id: int, agreed: AgreementReport) -> list[Difference]:
    """A row for each question and criterion of `agreed` and kind of rater, in that order."""
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "see_quality")
        items_too = policy.may(session, actor, project_id, "read_all")
        return [
            _difference(
                one.question,
                one.title,
                one.rater_kind,
                wordless(ctx, session, project, one.question, one.rater_kind),
                items_too=items_too,
            )
            for one in (*agreed.questions, *agreed.criteria)
        ]


def difference(
    ctx: Context, actor: Actor, project_id: int, question: str, rater_kind: str, pair: Sequence[str]
) -> Difference:
    """Where these two raters differ; nobody differs where one of them has not rated the question."""
    one, other = pair
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "see_quality")
        items_too = policy.may(session, actor, project_id, "read_all")
        found = wordless(ctx, session, project, question, rater_kind, (one, other))
    return _difference(question, f"{one} and {other}", rater_kind, found, items_too=items_too)


def part_differences(
    ctx: Context, actor: Actor, project_id: int, parts: PartsAgreement
) -> list[PartDifference]:
    """A row for each question of `parts` with sets or spans and kind of rater, in that order."""
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "see_quality")
        items_too = policy.may(session, actor, project_id, "read_all")
        compared: list[SetAgreement | SpanAgreement] = [*parts.label_sets, *parts.spans]
        return [
            _part_difference(
                one.question,
                one.title,
                one.rater_kind,
                wordless_parts(ctx, session, project, one.question, one.rater_kind),
                items_too=items_too,
            )
            for one in compared
        ]


def _difference(
    question: str, title: str, rater_kind: str, found: Disagreement, *, items_too: bool
) -> Difference:
    disputed = [DisputedItem(one.item, one.values, one.entropy, one.apart) for one in found.disputed]
    return Difference(
        question=question,
        title=title,
        rater_kind=rater_kind,
        n_disputed=found.n_disputed,
        n_items=found.n_items,
        confusions=found.confusions[:MOST_CONFUSIONS],
        n_confusions=len(found.confusions),
        disputed=disputed if items_too else None,
    )


def _part_difference(
    question: str, title: str, rater_kind: str, found: PartsDisagreement, *, items_too: bool
) -> PartDifference:
    return PartDifference(
        question=question,
        title=title,
        rater_kind=rater_kind,
        n_apart=found.n_apart,
        n_items=found.n_items,
        shown=[PartItem(one.item, one.apart, one.values) for one in found.shown] if items_too else None,
    )
