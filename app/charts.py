"""Figures: plain values in, plotly figures out. One look, direct labels, intervals drawn, n beside every name."""

from collections.abc import Mapping, Sequence
from html import escape

import plotly.graph_objects as go

from app.analytics.effort import ArmQuality, Effect
from app.analytics.times import ArmTime
from app.services.reports import CriterionReport
from app.services.suggestion_quality import QuestionQuality
from app.services.work_record import Trend
from app.themes import ACCENT, CATEGORIES, HATCHED, NEUTRAL

__all__ = [
    "arm_name",
    "effect_chart",
    "finish",
    "level_chart",
    "parts_chart",
    "quality_chart",
    "roc_chart",
    "spread_of",
    "time_chart",
    "trend_chart",
    "words",
]

_ARMS = {
    "none": "without help (control)",
    "suggestion": "with suggestion",
    "after_answer": "suggestion after own answer",
}
_PARTS = {
    "reading": "reading",
    "working": "working",
    "chatting": "chatting",
    "waiting_model": "waiting for a model",
    "waiting_judge": "waiting for the judge",
    "idle": "idle",
    "hidden": "page hidden",
    "rework": "rework",
}
_ON_BAR = "#d18a1c"
"""Of intervals that begin on a bar: seen on bars and on the page, light or dark."""


def arm_name(arm: str) -> str:
    return _ARMS.get(arm, arm)


def finish(figure: go.Figure, *, rows: int, x_title: str, height: int | None = None) -> go.Figure:
    """The layout that all bars and intervals share; `rows` says how high it is unless `height` does."""
    figure.update_layout(
        height=height or 90 + 46 * max(rows, 1),
        margin={"l": 8, "r": 24, "t": 8, "b": 44},
        showlegend=False,
        bargap=0.35,
        hoverlabel={"font_size": 13},
        xaxis={"title": {"text": x_title, "font_size": 13}, "zeroline": False},
        yaxis={"automargin": True, "tickfont_size": 13},
    )
    return figure


def words(text: str) -> str:
    """Text of people for a chart: plotly reads tags, links among them, so there are none of theirs."""
    return escape(text, quote=False)


def spread_of(centre: float | None, low: float | None, high: float | None) -> dict[str, object] | None:
    """An interval as plotly draws it around a value; None where there is none."""
    if centre is None or low is None or high is None:
        return None
    return {
        "type": "data",
        "symmetric": False,
        "array": [high - centre],
        "arrayminus": [centre - low],
        "thickness": 2,
    }


def level_chart(criteria: Sequence[CriterionReport]) -> go.Figure:
    """Share of answers at each level of each criterion, worst on the left; unscored in grey."""
    figure = go.Figure()
    shades = ("#c8553d", "#e3a72f", "#8fb6a9", "#1b7f79")
    for criterion in criteria:
        name = f"{words(criterion.title)}<br><span style='font-size:11px'>n = {criterion.n}</span>"
        steps = len(criterion.levels)
        for number, (_, label, count) in enumerate(criterion.levels):
            colour = (
                shades[-1]
                if number == steps - 1
                else shades[0]
                if number == 0
                else shades[1 + min(number - 1, 1)]
            )
            _segment(figure, name, count, criterion.n, label, colour)
        unscored = sum(criterion.unscored.values())
        reasons = ", ".join(criterion.unscored).replace("_", " ")
        _segment(
            figure, name, unscored, criterion.n, f"unscored: {reasons}" if unscored else "unscored", NEUTRAL
        )
    figure.update_layout(barmode="stack")
    figure.update_xaxes(range=[0, 1], tickformat=".0%")
    figure.update_yaxes(autorange="reversed")
    return finish(
        figure,
        rows=len(criteria),
        x_title="share of answers (newest verdict each)",
        height=90 + 52 * max(len(criteria), 1),
    )


def _segment(figure: go.Figure, name: str, count: int, n: int, label: str, colour: str) -> None:
    if count:
        share = count / n
        figure.add_trace(
            go.Bar(
                x=[share],
                y=[name],
                orientation="h",
                marker={"color": colour, "pattern": HATCHED if colour == NEUTRAL else {}},
                text=[f"{label} {count}" if share > 0.12 else str(count)],
                textposition="inside",
                insidetextanchor="middle",
                textfont={"color": "#1d2b30" if colour in ("#e3a72f", NEUTRAL) else "#ffffff"},
                hovertemplate=f"{label}: {count} of {n}<extra></extra>",
            )
        )


def time_chart(arms: Sequence[ArmTime]) -> go.Figure:
    """Median handling time by arm with its interval."""
    figure = go.Figure()
    for arm in arms:
        name = (
            f"{arm_name(arm.arm)}<br><span style='font-size:11px'>n = {arm.n} by {arm.n_raters} people</span>"
        )
        spread = spread_of(arm.median, arm.low, arm.high)
        figure.add_trace(
            _bar(arm.median, name, arm.arm, spread, f"{arm.median:.1f} s" if arm.median is not None else "")
        )
    figure.update_yaxes(autorange="reversed")
    return finish(
        figure,
        rows=len(arms),
        x_title="median seconds per answer, 95 % interval",
        height=80 + 62 * max(len(arms), 1),
    )


def quality_chart(arms: Sequence[ArmQuality]) -> go.Figure:
    """Quality by arm with its interval, on the same rows as the time."""
    figure = go.Figure()
    share = bool(arms and arms[0].is_share)
    for arm in arms:
        name = f"{arm_name(arm.arm)}<br><span style='font-size:11px'>n = {arm.n}</span>"
        spread = spread_of(arm.value, arm.low, arm.high)
        text = "" if arm.value is None else f"{arm.value:.0%}" if share else f"{arm.value:.2f}"
        figure.add_trace(_bar(arm.value, name, arm.arm, spread, text))
    figure.update_yaxes(autorange="reversed")
    if share:
        figure.update_xaxes(range=[0, 1.08], tickformat=".0%")
    title = "right against gold, 95 % interval" if share else "mean value, 95 % interval"
    return finish(figure, rows=len(arms), x_title=title, height=80 + 62 * max(len(arms), 1))


def _bar(value: float | None, name: str, arm: str, spread: dict[str, object] | None, text: str) -> go.Bar:
    colour = NEUTRAL if arm == "none" else ACCENT
    return go.Bar(
        x=[value],
        y=[name],
        orientation="h",
        marker_color=colour,
        error_x=None if spread is None else spread | {"color": _ON_BAR},
        text=[text],
        textposition="inside",
        insidetextanchor="start",
        textfont={"color": "#ffffff", "size": 14},
        hovertemplate="%{x:.2f}<extra></extra>",
    )


def effect_chart(effects: Mapping[str, Effect]) -> go.Figure:
    """Change of time by kind of help, the pooled one first, with intervals and the line of no change."""
    figure = go.Figure()
    known = {
        name: (one.change, one.low, one.high)
        for name, one in effects.items()
        if one.change is not None and one.low is not None and one.high is not None
    }
    edge = 0.1
    for name, (change, low, high) in reversed(known.items()):
        figure.add_trace(
            go.Scatter(
                x=[change],
                y=[name],
                mode="markers+text",
                text=[f"{change:+.1%} [{low:+.1%}, {high:+.1%}]"],
                textposition="top center",
                marker={"size": 14, "color": ACCENT},
                error_x=spread_of(change, low, high),
                hovertemplate="%{x:+.2%}<extra></extra>",
                showlegend=False,
            )
        )
        edge = max(edge, abs(low), abs(high))
    figure.update_xaxes(range=[-1.2 * edge, 1.2 * edge])
    figure.add_vline(
        x=0,
        line={"dash": "dot", "color": NEUTRAL},
        annotation_text="no change",
        annotation_position="bottom right",
    )
    figure.update_xaxes(tickformat="+.0%")
    finish(
        figure,
        rows=len(known),
        x_title="change of handling time with help, 95 % interval",
        height=126 + 60 * max(1, len(known)),
    )
    return figure.update_layout(margin={"t": 24})  # the first label stands above its mark


def parts_chart(parts: dict[str, float]) -> go.Figure:
    """Mean seconds per answer by what they were spent on."""
    figure = go.Figure()
    for number, (part, seconds) in enumerate(parts.items()):
        if seconds > 0:
            figure.add_trace(
                go.Bar(
                    x=[seconds],
                    y=["mean per answer"],
                    orientation="h",
                    name=_PARTS[part],
                    marker_color=CATEGORIES[number % len(CATEGORIES)],
                    text=[f"{_PARTS[part]} {seconds:.1f} s"],
                    textposition="inside",
                    insidetextanchor="middle",
                    hovertemplate=f"{_PARTS[part]}: %{{x:.1f}} s<extra></extra>",
                )
            )
    figure.update_layout(barmode="stack")
    figure.update_yaxes(showticklabels=False)
    return finish(
        figure, rows=1, x_title="seconds; only reading, working and chatting are handling time", height=140
    )


def trend_chart(trends: Sequence[Trend]) -> go.Figure:
    """One line a criterion: each verdict's level as a share of the best one, in order."""
    figure = go.Figure()
    for number, trend in enumerate(trends):
        shares = [level / trend.best for level in trend.levels]
        figure.add_trace(
            go.Scatter(
                x=list(range(1, len(shares) + 1)),
                y=shares,
                mode="lines+markers+text",
                text=[""] * (len(shares) - 1) + [f" {words(trend.criterion)}"],
                textposition="middle right",
                cliponaxis=False,
                line={"color": CATEGORIES[number % len(CATEGORIES)], "width": 2},
                name=trend.criterion,
                hovertemplate=f"{words(trend.title)}<br>%{{y:.0%}} of the best level<extra></extra>",
            )
        )
    figure.update_yaxes(tickformat=".0%", range=[0, 1.08])
    figure.update_xaxes(dtick=1 if max(len(trend.levels) for trend in trends) < 20 else None)
    finish(figure, rows=1, x_title="your judged answers, oldest left", height=260)
    return figure.update_layout(margin={"r": 130})


def roc_chart(quality: QuestionQuality, chosen: float | None) -> go.Figure:
    """Right and wrong suggestions that each threshold lets through; the chosen one is marked."""
    figure = go.Figure()
    points = [
        point for point in quality.points if point.true_rate is not None and point.false_rate is not None
    ]
    figure.add_trace(
        go.Scatter(
            x=[0.0, *(point.false_rate for point in points)],
            y=[0.0, *(point.true_rate for point in points)],
            customdata=[1.0, *(point.confidence for point in points)],
            mode="lines+markers",
            line={"color": ACCENT, "width": 2},
            marker={"size": 6},
            hovertemplate="from confidence %{customdata:.2f}: %{y:.0%} of the right, %{x:.0%} of the wrong<extra></extra>",
        )
    )
    figure.add_trace(
        go.Scatter(x=[0, 1], y=[0, 1], mode="lines", line={"dash": "dot", "color": NEUTRAL}, hoverinfo="skip")
    )
    at = [point for point in points if chosen is not None and point.confidence >= chosen]
    if at:
        figure.add_trace(
            go.Scatter(
                x=[at[-1].false_rate],
                y=[at[-1].true_rate],
                mode="markers+text",
                text=[f" selected from {chosen:.2f}"],
                textposition="bottom right",
                marker={"size": 14, "color": CATEGORIES[1]},
                hoverinfo="skip",
            )
        )
    figure.update_xaxes(tickformat=".0%", range=[-0.02, 1.02])
    figure.update_yaxes(tickformat=".0%", range=[-0.02, 1.05], title="right ones selected")
    return finish(figure, rows=1, x_title="wrong ones selected", height=320)
