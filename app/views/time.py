"""Handling time: with and without help, with quality beside it."""

import pandas as pd
import streamlit as st

from app import charts, resources
from app.components.frame import pick_project, simulated_note
from app.services import costs, objections, reports
from app.services.progress import project_progress
from app.services.review_figures import decision_time
from app.state import current_actor
from app.wiring import EXPECTED

ctx, actor = resources.context(), current_actor()
st.subheader("Handling time", anchor=False)
project = pick_project(actor, roles=frozenset({"qa_lead", "manager"}))
if project is not None:
    simulated_note(project)
    report = reports.time_report(ctx, actor, project.id)
    if report.n == 0:
        st.info(
            "No timed answers yet. Times appear as people submit; imported ratings need a `seconds` column."
        )
    else:
        effect = report.effect
        if effect.change is None or effect.low is None or effect.high is None:
            st.warning(f"What help changes cannot be said: {effect.reason}.", icon=":material/help:")
        else:
            shown = {"any help": effect}
            if len(report.arm_effects) > 1:
                shown |= {charts.arm_name(arm): one for arm, one in report.arm_effects.items()}
            st.plotly_chart(charts.effect_chart(shown), key="effect")
            note = f" Note: {effect.note}." if effect.note else ""
            st.caption(
                f"Ratio of geometric means, two-way fixed effects of annotator and item with order as covariate, interval "
                f"cluster-robust by annotator (normal quantile from twenty annotators on, t below). n = {effect.n} answers, {effect.n_raters} people, {effect.n_items} items. "
                f"p = {effect.p_value:.4f}; by flipping the signs of each person's own difference {effect.flip_p_value:.4f}.{note}"
            )
            if report.naive is not None:
                st.caption(
                    f"Naive, and not to be believed: without order, people and items the means differ by {report.naive.means:+.1%}, the medians by {report.naive.medians:+.1%}."
                )
            for arm, one in report.arm_effects.items():
                if one.change is None:
                    st.caption(f"{charts.arm_name(arm)}: cannot be said, {one.reason}.")
        left, right = st.columns(2)
        with left:
            st.markdown("**Time**")
            st.plotly_chart(charts.time_chart(report.arms), key="time")
        with right:
            st.markdown("**Quality on the same answers**")
            if report.quality:
                st.plotly_chart(charts.quality_chart(report.quality), key="quality")
            else:
                st.info("No gold and no numbers to measure quality by.")
        if report.parts:
            st.markdown("**Where the time goes**")
            st.plotly_chart(charts.parts_chart(report.parts), key="parts")
        decided = decision_time(ctx, actor, project.id)
        if decided.median_seconds is not None:
            st.caption(
                f"Review and adjudication are not in these times: {decided.n} decisions, median {decided.median_seconds:.0f} s, "
                f"{decided.total_seconds / 60:.0f} min in all, the form being open. Rework is the annotators' time after the submit."
            )
        by_person, by_day, by_order = st.tabs(["By person", "By day", "By order"])
        for tab, groups, words in (
            (by_person, report.people, "person"),
            (by_day, report.days, "day (UTC)"),
            (by_order, report.positions, "part of the person's order"),
        ):
            with tab:
                if not groups:
                    st.caption("Not known for imported ratings.")
                    continue
                table = pd.DataFrame(
                    {
                        words: group.group,
                        "answers": group.n,
                        "median, s": group.median,
                        "from": group.low,
                        "to": group.high,
                        "trimmed mean, s": group.trimmed_mean,
                        "mean, s": group.mean,
                        "answers an hour": group.per_hour,
                    }
                    for group in groups
                )
                st.dataframe(
                    table,
                    hide_index=True,
                    column_config={
                        name: st.column_config.NumberColumn(format="%.1f")
                        for name in table.columns
                        if name not in (words, "answers")
                    },
                )
                st.caption(
                    "Groups of fewer than five answers are counted and not timed. From and to: 95 % interval of the median. Trimmed: without the fastest and the slowest tenth."
                )
        st.caption(
            f"{report.definition} First submissions only. Left out: {report.left_out} answers with zero or negative seconds. "
            f"{report.without_arm} answers belong to no comparison: there was no suggestion to show or withhold. No outliers are cut."
        )
    if project.kind == "work":
        state = project_progress(ctx, actor, project.id)
        st.markdown("**How far it is**")
        cells = st.columns(6)
        cells[0].metric("Answers", f"{state.counts.answers:,}")
        cells[1].metric("Still wanted", f"{state.counts.wanted:,}")
        cells[2].metric("Answers an item", "–" if state.overlap is None else f"{state.overlap:.2f}")
        cells[3].metric("Skipped", f"{state.counts.skipped:,}")
        cells[4].metric("Holds that ran out", f"{state.counts.expired:,}")
        cells[5].metric("Done by", "–" if state.expected is None else f"{state.expected:%d %b %Y}")
        st.caption(
            f"Done by: what is still wanted at the pace of the last seven days, {state.per_day:.1f} answers a day. "
            "Answers an item: first submissions over items with at least one."
        )
    cost = costs.cost_report(ctx, actor, project.id)
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
        st.dataframe(
            table, hide_index=True, column_config={"USD": st.column_config.NumberColumn(format="%.4f")}
        )
        each = "unknown" if cost.usd_per_answer is None else f"{cost.usd_per_answer:.4f} USD"
        st.caption(
            f"{each} and {cost.tokens_per_answer or 0:,.0f} tokens per first answer, n = {cost.answers}. Money is unknown where no prices are configured "
            "(MILO_MODEL_INPUT_USD_PER_MILLION, MILO_MODEL_OUTPUT_USD_PER_MILLION)."
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
