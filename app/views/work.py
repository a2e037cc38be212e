"""Work: the next item with its prediction, the form, and the assistant beside it."""

import streamlit as st

from app.components.frame import pick_project
from app.components.workbench import workbench
from app.state import current_actor

actor = current_actor()
project = pick_project(actor, roles=frozenset({"annotator", "qa_lead"}), admin=False, kind="work")
if project is not None:
    item = st.query_params.get("item", "")
    workbench(project.id, item_id=int(item) if item.isdecimal() else None)
