"""How well an agent tells each label from the rest: one ROC curve a label."""

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from app.charts import finish, words
from app.components.chart import show_chart
from app.themes import CATEGORIES, NEUTRAL

__all__ = ["label_curves_figure", "show_label_curves"]


def show_label_curves(labels: Mapping[str, Mapping[str, Any]], *, key: str) -> None:
    """The curves of the most frequent labels; nothing where no label has one."""
    drawn = sorted(
        (name for name, one in labels.items() if one.get("area") is not None),
        key=lambda name: -int(labels[name]["n"]),
    )[: len(CATEGORIES)]
    if not drawn:
        return
    show_chart(label_curves_figure({name: labels[name] for name in drawn}), key, key=key)
    left_out = len(labels) - len(drawn)
    st.caption(
        "One curve a label: of the items with that label the share found, over the share of the others taken for it, from the surest on. "
        "By the agent's own chances of all labels; where it gives only how sure it is of the one it suggests, what is left of 1 is "
        "shared equally among the others."
        + (f" {left_out} labels have no curve or too few answers to be drawn." if left_out else "")
    )


def label_curves_figure(labels: Mapping[str, Mapping[str, Any]]) -> go.Figure:
    """`labels` as `agent_quality` keeps them: `curve` of [wrong, right, score], `area` and `n`."""
    figure = go.Figure()
    figure.add_trace(
        go.Scatter(
            x=[0, 1],
            y=[0, 1],
            mode="lines",
            line={"dash": "dot", "color": NEUTRAL},
            hoverinfo="skip",
            showlegend=False,
        )
    )
    for number, (label, one) in enumerate(labels.items()):
        figure.add_trace(
            go.Scatter(
                x=[0.0, *(point[0] for point in one["curve"])],
                y=[0.0, *(point[1] for point in one["curve"])],
                mode="lines",
                name=f"{words(label)} ({one['area']:.2f}, n {one['n']})",
                line={"color": CATEGORIES[number], "width": 2},
                hovertemplate="%{y:.0%} of its items, %{x:.0%} of the others<extra>%{fullData.name}</extra>",
            )
        )
    figure.update_xaxes(range=[-0.02, 1.02], tickformat=".0%")
    figure.update_yaxes(
        title={"text": "items of the label found", "font_size": 13}, range=[-0.02, 1.05], tickformat=".0%"
    )
    return finish(figure, rows=1, x_title="others taken for it", height=340).update_layout(showlegend=True)
