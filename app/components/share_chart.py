"""Shares with their intervals, several figures to a group, and n in words."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from app.analytics.shares import PeopleShare
from app.components.chart import show_chart
from app.themes import CATEGORIES

__all__ = ["share_chart"]


def share_chart(groups: Mapping[str, Sequence[PeopleShare]], names: Sequence[str], *, key: str) -> None:
    """One row of marks per group; `names` say what each of its shares is. A share of nothing has no mark."""
    figure = go.Figure()
    shift = 0.36 / max(len(names), 1)
    for number, name in enumerate(names):
        rows = [(place, shares[number]) for place, shares in enumerate(groups.values())]
        known = [(place, one) for place, one in rows if one.value is not None]
        offset = (number - (len(names) - 1) / 2) * 2 * shift
        figure.add_trace(
            go.Scatter(
                x=[one.value for _, one in known],
                y=[place + offset for place, _ in known],
                mode="markers+text",
                name=name,
                text=[f" {one.value:.0%} ({one.count:,} of {one.n:,})" for _, one in known],
                textposition="top right",
                textfont_size=12,
                cliponaxis=False,
                marker={"size": 11, "color": CATEGORIES[number % len(CATEGORIES)]},
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": [(one.high or 0) - (one.value or 0) for _, one in known],
                    "arrayminus": [(one.value or 0) - (one.low or 0) for _, one in known],
                    "thickness": 2,
                },
                hovertemplate=f"{name}: %{{x:.1%}}<extra></extra>",
            )
        )
    figure.update_xaxes(
        range=[-0.02, 1.3], tickformat=".0%", tickvals=[0, 0.25, 0.5, 0.75, 1], zeroline=False
    )
    figure.update_yaxes(
        tickvals=list(range(len(groups))),
        ticktext=list(groups),
        range=[len(groups) - 0.4, -0.6],
        automargin=True,
        tickfont_size=13,
    )
    figure.update_layout(
        height=90 + 42 * len(names) * max(len(groups), 1),
        margin={"l": 8, "r": 24, "t": 8, "b": 32},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font_size": 13},
    )
    show_chart(figure, key, key=key)
