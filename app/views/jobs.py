"""Agents and jobs: start a pre-annotation, watch it, make agents, see how good they are."""

import pandas as pd
import streamlit as st

from app import charts, resources
from app.components.agent_panel import agent_list, new_agent, skill_table
from app.components.chart import show_chart
from app.components.frame import pick_project
from app.components.job_panel import job_line, show_job
from app.components.search_panel import search_panel
from app.components.stability_panel import alarms, stability_panel
from app.components.subset_panel import query_help, subsets_panel
from app.components.suggestion_judging import suggestion_judging_panel
from app.components.table import show_table
from app.services import drift_watch, preannotation
from app.services.agent_quality import agent_skills, compare_jobs
from app.services.agents import BUILT_IN, DEFAULT, list_agents
from app.services.arms import workplace_of
from app.services.suggestion_quality import suggestion_quality
from app.state import current_actor
from app.wiring import EXPECTED

ctx, actor = resources.context(), current_actor()
st.subheader("Agents and jobs", anchor=False)
project = pick_project(actor, roles=frozenset({"qa_lead"}), kind="work")
if project is not None:
    watched = drift_watch.watched(ctx, actor, project.id)
    alarms(watched)
    jobs_tab, subsets_tab, agents_tab, search_tab, quality_tab, stability_tab = st.tabs(
        ["Jobs", "Subsets", "Agents", "A better prompt", "How good they are", "Do they change"]
    )
    with jobs_tab:
        names = [BUILT_IN, *([DEFAULT] if ctx.gateway else []), *(agent.name for agent in list_agents(ctx))]
        with st.form(f"start-{project.id}"):
            cells = st.columns([2, 4, 1, 1], vertical_alignment="bottom")
            measured = {row.agent for row in agent_skills(ctx, actor, project.id)}
            agent = (
                cells[0].selectbox(
                    "Agent",
                    names,
                    format_func=lambda name: name if name in measured else f"{name} · not measured on gold",
                )
                or BUILT_IN
            )
            query = cells[1].text_input("Items (a query; empty: all)", help=query_help())
            dry = cells[2].number_input(
                "Dry run on", 1, None, None, help="So many items by lot, to see what the whole would cost."
            )
            budget = cells[3].number_input(
                "Budget, USD", 0.0, None, None, help="The job pauses when it is spent."
            )
            near = st.checkbox(
                "Take labels that are merely near one of the schema; they are flagged, and never across a negation"
            )
            if st.form_submit_button("Suggest labels", icon=":material/play_arrow:", type="primary"):
                try:
                    job = preannotation.start(
                        ctx,
                        actor,
                        project.id,
                        agent=agent,
                        query=query,
                        dry_run=dry,
                        budget_usd=budget,
                        near=near,
                    )
                    st.toast(f"Job {job.id} is queued.")
                except EXPECTED as error:
                    st.error(str(error))
        st.caption(
            f"{BUILT_IN} learns from items whose answer is known, for choice questions; a baseline, not a language model. "
            + (f"{DEFAULT} is the configured model with the prompt that schema and guidelines make." if ctx.gateway
               else "No language model is configured: set OPENAI_API_KEY, or OPENAI_BASE_URL for a local one.")
            + " What an agent has said about an item under the same schema and guidelines is not asked again."
        )  # fmt: skip
        suggestion_judging_panel(ctx, actor, project, names)
        states = preannotation.list_jobs(ctx, actor, project.id)
        if not states:
            st.info("No jobs yet. Start one above; it goes on when this page is closed.")
        else:
            picked = show_table(
                pd.DataFrame(job_line(state) for state in states),
                on_select="rerun",
                selection_mode="multi-row",
                key=f"jobs-{project.id}",
                height=min(320, 40 + 36 * len(states)),
                column_config={
                    "progress": st.column_config.ProgressColumn(format="percent"),
                    "started": st.column_config.DatetimeColumn(format="D MMM, HH:mm"),
                },
            )
            rows = picked["selection"]["rows"] or [0]
            if len(rows) == 2:
                older, newer = sorted(states[row].job.id for row in rows)
                st.markdown(f"**Jobs {older} and {newer} side by side**")
                for found in compare_jobs(ctx, actor, older, newer):
                    gold = (
                        ""
                        if found.right is None
                        else f"; right on {found.right[0]} and {found.right[1]} of {found.on_gold} of gold for tuning"
                    )
                    low, high = found.interval
                    st.markdown(
                        f"{found.question}: {found.same} of {found.n} the same [{low:.0%}, {high:.0%}]{gold}"
                    )
                    cost, seconds = (
                        ["unknown" if value is None else f"{value:.4g}" for value in pair]
                        for pair in (found.cost_usd, found.mean_seconds)
                    )
                    st.caption(f"USD {cost[0]} and {cost[1]}; seconds a call {seconds[0]} and {seconds[1]}.")
                    show_table(
                        pd.DataFrame(
                            [(item, str(before), str(after)) for item, before, after in found.changed],
                            columns=["item", f"job {older}", f"job {newer}"],
                        )
                    )
            else:
                show_job(ctx, actor, states[rows[0]].job.id)
                st.caption("Select two jobs to compare what they said.")
    with subsets_tab:
        subsets_panel(ctx, actor, project)
    with agents_tab:
        agent_list(ctx)
        new_agent(ctx, actor, project)
    with search_tab:
        search_panel(ctx, actor, project)
    with stability_tab:
        stability_panel(ctx, actor, project, watched)
    with quality_tab:
        skill_table(ctx, actor, project)
        st.markdown("##### From which confidence on?")
        qualities = suggestion_quality(ctx, actor, project.id)
        for quality in qualities:
            if quality.area is None:
                continue
            chosen = workplace_of(project).preselect.get(quality.question)
            left, right = st.columns([2, 1])
            left.markdown(f"**{quality.question}** · {quality.model}")
            with left:
                show_chart(
                    charts.roc_chart(quality, chosen),
                    f"roc-{quality.question}",
                    key=f"roc-{quality.question}-{quality.model}",
                )
            right.dataframe(
                pd.DataFrame(
                    {
                        "from": point.confidence,
                        "selected": point.selected,
                        "of them right": point.right / point.selected,
                    }
                    for point in quality.points
                ),
                hide_index=True,
                height=320,
                column_config={"of them right": st.column_config.NumberColumn(format="percent")},
            )
            st.caption(
                f"ROC curve, area {quality.area:.2f} (0.5 is chance), {quality.without_confidence} without a confidence left out. The threshold from which a suggestion is selected when an item opens is a setting of the project."
            )
