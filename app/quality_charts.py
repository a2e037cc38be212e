"""Figures of a project's quality: agreement on two sides of a change, labels, how far items are, a map of them."""

import textwrap
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from app.charts import finish, spread_of, words
from app.services.agreement_lines import AgreementLine
from app.services.contributions import Contribution
from app.services.item_map import NO_LABEL, TIED, ItemMap, MapPoint
from app.services.label_distribution import QuestionLabels
from app.services.progress import OverlapProgress
from app.services.rating_circumstances import KIND_WORDS
from app.services.version_changes import VersionChange
from app.themes import ACCENT, CATEGORIES, HATCHED, NEUTRAL

__all__ = ["agreement_chart", "change_chart", "label_chart", "map_chart", "overlap_chart", "people_chart"]


def agreement_chart(lines: Sequence[AgreementLine], target: float | None) -> go.Figure:
    """Alpha of each question and criterion with its interval, in the order given; an undefined one says why."""
    figure = go.Figure()
    names = [
        f"{words(textwrap.shorten(line.title, 60, placeholder=' …'))}<br><span style='font-size:11px'>"
        f"{KIND_WORDS.get(line.rater_kind, line.rater_kind)}, {line.measure_words}, n = {line.n_items:,}</span>"
        for line in lines
    ]
    for place, line in enumerate(lines):
        undefined = line.value is None
        low = {"above": ACCENT, "below": CATEGORIES[3]}.get(
            line.standing or "", NEUTRAL if undefined else ACCENT
        )
        figure.add_trace(
            go.Scatter(
                x=[0.0 if undefined else line.value],
                y=[place],
                mode="text" if undefined else "markers+text",
                text=[f"undefined: {words(line.reason or '')}" if undefined else f"{line.value:.2f}"],
                textposition="middle right" if undefined else "top center",
                textfont_size=12 if undefined else 13,
                cliponaxis=False,
                marker={
                    "size": 12,
                    "color": low,
                    "symbol": "diamond" if line.standing == "below" else "circle",
                },
                error_x=spread_of(line.value, line.low, line.high),
                hoverinfo="skip" if undefined else None,
                hovertemplate=None if undefined else "alpha %{x:.3f}<extra></extra>",
            )
        )
    if target is not None:
        figure.add_vline(
            x=target,
            line={"dash": "dot", "color": CATEGORIES[1]},
            annotation_text=f"target {target:g}",
            annotation_position="top right",
            annotation_font_size=12,
        )
    finish(
        figure,
        rows=len(lines),
        x_title="Krippendorff's alpha (1 = full agreement, 0 = as by chance)",
        height=110 + 54 * max(len(lines), 1),
    )
    lowest = min([line.low for line in lines if line.low is not None] + [0.0])
    figure.update_xaxes(range=[min(lowest - 0.05, -0.05), 1.05])
    figure.update_yaxes(
        tickvals=list(range(len(names))), ticktext=names, range=[len(names) - 0.5, -0.8], zeroline=False
    )
    return figure


def change_chart(change: VersionChange) -> go.Figure:
    """Alpha of each question before and after, with intervals; where it is undefined there is no mark."""
    figure = go.Figure()
    titles = [f"{words(one.title[:60])}<br><span style='font-size:11px'>{one.metric}</span>" for one in change.questions]  # fmt: skip
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


def label_chart(shown: Sequence[QuestionLabels], most: int) -> go.Figure:
    """One row of bars a label, a bar for each source, with intervals; ties last, hatched, where there is one label an item."""
    figure = go.Figure()
    items: dict[str, int] = {}
    for one in shown:
        for count in one.labels.labels:
            items[count.label] = items.get(count.label, 0) + count.items.count
    names = list(items) if len(items) <= most else sorted(items, key=lambda name: -items[name])[:most]
    tie = "tie: no label"
    one_by_one = any(one.parts for one in shown)
    what = "answers" if one_by_one else "items"
    for number, one in enumerate(shown):
        known = {count.label: count.items for count in one.labels.labels}
        shares = {words(name[:60]): known[name] for name in names if name in known}
        if one.voted:
            shares[tie] = one.labels.ties
        source = words(f"suggestions of {one.source}" if one.suggested else one.source)
        values = [share.value or 0.0 for share in shares.values()]
        figure.add_trace(
            go.Bar(
                x=values, y=list(shares), orientation="h", name=f"{source}, n = {one.labels.n_items if one.parts is None else one.labels.n_ratings:,}",
                marker={"color": CATEGORIES[number % len(CATEGORIES)], "pattern": {"shape": ["/" if name == tie else "" for name in shares]}},
                text=[f"{share.count:,}" for share in shares.values()], textposition="inside", insidetextanchor="start",
                error_x={
                    "type": "data", "symmetric": False, "thickness": 1.5, "color": NEUTRAL,
                    "array": [(share.high or 0.0) - (share.value or 0.0) for share in shares.values()],
                    "arrayminus": [(share.value or 0.0) - (share.low or 0.0) for share in shares.values()],
                },
                hovertemplate=f"{source}: %{{text}} {what}, %{{x:.1%}}<extra></extra>",
            )
        )  # fmt: skip
    finish(
        figure,
        rows=len(names) + 1,
        x_title=f"share of the source's {what}, 95 % interval"
        if one_by_one
        else "share of the items that the source labelled, 95 % interval",
        height=110 + (len(names) + 1) * (18 + 22 * len(shown)),
    )
    figure.update_xaxes(tickformat=".0%", rangemode="tozero")
    figure.update_yaxes(
        type="category", categoryorder="array", categoryarray=[*(words(name[:60]) for name in names), *([] if one_by_one else [tie])], autorange="reversed"
    )  # fmt: skip
    return figure.update_layout(
        showlegend=True, barmode="group", legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
    )


def overlap_chart(found: OverlapProgress) -> go.Figure:
    """Items by how many answers they have, those that want no more apart."""
    figure = go.Figure()
    names = [f"{row.answers} answer{'' if row.answers == 1 else 's'}" for row in found.rows]
    parts: tuple[tuple[str, list[int], str, Mapping[str, object]], ...] = (
        ("want no more", [row.through for row in found.rows], ACCENT, {}),
        ("want more", [row.items - row.through for row in found.rows], NEUTRAL, HATCHED),
    )
    for name, counts, colour, pattern in parts:
        figure.add_trace(
            go.Bar(
                x=counts, y=names, orientation="h", name=name, marker={"color": colour, "pattern": pattern},
                text=[f"{count:,}" if count else "" for count in counts], textposition="auto",
                hovertemplate=f"%{{x:,}} {name}<extra></extra>",
            )
        )  # fmt: skip
    finish(figure, rows=len(names), x_title="items", height=100 + 40 * len(names))
    figure.update_yaxes(type="category", autorange="reversed")
    return figure.update_layout(
        showlegend=True, barmode="stack", legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
    )


def people_chart(people: Sequence[Contribution]) -> go.Figure:
    """Answers by person, most first; the first forty."""
    shown = people[:40]
    figure = go.Figure(
        go.Bar(
            x=[one.answers for one in shown], y=[words(one.login) for one in shown], orientation="h", marker_color=ACCENT,
            text=[f"{one.answers:,}" + ("" if one.share is None else f" ({one.share:.0%})") for one in shown],
            textposition="auto", hovertemplate="%{y}: %{x:,}<extra></extra>",
        )
    )  # fmt: skip
    finish(figure, rows=len(shown), x_title="answers", height=80 + 32 * len(shown))
    figure.update_yaxes(type="category", autorange="reversed")
    return figure


_SYMBOLS = ("circle", "square", "diamond", "triangle-up")


def map_chart(found: ItemMap) -> go.Figure:
    """A mark an item: colour and shape by label, ties and items without a label in grey."""
    figure = go.Figure()
    for number, label in enumerate(found.labels):
        points = [point for point in found.points if point.label == label]
        known = label not in (TIED, NO_LABEL)
        figure.add_trace(
            go.Scatter(
                x=[point.x for point in points], y=[point.y for point in points], mode="markers",
                name=f"{words(label[:40])} ({len(points):,})", customdata=[[point.item_id] for point in points],
                marker={
                    "size": 8, "opacity": 0.85 if known else 0.6, "line": {"width": 0 if known else 1.5},
                    "color": CATEGORIES[number % len(CATEGORIES)] if known else NEUTRAL,
                    "symbol": _SYMBOLS[number // len(CATEGORIES) % len(_SYMBOLS)] if known else "x-thin-open" if label == TIED else "circle-open",
                },
                text=[_wrapped(point) for point in points], hovertemplate="%{text}<extra></extra>",
            )
        )  # fmt: skip
    finish(figure, rows=1, x_title="first component", height=520)
    figure.update_yaxes(title="second component", zeroline=False)
    return figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "itemsizing": "constant"},
    )


def _wrapped(point: MapPoint) -> str:
    """The item in lines that fit beside the pointer; plotly reads tags, so there are none of the item's own."""
    lines = textwrap.wrap(point.text, 64) or ["(no words)"]
    return "<br>".join(words(line) for line in (point.item, point.label, *lines))
