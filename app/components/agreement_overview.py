"""Where people agree and where not, at a glance: a sentence, a chart from the lowest up, and the numbers behind it."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import pandas as pd
import streamlit as st

from app import quality_charts
from app.components.chart import show_chart
from app.components.coefficients import show_coefficients
from app.components.plain import plain
from app.components.rater_words import of_kind, raters_of_kind
from app.components.table import show_table
from app.services.agreement_alphas import AgreementAlphas
from app.services.agreement_lines import AgreementLine, Measure, Standing, agreement_lines, worst
from app.services.agreement_report import AgreementReport, QuestionAgreement, remarks
from app.services.parts_agreement import PartsAgreement

__all__ = ["agreement_numbers", "agreement_overview"]

_FITTING = "as fits each"
_FEW = 4
"""Remarks up to which they stand open."""
_STANDINGS: Final[dict[Standing | None, str]] = {
    "below": "below",
    "open": "undecided (the interval holds it)",
    "above": "above",
    None: "without an interval",
}
"""Where an alpha stands beside the target, what needs care first."""
_ALONE: Final[dict[Standing | None, str]] = {
    "below": ", below the target of {target}.",
    "open": ": whether it reaches the target of {target} is open, since the interval holds it.",
    "above": ", above the target of {target}.",
    None: ": without an interval, whether it reaches the target of {target} cannot be said.",
}
"""The same where there is one question only."""


def agreement_overview(
    alphas: AgreementAlphas, parts: PartsAgreement, project_id: int
) -> list[AgreementLine]:
    """Draws sentence and chart; returns the lines by the measure that fits each, lowest first."""
    fitting = agreement_lines(alphas, parts)
    st.markdown(_headline(fitting, alphas.target))
    singles = [*alphas.questions, *alphas.criteria]
    lines = fitting
    if any(one.ordinal for one in singles):
        scales: list[Measure] = ["nominal", "ordinal", "interval"]
        scales += ["ratio"] if any(one.ratio for one in singles) else []
        scale = st.segmented_control(
            "Scale of numbers",
            [_FITTING, *scales],
            default=_FITTING,
            help="Numbers are compared as ordinal, so that near levels count as near, unless you choose otherwise.",
        )
        chosen = next((one for one in scales if one == scale), None)
        lines = agreement_lines(alphas, parts, chosen)
    show_chart(quality_charts.agreement_chart(lines, alphas.target), f"agreement-{project_id}", key="alpha")
    st.caption(
        "Krippendorff's alpha, on first submissions, imported ratings and blind scores; the lowest first. The line is a 95 % "
        "interval over items: it speaks of these raters only. People, models and judges are never in one figure."
    )
    return fitting


def agreement_numbers(report: AgreementReport) -> None:
    """The table behind the chart, what was left out, and the other coefficients."""
    singles = [*report.questions, *report.criteria]
    if not singles:
        return
    _numbers(singles)
    notes = [f"{of_kind(q.title, q.rater_kind)}: {remark}" for q in singles for remark in remarks(q)]
    if notes:
        with st.expander(f"Left out, or looking wrong: {len(notes)}", expanded=len(notes) <= _FEW):
            for note in notes:
                st.caption(plain(note))
    with st.expander(
        "Other coefficients: percent, Gwet, Fleiss, Brennan-Prediger, intraclass",
        key="other-coefficients",
        on_change="rerun",
    ) as opened:
        if opened.open:
            show_coefficients(singles)


def _headline(lines: Sequence[AgreementLine], target: float | None) -> str:
    lowest = worst(lines)
    people = [line for line in lines if line.rater_kind == "human"]
    if lowest is None or lowest.value is None:
        reasons = {plain(line.reason) for line in people if line.reason}
        return f"**Agreement of people cannot be said yet**: {'; '.join(sorted(reasons)) or 'nobody has rated anything'}."
    interval = "" if lowest.low is None else f" [{lowest.low:.2f}, {lowest.high:.2f}]"
    alone = len(people) == 1
    words = f"People agree {'' if alone else 'least '}on **{plain(lowest.title)}**{' with' if alone else ':'} alpha {lowest.value:.2f}{interval}"
    if target is None:
        return f"{words}. The project states no target (Projects)."
    if alone:
        return f"{words}{_ALONE[lowest.standing].format(target=f'{target:g}')}"
    counts = Counter(line.standing for line in people)
    told = [f"{counts[standing]} {state}" for standing, state in _STANDINGS.items() if counts[standing]]
    return f"{words}. Of {len(people)} questions and criteria, beside the target of {target:g}: {', '.join(told)}."


def _numbers(questions: Sequence[QuestionAgreement]) -> None:
    table = pd.DataFrame(
        {
            "question": question.title,
            "raters": raters_of_kind(question.nominal.n_raters, question.rater_kind),
            "items": question.nominal.n_items,
            "single": question.nominal.n_single,
            "ratings": question.nominal.n_ratings,
            "nominal": question.nominal.value,
            "low": question.nominal.low,
            "high": question.nominal.high,
            "ordinal": question.ordinal.value if question.ordinal else None,
            "equal pairs": question.percent,
            "note": question.nominal.reason or question.nominal.note or "",
        }
        for question in questions
    )
    number = st.column_config.NumberColumn(format="%.3f")
    show_table(
        table,
        column_config={name: number for name in ("nominal", "low", "high", "ordinal")}
        | {"equal pairs": st.column_config.NumberColumn(format="percent")},
    )
    st.caption(
        "Nominal and ordinal: Krippendorff's alpha; interval and ratio stand below. Items: those with two ratings or more; single: those with one, left out. Low and high are the interval of nominal alpha. On a "
        "criterion an item is an answer that came to its readers by lot. A model that only suggests, and a single version of the judge, "
        "have nobody of their kind to agree with: **Any raters**, below, puts them beside people."
    )
