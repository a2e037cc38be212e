"""Handling time: with and without help, with quality, reliance and spend beside it."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app import charts, resources
from app.analytics.times import ArmTime, GroupTime
from app.components.chart import show_chart
from app.components.effect import p_words, show_effect
from app.components.frame import pick_project, simulated_note
from app.components.suggestion_use import show_suggestion_use
from app.components.table import show_table
from app.components.time_groups import FIGURES, show_by_metadata, show_course, show_groups
from app.services import objections
from app.services.handling_time import time_report
from app.services.review_figures import decision_time
from app.services.time_table import figures_csv
from app.state import current_actor
from app.wiring import EXPECTED

_COURSES = ("day (UTC)", "which of the person's answers of the day", "part of the person's order")
"""Groups that follow one another in time."""

ctx, actor = resources.context(), current_actor()
st.subheader("Handling time", anchor=False)
project = pick_project(actor, roles=frozenset({"qa_lead", "manager"}))
if project is not None:
    simulated_note(project)
    report = time_report(ctx, actor, project.id)
    everything = report.smallest_group == 1
    decided = decision_time(ctx, actor, project.id)
    apart = (
        f"Review and adjudication are not in these times: {decided.n} {'decision' if decided.n == 1 else 'decisions'}, median {decided.median_seconds:.0f} s, "
        f"{decided.total_seconds / 60:.1f} min in all, the form being open. Rework is the annotators' time after the submit."
        if decided.median_seconds is not None
        else ""
    )
    if report.n == 0:
        st.info(
            "No timed answers yet. Times appear as people submit; imported ratings need a `seconds` column."
        )
        # Whoever decides takes time whether or not the answers were timed.
        known = [group for group in report.stages if group.n]
        if known:
            st.markdown("**Review and rework**")
            show_groups(ctx, actor, project.id, known, "stage", opens=None)
        if apart:
            st.caption(apart)
    else:
        show_effect(report)
        left, right = st.columns(2)
        with left:
            st.markdown("**Time**")
            show_chart(charts.time_chart(report.arms), f"handling-time-{project.id}", key="time")
        with right:
            st.markdown("**Quality on the same answers**")
            if report.quality:
                show_chart(
                    charts.quality_chart(report.quality), f"quality-by-arm-{project.id}", key="quality"
                )
            else:
                st.info("No gold and no numbers to measure quality by.")
        if report.parts:
            st.markdown("**Where the time goes**")
            show_chart(charts.parts_chart(report.parts), f"parts-of-time-{project.id}", key="parts")
        if apart:
            st.caption(apart)
        tabs: dict[str, tuple[Sequence[GroupTime | ArmTime], str, str | None]] = {
            "By arm": (report.arms, "arm", "arm"),
            "By person": (report.people, "person", "rater"),
            "By day": (report.days, "day (UTC)", "day"),
            "In the day": (report.day_places, "which of the person's answers of the day", None),
            "By order": (report.positions, "part of the person's order", None),
            "By stage": (report.stages, "stage", None),
            "By question": (report.questions, "question", None),
        }
        for tab, (groups, words, opens) in zip(st.tabs(list(tabs)), tabs.values(), strict=True):
            with tab:
                if groups:
                    if words in _COURSES:
                        show_course(groups, words)
                    show_groups(
                        ctx, actor, project.id, groups, words, opens=opens if opens and everything else None
                    )
                elif words == "question":
                    st.caption("The clock runs for an item, not for a question; here an item asks several.")
                elif words == "arm":
                    st.caption("No answer is in an arm: no help was shown or withheld.")
                else:
                    st.caption("Not known for imported ratings.")
        show_by_metadata(ctx, actor, project.id)
        small = (
            f"Groups of fewer than {report.smallest_group} answers are counted and not timed."
            if report.smallest_group > 1
            else "Select a row of the first three tables to see its single visits."
        )
        st.caption(
            f"{FIGURES} {small} Stages: review is how long the form was open, idle time not known; rework, on an item "
            "after its submit, is in no other figure."
        )
        if report.first_pass is not None and report.first_pass.value is not None:
            passed = report.first_pass
            st.caption(
                f"Accepted at first pass: {passed.value:.0%} [{passed.low:.0%}, {passed.high:.0%}] of {passed.n} reviewed answers."
            )
        st.caption(
            f"{report.definition} First submissions only. Left out: {report.left_out} answers with zero or negative seconds. "
            f"{report.without_arm} answers belong to no comparison: there was no suggestion to show or withhold."
        )
        st.markdown("**What people do with suggestions**")
        show_suggestion_use(report.suggestions, report.smallest_group, key="use")
        if report.paired:
            with st.expander("Person by person: paired t-tests"):
                show_table(
                    pd.DataFrame(
                        {
                            "measure": test.measure,
                            "help": charts.arm_name(test.arm),
                            "with": test.paired.with_help,
                            "without": test.paired.without_help,
                            "difference": test.paired.difference,
                            "from": test.paired.low,
                            "to": test.paired.high,
                            "t": test.paired.t,
                            "degrees": test.paired.degrees,
                            "p": p_words(test.paired.p_value).removeprefix("= "),
                            "people": test.paired.n,
                            "note": test.paired.reason or "",
                        }
                        for test in report.paired
                    ),
                    column_config={
                        name: st.column_config.NumberColumn(format="%.3f")
                        for name in ("with", "without", "difference", "from", "to", "t")
                    },
                )
                st.caption(
                    "Each person's mean with help minus their mean without. A check that anybody can follow; practice and "
                    "differences between items are not held fixed, so the interval above is the one to go by."
                )
        st.download_button(
            "All figures (CSV)",
            figures_csv(report),
            f"handling-time-{project.id}.csv",
            "text/csv",
            icon=":material/download:",
        )
    if report.progress is not None:
        state = report.progress
        st.markdown("**How far it is**")
        cells = st.columns(6)
        cells[0].metric("Answers", f"{state.counts.answers:,}")
        cells[1].metric("Still wanted", f"{state.counts.wanted:,}")
        cells[2].metric("Answers an item", "–" if state.overlap is None else f"{state.overlap:.2f}")
        cells[3].metric("Skipped", f"{state.counts.skipped:,}")
        cells[4].metric("Holds that ran out", f"{state.counts.expired:,}")
        cells[5].metric("Done by", "–" if state.expected is None else f"{state.expected:%d %b}")
        st.caption(
            f"Done by: what is still wanted at the pace of the last seven days, {state.per_day:.1f} answers a day. "
            "Answers an item: first submissions over items with at least one."
        )
    cost = report.cost
    if any(role.calls for role in cost.roles):
        st.markdown("**What the models cost**")
        names = {
            "before": "before: suggestions",
            "beside": "beside: chat",
            "after": "after: verdicts",
            "check": "checks of drafts",
        }
        table = pd.DataFrame(
            {
                "part": names[role.role],
                "calls": role.calls,
                "tokens": role.tokens,
                "without a count": role.unknown_tokens,
                "USD": role.usd,
            }
            for role in cost.roles
        )
        show_table(table, column_config={"USD": st.column_config.NumberColumn(format="%.4f")})
        each = "unknown" if cost.usd_per_answer is None else f"{cost.usd_per_answer:.4f} USD"
        st.caption(
            f"{each} and {cost.tokens_per_answer or 0:,.0f} tokens per first answer, n = {cost.answers}. Money is unknown where a model has no price of that "
            "day (`milo prices add`, or MILO_MODEL_INPUT_USD_PER_MILLION and MILO_MODEL_OUTPUT_USD_PER_MILLION for the configured one)."
        )
    contested = objections.list_objections(ctx, actor, project.id)
    if contested:
        st.markdown("**Contested figures**")
        for objection, login, seconds in contested:
            with st.expander(f"{login} · {seconds:.0f} s · {'answered' if objection.answer else 'open'}"):
                st.text(objection.reason)
                if objection.answer:
                    st.text(objection.answer)
                    st.caption("Left out of the reports." if objection.left_out else "Kept in the reports.")
                    continue
                with st.form(f"objection-{objection.id}"):
                    words = st.text_input("Answer", max_chars=1000)
                    out = st.checkbox("Leave this person's time on the item out of the reports")
                    if st.form_submit_button("Answer"):
                        try:
                            objections.answer_objection(
                                ctx, actor, project.id, objection.id, answer=words, leave_out=out
                            )
                            st.rerun()
                        except EXPECTED as error:
                            st.error(str(error))
