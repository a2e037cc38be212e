"""One job in full: what it was about, how it goes, what it costs, what it got wrong, and what can be done."""

import pandas as pd
import streamlit as st

from app.components.plain import plain
from app.components.table import show_table
from app.services.context import Actor, Context
from app.services.job_control import cancel_job, pause_job, resume_job, retry_job
from app.services.job_report import JobReport, job_report
from app.services.preannotation import JobState, start
from app.wiring import EXPECTED

__all__ = ["job_line", "show_job"]

_STATUSES = ("queued", "running", "paused", "done", "failed", "cancelled")


def job_line(state: JobState) -> dict[str, object]:
    """A row of the table of jobs."""
    return {
        "job": state.job.id,
        "agent": state.job.spec.get("agent", state.job.kind),
        "what": "dry run" if state.job.spec.get("dry_run") else state.job.spec.get("what", state.job.kind),
        "items": state.job.spec.get("items"),
        "query": state.job.spec.get("query", ""),
        "progress": state.progress,
        "failed": state.counts.get("failed", 0),
        "state": state.job.paused or ("finished" if state.finished else "running"),
        "USD": state.job.spent_usd or None,
        "started": state.job.created_at,
        "by": state.job.started_by,
    }


def show_job(ctx: Context, actor: Actor, job_id: int) -> None:
    """Draw one job; a running one draws itself again each second."""
    live = not job_report(ctx, actor, job_id).state.finished

    @st.fragment(run_every=1.0 if live else None)
    def panel() -> None:
        found = job_report(ctx, actor, job_id)
        _head(found)
        if found.state.job.paused:
            st.warning(f"Paused: {found.state.job.paused}", icon=":material/pause_circle:")
        _figures(found)
        _actions(ctx, actor, found)
        _prepared(found)
        _failures(found)
        _labels(found)
        if live and found.state.finished:
            st.rerun()

    panel()


def _head(found: JobReport) -> None:
    counts = found.state.counts
    words = ", ".join(f"{counts[name]} {name}" for name in _STATUSES if counts.get(name)) or "no calls"
    left = f" · about {found.seconds_left:.0f} s left" if found.seconds_left else ""
    st.progress(found.state.progress, text=f"Job {found.state.job.id}: {words}{left}")


def _money(usd: float | None) -> str:
    return "unknown" if usd is None else f"{usd:.4f} USD"


def _figures(found: JobReport) -> None:
    totals = found.totals
    cells = st.columns(5)
    cells[0].metric("Calls a minute", "–" if found.per_minute is None else f"{found.per_minute:.0f}")
    cells[1].metric("Seconds a call", "–" if totals.mean_seconds is None else f"{totals.mean_seconds:.2f}")
    cells[2].metric("Tokens", f"{totals.prompt_tokens + totals.completion_tokens:,}")
    budget = found.state.job.budget_usd
    cells[3].metric("Cost" if budget is None else f"Cost, of {budget:g} USD", _money(totals.cost_usd))
    cells[4].metric("Suggestions", totals.suggestions)
    notes = []
    if totals.unpriced and totals.prompt_tokens:
        notes.append(f"{totals.unpriced} calls have no known price and are not in the cost")
    if totals.near:
        notes.append(
            f"{totals.near} suggestions were taken from a label that was merely near; they are flagged"
        )
    if found.whole_seconds is not None:
        items = found.state.job.spec["prepared"]["left"]
        notes.append(
            f"all {items} items would cost {_money(found.whole_usd)} and take about {max(1, round(found.whole_seconds))} s, by the mean of these calls"
        )
    if notes:
        st.caption("; ".join(notes) + ".")


def _actions(ctx: Context, actor: Actor, found: JobReport) -> None:
    job, counts = found.state.job, found.state.counts
    with st.container(horizontal=True, vertical_alignment="bottom"):
        running = not found.state.finished
        if running and not job.paused and st.button("Pause", key=f"pause-{job.id}", icon=":material/pause:"):
            pause_job(ctx, actor, job.id)
            st.rerun()
        budget = None
        if job.budget_usd is not None and job.paused:
            budget = st.number_input(
                "New budget, USD", job.spent_usd, None, None, key=f"budget-{job.id}", width=180
            )
        if (counts.get("paused") or counts.get("cancelled") or job.paused) and st.button(
            "Resume", key=f"resume-{job.id}", icon=":material/play_arrow:"
        ):
            try:
                resume_job(ctx, actor, job.id, budget_usd=budget)
                st.rerun()
            except EXPECTED as error:
                st.error(str(error))
        if counts.get("failed") and st.button(f"Retry {counts['failed']} failed", key=f"retry-{job.id}"):
            retry_job(ctx, actor, job.id)
            st.rerun()
        if (running or counts.get("paused")) and st.button(
            "Cancel", key=f"cancel-{job.id}", icon=":material/close:"
        ):
            cancel_job(ctx, actor, job.id)
            st.rerun()
        if job.spec.get("dry_run") and not running and st.button("Run all items", key=f"all-{job.id}"):
            near = bool(job.spec.get("near"))
            assert job.project_id is not None, "this page shows a project's jobs"
            start(ctx, actor, job.project_id, agent=job.spec["agent"], query=job.spec["query"], near=near)
            st.rerun()
        if found.totals.suggestions:
            st.link_button("Verify these", f"/verify?project={job.project_id}&job={job.id}")


def _prepared(found: JobReport) -> None:
    prepared = found.state.job.spec.get("prepared") or {}
    for reason, words in (("empty", "have no text"), ("too_long", "are too long for the agent's prompt")):
        if prepared.get(reason):
            listed = prepared["listed"][reason]
            with st.expander(f"{prepared[reason]} items were left out: they {words}"):
                st.text(", ".join(listed) + (" …" if prepared[reason] > len(listed) else ""))


def _failures(found: JobReport) -> None:
    if found.failures:
        st.markdown("**Calls that failed**")
        show_table(
            pd.DataFrame(found.failures, columns=["outcome", "calls", "for example item", "what was said"])
        )
    if found.invalid:
        st.markdown(f"**Answers that are no label of the schema** ({found.invalid_answers} in all)")
        show_table(
            pd.DataFrame(
                {
                    "question": one.question,
                    "the model said": one.said,
                    "times": one.count,
                    "for example items": ", ".join(one.examples),
                }
                for one in found.invalid
            )
        )
        st.caption("None of these is stored. Declare a synonym in the schema, or mend the instruction.")


def _labels(found: JobReport) -> None:
    for question, labels in found.labels.items():
        total = sum(count for _, count in labels)
        words = " · ".join(f"{plain(label)} {count} ({count / total:.0%})" for label, count in labels[:12])
        st.markdown(f"**{plain(question)}** {words}")
