"""Items: search, and one item's history from prediction to time."""

import pandas as pd
import streamlit as st

from app import resources
from app.components.frame import pick_project, simulated_note
from app.components.item_history import show_history
from app.components.plain import plain
from app.components.table import show_table
from app.services.arms import workplace_of
from app.services.history import find_items, item_history
from app.services.submissions import plain_text
from app.state import current_actor

PAGE = 50

ctx, actor = resources.context(), current_actor()
st.subheader("Items", anchor=False)
project = pick_project(actor, roles=frozenset({"qa_lead"}), kind="work")
if project is not None:
    simulated_note(project)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        contains = st.text_input("Item id contains", st.query_params.get("find", ""), width=260)
        number = int(st.number_input("Page", min_value=1, value=1, step=1, width=120))
        names = not workplace_of(project).hide_names or st.toggle(
            "Show names", key=f"item-names-{project.id}"
        )
    rows, total = find_items(
        ctx, actor, project.id, contains=contains, offset=(number - 1) * PAGE, limit=PAGE
    )
    if total:
        st.caption(
            f"{total:,} {'item' if total == 1 else 'items'}; {PAGE} a page. Select one to see its history."
        )
    elif contains:
        st.info(f"No item id contains {plain(contains)}. Clear the field to see all items.")
    else:
        st.info("No items yet; an administrator imports them on the Projects page.")
    table = pd.DataFrame(
        {
            "item": item.external_id,
            "version": item.version,
            "text": plain_text(item.content)[:160],
            "answers wanted": item.open_slots,
        }
        for item in rows
    )
    picked = show_table(
        table,
        height=260 if len(rows) > 6 else "auto",
        on_select="rerun",
        selection_mode="single-row",
        key=f"items-{project.id}-{contains}-{number}",
    )
    chosen = picked["selection"]["rows"]
    if rows:
        item_id = rows[chosen[0] if chosen else 0].id
        show_history(item_history(ctx, actor, project.id, item_id, names=names))
