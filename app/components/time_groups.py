"""Times by group: a table whose rows open the single visits that they count."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app import charts
from app.analytics.times import ArmTime, GroupTime
from app.components.chart import show_chart
from app.components.links import item_address
from app.components.table import show_table
from app.services.context import Actor, Context
from app.services.sliced_agreement import keys_of
from app.services.sliced_times import times_by
from app.services.time_table import MOST_VISITS, single_visits
from app.themes import ACCENT
from app.wiring import EXPECTED

__all__ = ["FIGURES", "show_by_metadata", "show_course", "show_groups"]

FIGURES = (
    "Median with its 95 % interval by order statistics; trimmed: mean without the fastest and the slowest tenth; answers an "
    "hour of handling time. First pass: first answers that a reviewer accepted as they were, of those reviewed."
)


def show_groups(
    ctx: Context,
    actor: Actor,
    project_id: int,
    groups: Sequence[GroupTime | ArmTime],
    words: str,
    *,
    opens: str | None,
) -> None:
    """`opens`: by what single visits are found (rater, arm or day); None where rows open nothing."""
    names = [group.arm if isinstance(group, ArmTime) else group.group for group in groups]
    rows = []
    for name, group in zip(names, groups, strict=True):
        passed = group.first_pass
        row = {
            words: charts.arm_name(name) if isinstance(group, ArmTime) else name,
            "answers": group.n,
            "people": group.n_raters,
            "median, s": group.median,
            "from": group.low,
            "to": group.high,
            "trimmed mean, s": group.trimmed_mean,
            "mean, s": group.mean,
            "an hour": group.per_hour,
        }
        if any(one.first_pass and one.first_pass.n for one in groups):
            known = passed is not None and passed.value is not None
            row |= {
                "first pass": passed.value if passed else None,
                "first pass from": passed.low if passed else None,
                "first pass to": passed.high if passed else None,
                "reviewed": passed.n if passed and known else 0,
            }
        rows.append(row)
    table = pd.DataFrame(rows)
    seconds = st.column_config.NumberColumn(format="%.1f")
    percent = st.column_config.NumberColumn(format="percent")
    columns = {
        name: percent if name.startswith("first pass") else seconds
        for name in table.columns
        if name not in (words, "answers", "people", "reviewed")
    }
    if opens is None:
        show_table(table, column_config=columns)
        return
    picked = show_table(
        table,
        column_config=columns,
        on_select="rerun",
        selection_mode="single-row",
        key=f"groups-{project_id}-{opens}",
    )
    for index in picked["selection"]["rows"]:
        _visits(ctx, actor, project_id, opens, names[index])


def show_by_metadata(ctx: Context, actor: Actor, project_id: int) -> None:
    """By a metadata column or by cohort, in a table of its own; nothing where none makes groups."""
    usable = [one.name for one in keys_of(ctx, actor, project_id) if one.reason is None]
    if not usable:
        return
    by = st.selectbox(
        "Also by", usable, None, key="time-by", placeholder="language, group, cohort …", width=340
    )
    if by is None:
        return
    try:
        show_groups(ctx, actor, project_id, times_by(ctx, actor, project_id, by), by, opens=None)
    except EXPECTED as error:
        st.info(str(error))


def show_course(groups: Sequence[GroupTime | ArmTime], words: str) -> None:
    """Medians with their intervals one after the other; nothing where fewer than two are known."""
    known = [(one, one.median) for one in groups if isinstance(one, GroupTime) and one.median is not None]
    if len(known) < 2:
        return
    figure = go.Figure(
        go.Scatter(
            x=[one.group for one, _ in known],
            y=[median for _, median in known],
            mode="lines+markers",
            marker={"size": 9, "color": ACCENT},
            line={"color": ACCENT, "width": 1.5},
            customdata=[(one.n, one.n_raters) for one, _ in known],
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [0.0 if one.high is None else one.high - median for one, median in known],
                "arrayminus": [0.0 if one.low is None else median - one.low for one, median in known],
                "thickness": 1.5,
            },
            hovertemplate="%{x}: %{y:.1f} s, n = %{customdata[0]} by %{customdata[1]}<extra></extra>",
        )
    )
    figure.update_layout(
        height=230,
        margin={"l": 8, "r": 24, "t": 8, "b": 8},
        xaxis={"title": {"text": words, "font_size": 13}, "type": "category"},
        yaxis={"title": {"text": "median s, 95 % interval", "font_size": 13}, "rangemode": "tozero"},
    )
    show_chart(figure, "times", key=f"course-{words}")


def _visits(ctx: Context, actor: Actor, project_id: int, opens: str, name: str) -> None:
    try:
        rows = single_visits(
            ctx,
            actor,
            project_id,
            rater=name if opens == "rater" else None,
            arm=name if opens == "arm" else None,
            day=name if opens == "day" else None,
        )
    except EXPECTED as error:
        st.info(str(error))
        return
    table = pd.DataFrame(rows)
    if "item" in table and "stage" in table:
        table["open"] = [item_address(project_id, item) for item in table["item"]]
    show_table(
        table,
        height=min(38 + 35 * max(len(table), 1), 340),
        column_config={
            "open": st.column_config.LinkColumn("open", display_text="item"),
            "opened": st.column_config.DatetimeColumn("opened", format="D MMM, HH:mm"),
        }
        | {
            part: st.column_config.NumberColumn(f"{part.replace('_', ' ')} s", format="%.1f")
            for part in (
                "handling", "reading", "working", "chatting", "waiting_model", "waiting_judge", "idle", "hidden",
            )
        })  # fmt: skip
    more = f" The newest {MOST_VISITS} are shown." if len(rows) == MOST_VISITS else ""
    st.caption(f"{len(rows)} visits of {name}, newest first.{more}")
