"""Verify: the models' suggestions in a table, confirmed, corrected or rejected."""

import streamlit as st

from app.components.frame import pick_project, simulated_note
from app.components.verifier import verifier
from app.state import current_actor

actor = current_actor()
project = pick_project(actor, roles=frozenset({"annotator", "qa_lead"}), admin=False, kind="work")
if project is not None:
    simulated_note(project)
    verifier(
        project.id,
        job=st.query_params.get("job", ""),
        query=st.query_params.get("query", ""),
        question=st.query_params.get("question", ""),
    )
