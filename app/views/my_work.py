"""My work: one's own answers with every revision, the feedback on them, and one's own time."""

import pandas as pd
import streamlit as st

from app import charts, resources
from app.components.chart import show_chart
from app.components.experience_card import experience_card
from app.components.frame import pick_project
from app.components.own_answers import answers_table, show_own_answer
from app.components.table import show_table
from app.components.verdict import show_verdict
from app.services import objections, work_record
from app.services.judging import feedback
from app.services.projects import describe, schema_of
from app.services.telemetry import DEFINITION, names_of, own_visits
from app.state import current_actor
from app.wiring import EXPECTED

PAGE = 25
STATES = {"held": "open", "done": "done", "late": "late", "skipped": "skipped", "expired": "run out"}

ctx, actor = resources.context(), current_actor()
st.subheader("My work", anchor=False)
project = pick_project(actor, roles=frozenset({"annotator", "qa_lead"}), admin=False, kind="work")
if project is not None:
    experience_card(ctx, actor, project.id)
    visits = own_visits(ctx, actor, project.id)
    handling = {visit.id: visit.reading + visit.working + visit.chatting for visit in visits}
    first = sum(handling[visit.id] for visit in visits if visit.stage == "annotate")
    rework = sum(handling[visit.id] for visit in visits if visit.stage == "rework")
    counts = work_record.state_counts(ctx, actor, project.id)
    with st.container(horizontal=True):
        for state, name in STATES.items():
            if counts.get(state):
                st.metric(f"Items {name}", counts[state], width=130)
        st.metric("Handling time", f"{first / 60:.1f} min", width=150)
        st.metric("Rework", f"{rework / 60:.1f} min", width=130)
        st.metric("Not counted", f"{sum(v.idle + v.hidden for v in visits) / 60:.1f} min", width=150)
    st.caption(
        DEFINITION.format(idle_seconds=project.idle_seconds)
        + " Work on an item after its submit is rework. Not counted: idle or hidden."
    )
    answers, verdicts, time = st.tabs(["Answers", "Feedback", "Time record"])
    with answers:
        number = st.number_input("Page", min_value=1, value=1, step=1, width=120) if len(visits) > PAGE else 1
        rows, total = work_record.own_answers(
            ctx, actor, project.id, offset=(int(number) - 1) * PAGE, limit=PAGE
        )
        recorded = describe(ctx, actor, project.id).schema if rows else None
        if recorded is not None:
            schema = schema_of(recorded)
            picked = show_table(
                answers_table(rows, schema, project.id),
                on_select="rerun",
                selection_mode="single-row",
                key=f"answers-{project.id}-{number}",
                column_config={
                    "open": st.column_config.LinkColumn("open", display_text="revise"),
                    "submitted": st.column_config.DatetimeColumn("submitted", format="D MMM, HH:mm"),
                },
            )
            st.caption(f"{total} in all, newest first. Select one to see its revisions.")
            for index in picked["selection"]["rows"]:
                show_own_answer(actor, project.id, rows[index], schema)
        else:
            st.info("Nothing submitted in this project yet. Open **Work** to begin.")
    with verdicts:
        found = feedback(ctx, actor, project.id)
        trends = [
            trend for trend in work_record.feedback_trend(ctx, actor, project.id) if len(trend.levels) > 1
        ]
        if trends:
            show_chart(charts.trend_chart(trends), "my-scores", key="trend")
            unscored = sum(trend.unscored for trend in trends)
            st.caption(
                f"Levels by criterion, share of the best level, oldest left. {unscored} unscored verdicts are left out."
            )
        for verdict in found:
            show_verdict(verdict)
        if not found:
            st.info(
                "No feedback yet. Where a project has a judge, it comes a moment after you submit a text."
            )
    with time:
        contested = objections.own_objections(ctx, actor, project.id)
        if visits:
            shown = visits[:200]
            names = names_of(ctx, shown)
            frame = pd.DataFrame(
                {
                    "item": names[visit.item_id],
                    "opened": visit.opened_at,
                    "stage": visit.stage,
                    "reading": visit.reading,
                    "working": visit.working,
                    "chatting": visit.chatting,
                    "waiting": visit.waiting_model + visit.waiting_judge,
                    "idle": visit.idle,
                    "hidden": visit.hidden,
                    "handling": handling[visit.id],
                    "tabs": visit.tabs,
                    "outcome": visit.outcome or "left",
                    "contested": contested[visit.id].answer or "yes" if visit.id in contested else "",
                }
                for visit in shown
            )
            seconds_columns = ("reading", "working", "chatting", "waiting", "idle", "hidden", "handling")
            formats = {
                name: st.column_config.NumberColumn(f"{name} s", format="%.1f") for name in seconds_columns
            }
            picked = show_table(
                frame,
                column_config=formats,
                on_select="rerun",
                selection_mode="single-row",
                key=f"visits-{project.id}",
            )
            st.caption(
                "Select a visit to contest its figure. The figure stays, your objection stands beside it."
            )
            for index in picked["selection"]["rows"]:
                visit = shown[index]
                with st.form(f"object-{visit.id}", clear_on_submit=True):
                    reason = st.text_input("What is wrong with this figure?", max_chars=1000)
                    if st.form_submit_button("Contest it"):
                        try:
                            objections.object_to_visit(ctx, actor, visit.id, reason)
                            st.success(
                                "Noted. Whoever answers for the project sees it on the Handling time page."
                            )
                        except EXPECTED as error:
                            st.error(str(error))
        else:
            st.info("Your time is recorded while you work on an item, and shown here to you.")
