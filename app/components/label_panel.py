"""Which labels people and models give, and how many of the wanted answers items have."""

import pandas as pd
import streamlit as st

from app import quality_charts
from app.components.chart import show_chart
from app.components.plain import plain
from app.components.table import show_table
from app.services.context import Actor, Context
from app.services.label_distribution import QuestionLabels, label_distribution
from app.services.progress import overlap_progress

__all__ = ["label_panel", "progress_panel"]

_MOST = 30
"""Labels drawn; the table has all."""


def label_panel(ctx: Context, actor: Actor, project_id: int) -> None:
    found = label_distribution(ctx, actor, project_id)
    if not found:
        st.info("No labels yet. They appear with the first answers to a question that has labels to choose.")
        return
    titles = {row.question: row.title for row in found}
    asked = st.selectbox("Question", list(titles), format_func=titles.__getitem__, width=340, key="labels-of")
    shown = [row for row in found if row.question == (asked or found[0].question)]
    show_chart(
        quality_charts.label_chart(shown, _MOST), f"labels-{shown[0].question}-{project_id}", key="labels"
    )
    number = st.column_config.NumberColumn(format="percent")
    show_table(
        pd.DataFrame(row for one in shown for row in _rows(one)),
        column_config={name: number for name in ("share", "low", "high")},
    )
    st.caption(
        f"{_counted(shown[0])} Suggestions: what a model said last of each item. Intervals: 95 %, Wilson. Sources stand beside each "
        "other and are never mixed." + _without(shown)
    )


def _counted(one: QuestionLabels) -> str:
    match one.parts:
        case "sets":
            return (
                "Each label by itself, since an answer may have several: the share of first answers that have it. The shares of all "
                "labels may come to more than 100 %."
            )
        case "spans":
            return "Each label by itself: the share of first answers with at least one span of it; given is the number of spans."
        case None:
            return (
                "People, models and judges: the label that most of them gave to an item, by first submissions; an item whose first "
                "place is shared has no label and counts as a tie. Shares are of the items that the source labelled."
            )


def _without(shown: list[QuestionLabels]) -> str:
    known = [f"{plain(one.source)} {one.without:,}" for one in shown if one.without]
    return f" Items without an answer: {', '.join(known)}." if known else ""


def _rows(one: QuestionLabels) -> list[dict[str, object]]:
    source = f"suggestions of {one.source}" if one.suggested else one.source
    rows: list[dict[str, object]] = [
        {
            "source": source,
            "label": count.label,
            "items" if one.parts is None else "answers": count.items.count,
            "share": count.items.value,
            "low": count.items.low,
            "high": count.items.high,
            "of": count.items.n,
            "ratings" if one.parts is None else "given": count.ratings,
        }
        for count in one.labels.labels
    ]
    if one.voted:
        ties = one.labels.ties
        rows.append(
            {
                "source": source,
                "label": "(tie)",
                "items": ties.count,
                "share": ties.value,
                "low": ties.low,
                "high": ties.high,
                "of": ties.n,
            }
        )
    return rows


def progress_panel(ctx: Context, actor: Actor, project_id: int) -> None:
    found = overlap_progress(ctx, actor, project_id)
    if not found.items:
        st.info("This project holds no items to label, so nothing is under way.")
        return
    cells = st.columns(4)
    cells[0].metric("Items", f"{found.items:,}")
    cells[1].metric(
        "With an answer",
        f"{found.any_answer:,}",
        f"{found.any_answer / found.items:.0%}",
        "off",
        delta_arrow="off",
    )
    cells[2].metric(
        "Want no more", f"{found.through:,}", f"{found.through / found.items:.0%}", "off", delta_arrow="off"
    )
    cells[3].metric("Answers wanted an item", found.overlap)
    show_chart(quality_charts.overlap_chart(found), f"progress-{project_id}", key="overlap")
    st.caption(
        "Items by how many answers they have. An answer counts while it is submitted and no review has rejected it since. "
        "Filled: the item wants no more; hatched: it wants another answer, somebody holds it, or a review gave an answer back."
    )
