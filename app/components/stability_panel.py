"""Whether agents still say what they said: looks by the clock, alarms, and the same put in another way."""

import pandas as pd
import streamlit as st

from app.agents.prompt_words import WORDINGS
from app.components.plain import plain
from app.components.table import show_table
from app.services import drift_watch, stability
from app.services.agents import DEFAULT, agents_in_use
from app.services.context import Actor, Context
from app.services.drift_watch import Watched
from app.services.stability import Look, Stability
from app.services.subsets import list_subsets
from app.wiring import EXPECTED
from db.records import ProjectRecord

__all__ = ["alarms", "stability_panel"]

_BY = {
    "options": "orders of the options",
    "examples": "orders of the examples",
    "wording": "words that say the same",
}


def alarms(found: list[Watched]) -> None:
    """Say which agents changed beyond their limit."""
    for one in found:
        if one.alarm is not None and one.alarm.since_first is not None:
            st.error(
                f"Agent {plain(one.check.agent)} does not say what it said: {_share(one.alarm.since_first)} on subset "
                f"{plain(one.check.subset)} have changed since its first look, beyond the limit of {one.check.alarm_above:.0%}.",
                icon=":material/warning:",
            )


def stability_panel(ctx: Context, actor: Actor, project: ProjectRecord, found: list[Watched]) -> None:
    """The checks with their looks, the form that adds one, and the question how answers flip."""
    names = [row.name for row, _ in list_subsets(ctx, actor, project.id)]
    if ctx.gateway is None:
        st.info(
            "Asking an agent again takes a language model: set OPENAI_API_KEY, or OPENAI_BASE_URL for a local one."
        )
    elif not names:
        st.info("Save a subset first (tab Subsets): every look is at the same items.")
    else:
        _add(ctx, actor, project, names)
    for one in found:
        _watched(ctx, actor, project, one)
    st.caption(
        "Changed: answers to all questions but long texts that differ from the first look with the same prompt, with the 95 % interval "
        "(Wilson). An alarm is an interval that lies above the limit as a whole. A model that answers by lot changes without any drift: "
        "the second look shows how much. Answers of looks measure the agent; annotators never see them. An agent with examples is shown "
        "others as people verify more, which is a change too."
    )
    if ctx.gateway is not None and names:
        _flips(ctx, actor, project, names)


def _agents(ctx: Context) -> list[str]:
    return [DEFAULT, *(row.name for row, _ in agents_in_use(ctx) if row.kind == "language_model")]


def _add(ctx: Context, actor: Actor, project: ProjectRecord, names: list[str]) -> None:
    with st.form(f"drift-{project.id}"):
        cells = st.columns([2, 2, 1, 1, 1], vertical_alignment="bottom")
        agent = cells[0].selectbox("Agent", _agents(ctx))
        subset = cells[1].selectbox("Saved subset", names)
        hours = cells[2].number_input("Ask every, hours", 1, 24 * 90, 24)
        limit = cells[3].number_input("Alarm above", 0.0, 0.99, 0.05, step=0.01)
        if cells[4].form_submit_button("Watch", icon=":material/schedule:", type="primary", width="stretch"):
            try:
                drift_watch.watch(
                    ctx,
                    actor,
                    project.id,
                    agent=agent,
                    subset=subset,
                    every_hours=hours,
                    alarm_above=limit,
                )
                st.rerun()
            except EXPECTED as error:
                st.error(str(error))


def _watched(ctx: Context, actor: Actor, project: ProjectRecord, one: Watched) -> None:
    check = one.check
    with st.container(border=True):
        left, middle, right = st.columns([6, 1, 1], vertical_alignment="center")
        left.markdown(
            f"**{plain(check.agent)}** on {plain(check.subset)}, every {check.every_hours} h, alarm above {check.alarm_above:.0%}"
        )
        key = f"{project.id}-{check.agent}-{check.subset}"
        if middle.button("Ask now", key=f"ask-{key}", width="stretch"):
            try:
                stability.start_look(ctx, actor, project.id, agent=check.agent, subset=check.subset)
                st.rerun()
            except EXPECTED as error:
                st.error(str(error))
        if right.button("Stop", key=f"stop-{key}", width="stretch"):
            drift_watch.unwatch(ctx, actor, project.id, check.agent, check.subset)
            st.rerun()
        if not one.looks:
            st.caption("No look yet: a worker starts the first within a minute.")
            return
        show_table(
            pd.DataFrame(_line(look) for look in reversed(one.looks)),
            height=min(250, 38 + 35 * len(one.looks)),
            column_config={
                "when": st.column_config.DatetimeColumn(format="D MMM, HH:mm"),
                **{
                    name: st.column_config.NumberColumn(format="percent")
                    for name in ("changed", "from", "to")
                },
            },
        )


def _line(look: Look) -> dict[str, object]:
    seen = look.since_first
    said = "first look with this prompt" if look.same_prompt else "another prompt"
    return {
        "when": look.job.created_at,
        "job": look.job.id,
        "changed": seen.share if seen else None,
        "from": seen.interval[0] if seen and seen.compared else None,
        "to": seen.interval[1] if seen and seen.compared else None,
        "n": seen.compared if seen else None,
        "": "under way" if not look.finished else said if seen is None else "",
    }


def _flips(ctx: Context, actor: Actor, project: ProjectRecord, names: list[str]) -> None:
    st.markdown("##### The same, put in another way")
    with st.form(f"flips-{project.id}"):
        cells = st.columns([2, 2, 2, 1, 1], vertical_alignment="bottom")
        agent = cells[0].selectbox("Agent", _agents(ctx), key="flips-agent")
        subset = cells[1].selectbox("Saved subset", names, key="flips-subset")
        by = cells[2].selectbox("In other", stability.VARIATIONS, format_func=lambda one: _BY[one])
        times = cells[3].number_input("Times", 1, 20, 2, help=f"Words: at most {WORDINGS - 1}.")
        if cells[4].form_submit_button("Ask", icon=":material/shuffle:", width="stretch"):
            try:
                if stability.first_look(ctx, project.id, agent, subset) is None:
                    stability.start_look(ctx, actor, project.id, agent=agent, subset=subset)
                stability.start_variations(
                    ctx, actor, project.id, agent=agent, subset=subset, by=by, times=times
                )
            except EXPECTED as error:
                st.error(str(error))
    rows = [
        {
            "in other": _BY[one.by],
            "asked": one.asked,
            "flipped": one.seen.share,
            "from": one.seen.interval[0] if one.seen.compared else None,
            "to": one.seen.interval[1] if one.seen.compared else None,
            "n": one.seen.compared,
            "": "" if one.finished else "under way",
        }
        for one in stability.flips(ctx, actor, project.id, agent, subset)
    ]
    if rows:
        show_table(
            pd.DataFrame(rows),
            column_config={
                name: st.column_config.NumberColumn(format="percent") for name in ("flipped", "from", "to")
            },
        )
        st.caption(
            "Flipped: answers that are not those of the agent's first look, over all the times it was asked; the interval counts an answer once, however often it was asked for. A label that turns with the "
            "order of its options or with a turn of phrase is a guess; compare with what changes when nothing is varied."
        )


def _share(seen: Stability) -> str:
    low, high = seen.interval
    return f"{seen.changed} of {seen.compared} answers ({seen.share or 0:.0%} [{low:.0%}, {high:.0%}])"
