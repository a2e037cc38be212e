"""Rubrics: the versions of a project and the catalogue, a draft edited, tried and published, compared, exported."""

import streamlit as st

from app import resources
from app.components.frame import pick_project, simulated_note
from app.components.rubric_shelf import comparison, export_panel, shelf
from app.components.rubric_workshop import workshop
from app.services.rubric_editing import rubric_versions_of
from app.services.rubric_trial import answers_to_try
from app.state import current_actor

TABS = ["Versions", "Edit and try", "Compare", "Export"]

ctx, actor = resources.context(), current_actor()
st.subheader("Rubrics", anchor=False)
project = pick_project(actor, roles=frozenset({"qa_lead"}), kind="work")
if project is not None:
    simulated_note(project)
    versions = rubric_versions_of(ctx, actor, project.id)
    if project.rubric_version_id is None:
        st.info(
            "No rubric is in force: answers are not judged. Put one in force below, or publish a draft of your own."
        )
    listed, edited, compared, exported = st.tabs(TABS, key="rubric-tabs", on_change="rerun")
    if listed.open:
        with listed:
            shelf(ctx, actor, project, versions, edit_tab=("rubric-tabs", TABS[1]))
    if edited.open:
        with edited:
            workshop(ctx, actor, project, versions, answers_to_try(ctx, actor, project.id))
    if compared.open:
        with compared:
            comparison(project, versions)
    if exported.open:
        with exported:
            export_panel(ctx, project, versions)
