"""Every chart of the pages: one look, and its image and its data to take along."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from html import unescape
from typing import Any, Final

import plotly.graph_objects as go
import streamlit as st

from app.formats.writers import safe_cell
from app.themes import DARK, LIGHT

__all__ = ["chart_data", "show_chart"]

_TAG: Final = re.compile(r"<[^>]*>")
_CONTROLS: Final = ["zoom2d", "pan2d", "select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d", "resetScale2d"]  # fmt: skip


def show_chart(figure: go.Figure, name: str, *, key: str, select: bool = False) -> list[dict[str, Any]]:
    """Draw it; `name` is what its files are called. Returns the points that were clicked, with `select`.

    The image button is the one in the chart's own corner; the data are the values that were drawn, unrounded.
    """
    config = {
        "displaylogo": False,
        "displayModeBar": True,
        "modeBarButtonsToRemove": _CONTROLS,
        "toImageButtonOptions": {"format": "png", "filename": name, "scale": 2},
    }
    ink = (DARK if st.context.theme.type == "dark" else LIGHT).text
    for trace in figure.select_traces({"type": "bar"}):
        if trace.error_x.array is not None:  # half of it lies on the bar, half on the page
            trace.error_x.color = ink
    figure.update_layout(margin_t=max(figure.layout.margin.t or 0, 30))
    picked: list[dict[str, Any]] = []
    if select:
        state = st.plotly_chart(figure, key=key, config=config, on_select="rerun", selection_mode="points")
        picked = [dict(point) for point in state["selection"]["points"]]
    else:
        st.plotly_chart(figure, key=key, config=config)
    st.download_button(
        "Data (CSV)",
        chart_data(figure),
        f"{name}.csv",
        "text/csv",
        key=f"data-{key}",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
        help="The values of this chart. Its image: the camera in the chart's upper right corner.",
    )
    return picked


def chart_data(figure: go.Figure) -> bytes:
    """What the figure draws as CSV: series, the two axes by their titles, and bounds where there are intervals."""
    x_name, y_name = (
        _words(axis.title.text) or plain for axis, plain in ((figure.layout.xaxis, "x"), (figure.layout.yaxis, "y"))
    )  # fmt: skip
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["series", y_name, x_name, "low", "high", "words"])
    named = dict(zip(figure.layout.yaxis.tickvals or (), figure.layout.yaxis.ticktext or (), strict=False))
    for trace in figure.data:
        for row in _cells(trace) if trace.type == "heatmap" else _points(trace, named):
            writer.writerow([safe_cell(cell) for cell in row])
    return file.getvalue().encode("utf-8-sig")


def _cells(trace: Any) -> Iterable[Sequence[Any]]:
    for label, row in zip(trace.y, trace.z, strict=True):
        for column, count in zip(trace.x, row, strict=True):
            yield ["", label, column, None, None, count]


def _points(trace: Any, named: dict[float, str]) -> Iterable[Sequence[Any]]:
    xs, ys = _listed(trace.x), _listed(trace.y)
    # A mark of a group stands a little beside its group's place.
    ys = [named[min(named, key=lambda place: abs(place - y))] for y in ys] if named else ys
    across = trace.error_x.array is not None
    bars = trace.error_x if across else trace.error_y if hasattr(trace, "error_y") else None
    up, down = (_listed(bars.array), _listed(bars.arrayminus)) if bars is not None else ([], [])
    words = _listed(trace.text) if not isinstance(trace.text, str) else [trace.text] * len(xs)
    for place, (x, y) in enumerate(zip(xs, ys, strict=True)):
        if x is None or y is None:
            continue
        if getattr(trace, "mode", None) == "text":  # says why there is no value; where it stands is none
            yield [_words(trace.name or ""), _words(y), None, None, None, _words(words[place])]
            continue
        value = x if across else y
        high = value + up[place] if place < len(up) else None
        low = value - down[place] if place < len(down) else None
        said = _words(words[place]) if place < len(words) else ""
        yield [_words(trace.name or ""), _words(y), x, low, high, said]


def _listed(values: Any) -> list[Any]:
    return [] if values is None else list(values)


def _words(value: Any) -> Any:
    """Text as it is read, line breaks as spaces; anything else as it is."""
    if not isinstance(value, str):
        return value
    return " ".join(unescape(_TAG.sub(" ", value)).split())
