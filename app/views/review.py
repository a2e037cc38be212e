"""Review: answers chosen by rules, one after the other, with everything needed to decide; and what was decided."""

import streamlit as st

from app import resources
from app.components.frame import pick_project, simulated_note
from app.components.review_panel import Desk, asked_item, opened, review_panel, show_note, skipped
from app.components.review_settings import review_settings
from app.components.review_tables import show_review_figures
from app.components.reviewed_list import show_reviewed
from app.services.arms import workplace_of
from app.services.projects import describe, schema_of
from app.services.review_queue import review_queue, why_not_waiting
from app.state import current_actor

ctx, actor = resources.context(), current_actor()
st.subheader("Review", anchor=False)
project = pick_project(actor, roles=frozenset({"qa_lead"}), kind="work")
state = describe(ctx, actor, project.id) if project else None
if project is not None and state is not None and state.schema is not None:
    simulated_note(project)
    with st.container(horizontal=True, vertical_alignment="center"):
        names = not workplace_of(project).hide_names or st.toggle(
            "Show who answered", key=f"review-names-{project.id}"
        )
        own = st.toggle("Also items that I answered myself", key=f"review-own-{project.id}")
        if state.guidelines:
            with st.popover(f"Guidelines, version {state.guidelines.number}", icon=":material/menu_book:"):
                st.markdown(state.guidelines.text)
    desk = Desk(actor, project, schema_of(state.schema), names)
    queue_tab, reviewed_tab, figures_tab = st.tabs(
        ["To review", "Reviewed", "Figures"], key="review-part", on_change="rerun"
    )
    with queue_tab:
        if queue_tab.open:
            item = asked_item()
            queue = review_queue(
                ctx,
                actor,
                project.id,
                skipped=skipped(project),
                opened=opened(project),
                item=item,
                include_own=own,
            )
            show_note(desk, queue.cases[0] if queue.cases else None)
            if item is not None and not (queue.cases and queue.cases[0].item.id == item):
                st.info(why_not_waiting(ctx, actor, project.id, item))
            if queue.cases:
                more = f" · {queue.put_off} skipped, they come last" if queue.put_off else ""
                st.caption(
                    f"{queue.waiting:,} {'answer waits' if queue.waiting == 1 else 'answers wait'}{more}"
                )
                review_panel(desk, queue.cases[0], may_skip=queue.waiting > 1)
            else:
                st.success(
                    "Nothing to review by these rules. What several people answered differently stands under **Adjudicate**."
                )
            review_settings(actor, project)
    with reviewed_tab:
        if reviewed_tab.open:
            show_reviewed(desk)
    with figures_tab:
        if figures_tab.open:
            show_review_figures(desk)
