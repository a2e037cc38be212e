"""Agents and jobs: start a pre-annotation, watch it, cancel or retry it."""

import pandas as pd
import streamlit as st

from app import charts, resources
from app.components.frame import pick_project
from app.services import preannotation
from app.services.arms import workplace_of
from app.services.job_control import cancel_job, resume_job, retry_job
from app.services.suggestion_quality import suggestion_quality
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
