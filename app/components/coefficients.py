"""Coefficients beside alpha, with their intervals and what they rest on."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app.analytics.chance_corrected import Coefficient
from app.analytics.icc import FORMS, Icc
from app.components.rater_words import of_kind
from app.components.table import show_table
from app.services.reports import QuestionAgreement

__all__ = ["show_coefficients"]

_NAMES = {
    "percent": "percent agreement",
    "AC": "Gwet's AC",
    "fleiss": "Fleiss' kappa",
    "brennan_prediger": "Brennan-Prediger",
}
_FORMS = {
    "icc1": "ICC(1,1), other raters each time",
    "icc2": "ICC(2,1), absolute agreement",
    "icc3": "ICC(3,1), consistency",
    "icc1_mean": "ICC(1,k), mean of other raters each time",
    "icc2_mean": "ICC(2,k), mean, absolute agreement",
    "icc3_mean": "ICC(3,k), mean, consistency",
}


def _row(question: QuestionAgreement, one: Coefficient, weights: str) -> dict[str, object]:
    return {
        "question": of_kind(question.title, question.rater_kind),
        "coefficient": _NAMES[one.name],
        "weights": weights,
        "value": one.value,
        "from": one.low,
        "to": one.high,
        "items": one.n,
        "labels": question.labels,
        "note": one.reason or one.note or "",
    }


def _rests_on(found: Icc) -> str:
    """How the correlations of a question were computed."""
    if found.method is None:
        return found.reason or ""
    ratings = f"{found.n_ratings:,} ratings by {found.n_raters:,} raters"
    if found.method == "analysis of variance":
        return f"no rating is missing: {ratings}; intervals by F"
    return f"with missing ratings: variance components of {ratings}; intervals over items"


def _correlations(question: QuestionAgreement, found: Icc) -> list[dict[str, object]]:
    each = "" if found.k is None else f", k = {found.k:.3g}"
    out = []
    for form in FORMS:
        low, high = found.intervals.get(form) or (None, None)
        out.append(
            {
                "question": of_kind(question.title, question.rater_kind),
                "coefficient": _FORMS[form] + (each if form.endswith("_mean") else ""),
                "weights": "squared distance",
                "value": getattr(found, form),
                "from": low,
                "to": high,
                "items": found.n,
                "labels": None,
                "note": "; ".join(filter(None, (_rests_on(found), found.note))),
            }
        )
    return out


def show_coefficients(questions: Sequence[QuestionAgreement]) -> None:
    rows: list[dict[str, object]] = []
    for question in questions:
        rows += [
            {
                "question": of_kind(question.title, question.rater_kind),
                "coefficient": f"alpha, {one.metric}",
                "weights": "its own distances",
                "value": one.value,
                "from": one.low,
                "to": one.high,
                "items": one.n_items,
                "labels": None,
                "note": one.reason or one.note or "",
            }
            for one in (question.ordinal, question.interval, question.ratio)
            if one is not None
        ]
        rows += [_row(question, one, "equal or not") for one in question.others.values()]
        rows += [
            _row(question, one, "squared distance") for one in (question.others_quadratic or {}).values()
        ]
        if question.icc is not None:
            rows += _correlations(question, question.icc)
    show_table(
        pd.DataFrame(rows),
        column_config={
            name: st.column_config.NumberColumn(format="%.3f") for name in ("value", "from", "to")
        },
    )
    st.caption(
        "Intervals of 95 % over items, within what is possible; they speak of these raters. Gwet's AC and Brennan-Prediger depend "
        "on how many labels there are, used or not. Where one label is far more frequent than the others, percent and AC are high "
        "and kappa and alpha are low on the same answers: read them together. Intraclass correlations (ICC) say how much of the "
        "variance of the numbers lies between items; the mean of k ratings is more reliable than one of them."
    )
