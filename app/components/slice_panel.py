"""Quality by part of the data: agreement, right answers and accepted suggestions for each value of a metadata column."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app import resources
from app.charts import words
from app.components.chart import show_chart
from app.components.plain import plain
from app.services import reports
from app.services.context import Actor
from app.services.parts_agreement import parts_agreement
from app.services.sliced_agreement import (
    FEWEST,
    Slice,
    SlicedAgreement,
    SlicedShare,
    keys_of,
    sliced_agreement,
)
from app.themes import ACCENT, CATEGORIES
from db.records import ProjectRecord

__all__ = ["slice_panel"]


def slice_panel(actor: Actor, project: ProjectRecord) -> None:
    ctx = resources.context()
    keys = keys_of(ctx, actor, project.id)
    usable = [one for one in keys if one.reason is None]
    refused = ", ".join(f"{one.name} {one.reason}" for one in keys if one.reason is not None)
    parts = parts_agreement(ctx, actor, project.id)
    asked = {
        (one.question, one.rater_kind): one.title
        for one in reports.agreement(ctx, actor, project.id).questions
    }
    asked |= {(one.question, one.rater_kind): one.title for one in parts.label_sets}
    if not usable or not asked:
        st.info(
            "Nothing to compare yet: it needs answers, and items or imported ratings with a metadata column of two to twenty values, "
            "such as a language. Columns that an import does not know become metadata; `milo metadata` computes some."
            + (f" Here {plain(refused)}." if refused else "")
        )
        return
    cells = st.columns([2, 2, 3])
    question, kind = cells[0].selectbox(
        "Question",
        list(asked),
        format_func=lambda key: f"{asked[key]} ({key[1]})",
        key="slice-question",
    )
    by = cells[1].selectbox("By", [one.name for one in usable], key="slice-by")
    if refused:
        cells[2].caption(f"Not offered: {plain(refused)}.")
    with st.spinner("Comparing …"):
        found = sliced_agreement(ctx, actor, project.id, question=question, by=by, rater_kind=kind)
    show_chart(_chart(found), f"agreement-by-{by}-{project.id}", key="slice-chart")
    known = any(one.right.n for one in found.slices)
    shown = any(one.accepted.n for one in found.slices)
    st.dataframe(
        pd.DataFrame(
            {
                by: one.value,
                "items": one.alpha.n_items,
                "ratings": one.n_ratings,
                "raters": one.n_raters,
                "alpha": one.alpha.value,
                "from": one.alpha.low,
                "to": one.alpha.high,
                **({"ordinal": one.ordinal.value} if one.ordinal else {}),
                **(_columns("right", one.right) if known else {}),
                **(_columns("accepted", one.accepted) if shown else {}),
                "note": "; ".join(filter(None, _reasons(one))),
            }
            for one in found.slices
        ),
        hide_index=True,
        column_config={
            name: st.column_config.NumberColumn(format="%.3f") for name in ("alpha", "from", "to", "ordinal")
        }
        | {
            f"{name}{end}": st.column_config.NumberColumn(format="percent")
            for name in ("right", "accepted")
            for end in ("", " from", " to")
        },
    )
    unsaid = (
        f" Of {found.not_said:,} ratings {plain(by)} is not known; they are in no slice."
        if found.not_said
        else ""
    )
    st.caption(
        "Alpha: Krippendorff's, nominal, of sets of labels with MASI; 95 % bootstrap interval over the slice's items. Right: answers that are the known label (gold). "
        "Accepted: suggestions left as they were, wrong ones shown on purpose left out. Their intervals allow for people who differ; where "
        "nothing of the kind is known, there is no column. "
        f"Slices of fewer than {FEWEST} items or answers show no figure.{unsaid}"
    )
    st.caption(found.note)


def _reasons(one: Slice) -> tuple[str | None, ...]:
    shares = [share.reason if share.n else None for share in (one.right, one.accepted)]
    return (one.alpha.reason or one.alpha.note, *shares)


def _columns(name: str, one: SlicedShare) -> dict[str, float | int | None]:
    share = one.share
    return {
        name: share.value if share else None,
        f"{name} from": share.low if share else None,
        f"{name} to": share.high if share else None,
        f"{name} n": one.n,
    }


def _chart(found: SlicedAgreement) -> go.Figure:
    figure = go.Figure()
    names = [
        f"{words(one.value)}<br><span style='font-size:11px'>n = {one.alpha.n_items} items</span>"
        for one in found.slices
    ]
    for name, one in zip(names, found.slices, strict=True):
        alpha = one.alpha
        if alpha.value is None:
            figure.add_trace(go.Scatter(x=[None], y=[name], hoverinfo="skip"))
            figure.add_annotation(
                x=0.02,
                y=name,
                text=f"no figure: {alpha.reason}",
                showarrow=False,
                xanchor="left",
                font_size=12,
            )
            continue
        figure.add_trace(
            go.Scatter(
                x=[alpha.value],
                y=[name],
                mode="markers+text",
                text=[f"{alpha.value:.2f}"],
                textposition="top center",
                marker={"size": 11, "color": ACCENT},
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": [(alpha.high if alpha.high is not None else alpha.value) - alpha.value],
                    "arrayminus": [alpha.value - (alpha.low if alpha.low is not None else alpha.value)],
                    "thickness": 2,
                },
                hovertemplate="alpha %{x:.3f}<extra></extra>",
            )
        )
    if found.whole.value is not None:
        figure.add_vline(
            x=found.whole.value,
            line={"dash": "dot", "color": CATEGORIES[1]},
            annotation_text=f"all {found.whole.value:.2f}",
            annotation_position="bottom right",
            annotation_font_size=12,
        )
    figure.update_layout(
        height=110 + 46 * len(names),
        margin={"l": 8, "r": 24, "t": 24, "b": 44},
        showlegend=False,
        xaxis={
            "title": {"text": f"Krippendorff's alpha, {found.whole.metric}", "font_size": 13},
            "zeroline": False,
        },
        yaxis={"automargin": True, "range": [len(names) - 0.4, -0.7], "tickfont_size": 13},
    )
    return figure
