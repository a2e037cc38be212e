"""Figures of a project's quality: agreement on two sides of a change, labels, how far items are, a map of them."""

import plotly.graph_objects as go

from app.charts import finish, spread_of
from app.services.version_changes import VersionChange
from app.themes import ACCENT, NEUTRAL

__all__ = ["change_chart"]


def change_chart(change: VersionChange) -> go.Figure:
    """Alpha of each question before and after, with intervals; where it is undefined there is no mark."""
    figure = go.Figure()
    titles = [f"{one.title[:60]}<br><span style='font-size:11px'>{one.metric}</span>" for one in change.questions]  # fmt: skip
    lowest = 0.0
    for name, colour, symbol, shift in (("before", NEUTRAL, "circle-open", -0.16), ("after", ACCENT, "circle", 0.16)):  # fmt: skip
        sides = [
            one.all_items.before if name == "before" else one.all_items.after for one in change.questions
        ]
        for place, side in enumerate(sides):
            spread = spread_of(side.value, side.low, side.high)
            lowest = min(lowest, side.low if side.low is not None else side.value or 0.0)
            said = (
                f"undefined: {side.reason}"
                if side.value is None
                else f"{side.value:.2f}, n = {side.n_items} items"
            )
            figure.add_trace(
                go.Scatter(
                    x=[0.0 if side.value is None else side.value], y=[place + shift], name=name,
                    legendgroup=name, showlegend=place == 0, mode="text" if side.value is None else "markers+text",
                    text=[f"{name}: {said}"], textposition="top right", textfont_size=12, cliponaxis=False,
                    marker={"size": 11, "color": colour, "symbol": symbol, "line": {"width": 2}}, error_x=spread,
                    hovertemplate=f"{name}: {said}<extra></extra>",
                )
            )  # fmt: skip
    finish(
        figure,
        rows=len(titles),
        x_title="Krippendorff's alpha, 95 % interval over items",
        height=110 + 96 * max(len(titles), 1),
    )
    figure.update_xaxes(range=[min(lowest - 0.05, -0.05), 1.25], tickvals=[-0.5, 0, 0.25, 0.5, 0.75, 1])
    figure.update_yaxes(
        tickvals=list(range(len(titles))), ticktext=titles, range=[len(titles) - 0.4, -0.6], zeroline=False
    )
    return figure
