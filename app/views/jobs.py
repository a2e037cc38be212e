"""Agents and jobs: start a pre-annotation, watch it, cancel or retry it."""

import pandas as pd
import streamlit as st

from app import charts, resources
from app.components.frame import pick_project
from app.services import preannotation
from app.services.agents import BUILT_IN, DEFAULT, add_agent, list_agents
from app.services.arms import workplace_of
from app.services.job_control import cancel_job, resume_job, retry_job
from app.services.suggestion_quality import suggestion_quality
from app.state import current_actor
from app.wiring import EXPECTED

ctx, actor = resources.context(), current_actor()
st.subheader("Agents and jobs", anchor=False)
project = pick_project(actor, roles=frozenset({"qa_lead"}), kind="work")
if project is not None:
    names = [BUILT_IN, *([DEFAULT] if ctx.gateway else []), *(agent.name for agent in list_agents(ctx))]
    about = {
        BUILT_IN: "Built-in classifier: learns from the items whose right answer is known, for choice questions. A baseline, not a language model.",
        DEFAULT: "The configured language model with the prompt that schema and guidelines make; every type of question, one call an item.",
    }
    with st.form(f"start-{project.id}"), st.container(horizontal=True, vertical_alignment="bottom"):
        agent = st.selectbox("Agent", names, width=260) or BUILT_IN
        limit = st.number_input("At most so many items (empty: all)", 1, None, None, width=220)
        if st.form_submit_button("Suggest labels", icon=":material/play_arrow:", type="primary"):
            try:
                job = preannotation.start(ctx, actor, project.id, agent=agent, limit=limit)
                st.toast(f"Job {job.id} is queued.")
            except EXPECTED as error:
                st.error(str(error))
    st.caption("  \n".join(about[name] for name in names if name in about))
    if ctx.gateway is None:
        st.caption("No language model is configured: set OPENAI_API_KEY, or OPENAI_BASE_URL for a local one.")
    with st.expander("New agent", icon=":material/add:"), st.form("agent", clear_on_submit=True):
        name = st.text_input("Name", max_chars=80)
        instruction = st.text_area(
            "Instruction: in place of the general task; questions, definitions and guidelines follow it",
            height=120,
        )
        left, right = st.columns(2)
        temperature = left.number_input("Temperature (empty: the endpoint's own)", 0.0, 2.0, None, step=0.1)
        room = right.number_input("Room for the reply, tokens", 16, 32_768, 2048)
        if st.form_submit_button("Store the agent"):
            try:
                made = add_agent(
                    ctx, actor, name=name, instruction=instruction, temperature=temperature, max_tokens=room
                )
                st.success(f"Agent {made.name} is stored.")
            except EXPECTED as error:
                st.error(str(error))

    states = preannotation.list_jobs(ctx, actor, project.id)
    live = any(not state.finished for state in states)

    @st.fragment(run_every=1.0 if live else None)
    def jobs(project_id: int = project.id) -> None:
        current = preannotation.list_jobs(ctx, actor, project_id)
        if not current:
            st.info("No jobs yet.")
            return
        table = pd.DataFrame(
            {
                "job": state.job.id,
                "kind": state.job.kind,
                "started": state.job.created_at,
                "by": state.job.started_by,
                "items": state.job.spec.get("items"),
                **{
                    name: state.counts.get(name, 0)
                    for name in ("queued", "running", "done", "failed", "cancelled")
                },
                "errors": "; ".join(f"{count} × {error}" for error, count in state.errors),
            }
            for state in current
        )
        st.dataframe(table, hide_index=True)
        actions = [
            *((f"Cancel job {s.job.id}", cancel_job, s) for s in current if not s.finished),
            *((f"Resume job {s.job.id}", resume_job, s) for s in current if s.counts.get("cancelled")),
            *((f"Retry job {s.job.id}", retry_job, s) for s in current if s.counts.get("failed")),
        ]
        with st.container(horizontal=True):
            for label, act, state in actions:
                if st.button(label, key=label):
                    act(ctx, actor, state.job.id)
                    st.rerun()

    jobs()

    st.markdown("##### Suggestions where the answer is known")
    qualities = suggestion_quality(ctx, actor, project.id)
    if not qualities:
        st.info("No item has both a suggestion and a known answer yet.")
    for quality in qualities:
        chosen = workplace_of(project).preselect.get(quality.question)
        share = quality.right / quality.n
        low, high = quality.interval
        st.markdown(
            f"**{quality.question}** · {quality.model} · right on {share:.0%} [{low:.0%}, {high:.0%}] of n = {quality.n}"
        )
        if quality.area is None:
            st.caption("No curve: it needs right and wrong suggestions with a confidence.")
            continue
        left, right = st.columns([2, 1])
        left.plotly_chart(charts.roc_chart(quality, chosen), key=f"roc-{quality.question}-{quality.model}")
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
