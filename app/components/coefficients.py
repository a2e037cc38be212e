"""Coefficients beside alpha, with their intervals and what they rest on."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app.analytics.chance_corrected import Coefficient
from app.services.reports import QuestionAgreement

__all__ = ["show_coefficients"]

_NAMES = {
    "percent": "percent agreement",
    "AC": "Gwet's AC",
    "fleiss": "Fleiss' kappa",
    "brennan_prediger": "Brennan-Prediger",
}


def _row(question: QuestionAgreement, one: Coefficient, weights: str) -> dict[str, object]:
    return {
        "question": f"{question.title} ({question.rater_kind})",
        "coefficient": _NAMES[one.name],
        "weights": weights,
        "value": one.value,
        "from": one.low,
        "to": one.high,
        "items": one.n,
        "labels": question.labels,
        "note": one.reason or "",
    }


def show_coefficients(questions: Sequence[QuestionAgreement]) -> None:
    rows: list[dict[str, object]] = []
    for question in questions:
        rows += [
            {
                "question": f"{question.title} ({question.rater_kind})",
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
        found = question.icc
        if found is not None:
            for name, value in (
                ("ICC(1,1), other raters each time", found.icc1),
                ("ICC(2,1), absolute agreement", found.icc2),
                ("ICC(3,1), consistency", found.icc3),
                ("ICC(2,k), mean of these raters", found.icc2_mean),
            ):
                rows.append(
                    {
                        "question": f"{question.title} ({question.rater_kind})",
                        "coefficient": name,
                        "weights": f"{found.n_raters} raters",
                        "value": value,
                        "from": None,
                        "to": None,
                        "items": found.n,
                        "labels": None,
                        "note": found.reason
                        or (
                            f"{found.left_out} items with missing ratings left out" if found.left_out else ""
                        ),
                    }
                )
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        placeholder="–",
        column_config={
            name: st.column_config.NumberColumn(format="%.3f") for name in ("value", "from", "to")
        },
    )
    st.caption(
        "Intervals with t over items; they speak of these raters. Gwet's AC and Brennan-Prediger depend on how many labels there "
        "are, used or not. Where one label is far more frequent than the others, percent and AC are high and kappa and alpha are "
        "low on the same answers: read them together. Intraclass correlations take items that all of these raters rated."
    )
