"""Export: everything known about every answer, as a file."""

import tempfile
from pathlib import Path

import streamlit as st

from app import resources
from app.components.frame import pick_project, simulated_note
from app.components.subset_panel import query_help
from app.services.export import COLUMNS, ONLY, export_answers
from app.services.export_suggestions import (
    SUGGESTION_COLUMNS,
    SUGGESTION_STATES,
    SuggestionFilter,
    export_suggestions,
)
from app.state import current_actor

WORDS = {
    None: "everything, skips included",
    "submitted": "submitted answers",
    "verified": "answers given with a suggestion on screen",
    "confirmed": "… that confirm the suggestion",
    "corrected": "… that correct it",
    "passed": "answers whose newest verdict passed",
    "adjudicated": "answers to questions that were adjudicated",
}

ctx, actor = resources.context(), current_actor()
st.subheader("Export", anchor=False)
project = pick_project(actor, roles=frozenset({"qa_lead", "manager"}), kind="work")
if project is not None:
    simulated_note(project)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        what = st.segmented_control(
            "What", ["answers", "suggestions"], default="answers", required=True, key="what"
        )
        kind = st.segmented_control("Format", ["jsonl", "csv", "parquet"], default="jsonl", required=True)
        if what == "answers":
            only = st.selectbox("Rows", [None, *ONLY], format_func=lambda name: WORDS[name], width=360)
        else:
            query = st.text_input("Of items (a query; empty: all)", help=query_help(), width=300)
            state = st.selectbox(
                "That are", ["", *SUGGESTION_STATES], format_func=lambda name: name or "any", width=160
            )
    if st.button("Make the file", icon=":material/download:", type="primary"):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{project.name.lower().replace(' ', '-')}-{what}.{kind}"
            if what == "answers":
                count = export_answers(ctx, actor, project.id, path, format=str(kind), only=only)
            else:
                wanted = SuggestionFilter(query=query, state=state)
                count = export_suggestions(ctx, actor, project.id, path, format=str(kind), wanted=wanted)
            st.session_state["export"] = (project.id, path.name, path.read_bytes(), count)
    made = st.session_state.get("export")
    if made and made[0] == project.id:
        st.download_button(
            f"Download {made[1]} ({made[3]:,} rows)", made[2], file_name=made[1], on_click="ignore"
        )
    st.caption(
        f"One row per {'answer and person' if what == 'answers' else 'suggestion'}. In CSV, cells that a spreadsheet would take for a formula get a leading apostrophe. Columns: "
        + ", ".join(COLUMNS if what == "answers" else SUGGESTION_COLUMNS)
        + "."
    )
