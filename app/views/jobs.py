"""Agents and jobs: start a pre-annotation, watch it, cancel or retry it."""

import pandas as pd
import streamlit as st

from app import resources
from app.components.frame import pick_project
from app.services import preannotation
from app.services.job_control import cancel_job, resume_job, retry_job
from app.state import current_actor
from app.wiring import EXPECTED

ctx, actor = resources.context(), current_actor()
st.subheader("Agents and jobs", anchor=False)
project = pick_project(actor, roles=frozenset({"qa_lead"}), kind="work")
if project is not None:
    st.markdown(
        "**Built-in classifier** · learns from the items whose right answer is known, and suggests labels for choice questions. It is a baseline, not a language model."
    )
    if st.button("Suggest labels for all items", icon=":material/play_arrow:", key=f"start-{project.id}"):
        try:
            job = preannotation.start(ctx, actor, project.id)
            st.toast(f"Job {job.id} is queued.")
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
