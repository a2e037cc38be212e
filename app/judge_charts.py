"""Figures of the judge beside people: what agrees with what, and how scores move."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from app.charts import spread_of, words
from app.services.judge_mismatches import Confusion
from app.services.judge_quality import CriterionQuality
from app.themes import ACCENT, CATEGORIES, NEUTRAL

__all__ = ["confusion_chart", "history_chart", "trust_chart"]


def trust_chart(rows: Sequence[CriterionQuality], level: float) -> go.Figure:
    """Kappa of judge and people with its interval, what people reach among themselves, and the set level."""
    figure = go.Figure()
    shown = list(reversed(rows))
    names = [
        f"{words(f'{row.criterion} · {row.judge}')}<br>n {row.with_people.n}, {row.state}" for row in shown
    ]
    for name, row in zip(names, shown, strict=True):
        found = row.with_people
        if found.kappa is None:
            figure.add_annotation(
                x=0, y=name, text=found.reason or "undefined", showarrow=False, xanchor="left"
            )
            continue
        figure.add_trace(
            go.Scatter(
                x=[found.kappa], y=[name], mode="markers+text", text=[f"{found.kappa:.2f}"], textposition="top center",
                marker={"size": 11, "color": ACCENT if row.gate.open else "rgba(0,0,0,0)", "line": {"color": ACCENT, "width": 2}},
                error_x=spread_of(found.kappa, found.low, found.high),
                hovertemplate="judge and people %{x:.3f}<extra></extra>", name="judge and people",
            )
        )  # fmt: skip
        if row.among_people.kappa is not None:
            figure.add_trace(
                go.Scatter(
                    x=[row.among_people.kappa], y=[name], mode="markers",
                    marker={"size": 12, "symbol": "line-ns-open", "color": NEUTRAL, "line": {"width": 3}},
                    hovertemplate="people among themselves %{x:.3f}<extra></extra>", name="people among themselves",
                )
            )  # fmt: skip
    figure.add_vline(x=level, line_dash="dot", line_color=NEUTRAL)
    figure.update_layout(
        height=100 + 58 * max(len(names), 1), margin={"l": 8, "r": 24, "t": 16, "b": 44}, showlegend=False,
        xaxis={"title": {"text": "quadratically weighted kappa", "font_size": 13}, "range": [-0.3, 1.1]},
        yaxis={"automargin": True, "tickfont_size": 13, "categoryorder": "array", "categoryarray": names},
    )  # fmt: skip
    return figure


def confusion_chart(found: Confusion, labels: Sequence[str]) -> go.Figure:
    """People's levels down, the judge's across; each cell with its count. A selected cell is read from its place."""
    figure = go.Figure(
        go.Heatmap(
            z=found.counts, x=list(labels), y=list(labels), text=found.counts, texttemplate="%{text}",
            colorscale=[[0, "#dfe9e8"], [1, ACCENT]], showscale=False, xgap=2, ygap=2,
            hovertemplate="people %{y}, judge %{x}: %{z}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_layout(
        height=120 + 44 * len(labels), margin={"l": 8, "r": 8, "t": 8, "b": 44},
        xaxis={"title": {"text": "the judge said", "font_size": 13}, "type": "category"},
        yaxis={"title": {"text": "people said", "font_size": 13}, "type": "category", "autorange": "reversed"},
    )  # fmt: skip
    return figure


def history_chart(history: pd.DataFrame) -> go.Figure:
    """Mean score of each criterion by week, n in the hover; columns week, criterion, mean, n."""
    figure = go.Figure()
    for number, (criterion, rows) in enumerate(history.groupby("criterion", sort=False)):
        figure.add_trace(
            go.Scatter(
                x=rows["week"], y=rows["mean"], mode="lines+markers", name=str(criterion), customdata=rows["n"],
                line={"color": CATEGORIES[number % len(CATEGORIES)], "width": 2},
                hovertemplate=f"{criterion}: %{{y:.2f}}, n %{{customdata}}<extra></extra>",
            )
        )  # fmt: skip
    figure.update_layout(
        height=320, margin={"l": 8, "r": 8, "t": 8, "b": 30}, legend={"orientation": "h", "y": -0.2},
        yaxis={"title": {"text": "mean level", "font_size": 13}},
    )  # fmt: skip
    return figure
