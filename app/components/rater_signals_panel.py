"""Signs of careless work, rater by rater, with what they are worth beside them."""

import pandas as pd
import streamlit as st

from app.analytics.rater_signals import FEWEST_KNOWN, MARGIN, SIGNALS, Signs
from app.analytics.shares import PeopleShare
from app.components.plain import plain
from app.components.table import show_table
from app.services.context import Actor, Context
from app.services.rater_signals import QuestionSigns, rater_signals

__all__ = ["rater_signals_panel"]


def rater_signals_panel(ctx: Context, actor: Actor, project_id: int) -> None:
    found = rater_signals(ctx, actor, project_id)
    if not found:
        return
    st.markdown("**Signs of careless work**")
    st.caption(
        "A sign is a reason to look at somebody's answers, no finding about them: a quick rater may be a good one. "
        "Speed alone found nobody on four public sets; agreement with the others did."
    )
    asked = {one.question: one for one in found}  # two questions may have one title
    chosen = (
        st.selectbox(
            "Question of the signs",
            list(asked),
            format_func=lambda name: asked[name].title,
            key="signs-question",
            width=340,
        )
        if len(asked) > 1
        else found[0].question
    )
    _question(asked[chosen])


def _question(one: QuestionSigns) -> None:
    figures = one.figures
    show_table(
        pd.DataFrame(
            {
                "person": rater.rater,
                "agrees with the others": rater.peers,
                "most used": rater.top_label,
                "of their answers": rater.top_share,
                "within 3 s": rater.within_3s,
                "time / median": rater.relative_time,
                "timed": rater.timed,
                "right": rater.right,
                "known answers": rater.known,
                "often wrong": {True: "yes", False: "no", None: ""}[rater.often_wrong],
            }
            for rater in figures.raters
        ),
        column_config={
            name: st.column_config.NumberColumn(format="percent")
            for name in ("agrees with the others", "of their answers", "within 3 s", "right")
        }
        | {"time / median": st.column_config.NumberColumn(format="%.2f")},
    )
    st.caption(
        "Lowest agreement first: the mean over items of the share of the other ratings that say the same. Time / median: the middle of "
        "a person's times, each as a part of the item's median. Often wrong: "
        f"more than {100 * MARGIN:.0f} percentage points below the median person's share right, from {FEWEST_KNOWN} known answers on."
    )
    _worth(figures)


def _worth(figures: Signs) -> None:
    if figures.judgments.value is None:
        st.caption("What the signs are worth here is unknown: no answered item has a known answer (gold).")
        return
    left, right = st.columns([3, 2], gap="medium")
    with left:
        show_table(
            pd.DataFrame(
                {
                    "sign": SIGNALS[one.signal],
                    "finds who is often wrong": one.auroc,
                    "from": one.low,
                    "to": one.high,
                    "often wrong": f"{one.often_wrong} of {one.often_wrong + one.others}",
                    "note": one.reason or "",
                }
                for one in figures.finds
            ),
            column_config={
                name: st.column_config.NumberColumn(format="%.2f")
                for name in ("finds who is often wrong", "from", "to")
            },
        )
        st.caption(
            "The chance that of two people the sign is worse for the one who is often wrong (area under the ROC curve): 0.5 finds "
            "nobody, 1 finds all, below 0.5 it points at the others. Interval by Hanley and McNeil, from five of either kind on."
        )
    with right:
        show_table(
            pd.DataFrame(
                {
                    "single answers": name,
                    "right": share.value,
                    "from": share.low,
                    "to": share.high,
                    "n": share.n,
                    "people": share.n_raters,
                }
                for name, share in _shares(figures)
            ),
            column_config={
                name: st.column_config.NumberColumn(format="percent") for name in ("right", "from", "to")
            },
        )
        st.caption(
            plain(
                "Of answers to items whose answer is known; quick: in under a third of the item's median time. The intervals allow for people who differ."
            )
        )


def _shares(figures: Signs) -> list[tuple[str, PeopleShare]]:
    return [("all", figures.judgments), ("quick", figures.quick), ("other timed ones", figures.others)]
