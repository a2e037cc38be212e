"""Figures of adjudication as tables: reasons, overturned answers, adjudicators."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from app.components.adjudication_words import REASONS
from app.components.shares import share_cell
from app.components.table import show_table
from app.services.adjudication_figures import AdjudicationFigures

__all__ = ["show_adjudication_figures"]


def show_adjudication_figures(found: AdjudicationFigures, titles: Mapping[str, str], *, names: bool) -> None:
    """`titles`: of the questions by id. Without `names` annotators are numbered, in the page and in what is downloaded from it."""
    if not found.decided:
        st.info("Nothing is decided yet. The first decision under **Cases** makes the first figure.")
        return
    st.markdown(
        f"**Why answers differed** · {found.decided} decided {'case' if found.decided == 1 else 'cases'}"
    )
    reasons = pd.DataFrame(
        {
            "question": titles.get(row.question, row.question),
            "reason": REASONS[row.reason],
            "cases": row.n,
            "share": row.n / sum(other.n for other in found.reasons if other.question == row.question),
        }
        for row in found.reasons
    )
    percent = st.column_config.NumberColumn(format="percent")
    show_table(reasons, column_config={"share": percent})
    st.caption(
        "Of the decisions that stand, by question. Many gaps in the guidelines call for a new version of them; many slips "
        "for a word with people; many ambiguous items for another question."
    )
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**Whose answers were overturned**")
        answers = pd.DataFrame(
            {
                "annotator": login if names else f"annotator {number}",
                "overturned": share_cell(share, "no answer in a decided case"),
            }
            for number, (login, share) in enumerate(found.overturned.items(), 1)
        )
        show_table(answers)
        left_out = f" {found.two_right} cases with two right answers are left out." if found.two_right else ""
        st.caption(
            "First answers in decided cases (n) that differ from the decision, with the 95 % interval of Wilson. Only cases in "
            f"which people differed are decided: the share says nothing about other answers.{left_out}"
        )
    with right:
        st.markdown("**Adjudicators**")
        deciders = pd.DataFrame(
            {
                "adjudicator": row.login,
                "decisions": row.decisions,
                "on own items": row.own,
                "median time": "– (not recorded)"
                if row.median_seconds is None
                else f"{row.median_seconds:.0f} s",
                "overturned": share_cell(row.overturned, "none was looked at again"),
            }
            for row in found.adjudicators
        )
        show_table(deciders)
        st.caption(
            "Overturned: of the decisions that somebody else decided again later (n), the share that came out otherwise. "
            "Reviewers' figures stand on the Review page."
        )
