"""One figure of every slice with its interval, on the whole range that it can take: small differences look small."""

from collections.abc import Sequence

import plotly.graph_objects as go

from app.charts import finish, spread_of, words
from app.services.slice_figures import Figure
from app.themes import ACCENT, CATEGORIES

__all__ = ["slice_chart"]

_TITLES = {
    "alpha": "Krippendorff's alpha (1 = full agreement, 0 = as by chance)",
    "kappa": "Cohen's kappa with quadratic weights (1 = full agreement, 0 = as by chance)",
    "F1": "F1 of spans, mean over pairs of raters",
    "share": "share",
    "level": "mean level",
}


def slice_chart(by: Sequence[tuple[str, Figure]], whole: Figure) -> go.Figure:
    """`by`: (slice, its figure), top to bottom; an undefined one says why. The dotted line is the whole."""
    figure = go.Figure()
    percent = whole.unit == "share"
    names = [
        f"{words(value)}<br><span style='font-size:11px'>n = {one.n:,} {words(one.of)}</span>"
        for value, one in by
    ]
    low, high = _range([one for _, one in by], whole)
    for name, (_, one) in zip(names, by, strict=True):
        if one.value is None:
            figure.add_trace(go.Scatter(x=[None], y=[name], hoverinfo="skip"))
            figure.add_annotation(
                x=low + 0.03 * (high - low),
                y=name,
                text=words(f"no figure: {one.reason or 'undefined'}"),
                showarrow=False,
                xanchor="left",
                yshift=12,
                font_size=12,
            )
            continue
        figure.add_trace(
            go.Scatter(
                x=[one.value],
                y=[name],
                error_x=spread_of(one.value, one.low, one.high),
                mode="markers+text",
                text=[_said(one.value, percent=percent)],
                textposition="top center",
                marker={"size": 12, "color": ACCENT},
                hovertemplate=f"{words(one.name)} %{{x:{'.1%' if percent else '.3f'}}}<extra></extra>",
            )
        )
    if whole.value is not None:
        figure.add_vline(
            x=whole.value,
            line={"dash": "dot", "color": CATEGORIES[1]},
            annotation_text=f"all {_said(whole.value, percent=percent)}",
            annotation_position="top",
            annotation_font_size=12,
        )
    finish(figure, rows=len(by), x_title=_TITLES[whole.unit], height=130 + 56 * max(len(by), 1))
    figure.update_layout(margin_t=34)
    figure.update_xaxes(range=[low, high], tickformat=".0%" if percent else None)
    return figure.update_yaxes(range=[len(by) - 0.4, -0.7])


def _said(value: float, *, percent: bool) -> str:
    return f"{value:.0%}" if percent else f"{value:.2f}"


def _range(figures: Sequence[Figure], whole: Figure) -> tuple[float, float]:
    """All that the figure can be; below nothing only where an interval goes there."""
    if whole.bounds is not None:
        edge = 0.05 * (whole.bounds[1] - whole.bounds[0])
        return whole.bounds[0] - edge, whole.bounds[1] + edge
    lowest = min([one.low if one.low is not None else one.value or 0.0 for one in figures] + [0.0])
    return min(lowest - 0.05, -0.05), 1.05
