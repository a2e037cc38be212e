"""What `milo report agreement` asks for and prints beside the coefficients of single labels."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Annotated

import typer

from app.analytics.icc import FORMS, Icc
from app.cli.session import OPERATOR
from app.errors import Invalid
from app.services.aggregated_labels import AggregatedLabels
from app.services.agreement_report import AgreementReport
from app.services.chosen_agreement import ChosenAgreement, RaterChoice
from app.services.context import Context
from app.services.parts_agreement import PartsAgreement, PartsChoice
from app.services.sliced_agreement import SlicedAgreement, SlicedShare, sliced_agreement

__all__ = [
    "ByOption",
    "KindOption",
    "QuestionOption",
    "RaterOption",
    "SinceOption",
    "UntilOption",
    "WhereOption",
    "choice_of",
    "interval",
    "print_chosen",
    "print_correlations",
    "print_labels",
    "print_parts",
    "print_slices",
    "sliced",
]

QuestionOption = Annotated[str | None, typer.Option(help="Its id; may be left out where there is one.")]
KindOption = Annotated[
    list[str],
    typer.Option(
        help="human, model or judge; people where none is named. Repeat to put several in one figure."
    ),
]
RaterOption = Annotated[list[str], typer.Option(help="Only this rater; repeat for a pair or a group.")]
SinceOption = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day, UTC.")]
UntilOption = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day, UTC.")]
WhereOption = Annotated[
    str | None,
    typer.Option(metavar="COLUMN=VALUE", help="Only items, or imported ratings, whose metadata say so."),
]
ByOption = Annotated[
    str | None, typer.Option(metavar="COLUMN", help="Also for each value of this metadata column.")
]


def interval(value: float | None, low: float | None, high: float | None) -> str:
    if value is None:
        return "undefined"
    return f"{value:.3f}" + ("" if low is None or high is None else f" [{low:.3f}, {high:.3f}]")


def print_parts(found: PartsAgreement) -> None:
    for one in found.label_sets:
        for name, alpha in (("MASI", one.masi), ("Jaccard", one.jaccard)):
            why = f" ({alpha.reason})" if alpha.reason else ""
            print(
                f"{one.question:<16} {one.rater_kind:<6} alpha {name:<8} {interval(alpha.value, alpha.low, alpha.high)}{why}"
                f"  n={alpha.n_items} items, {alpha.n_raters} raters"
            )
    for marked in found.spans:
        for name, f1 in (("F1 exact", marked.exact), ("F1 overlap", marked.overlap)):
            why = f" ({f1.reason})" if f1.reason else ""
            print(
                f"{marked.question:<16} {marked.rater_kind:<6} {name:<14} {interval(f1.value, f1.low, f1.high)}{why}"
                f"  n={f1.n_items} items, {f1.n_pairs} pairs"
            )
        place = marked.position
        why = f" ({place.reason})" if place.reason else ""
        print(
            f"{marked.question:<16} {marked.rater_kind:<6} alpha of characters {interval(place.value, place.low, place.high)}{why}"
            f"  n={place.n_items} items"
        )
    for order in found.preferences:
        first = order.first
        print(
            f"{order.question:<16} {order.rater_kind:<6} what stood first preferred: "
            f"{interval(first.value, first.low, first.high)}  n={first.n}; {order.ties} ties, order unknown {order.unknown}"
        )
    for left in found.left_out:
        print(f"{left.question:<16} not compared: {left.reason}")


_ICC = {
    "icc1": "ICC(1,1)", "icc2": "ICC(2,1)", "icc3": "ICC(3,1)",
    "icc1_mean": "ICC(1,k)", "icc2_mean": "ICC(2,k)", "icc3_mean": "ICC(3,k)",
}  # fmt: skip


def print_correlations(found: Icc) -> None:
    """The six intraclass correlations of a question, and what they rest on."""
    margin = f"{'':<16} {'':<6}"
    if found.method is None:
        print(f"{margin} ICC                    undefined ({found.reason})")
        return
    for form in FORMS:
        low, high = found.intervals.get(form) or (None, None)
        print(f"{margin} {_ICC[form]:<22} {interval(getattr(found, form), low, high)}")
    note = f"; {found.note}" if found.note else ""
    print(
        f"{margin} ICC by {found.method}, n={found.n} items, {found.n_raters} raters, {found.n_ratings} ratings, "
        f"k={found.k:.3g}{note}"
    )


def print_labels(found: AggregatedLabels) -> None:
    for item in found.items:
        print(
            f"{item.item:<24} {item.label or 'no label':<20} {item.confidence:.3f}  entropy {item.entropy:.3f}  n={item.n}"
        )
    print(f"{len(found.items)} items by {found.method}, {found.ties} ties")
    for words, figures in (
        ("right with probability", found.accuracy),
        ("knows rather than guesses with probability", found.competence),
        ("ability", found.ability),
    ):
        for rater, figure in (figures or {}).items():
            print(f"  {rater:<24} {words} {figure:.3f}")
    for rater, skill in (found.skill or {}).items():
        print(f"  {rater:<24} right on {skill.right:g} of {skill.n:g} known items")
    print(f"{found.method} {found.needs}")
    if found.note:
        print(f"note: {found.note}")


def parts_choice(raters: Sequence[str], since: datetime | None, until: datetime | None) -> PartsChoice:
    """Which answers of sets and spans count."""
    return PartsChoice(tuple(raters), since.date() if since else None, until.date() if until else None)


def choice_of(
    found: AgreementReport,
    question: str | None,
    kinds: Sequence[str],
    raters: Sequence[str],
    since: datetime | None,
    until: datetime | None,
    where: str | None,
    *,
    sets: Collection[str],
) -> RaterChoice | None:
    """None where nothing was chosen. Raises Invalid where the question is not clear, or one of `sets` of labels."""
    narrowed = bool(kinds or raters or since or until or where)
    if not (narrowed or question) or (question in sets and not narrowed):
        return None
    if question in sets:
        raise Invalid(
            f"--question {question!r} is of sets of labels or spans: --rater, --since and --until choose there, nothing else"
        )
    column, sign, value = (where or "").partition("=")
    if where and not (column and sign):
        raise Invalid(f"--where {where!r}: write COLUMN=VALUE")
    asked = list(dict.fromkeys(one.question for one in found.questions))
    if question is None and len(asked) == 1:
        question = asked[0]
    if question not in asked:
        raise Invalid(f"--question {question!r}: there are {', '.join(asked) or 'none'}")
    return RaterChoice(
        question=question,
        kinds=tuple(kinds) or ("human",),
        raters=tuple(raters),
        since=since.date() if since else None,
        until=until.date() if until else None,
        where=(column, value) if where else None,
    )


def sliced(
    ctx: Context,
    project_id: int,
    found: AgreementReport,
    parts: PartsAgreement,
    question: str | None,
    kinds: Sequence[str],
    by: str | None,
) -> list[SlicedAgreement]:
    """For each question of labels, numbers or sets and each kind of rater, or the named ones."""
    if by is None:
        return []
    asked = [(one.question, one.rater_kind) for one in found.questions]
    asked += [(one.question, one.rater_kind) for one in parts.label_sets]
    return [
        sliced_agreement(ctx, OPERATOR, project_id, question=name, by=by, rater_kind=kind)
        for name, kind in asked
        if question in (None, name) and (not kinds or kind in kinds)
    ]


def print_chosen(found: ChosenAgreement) -> None:
    choice = found.choice
    print(f"{choice.question}, {' and '.join(choice.kinds)}{', mixed in one figure' if found.mixed else ''}:")
    for alpha in filter(None, (found.nominal, found.ordinal, found.interval, found.ratio)):
        why = f" ({alpha.reason})" if alpha.reason else ""
        print(
            f"  alpha {alpha.metric:<8} {interval(alpha.value, alpha.low, alpha.high)}{why}  n={alpha.n_items} items, "
            f"{alpha.n_raters} raters"
        )
    for label in found.by_label:
        print(
            f"  label {label.label:<16} alpha {interval(label.alpha, label.low, label.high)}, said again "
            f"{interval(label.specific, label.specific_low, label.specific_high)}  n={label.n_ratings} ratings in {label.n_items} items"
        )
    for pair in found.pairs:
        print(
            f"  {pair.rater_a} and {pair.rater_b}: kappa {interval(pair.kappa, None, None)}, {pair.agree} of {pair.n} equal"
        )
    for reason, n in found.left_out.items():
        print(f"  left out: {n} {reason}")


def print_slices(found: Sequence[SlicedAgreement]) -> None:
    for one in found:
        print(f"{one.question}, {one.rater_kind}, by {one.by}:")
        for part in one.slices:
            alpha = part.alpha
            why = f" ({alpha.reason})" if alpha.reason else ""
            print(
                f"  {part.value:<20} {alpha.metric} alpha {interval(alpha.value, alpha.low, alpha.high)}{why}  n={alpha.n_items} items; "
                f"right {_sliced(part.right)}; accepted {_sliced(part.accepted)}"
            )
        if one.not_said:
            print(f"  in no slice: {one.not_said} ratings")
        print(f"  {one.note}")


def _sliced(one: SlicedShare) -> str:
    share = one.share
    return (
        one.reason or "none"
        if share is None
        else f"{interval(share.value, share.low, share.high)}, n={share.n}"
    )
