"""The parts of the written quality report that say how far raters agree, and where they differ."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from app.analytics.agreement import Alpha
from app.analytics.before_after import Compared
from app.analytics.chance_corrected import Coefficient
from app.analytics.icc import Form, Icc
from app.analytics.intervals import Share
from app.services.agreement_report import QuestionAgreement, remarks
from app.services.printed_page import Cell, first_rows, interval_of, section_of, share_of, table_of
from app.services.quality_report import QualityReport

__all__ = ["agreement_section", "changes_section", "criteria_section", "differences_section", "pairs_section"]

_IN_COMMON: Final = 10
"""Items in common below which a pair's kappa is not held up by name; by judgement."""


def agreement_section(report: QualityReport) -> str:
    """Questions of labels and numbers, then of sets, spans and preferences."""
    found = report.agreement
    notes = "".join(
        f"<li>{escape(f'{one.title} ({one.rater_kind}): {remark}')}</li>"
        for one in found.questions
        for remark in [*remarks(one), *filter(None, [one.nominal.note])]
    )
    target = "No target is stated." if found.target is None else (
        f"The project's target is {found.target:g}: reached where the whole interval lies above it, missed where it lies below, "
        "else open."
    )  # fmt: skip
    return section_of(
        "Agreement",
        _coefficients(found.questions, found.target) + (f"<ul>{notes}</ul>" if notes else "") + _parts(report),
        "Krippendorff's alpha on first submissions: 1 is full agreement, 0 is agreement as by chance; near values count as near "
        "in ordinal, interval and ratio alpha. Its interval is over items, that of the other coefficients has t: both "
        "speak of these raters only. Left out: items with one rating. Intraclass correlations are of all "
        f"ratings, by variance components where some are missing. People, models and judges are never mixed. {target}",
    )  # fmt: skip


def criteria_section(report: QualityReport) -> str:
    found = report.agreement.criteria
    if not found:
        return ""
    notes = "".join(
        f"<li>{escape(f'{one.title} ({one.rater_kind}): {remark}')}</li>"
        for one in found
        for remark in remarks(one)
    )
    return section_of(
        "Agreement on the criteria of the rubric",
        _coefficients(found, None) + (f"<ul>{notes}</ul>" if notes else ""),
        "The same for people who scored answers blind, and for versions of the judge among themselves; an item is one answer.",
    )


def _coefficients(found: Sequence[QuestionAgreement], target: float | None) -> str:
    """A table each for alpha, for coefficients of equal or not, for such with weights, and for intraclass correlations."""
    if not found:
        return ""
    numbers = [one for one in found if one.ordinal is not None]
    ratio = [one for one in found if one.ratio is not None]
    against = [] if target is None else ["target"]
    head = ["question", "raters are", "alpha, nominal", *against, *(["ordinal", "interval"] if numbers else []), *(["ratio"] if ratio else [])]  # fmt: skip
    rows: list[list[Cell]] = []
    for one in found:
        row: list[Cell] = [one.title, one.rater_kind, alpha_words(one.nominal)]
        row += [] if target is None else [_against(one.nominal, target)]
        row += [_alpha_or_empty(one.ordinal), _alpha_or_empty(one.interval)] if numbers else []
        row += [_alpha_or_empty(one.ratio)] if ratio else []
        counted = one.nominal
        rows.append([*row, counted.n_items, counted.n_single, counted.n_ratings, counted.n_raters])
    tables = table_of([*head, "items", "left out", "ratings", "raters"], rows)
    plain = ["percent", "AC", "fleiss", "brennan_prediger"]
    tables += table_of(
        [
            "question",
            "raters are",
            "equal pairs",
            "Gwet's AC1",
            "Fleiss' kappa",
            "Brennan-Prediger",
            "labels",
        ],
        [[one.title, one.rater_kind, *_of(one.others, plain), one.labels] for one in found],
    )
    if numbers:
        weighted = [(one, one.others_quadratic) for one in numbers if one.others_quadratic]
        tables += table_of(
            ["question", "raters are", "equal pairs, squared distances", "Gwet's AC2", "Fleiss' kappa", "Brennan-Prediger"],
            [[one.title, one.rater_kind, *_of(others, plain)] for one, others in weighted],
        )  # fmt: skip
        tables += _intraclass(numbers)
    return tables


def _intraclass(numbers: Sequence[QuestionAgreement]) -> str:
    known = [(one, one.icc) for one in numbers if one.icc is not None]
    forms: dict[Form, str] = {
        "icc1": "ICC(1,1)",
        "icc2": "ICC(2,1)",
        "icc3": "ICC(3,1)",
        "icc2_mean": "ICC(2,k)",
    }
    rows: list[list[Cell]] = [
        [one.title, one.rater_kind, *(_form(icc, form) for form in forms), icc.n, icc.n_raters]
        for one, icc in known
        if icc.reason is None
    ]
    missing: dict[str, list[str]] = {}
    for one, icc in known:
        if icc.reason is not None:
            missing.setdefault(icc.reason, []).append(f"{one.title} ({one.rater_kind})")
    head = ["question", "raters are", *forms.values(), "items", "raters"]
    said = [f"No intraclass correlation, {reason}: {'; '.join(names)}." for reason, names in missing.items()]
    return (table_of(head, rows) if rows else "") + "".join(
        f'<p class="means">{escape(sentence)}</p>' for sentence in said
    )


def _form(found: Icc, form: Form) -> Cell:
    low, high = found.intervals.get(form) or (None, None)
    return interval_of(getattr(found, form), low, high)


def _of(others: dict[str, Coefficient], names: Iterable[str]) -> list[Cell]:
    return [
        f"undefined: {others[name].reason}"
        if others[name].reason
        else interval_of(others[name].value, others[name].low, others[name].high)
        for name in names
    ]


def alpha_words(found: Alpha) -> str:
    return f"undefined: {found.reason}" if found.reason else interval_of(found.value, found.low, found.high)


def _alpha_or_empty(found: Alpha | None) -> str:
    """Empty where the values are no numbers."""
    return "" if found is None else alpha_words(found)


def _against(found: Alpha, target: float) -> str:
    if found.low is None or found.high is None:
        return "unknown"
    return "reached" if found.low >= target else "missed" if found.high < target else "open"


def _parts(report: QualityReport) -> str:
    parts = report.parts
    rows: list[list[Cell]] = []
    for sets in parts.label_sets:
        rows += [
            [sets.title, sets.rater_kind, f"sets of labels, alpha with {name}", alpha_words(alpha), alpha.n_items]
            for name, alpha in (("MASI", sets.masi), ("Jaccard", sets.jaccard), ("equal or not", sets.nominal))
        ]  # fmt: skip
    for spans in parts.spans:
        rows += [
            [
                spans.title, spans.rater_kind, f"spans, F1 {name}",
                f"undefined: {f1.reason}" if f1.reason else interval_of(f1.value, f1.low, f1.high), f1.n_items,
            ]
            for name, f1 in (("exact", spans.exact), ("overlapping", spans.overlap))
        ]  # fmt: skip
        place = spans.position
        rows.append([spans.title, spans.rater_kind, "spans, alpha of characters", alpha_words(place), place.n_items])  # fmt: skip
    rows += [
        [
            one.title,
            one.rater_kind,
            "what stood first is preferred",
            interval_of(one.first.value, one.first.low, one.first.high),
            one.first.n,
        ]
        for one in parts.preferences
    ]
    return table_of(["question", "raters are", "measure", "value", "n"], rows) if rows else ""


def pairs_section(report: QualityReport) -> str:
    """The range of the kappas of every two raters, and the lowest of those that share enough items to tell."""
    summary: list[list[Cell]] = []
    telling: list[tuple[float, list[Cell]]] = []
    for one in (*report.agreement.questions, *report.agreement.criteria):
        if not one.pairs:
            continue
        known = [(pair.kappa, pair) for pair in one.pairs if pair.kappa is not None]
        values = sorted(kappa for kappa, _ in known)
        ends: list[Cell] = [values[0], values[len(values) // 2], values[-1]] if values else ["", "", ""]
        summary.append([one.title, one.rater_kind, len(one.pairs), len(one.pairs) - len(known), *ends])
        telling += [
            (
                kappa,
                [
                    one.title,
                    pair.rater_a,
                    pair.rater_b,
                    interval_of(kappa, pair.low, pair.high),
                    pair.n,
                    pair.agree,
                ],
            )
            for kappa, pair in known
            if pair.n >= _IN_COMMON
        ]
    if not summary:
        return ""
    telling.sort(key=lambda pair: pair[0])
    return section_of(
        "Pairs of raters",
        table_of(["question", "raters are", "pairs", "undefined", "lowest", "middle", "highest"], summary)
        + first_rows(
            ["question", "rater", "and", "kappa", "items in common", "equal"],
            [row for _, row in telling],
            "the lowest first",
        ),
        f"Cohen's kappa of two raters on the items that both rated. By name: pairs with {_IN_COMMON} such items or more; of fewer, "
        "chance decides. The large-sample interval stands from twenty items on. Undefined: no item in common, or both gave one "
        "value throughout.",
    )  # fmt: skip


def differences_section(report: QualityReport) -> str:
    rows: list[list[Cell]] = [
        [
            one.title, one.rater_kind, share_of(Share.of(one.n_disputed, one.n_items)),
            "; ".join(f"{met.one} against {met.other} {met.pairs:,}" for met in one.confusions[:3]),
        ]
        for one in report.differences
        if one.n_items
    ]  # fmt: skip
    rows += [
        [one.title, one.rater_kind, share_of(Share.of(one.n_apart, one.n_items)), ""]
        for one in report.part_differences
        if one.n_items
    ]
    if not rows:
        return ""
    return section_of(
        "Where they differ",
        table_of(["question", "raters are", "items on which not all say the same", "most often against each other"], rows),
        "Of the items with two ratings or more. Counted against each other are pairs of ratings of one item.",
    )  # fmt: skip


def changes_section(report: QualityReport) -> str:
    if not report.changes:
        return section_of(
            "Before and after a version", "", "No two versions of guidelines, schema or rubric have answers."
        )
    parts = []
    for change in report.changes:
        rows = [
            _compared(f"{one.title}, {which}", compared)
            for one in change.questions
            for which, compared in (("all items", one.all_items), ("same items", one.same_items))
            if compared is not None
        ]
        name = f"{change.what} {change.after.name}".strip()
        parts.append(
            f"<h3>{escape(f'{name}: version {change.before.number} to {change.after.number}, {change.after.created_at:%Y-%m-%d %H:%M} UTC')}</h3>"
            f"<p class='about'><code>{escape(change.before.hash)}</code> to <code>{escape(change.after.hash)}</code></p>"
            + table_of(["question", "before", "n", "after", "n", "in common", "difference"], rows)
            + "".join(f'<p class="means">{escape(sentence)}</p>' for sentence in change.cannot_show)
        )
    return section_of(
        "Before and after a version",
        "".join(parts),
        "Alpha of people's answers under one version and under the next; n is items with two ratings or more. The difference is after "
        "minus before, its interval from drawing items again on both sides. Same items: those that two people or more answered on "
        "both sides, revisions included.",
    )


def _compared(name: str, one: Compared) -> list[Cell]:
    difference = (
        f"undefined: {one.reason}"
        if one.difference is None
        else interval_of(one.difference, one.low, one.high)
    )
    return [name, alpha_words(one.before), one.before.n_items, alpha_words(one.after), one.after.n_items, one.common, difference]  # fmt: skip
