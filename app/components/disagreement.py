"""The items on which raters differ, each with its answers, and the labels they confuse."""

import pandas as pd
import streamlit as st

from app.components.plain import plain
from app.services.disagreement import Disagreement

__all__ = ["show_disagreement"]


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
        with st.expander(f"{entry.item} · {given if len(given) < 90 else f'{len(entry.values)} answers'}"):
            if entry.text:
                st.text(entry.text)
            for rater, value in entry.values:
                st.markdown(f"{plain(rater)}: **{plain(str(value))}**")
            if entry.text:
                st.link_button(
                    "Everything about this item",
                    f"/items?project={project_id}&find={entry.item}",
                    type="tertiary",
                )
    if found.n_disputed > len(found.disputed):
        st.caption(f"The {len(found.disputed)} most evenly split are shown.")
