"""Questions: what people ask the assistant, by guideline section."""

import pandas as pd
import streamlit as st

from app import resources
from app.components.frame import pick_project
from app.components.table import show_table
from app.services.questions import questions_by_section
from app.state import current_actor

ctx, actor = resources.context(), current_actor()
st.subheader("Questions", anchor=False)
project = pick_project(actor, roles=frozenset({"qa_lead"}), kind="work")
if project is not None:
    groups = questions_by_section(ctx, actor, project.id)
    if not groups:
        st.info("Nobody has asked the assistant anything in this project yet.")
    else:
        st.caption(
            "Where the guidelines leave people alone: questions to the assistant, by the section that shares most words with them. Quick actions are counted by the section nearest to the item."
        )
        frame = pd.DataFrame(
            {
                "section": group.section or "(no section shares a word with them)",
                "questions": group.count,
                "people": group.people,
                "last asked": group.last_at,
            }
            for group in groups
        )
        show_table(
            frame, column_config={"last asked": st.column_config.DatetimeColumn(format="D MMM, HH:mm")}
        )
        for group in groups:
            if group.questions:
                with st.expander(f"{group.section or 'No section'} · {group.count}"):
                    for question in group.questions:
                        st.text(question)
