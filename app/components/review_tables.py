"""Figures of review: how reviewers fare, whose answers were reviewed, and what pre-filled levels do."""

import pandas as pd
import streamlit as st

from app import resources
from app.components.review_levels import show_prefilling
from app.components.review_panel import Desk
from app.components.shares import share_cell
from app.components.table import show_table
from app.services.review_figures import annotators_in_review, reviewer_figures
from app.services.review_levels import prefilling

__all__ = ["show_review_figures"]


def show_review_figures(desk: Desk) -> None:
    ctx, project_id = resources.context(), desk.project.id
    figures = reviewer_figures(ctx, desk.actor, project_id)
    if not figures:
        st.info("Nothing is reviewed yet. The figures come with the first decisions.")
        return
    st.markdown("**Reviewers**")
    show_table(
        pd.DataFrame(
            {
                "reviewer": row.login,
                "reviews": row.reviews,
                "accepted": row.accepted,
                "fixed": row.fixed,
                "rejected": row.rejected,
                "median s": row.median_seconds,
                "overturned": share_cell(row.overturned, "nobody looked again"),
                "blind second looks agree": share_cell(row.agreed_blind, "no blind second look"),
            }
            for row in figures
        ),
        column_config={
            "median s": st.column_config.NumberColumn(format="%.0f"),
            "overturned": st.column_config.TextColumn(width="medium"),
            "blind second looks agree": st.column_config.TextColumn(width="medium"),
        },
    )
    st.caption(
        "Overturned: of the reviews on which somebody else decided later (a second look, an appeal, another review, an "
        "adjudication), the share that came out otherwise, with the 95 % interval of Wilson. What reviewers corrected themselves "
        "is not held against them. Blind second looks agree: of the reviews at which somebody else looked again by lot, without "
        "seeing what was decided, the share that came out alike, with the same interval. Overturned also counts decisions "
        "by people who had seen the review, so that the two do not add up to 100 %. Seconds: the form being open; review is no "
        "handling time."
    )
    st.markdown("**Whose answers were reviewed**")
    if desk.names:
        show_table(
            pd.DataFrame(
                {
                    "annotator": row.login,
                    "accepted": share_cell(row.accepted, "nothing reviewed"),
                    "fixed": row.fixed,
                    "rejected": row.rejected,
                }
                for row in annotators_in_review(ctx, desk.actor, project_id)
            ),
            column_config={"accepted": st.column_config.TextColumn(width="medium")},
        )
        st.caption(
            "By the review of each item that stands. Most answers are reviewed because a rule suspects them: the share says "
            "nothing about the others."
        )
    else:
        st.info("This project hides who answered. Switch on “Show who answered” above to see this table.")
    show_prefilling(prefilling(ctx, desk.actor, project_id))
