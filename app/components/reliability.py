"""Whether an agent's confidences mean what they say: the reliability diagram, and the map that mends them."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.charts import finish
from app.components.chart import show_chart
from app.components.table import show_table
from app.themes import ACCENT, NEUTRAL

__all__ = ["reliability_figure", "show_reliability"]

_METHODS = {
    "raw": "as the model says",
    "platt": "Platt",
    "temperature": "temperature",
    "isotonic": "isotonic regression",
}


def show_reliability(figures: Mapping[str, Any], *, key: str) -> None:
    """Draw what was measured of one agent's answers to one question; nothing for answers without confidences."""
    bins = figures.get("reliability")
    if not bins:
        st.caption("No confidences to set beside the truth.")
        return
    left, right = st.columns([3, 2])
    with left:
        show_chart(reliability_figure(bins), key, key=key)
    fitted = figures.get("calibration")
    with right:
        if fitted is None:
            st.caption(
                "No map was fitted: it takes 30 known answers outside the test part, right and wrong ones."
            )
        elif "losses" in fitted:
            show_table(
                pd.DataFrame(
                    {
                        "confidence": _METHODS[name],
                        "log loss": loss,
                        "": "best map" if name == fitted["method"] else "",
                    }
                    for name, loss in sorted(fitted["losses"].items(), key=lambda entry: float(entry[1]))
                ),
                column_config={"log loss": st.column_config.NumberColumn(format="%.4f")},
            )
            st.caption(
                f"Log loss on answers left out of the fit (five parts, {fitted['n']} answers outside the test part); the lower the better. "
                "Isotonic regression is tried from 1,000 answers on. "
                "The best map is laid over what this agent suggests from now on; the classifier's own are calibrated as it learns."
            )
        st.caption(f"Brier score {figures['brier']:.3f}: mean squared distance of confidence and outcome.")


def reliability_figure(bins: list[list[float]]) -> go.Figure:
    """Share right over mean confidence, `bins` as (n, confidence, right, low, high); the diagonal is what confidences
    that mean what they say would give.
    """
    n, confidence, right, low, high = zip(*bins, strict=True)
    figure = go.Figure()
    figure.add_trace(
        go.Scatter(x=[0, 1], y=[0, 1], mode="lines", line={"dash": "dot", "color": NEUTRAL}, hoverinfo="skip")
    )
    figure.add_trace(
        go.Scatter(
            x=confidence,
            y=right,
            customdata=n,
            mode="lines+markers",
            line={"color": ACCENT, "width": 2},
            marker={"size": 8},
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [top - share for top, share in zip(high, right, strict=True)],
                "arrayminus": [share - bottom for bottom, share in zip(low, right, strict=True)],
                "thickness": 1.5,
            },
            hovertemplate="confidence %{x:.2f}: %{y:.0%} right, n %{customdata}<extra></extra>",
        )
    )
    figure.update_xaxes(range=[-0.02, 1.02], tickformat=".0%")
    figure.update_yaxes(title={"text": "right", "font_size": 13}, range=[-0.02, 1.05], tickformat=".0%")
    return finish(figure, rows=1, x_title="confidence", height=320)
