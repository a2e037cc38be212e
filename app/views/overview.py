"""Overview: every project one has a part in, how far it is, and where to go."""

import pandas as pd
import streamlit as st

from app import resources
from app.components.table import show_table
from app.services.projects import describe, list_projects
from app.state import current_actor

ctx, actor = resources.context(), current_actor()
st.subheader("Overview", anchor=False)
states = [describe(ctx, actor, project.id) for project, _ in list_projects(ctx, actor)]
if not states:
    st.info(
        "No project yet. Create one on the Projects page."
        if actor.is_admin
        else "You are in no project yet. An administrator adds you on the People page."
    )
else:
    table = pd.DataFrame(
        {
            "project": state.project.name,
            "about": state.project.problem,
            "items": state.items,
            "complete": state.complete / state.items if state.items else None,
            "ratings imported": state.ratings or None,
            "your part": ", ".join(sorted(state.roles)) or "administrator",
            "agreement": f"/agreement?project={state.project.id}",
            "time": f"/time?project={state.project.id}",
        }
        for state in states
    )
    open_ = st.column_config.LinkColumn(display_text="open", width="small")
    show_table(
        table,
        column_config={
            "complete": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1),
            "agreement": open_,
            "time": open_,
        },
    )
    st.caption("Complete: the share of items that have all the answers they want.")
