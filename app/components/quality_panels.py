"""What stands below the coefficients on the Agreement page: each panel is computed when its tab is opened."""

from collections.abc import Callable

import streamlit as st

from app.components.label_panel import label_panel, progress_panel
from app.components.map_panel import map_panel
from app.components.people_panel import people_panel
from app.components.report_panel import report_panel
from app.components.version_panel import version_panel
from app.services.context import Actor, Context
from db.records import ProjectRecord

__all__ = ["quality_panels"]

_PANELS: dict[str, Callable[[Context, Actor, int], None]] = {
    "Labels": label_panel,
    "Before and after a version": version_panel,
    "How far it is": progress_panel,
    "People": people_panel,
    "Map": map_panel,
    "Report": report_panel,
}


def quality_panels(ctx: Context, actor: Actor, project: ProjectRecord) -> None:
    st.subheader("The project as a whole", anchor=False)
    tabs = st.tabs(list(_PANELS), key="quality-part", on_change="rerun")
    for tab, panel in zip(tabs, _PANELS.values(), strict=True):
        with tab:
            if tab.open:
                panel(ctx, actor, project.id)
