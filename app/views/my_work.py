"""My work: one's own answers, the feedback on them and one's own time."""

import pandas as pd
import streamlit as st

from app import resources
from app.components.frame import pick_project
from app.components.verdict import show_verdict
from app.services.judging import feedback
from app.services.telemetry import DEFINITION, own_visits
from app.services.work_record import own_answers
from app.state import current_actor

PAGE = 25

ctx, actor = resources.context(), current_actor()
st.subheader("My work", anchor=False)
project = pick_project(actor, roles=frozenset({"annotator", "qa_lead"}), admin=False, kind="work")
if project is not None:
    visits = own_visits(ctx, actor, project.id)
    handling = [visit.reading + visit.working + visit.chatting for visit in visits]
    with st.container(horizontal=True):
        st.metric("Visits", len(visits), width=180)
        st.metric("Handling time", f"{sum(handling) / 60:.1f} min", width=180)
        st.metric(
            "Idle or hidden, not counted", f"{sum(v.idle + v.hidden for v in visits) / 60:.1f} min", width=260
        )
    st.caption(DEFINITION.format(idle_seconds=project.idle_seconds))

    answers, verdicts, time = st.tabs(["Answers", "Feedback", "Time record"])
    with answers:
        number = st.number_input("Page", min_value=1, value=1, step=1, width=120) if len(visits) > PAGE else 1
        rows, total = own_answers(ctx, actor, project.id, offset=(int(number) - 1) * PAGE, limit=PAGE)
        if rows:
            st.dataframe(
                pd.DataFrame(rows),
                hide_index=True,
                column_config={
                    "open": st.column_config.LinkColumn("open", display_text="revise"),
                    "submitted": st.column_config.DatetimeColumn("submitted", format="D MMM, HH:mm"),
                },
            )
            st.caption(f"{total} in all, newest first.")
        else:
            st.info("Nothing submitted in this project yet. Open **Work** to begin.")
    with verdicts:
        found = feedback(ctx, actor, project.id)
        for verdict in found:
            show_verdict(verdict)
        if not found:
            st.info(
                "No feedback yet. Where a project has a judge, it comes a moment after you submit a text."
            )
    with time:
        if visits:
            frame = pd.DataFrame(
                {
                    "item": visit.item_id,
                    "opened": visit.opened_at,
                    "reading": visit.reading,
                    "working": visit.working,
                    "chatting": visit.chatting,
                    "waiting": visit.waiting_model + visit.waiting_judge,
                    "idle": visit.idle,
                    "hidden": visit.hidden,
                    "handling": seconds,
                    "tabs": visit.tabs,
                    "outcome": visit.outcome or "left",
                }
                for visit, seconds in zip(visits[:200], handling, strict=False)
            )
            seconds_columns = ("reading", "working", "chatting", "waiting", "idle", "hidden", "handling")
            formats = {
                name: st.column_config.NumberColumn(f"{name} s", format="%.1f") for name in seconds_columns
            }
            st.dataframe(frame, hide_index=True, column_config=formats)
        else:
            st.info("Your time is recorded while you work on an item, and shown here to you.")
