"""The items on which raters differ, each with its answers, and the labels they confuse."""

from collections.abc import Sequence
from urllib.parse import quote

import pandas as pd
import streamlit as st

from app import resources
from app.components.adjudication import show_side_by_side
from app.components.plain import plain
from app.services.adjudication_case import case_of
from app.services.disagreement import Disagreement
from app.state import current_actor
from app.wiring import EXPECTED

__all__ = ["show_disagreement", "show_item"]


def show_disagreement(
    found: Disagreement, project_id: int, pair: tuple[str, str] | None, *, question: str = ""
) -> None:
    """`question`: of answers given here, which can be read side by side."""
    who = f"{pair[0]} and {pair[1]}" if pair else "They"
    st.markdown(
        f"**{plain(who)} differ on {found.n_disputed} of {found.n_items} items** with two answers or more"
    )
    if found.confusions:
        table = pd.DataFrame(
            {"value": row.one, "against": row.other, "pairs of answers": row.pairs, "items": row.items}
            for row in found.confusions[:10]
        )
        st.dataframe(table, hide_index=True)
    for entry in found.disputed:
        given = ", ".join(f"{rater}: {value}" for rater, value in entry.values)
        words = given if len(given) < 90 else f"{len(entry.values)} answers"
        show_item(entry.item, words, entry.text, entry.values, project_id, question=question)
    if found.n_disputed > len(found.disputed):
        st.caption(f"The {len(found.disputed)} most evenly split are shown.")


def show_item(
    item: str,
    words: str,
    text: str,
    values: Sequence[tuple[str, object]],
    project_id: int,
    *,
    question: str = "",
) -> None:
    """One item, folded: what it says and what everybody answered; with `question`, more of it side by side."""
    with st.expander(f"{item} · {words}"):
        if text:
            st.text(text)
        for rater, value in values:
            st.markdown(f"{plain(rater)}: **{plain(str(value))}**")
        if text:
            with st.container(horizontal=True):
                if question and st.button(
                    "Side by side: reasons, chat, time",
                    key=f"side-{question}-{item}",
                    type="tertiary",
                    icon=":material/view_column:",
                ):
                    _side_by_side(project_id, item, question)
                st.link_button(
                    "Everything about this item",
                    f"/items?project={project_id}&find={quote(item)}",
                    type="tertiary",
                )


@st.dialog("Side by side", width="large")
def _side_by_side(project_id: int, item: str, question: str) -> None:
    try:
        show_side_by_side(case_of(resources.context(), current_actor(), project_id, item, question))
    except EXPECTED as error:
        st.error(str(error))
