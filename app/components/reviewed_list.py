"""What was reviewed, as a list; one of its rows is decided again."""

import pandas as pd
import streamlit as st

from app import resources
from app.components.review_panel import Desk, review_panel, show_note
from app.components.table import show_table
from app.services.review import OUTCOME_WORDS
from app.services.review_case import case_again
from app.services.reviewed import ReviewedLine, reviewed
from app.wiring import EXPECTED

__all__ = ["show_reviewed"]

PAGE = 50


def show_reviewed(desk: Desk) -> None:
    ctx, project_id = resources.context(), desk.project.id
    with st.container(horizontal=True, vertical_alignment="bottom"):
        whose = st.segmented_control("Reviews", ["mine", "everybody's"], default="mine", required=True)
        place = st.empty()
    page = int(st.session_state.get(f"reviewed-page-{project_id}-{whose}", 1))
    lines, total = reviewed(
        ctx,
        desk.actor,
        project_id,
        mine=whose == "mine",
        names=desk.names,
        offset=(page - 1) * PAGE,
        limit=PAGE,
    )
    if total > PAGE:
        place.number_input("Page", 1, -(-total // PAGE), key=f"reviewed-page-{project_id}-{whose}", width=120)
    if not lines:
        show_note(desk, None)
        st.info("Nothing here yet. What you decide under “To review” is listed here, to be looked at again.")
        return
    picked = show_table(
        _table(lines, names=desk.names),
        height=min(38 + 35 * len(lines), 330),
        on_select="rerun",
        selection_mode="single-row",
        key=f"reviewed-{project_id}-{whose}-{page}-{total}",
        column_config={
            "when": st.column_config.DatetimeColumn(format="D MMM, HH:mm"),
            "s": st.column_config.NumberColumn(format="%.0f"),
        },
    )
    st.caption(
        f"{total} {'review' if total == 1 else 'reviews'}, newest first. Select one to see it and to decide again; the earlier "
        "decision stays in the record."
    )
    chosen = [lines[index] for index in picked["selection"]["rows"]]
    try:
        case = case_again(ctx, desk.actor, project_id, chosen[0].annotation_id) if chosen else None
    except EXPECTED as error:
        st.info(str(error))
        return
    show_note(desk, case)
    if case is not None:
        review_panel(desk, case, may_skip=False)


def _table(lines: list[ReviewedLine], *, names: bool) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "item": line.item,
            "answered by": line.annotator,
            "reviewer": line.reviewer,
            "decision": OUTCOME_WORDS[line.outcome],
            "comment": line.comment,
            "now": line.state,
            "s": line.seconds,
            "when": line.created_at,
        }
        for line in lines
    )
    return table if names else table.drop(columns="answered by")
