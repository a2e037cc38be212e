"""Studies: whether help pays, with a control and an outcome written down before."""

import streamlit as st

from app import resources
from app.components.frame import pick_project, simulated_note
from app.components.study_form import study_form
from app.components.study_view import show_study
from app.services import studies
from app.state import current_actor

ctx, actor = resources.context(), current_actor()
st.subheader("Studies", anchor=False)
studied = studies.projects_with_studies(ctx, actor)
project = pick_project(
    actor, roles=frozenset({"qa_lead", "manager"}), kind="work", first=lambda one: one.id in studied
)
if project is not None:
    simulated_note(project)
    found = studies.list_studies(ctx, actor, project.id)
    if found:
        names = {state.record.name: state for state in found}
        chosen = st.selectbox(
            "Study",
            list(names),
            format_func=lambda name: f"{name} · {names[name].record.state}, {names[name].answers:,} answers",
            label_visibility="collapsed",
            width=460,
        )
        show_study(ctx, actor, project.id, names[chosen] if chosen else found[0])
    else:
        st.info(
            "No study yet. A study shows help on some items and withholds it on others by chance, so that what it changes can be told "
            "from practice and from differences between people and items. Write one down below; it starts when you say so."
        )
    with st.expander("Write a study down", icon=":material/add:", expanded=not found):
        study_form(ctx, actor, project)
