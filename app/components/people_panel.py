"""What each person added: answers, time, and how often the others say the same."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from app import quality_charts
from app.components.chart import show_chart
from app.components.rater_signals_panel import rater_signals_panel
from app.components.table import show_table
from app.services.context import Actor, Context
from app.services.contributions import Contribution, contributions

__all__ = ["people_panel"]


def people_panel(ctx: Context, actor: Actor, project_id: int) -> None:
    found = contributions(ctx, actor, project_id)
    if not found.people:
        st.info("Nobody has answered yet. Each person appears with the first answer.")
        return
    show_chart(quality_charts.people_chart(found.people), f"answers-by-person-{project_id}", key="people")
    percent = st.column_config.NumberColumn(format="percent")
    seconds = st.column_config.NumberColumn(format="%.1f")
    show_table(
        pd.DataFrame(_row(one) for one in found.people),
        column_config={"share": percent}
        | {name: seconds for name in ("median seconds", "seconds from", "seconds to")},
    )
    small = (
        f" Times of people with fewer than {found.smallest_group} timed answers are not shown."
        if found.smallest_group > 1
        else ""
    )
    st.caption(
        "Answers: items that a person submitted, counted once. Median seconds: handling time of first submissions, 95 % interval by "
        f"order statistics.{small}"
    )
    beside = [row for one in found.people for row in _beside(one, found.titles)]
    if beside:
        st.markdown("**Beside the others, and beside known answers**")
        show_table(
            pd.DataFrame(beside),
            column_config={
                name: percent for name in ("equal", "from", "to", "right", "right from", "right to")
            },
        )
        st.caption(
            "Equal: on items that others answered too, the share of the others who say the same, averaged over these items, with the "
            "95 % interval of drawing the items again. It is not corrected for chance: where one label is frequent, everybody is "
            "high. Right: first answers to items whose answer is known (gold), with the 95 % interval of Wilson; empty without any."
        )
    rater_signals_panel(ctx, actor, project_id)


def _row(one: Contribution) -> dict[str, object]:
    return {
        "person": f"{one.login} (simulated)" if one.simulated else one.login,
        "answers": one.answers,
        "share": one.share,
        "skipped": one.skipped,
        "revised": one.revised,
        "median seconds": one.median_seconds,
        "seconds from": one.seconds_low,
        "seconds to": one.seconds_high,
        "timed": one.timed,
    }


def _beside(one: Contribution, titles: Mapping[str, str]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for question in dict.fromkeys([*one.with_others, *one.gold]):
        others, gold = one.with_others.get(question), one.gold.get(question)
        rows.append(
            {
                "person": one.login,
                "question": titles.get(question, question),
                "equal": others.equal if others else None,
                "from": others.low if others else None,
                "to": others.high if others else None,
                "shared items": others.items if others else 0,
                "no interval": (others.reason if others else None) or "",
                "right": gold.value if gold else None,
                "right from": gold.low if gold else None,
                "right to": gold.high if gold else None,
                "known answers": gold.n if gold else 0,
            }
        )
    return rows
