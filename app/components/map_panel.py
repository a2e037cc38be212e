"""The map of items: colour is what people say, nearness is shared words, a click opens the item."""

import streamlit as st

from app import quality_charts
from app.components.chart import show_chart
from app.components.links import item_address
from app.components.plain import plain
from app.errors import NotAllowed
from app.services.context import Actor, Context
from app.services.item_map import MapPoint, item_map

__all__ = ["map_panel"]


def map_panel(ctx: Context, actor: Actor, project_id: int) -> None:
    try:
        found = item_map(ctx, actor, project_id, question=st.session_state.get(f"map-question-{project_id}"))
    except NotAllowed:
        st.info("The map shows the words of items; it is for QA leads. The figures are under the other tabs.")
        return
    if len(found.points) < 3:
        st.info(
            "A map needs three items with words. Imported ratings bring no words; items are imported on the Projects page."
        )
        return
    if len(found.questions) > 1:
        st.selectbox(
            "Coloured by",
            list(found.questions),
            format_func=found.questions.__getitem__,
            width=340,
            key=f"map-question-{project_id}",
        )
    picked = show_chart(
        quality_charts.map_chart(found), f"map-{project_id}", key=f"map-{project_id}", select=True
    )
    kept = (
        "All texts are alike: the map says nothing."
        if found.kept is None
        else f"These two dimensions keep {found.kept:.1%} of the variance of the words: items that lie together share some telling "
        "words, items that lie apart may be alike in all others."
    )
    drawn = (
        f" {len(found.points):,} of {found.total:,} items, drawn by a fixed lot."
        if len(found.points) < found.total
        else f" All {found.total:,} items."
    )
    st.caption(
        f"Words and pairs of words, weighted by how rare they are (TF-IDF), by their two principal components. {kept} Neither axis has a "
        f"unit. Colour: what most people say, by first submissions.{drawn} Click a point to open the item."
    )
    chosen = _chosen(picked, found.points)
    if chosen is not None:
        _show(chosen, project_id)


def _chosen(picked: list[dict[str, object]], points: list[MapPoint]) -> MapPoint | None:
    given = picked[0].get("customdata") if picked else None
    item_id = given[0] if isinstance(given, list | tuple) else given
    return next((point for point in points if point.item_id == item_id), None)


def _show(point: MapPoint, project_id: int) -> None:
    with st.container(border=True):
        st.markdown(f"**{plain(point.item)}** · {plain(point.label)}")
        st.text(point.text)
        with st.container(horizontal=True):
            st.link_button(
                "Everything about this item",
                item_address(project_id, point.item),
                type="tertiary",
            )
            st.link_button(
                "Its case, where people differ",
                f"/adjudicate?project={project_id}&case={point.item_id}",
                type="tertiary",
            )
