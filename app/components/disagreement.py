"""The items on which raters differ, each with its answers, and the labels they confuse."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app.components.links import item_address
from app.components.plain import plain
from app.services.disagreement import Disagreement

__all__ = ["show_disagreement", "show_item"]


def show_disagreement(found: Disagreement, project_id: int, pair: tuple[str, str] | None) -> None:
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
        show_item(entry.item, words, entry.text, entry.values, project_id)
    if found.n_disputed > len(found.disputed):
        st.caption(f"The {len(found.disputed)} most evenly split are shown.")


def show_item(
    item: str, words: str, text: str, values: Sequence[tuple[str, object]], project_id: int
) -> None:
    """One item, folded: what it says and what everybody answered."""
    with st.expander(plain(f"{item} · {words}")):
        if text:
            st.text(text)
        for rater, value in values:
            st.markdown(f"{plain(rater)}: **{plain(str(value))}**")
        if text:
            st.link_button("Everything about this item", item_address(project_id, item), type="tertiary")
