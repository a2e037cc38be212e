"""What people said after a sitting: means by kind of help, with intervals and n."""

import plotly.graph_objects as go
import streamlit as st

from app import charts
from app.components.chart import show_chart
from app.services.experience import MIXED, Experiences
from app.themes import CATEGORIES

__all__ = ["show_experiences"]


def show_experiences(found: Experiences, *, key: str) -> None:
    if not found.answered:
        st.info(
            f"Nobody has answered the form yet ({found.skipped} skipped it). It is offered under My work when a sitting with help "
            f"at stake has ended.{_other_forms(found)}"
        )
        return
    shown = [one for one in found.figures if one.mean is not None]
    if shown:
        _chart(found, key)
    hidden = len(found.figures) - len(shown)
    mixed = any(one.arm == MIXED for one in found.figures)
    st.caption(
        f"Means from {found.least} to {found.most} with 95 % intervals; everybody counts once. {found.answered} forms, {found.skipped} skipped. "
        "A sitting counts for the arm that four fifths of its answers were in"
        + (", else as mixed: to compare arms, a design in blocks is needed." if mixed else ".")
        + (f" {hidden} means of fewer than three people are not shown." if hidden else "")
        + _other_forms(found)
    )


def _other_forms(found: Experiences) -> str:
    return (
        f" {found.other_forms} answers to an earlier wording of the form are left out."
        if found.other_forms
        else ""
    )


def _chart(found: Experiences, key: str) -> None:
    titles = list(dict.fromkeys(one.title for one in found.figures))
    arms = list(dict.fromkeys(one.arm for one in found.figures))
    figure = go.Figure()
    for number, arm in enumerate(arms):
        rows = [one for one in found.figures if one.arm == arm and one.mean is not None]
        offset = (number - (len(arms) - 1) / 2) * 0.24
        figure.add_trace(
            go.Scatter(
                x=[one.mean for one in rows],
                y=[titles.index(one.title) + offset for one in rows],
                mode="markers",
                name=charts.arm_name(arm),
                marker={"size": 11, "color": CATEGORIES[number % len(CATEGORIES)]},
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": [(one.high or 0) - (one.mean or 0) for one in rows],
                    "arrayminus": [(one.mean or 0) - (one.low or 0) for one in rows],
                    "thickness": 2,
                },
                hovertemplate="%{x:.2f}<extra></extra>",
            )
        )
        for one in rows:
            # Behind the interval: above the mark they would lie on the next arm's.
            figure.add_annotation(
                x=one.high,
                y=titles.index(one.title) + offset,
                text=f"{one.mean:.1f} (n = {one.n_raters})",
                showarrow=False,
                xanchor="left",
                xshift=8,
                font_size=12,
            )
    figure.update_xaxes(
        range=[found.least - 0.3, found.most + 1.2], tickvals=list(range(found.least, found.most + 1))
    )
    figure.update_yaxes(
        tickvals=list(range(len(titles))),
        ticktext=titles,
        range=[len(titles) - 0.4, -0.6],
        automargin=True,
        tickfont_size=13,
    )
    figure.update_layout(
        height=110 + 30 * (len(arms) + 1) * len(titles),
        margin={"l": 8, "r": 24, "t": 8, "b": 32},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font_size": 13},
    )
    show_chart(figure, "experience", key=key)
