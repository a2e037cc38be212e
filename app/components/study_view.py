"""One study: what was written down, where it stands, and what it found."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from app import charts
from app.components.experience_chart import show_experiences
from app.components.plain import plain
from app.components.study_form import estimate_words
from app.components.suggestion_use import show_suggestion_use
from app.services import studies
from app.services.context import Actor, Context
from app.services.decision_page import decision_page
from app.services.handling_time import ANY_HELP
from app.services.studies import StudyState
from app.services.study_report import StudyReport, study_report
from app.wiring import EXPECTED

__all__ = ["show_study"]

_SHOWS = {"none": "", "at_once": "when the item opens", "after_answer": "after the own answer"}


def show_study(ctx: Context, actor: Actor, project_id: int, state: StudyState) -> None:
    record, plan = state.record, state.plan
    st.markdown(f"**{plain(plan.question)}**")
    st.dataframe(
        pd.DataFrame(
            {
                "arm": arm.name,
                "suggestion": _SHOWS[arm.suggestion],
                "wrong on purpose": arm.wrong_share,
                "assistant": arm.chat,
                "judge's feedback": arm.feedback,
                "share of items": arm.parts / len(plan.slots),
            }
            for arm in plan.arms
        ),
        hide_index=True,
        column_config={
            name: st.column_config.NumberColumn(format="percent")
            for name in ("wrong on purpose", "share of items")
        },
    )
    st.caption(
        f"Outcome ({plan.outcome.figure}): {plain(plan.outcome.words)} What would matter: {plan.smallest_effect:+.0%}. Design: {plan.design}, "
        f"seed {plan.seed}, {plan.people} people planned, stops at {plan.stop.words}. Written down {record.created_at:%d %b %Y, %H:%M} UTC by "
        f"{plain(record.created_by)}, hash `{record.hash}`."
    )
    if record.state == "draft":
        if state.estimate is not None:
            st.info(estimate_words(state.estimate), icon=":material/visibility:")
        if st.button("Start it", type="primary", help="From then on the plan does not change any more."):
            _try(lambda: studies.start_study(ctx, actor, project_id, record.name))
        return
    if record.state == "running":
        _running(ctx, actor, project_id, state)
    report = study_report(ctx, actor, project_id, record.name)
    _found(report)


def _running(ctx: Context, actor: Actor, project_id: int, state: StudyState) -> None:
    wanted = state.plan.stop.answers
    if wanted:
        st.progress(min(state.answers / wanted, 1.0), text=f"{state.answers:,} of {wanted:,} answers")
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


def _found(report: StudyReport) -> None:
    box = st.info if report.state == "stopped" and report.plan["design"] != "before/after" else st.warning
    box(f"**{plain(report.headline)}**\n\n{plain(report.conclusion)}", icon=":material/balance:")
    for warning in report.warnings:
        st.caption(f":material/info: {plain(warning)}")
    with st.container(horizontal=True):
        st.metric("Answers", f"{report.answers:,}", width=150)
        st.metric("People", report.people, width=120)
        st.download_button(
            "Decision report (one page to print)",
            decision_page(report),
            f"study-{report.hash[:12]}.html",
            "text/html",
            icon=":material/print:",
        )
    effects = {ANY_HELP: report.effect}
    if len(report.arm_effects) > 1:
        effects |= {charts.arm_name(arm): one for arm, one in report.arm_effects.items()}
    if report.effect.change is not None and report.effect.low is not None:
        st.plotly_chart(charts.effect_chart(effects), key="study-effect")
        first = (
            "The outcome that was written down"
            if report.primary.figure == "time"
            else "Not the outcome that was written down"
        )
        flip = (
            "" if report.effect.flip_p_value is None else f"; signs flipped {report.effect.flip_p_value:.4f}"
        )
        st.caption(
            f"{first}: {report.primary.how if report.primary.figure == 'time' else 'change of handling time'}. n = {report.effect.n} answers, "
            f"{report.effect.n_raters} people, p = {report.effect.p_value:.4f}{flip}."
        )
    if report.naive is not None:
        st.caption(
            f"Naive, and not to be believed: the means differ by {report.naive.means:+.1%}, the medians by {report.naive.medians:+.1%}."
        )
    left, right = st.columns(2)
    with left:
        st.markdown("**Time**")
        if report.times:
            st.plotly_chart(charts.time_chart(report.times), key="study-time")
        else:
            st.info("No timed answers in it yet.")
    with right:
        st.markdown("**Quality on the same answers**")
        if report.quality:
            st.plotly_chart(charts.quality_chart(report.quality), key="study-quality")
        else:
            st.info("No item has a known answer, and no answer was judged.")
    st.markdown("**Who did what**")
    st.dataframe(
        pd.DataFrame(
            {
                "arm": charts.arm_name(row.arm),
                "given": row.given,
                "answered": row.answered,
                "skipped": row.skipped,
                "ran out": row.expired,
                "on screens": row.held,
                "people": row.people,
                "hours": row.hours,
            }
            for row in report.flow
        ),
        hide_index=True,
        column_config={"hours": st.column_config.NumberColumn(format="%.2f")},
    )
    kept = f" In every arm as the project has it: {', '.join(report.unchanged)}." if report.unchanged else ""
    st.caption(f"{report.outside} answers given meanwhile are no part of it.{kept}")
    st.markdown("**How people found it**")
    show_experiences(report.experience, key="study-experience")
    st.markdown("**What people do with suggestions**")
    show_suggestion_use(report.suggestions, 1, key="study-use")
    with st.expander("Versions that the answers rest on"):
        st.dataframe(
            pd.DataFrame(
                {
                    "what": one.what,
                    "name": one.name,
                    "version": one.version,
                    "hash": one.hash[:16],
                    "answers": one.answers,
                }
                for one in report.versions
            ),
            hide_index=True,
        )
