"""What the Agreement page computes only when somebody opens it."""

from collections.abc import Callable

import streamlit as st

from app.components.aggregated_panel import aggregated_panel
from app.components.chosen_panel import chosen_panel
from app.components.parts_panel import parts_panel
from app.components.plain import plain
from app.components.slice_panel import slice_panel
from app.services.context import Actor
from app.wiring import EXPECTED
from db.records import ProjectRecord

__all__ = ["agreement_panels"]

_PANELS: dict[str, Callable[[Actor, ProjectRecord], None]] = {
    "Several labels, spans and preferences": parts_panel,
    "Any raters: a pair, a group, a period, label by label": chosen_panel,
    "By language, group or other metadata": slice_panel,
    "Aggregated labels": aggregated_panel,
}


def agreement_panels(actor: Actor, project: ProjectRecord) -> None:
    for number, (name, panel) in enumerate(_PANELS.items()):
        with st.expander(name, key=f"agreement-panel-{number}", on_change="rerun") as opened:
            if opened.open:
                try:
                    panel(actor, project)
                except EXPECTED as error:
                    st.info(plain(str(error)))
