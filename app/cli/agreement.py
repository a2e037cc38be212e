"""What `milo report agreement` asks for and prints beside the coefficients of single labels."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

import typer

from app.analytics.coefficients import Coefficients
from app.analytics.icc import FORMS, Icc
from app.cli.session import OPERATOR
from app.errors import Invalid
from app.services.aggregated_labels import AggregatedLabels
from app.services.agreement_report import AgreementReport, QuestionAgreement, remarks
from app.services.chosen_agreement import ChosenAgreement, RaterChoice
from app.services.context import Context
from app.services.differences import Difference, PartDifference, difference
from app.services.parts_agreement import (
    PartsAgreement,
    PartsChoice,
    SetAgreement,
    SpanAgreement,
    parts_remarks,
)
from app.services.slice_figures import Figure
from app.services.sliced_agreement import COHORT, sliced_agreement, subjects_of
from app.services.slices import Sliced

__all__ = [
    "ByCohortOption",
    "ByOption",
    "CohortOption",
    "KindOption",
    "QuestionOption",
    "RaterOption",
    "SinceOption",
    "Slices",
    "UntilOption",
    "WhereOption",
    "choice_of",
    "interval",
    "one_key",
    "pair_difference",
    "parts_choice",
    "print_agreement",
    "print_chosen",
    "print_differences",
    "print_labels",
    "print_parts",
    "print_slices",
    "sliced",
]

_SHOWN: Final = 5
"""Confusions of a question that are printed."""

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
ByCohortOption = Annotated[bool, typer.Option("--by-cohort", help="Also for each cohort of people.")]
CohortOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="Only people of this cohort; milo user cohort makes one.")
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
        _print_remarks(one)
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
        _print_remarks(marked)
    for order in found.preferences:
        first = order.first
        print(
            f"{order.question:<16} {order.rater_kind:<6} what stood first preferred: "
            f"{interval(first.value, first.low, first.high)}  n={first.n}; {order.ties} ties, order unknown {order.unknown}"
        )
    for left in found.left_out:
        print(f"{left.question:<16} not compared: {left.reason}")


def _print_remarks(one: SetAgreement | SpanAgreement) -> None:
    for remark in parts_remarks(one):
        print(f"{'':<16} {'':<6} note: {remark}")


_ICC: Final = {
    "icc1": "ICC(1,1)", "icc2": "ICC(2,1)", "icc3": "ICC(3,1)",
    "icc1_mean": "ICC(1,k)", "icc2_mean": "ICC(2,k)", "icc3_mean": "ICC(3,k)",
}  # fmt: skip


def _print_correlations(found: Icc, blank: str) -> None:
    """The six intraclass correlations of a question, and what they rest on."""
    if found.method is None:
        print(f"{blank} ICC undefined ({found.reason})")
        return
    for form in FORMS:
        low, high = found.intervals.get(form) or (None, None)
        print(f"{blank} {_ICC[form]:<28} {interval(getattr(found, form), low, high)}")
    note = f"; {found.note}" if found.note else ""
    print(
        f"{blank} ICC by {found.method}, n={found.n} items, {found.n_raters} raters, {found.n_ratings} ratings, "
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
    if found.on_gold is not None:
        known = found.on_gold
        print(
            f"right on {known.n} known items: {interval(known.value, known.low, known.high)}, {known.ties} of them ties, which are no label; "
            f"ties split: {interval(known.split, known.split_low, known.split_high)}"
            + (f"; {known.held_out}" if known.held_out else "")
        )
    if found.judgments is not None:
        single = found.judgments
        print(
            f"single ratings right: {interval(single.value, single.low, single.high)}, n={single.n} by {single.n_raters} raters"
        )
    if found.smoothing is not None and found.log_likelihood is not None:
        more = f", {found.diagonal:g} more to right answers" if found.diagonal else ""
        print(f"{found.smoothing:g} added to each count{more}; log-likelihood {found.log_likelihood:.4f}")
    if found.clamped:
        print("known items were held to their label")
    print(f"{found.method} {found.needs}")
    if found.note:
        print(f"note: {found.note}")


def parts_choice(
    raters: Sequence[str], since: datetime | None, until: datetime | None, cohort: str | None
) -> PartsChoice:
    """Which answers of sets and spans count."""
    return PartsChoice(
        tuple(raters), since.date() if since else None, until.date() if until else None, cohort or ""
    )


def choice_of(
    found: AgreementReport,
    question: str | None,
    kinds: Sequence[str],
    raters: Sequence[str],
    since: datetime | None,
    until: datetime | None,
    where: str | None,
    cohort: str | None,
    *,
    sets: Collection[str],
) -> RaterChoice | None:
    """None where nothing was chosen. Raises Invalid where the question is not clear, or one of `sets` of labels."""
    narrowed = bool(kinds or raters or since or until or where or cohort)
    if not (narrowed or question) or (question in sets and not narrowed):
        return None
    if question in sets:
        raise Invalid(
            f"--question {question!r} is of sets of labels or spans: --rater, --since, --until and --cohort choose there, nothing else"
        )
    column, sign, value = (where or "").partition("=")
    if where and not (column and sign):
        raise Invalid(f"--where {where!r}: write COLUMN=VALUE")
    asked = list(dict.fromkeys(one.question for one in (*found.questions, *found.criteria)))
    if not asked:
        raise Invalid("no ratings yet, or none of single labels or numbers: there is nothing to choose from")
    if question is None and len(asked) == 1:
        question = asked[0]
    if question is None:
        raise Invalid(f"name one with --question: {', '.join(asked)}")
    if question not in asked:
        raise Invalid(f"--question {question!r}: there are {', '.join(asked)}")
    return RaterChoice(
        question=question,
        kinds=tuple(kinds) or ("human",),
        raters=tuple(raters),
        since=since.date() if since else None,
        until=until.date() if until else None,
        where=(column, value) if where else None,
        cohort=cohort or "",
    )


def pair_difference(ctx: Context, project_id: int, choice: RaterChoice | None) -> Difference | None:
    """Where two named raters of one kind differ; None where others are asked for, or only a part of their ratings."""
    if choice is None or choice.since or choice.until or choice.where or choice.cohort:
        return None
    if len(choice.raters) != 2 or len(choice.kinds) != 1:
        return None
    return difference(ctx, OPERATOR, project_id, choice.question, choice.kinds[0], choice.raters)


def one_key(by: str | None, *, by_cohort: bool) -> str | None:
    """What slices are made by; None for none. Raises Invalid where both are asked for."""
    if by is not None and by_cohort:
        raise Invalid("--by and --by-cohort: choose one of them")
    return COHORT if by_cohort else by


@dataclass(frozen=True, slots=True)
class Slices:
    found: list[Sliced]
    refused: dict[str, str]
    """Title of what was asked for and has no slices -> why not."""


def sliced(
    ctx: Context,
    project_id: int,
    question: str | None,
    kinds: Sequence[str],
    by: str | None,
    *,
    by_cohort: bool,
) -> Slices:
    """For each question and kind of rater, each criterion, and judged and reviewed answers, or what is named of them.

    Raises Invalid where nothing has slices by this column.
    """
    key = one_key(by, by_cohort=by_cohort)
    found: list[Sliced] = []
    refused: dict[str, str] = {}
    if key is None:
        return Slices(found, refused)
    for subject in subjects_of(ctx, OPERATOR, project_id):
        if question not in (None, subject.name) or (kinds and subject.rater_kind not in kinds):
            continue
        try:
            found.append(sliced_agreement(ctx, OPERATOR, project_id, subject=subject, by=key))
        except Invalid as error:
            refused[f"{subject.name or subject.title}, {subject.rater_kind}"] = str(error)
    if refused and not found:
        raise Invalid(next(iter(refused.values())))
    return Slices(found, refused)


def print_agreement(found: QuestionAgreement) -> None:
    """One question or criterion, as one kind of rater answers it, with what was left out."""
    _print_coefficients(found, f"{found.question:<16} {found.rater_kind:<6}")
    known = sorted(
        (pair for pair in found.pairs if pair.kappa is not None), key=lambda pair: pair.kappa or 0.0
    )
    if known:
        low, middle, high = known[0], known[len(known) // 2], known[-1]
        print(
            f"{'':<23} kappa of {len(known)} pairs: {low.kappa:.3f} ({low.rater_a} and {low.rater_b}) to {high.kappa:.3f} "
            f"({high.rater_a} and {high.rater_b}), the middle one {middle.kappa:.3f}; each with --json"
        )
    for remark in remarks(found):
        print(f"{'':<23} note: {remark}")


def print_chosen(found: ChosenAgreement) -> None:
    choice = found.choice
    print(f"{choice.question}, {' and '.join(choice.kinds)}{', mixed in one figure' if found.mixed else ''}:")
    _print_coefficients(found, " ")
    for label in found.by_label:
        print(
            f"  label {label.label:<16} alpha {interval(label.alpha, label.low, label.high)}, said again "
            f"{interval(label.specific, label.specific_low, label.specific_high)}  n={label.n_ratings} ratings in {label.n_items} items"
        )
    for pair in found.pairs:
        why = f" ({pair.reason})" if pair.reason else ""
        weighted = "".join(
            f", {name} {interval(one.value, one.low, one.high)}"
            for name, one in (("linear", pair.linear), ("quadratic", pair.quadratic))
            if one is not None and one.value is not None
        )
        print(
            f"  {pair.rater_a} and {pair.rater_b}: kappa {interval(pair.kappa, pair.low, pair.high)}{why}{weighted}, "
            f"{pair.agree} of {pair.n} equal"
        )
    for reason, n in found.left_out.items():
        print(f"  left out: {n} {reason}")


_NAMES: Final = {
    "percent": "percent",
    "AC": "Gwet's AC",
    "fleiss": "Fleiss' kappa",
    "brennan_prediger": "Brennan-Prediger",
}


def _print_coefficients(found: Coefficients, before: str) -> None:
    """Each alpha, each coefficient that corrects for chance, and intraclass correlations, a line each."""
    for alpha in filter(None, (found.nominal, found.ordinal, found.interval, found.ratio)):
        why = f" ({alpha.reason or alpha.note})" if alpha.reason or alpha.note else ""
        print(
            f"{before} alpha {alpha.metric:<8} {interval(alpha.value, alpha.low, alpha.high)}{why}"
            f"  n={alpha.n_items} items, {alpha.n_raters} raters"
        )
    blank = " " * len(before)
    weighted = (found.others_quadratic or {}).values()
    for one, name in (
        *((one, _NAMES[one.name]) for one in found.others.values()),
        *((one, f"{_NAMES[one.name]}, quadratic") for one in weighted),
    ):
        why = f" ({one.reason or one.note})" if one.reason or one.note else ""
        print(f"{blank} {name:<28} {interval(one.value, one.low, one.high)}{why}  n={one.n} items")
    if found.icc is not None:
        _print_correlations(found.icc, blank)


def print_differences(found: Sequence[Difference], parts: Sequence[PartDifference]) -> None:
    for one in found:
        print(
            f"{one.question:<16} {one.rater_kind:<6} {one.title}: they differ on {one.n_disputed} of {one.n_items} items"
        )
        for met in one.confusions[:_SHOWN]:
            print(
                f"{'':<23} {met.one} against {met.other}: {met.pairs} pairs of answers in {met.items} items"
            )
        if one.n_confusions > _SHOWN:
            print(f"{'':<23} {one.n_confusions - _SHOWN} more pairs of values; with --json")
    for part in parts:
        print(
            f"{part.question:<16} {part.rater_kind:<6} {part.title}: they differ on {part.n_apart} of {part.n_items} items"
        )


def print_slices(slices: Slices) -> None:
    for name, reason in slices.refused.items():
        print(f"{name}: not split: {reason}")
    for one in slices.found:
        print(f"{one.question or one.title}, {one.rater_kind}, by {one.by}:")
        for place, figure in enumerate(one.whole):
            print(f"  {figure.name}, in all {_figure(figure)}")
            for part in one.slices:
                print(f"    {part.value:<20} {_figure(part.figures[place])}")
        for name, n in one.not_said.items():
            print(f"  in no slice: {n} {name}")
        for note in dict.fromkeys(one.notes[figure.name] for figure in one.whole):
            print(f"  note: {note}")


def _figure(one: Figure) -> str:
    beside = "".join(f", {name} {n}" for name, n in one.apart.items())
    if one.value is None:
        return f"{one.reason or 'undefined'}{beside}"
    people = "" if one.n_raters is None else f" by {one.n_raters} raters"
    return f"{interval(one.value, one.low, one.high)}, n={one.n} {one.of}{people}{beside}"
