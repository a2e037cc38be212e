"""One study: what it found or where it stands, and what was written down."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from app.components.plain import plain
from app.components.study_findings import show_findings, show_verdict_of
from app.components.study_form import show_estimate
from app.components.table import show_table
from app.services import studies
from app.services.context import Actor, Context
from app.services.studies import StudyState
from app.services.study_report import ArmFlow, study_report
from app.wiring import EXPECTED

__all__ = ["show_study"]

_SHOWS = {"none": "–", "at_once": "when the item opens", "after_answer": "after the own answer"}


def show_study(ctx: Context, actor: Actor, project_id: int, state: StudyState) -> None:
    record, plan = state.record, state.plan
    st.markdown(f"#### {plain(plan.question)}")
    if record.state == "draft":
        _draft(ctx, actor, project_id, state)
        return
    report = study_report(ctx, actor, project_id, record.name)
    show_verdict_of(report)
    if report.state == "running":
        _running(ctx, actor, project_id, state)
    _flow(report.flow, report.outside, report.unchanged)
    if report.answers:
        show_findings(report)
    with st.expander("What was written down, and its hash", icon=":material/lock:"):
        _plan(state)
    with st.expander("Versions that the answers rest on", icon=":material/history:"):
        show_table(
            pd.DataFrame(
                {
                    "what": one.what,
                    "name": one.name,
                    "version": one.version,
                    "hash": one.hash[:16],
                    "answers": one.answers,
                }
                for one in report.versions
            )
        )


def _plan(state: StudyState) -> None:
    record, plan = state.record, state.plan
    show_table(
        pd.DataFrame(
            {
                "arm": arm.name,
                "suggestion": _SHOWS[arm.suggestion],
                "wrong on purpose": arm.wrong_share,
                "assistant": "yes" if arm.chat else "–",
                "judge's feedback": "yes" if arm.feedback else "–",
                "share of items": arm.parts / len(plan.slots),
            }
            for arm in plan.arms
        ),
        column_config={
            name: st.column_config.NumberColumn(format="percent")
            for name in ("wrong on purpose", "share of items")
        },
    )
    decides = "handling time" if plan.outcome.figure == "time" else "the share of right answers"
    st.markdown(
        f"- **Outcome ({decides}):** {plain(plan.outcome.words)}\n"
        f"- **What would matter:** {plan.smallest_effect:+.0%}. **Quality counts as equal** within {100 * plan.equal_quality:g} points.\n"
        f"- **Design:** {_designed(state)}, seed {plan.seed}, {plan.people} people planned.\n"
        f"- **Stops at** {plan.stop.words}.\n"
        f"- Written down {record.created_at:%d %b %Y, %H:%M} UTC by {plain(record.created_by)}. SHA-256 `{record.hash}`"
    )


def _designed(state: StudyState) -> str:
    plan = state.plan
    return {
        "per item": "arms by chance for each item of a person",
        "crossover": f"blocks of {plan.block} items with one arm each, in turn",
        "before/after": f"{plan.block} items without help, then with it; no control group",
    }[plan.design]


def _draft(ctx: Context, actor: Actor, project_id: int, state: StudyState) -> None:
    _plan(state)
    if state.estimate is not None:
        show_estimate(state.estimate)
    for problem in state.obstacles:
        st.warning(f"It cannot start: {plain(problem)}.", icon=":material/block:")
    left, right = st.columns([1, 4], vertical_alignment="center")
    if left.button("Start it", type="primary", disabled=bool(state.obstacles)):
        _try(lambda: studies.start_study(ctx, actor, project_id, state.record.name))
    right.caption(
        "From then on the plan does not change any more, and it decides what help comes with which item. "
        "Until then, writing a study down under the same name replaces the draft."
    )


def _running(ctx: Context, actor: Actor, project_id: int, state: StudyState) -> None:
    wanted = state.plan.stop.answers
    if wanted:
        st.progress(min(state.answers / wanted, 1.0), text=f"{state.answers:,} of {wanted:,} answers")
    else:
        st.caption(f"{state.answers:,} answers; stops at {state.plan.stop.words}.")
    with st.expander("Stop it before its rule is met"), st.form(f"stop-{state.record.id}", border=False):
        reason = st.text_input("Why? The report shows it.", max_chars=1000)
        if st.form_submit_button("Stop"):
            _try(lambda: studies.stop_study(ctx, actor, project_id, state.record.name, reason=reason))


def _try(act: Callable[[], object]) -> None:
    try:
        act()
        st.rerun()
    except EXPECTED as error:
        st.error(str(error))


def _flow(flow: list[ArmFlow], outside: int, unchanged: list[str]) -> None:
    st.markdown("**Who did what**")
    if not flow:
        st.info(
            "No item has been given out in it yet. It begins with the next item that somebody opens on the Work page."
        )
        return
    show_table(
        pd.DataFrame(
            {
                "arm": "without help (control)" if row.arm == "none" else row.arm,
                "given": row.given,
                "answered": row.answered,
                "skipped": row.skipped,
                "ran out": row.expired,
                "on screens": row.held,
                "people": row.people,
                "hours": row.hours,
            }
            for row in flow
        ),
        column_config={"hours": st.column_config.NumberColumn(format="%.2f")},
    )
    kept = f" In every arm as the project has it: {', '.join(unchanged)}." if unchanged else ""
    st.caption(
        f"Given: items that the arm was drawn for. Answers given meanwhile that are no part of it, as there was no suggestion to "
        f"show or withhold: {outside:,}.{kept}"
    )
