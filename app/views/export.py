"""Export: everything known about every answer, as a file."""

import tempfile
from pathlib import Path

import streamlit as st

from app import resources
from app.components.frame import pick_project, simulated_note
from app.services.export import COLUMNS, ONLY, export_answers
from app.state import current_actor

WORDS = {
    None: "everything, skips included",
    "submitted": "submitted answers",
    "verified": "answers given with a suggestion on screen",
    "confirmed": "… that confirm the suggestion",
    "corrected": "… that correct it",
    "passed": "answers whose newest verdict passed",
}

ctx, actor = resources.context(), current_actor()
st.subheader("Export", anchor=False)
project = pick_project(actor, roles=frozenset({"qa_lead", "manager"}), kind="work")
if project is not None:
    simulated_note(project)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.segmented_control("Format", ["jsonl", "csv", "parquet"], default="jsonl", required=True)
        only = st.selectbox("Rows", [None, *ONLY], format_func=lambda name: WORDS[name], width=360)
    if st.button("Make the file", icon=":material/download:", type="primary"):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{project.name.lower().replace(' ', '-')}.{kind}"
            count = export_answers(ctx, actor, project.id, path, format=str(kind), only=only)
            st.session_state["export"] = (project.id, path.name, path.read_bytes(), count)
    made = st.session_state.get("export")
    if made and made[0] == project.id:
        st.download_button(
            f"Download {made[1]} ({made[3]:,} rows)", made[2], file_name=made[1], on_click="ignore"
        )
    st.caption(
        "One row per answer and person. In CSV, cells that a spreadsheet would take for a formula get a leading apostrophe. Columns: "
        + ", ".join(COLUMNS)
        + "."
    )
