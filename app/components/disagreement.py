"""The items on which raters differ, each with its answers, and the labels they confuse."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app import resources
from app.components.adjudication import show_side_by_side
from app.components.links import item_address
from app.components.plain import plain
from app.components.table import show_table
from app.services.adjudication_case import case_of
from app.services.disagreement import Disagreement, Disputed
from app.state import current_actor
from app.wiring import EXPECTED

__all__ = ["show_disagreement", "show_item"]


_FIRST = 8
"""Items shown at once: a longer list pushes all else off the page."""


def show_disagreement(
    found: Disagreement,
    project_id: int,
    pair: tuple[str, str] | None,
    *,
    where: str,
    question: str = "",
    on_answers: bool = False,
) -> None:
    """`where` on the page it stands, which may show the same item twice. `question`: of answers given here, which can be read
    side by side. `on_answers`: levels on a criterion.
    """
    of, given = ("answers", "scores") if on_answers else ("items", "answers")
    who = f"{pair[0]} and {pair[1]}" if pair else "They"
    st.markdown(
        f"**{plain(who)} differ on {found.n_disputed} of {found.n_items} {of}** with two {given} or more"
    )
    if found.confusions:
        table = pd.DataFrame(
            {"value": row.one, "against": row.other, f"pairs of {given}": row.pairs, of: row.items}
            for row in found.confusions[:10]
        )
        show_table(table)
    for entry in found.disputed[:_FIRST]:
        _show(entry, project_id, where, question)
    more = found.disputed[_FIRST:]
    if more and st.toggle(f"{len(more)} more", key=f"{where}-more-{question}-{who}-{found.disputed[0].item}"):
        for entry in more:
            _show(entry, project_id, where, question)
    if found.n_disputed > len(found.disputed):
        st.caption(f"The {len(found.disputed)} that differ most can be opened here.")


def _show(entry: Disputed, project_id: int, where: str, question: str) -> None:
    given = ", ".join(f"{rater}: {value}" for rater, value in entry.values)
    words = given if len(given) < 90 else f"{len(entry.values)} answers"
    show_item(
        entry.item,
        words,
        entry.text,
        entry.values,
        project_id,
        where=where,
        about=entry.about,
        question=question,
    )


def show_item(
    item: str,
    words: str,
    text: str,
    values: Sequence[tuple[str, object]],
    project_id: int,
    *,
    where: str,
    about: str = "",
    question: str = "",
) -> None:
    """One item, folded: what it says and what everybody answered; with `question`, more of it side by side.

    `about` is the item's external id where `item` names an answer to it.
    """
    with st.expander(plain(f"{item} · {words}")):
        if text:
            st.text(text)
        for rater, value in values:
            st.markdown(f"{plain(rater)}: **{plain(str(value))}**")
        if text:
            with st.container(horizontal=True):
                if question and st.button(
                    "Side by side: reasons, chat, time",
                    key=f"{where}-side-{question}-{item}",
                    type="tertiary",
                    icon=":material/view_column:",
                ):
                    _side_by_side(project_id, item, question)
                st.link_button(
                    "Everything about this item",
                    item_address(project_id, about or item),
                    type="tertiary",
                )


@st.dialog("Side by side", width="large")
def _side_by_side(project_id: int, item: str, question: str) -> None:
    try:
        show_side_by_side(case_of(resources.context(), current_actor(), project_id, item, question))
    except EXPECTED as error:
        st.error(str(error))
