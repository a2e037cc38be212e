"""The board of states: a column each with its items, and any column as a list."""

from typing import Final

import pandas as pd
import streamlit as st

from app.components.links import item_address
from app.components.plain import plain
from app.services.board import MOST_LISTED, Board, BoardColumn, ItemState

__all__ = ["STATE_WORDS", "show_board"]

STATE_WORDS: Final[dict[ItemState, tuple[str, str]]] = {
    "not_started": ("Not started", "Nobody has answered or holds it."),
    "in_work": ("In work", "Somebody holds it, or it wants more answers."),
    "submitted": (
        "Submitted",
        "All answers are there, and no label follows: they tie, or reviews contradict.",
    ),
    "in_review": ("In review", "The rules of review want an answer looked at."),
    "rejected": ("Rejected", "An answer was rejected, the next one has not come."),
    "adjudicated": ("Adjudicated", "A decision over several answers is its label."),
    "final": ("Final", "Labelled by review or by the answers themselves."),
}
_CARDS = 6
"""Items shown in a column; the list has all."""


def show_board(board: Board, project_id: int) -> None:
    if not board.n:
        st.info("This project has no items yet. An administrator imports them on the Projects page.")
        return
    for column, place in zip(
        board.columns, st.columns(len(board.columns), gap="small", border=True), strict=True
    ):
        title, meaning = STATE_WORDS[column.state]
        with place:
            st.metric(title, f"{column.count:,}")
            st.caption(f"{column.share:.0%} of {board.n}. {meaning}")
            links = (
                f"[{plain(name)}]({item_address(project_id, name)})" for _, name in column.items[:_CARDS]
            )
            st.markdown("  \n".join(links))
            if column.items:
                st.button(
                    "List all",
                    key=f"board-{column.state}",
                    on_click=st.session_state.__setitem__,
                    args=("board-listed", column.state),
                )
    st.caption(
        "Each item stands in one column. The labels are those of "
        f"{', '.join(plain(name) for name in board.questions)}. Adjudicated items are final too; they stand by themselves."
    )
    listed = next((c for c in board.columns if c.state == st.session_state.get("board-listed")), None)
    if listed is not None and listed.items:
        _list(listed, project_id)


def _list(column: BoardColumn, project_id: int) -> None:
    st.markdown(
        f"**{STATE_WORDS[column.state][0]}: {column.count:,} {'item' if column.count == 1 else 'items'}**"
    )
    table = pd.DataFrame(
        {
            "item": external_id,
            "history": item_address(project_id, external_id),
            "case": f"/adjudicate?project={project_id}&case={item_id}",
        }
        for item_id, external_id in column.items
    )
    if column.state in ("not_started", "in_work"):
        table = table.drop(columns="case")
    open_ = st.column_config.LinkColumn(display_text="open", width="small")
    st.dataframe(table, hide_index=True, column_config={"history": open_, "case": open_}, height=320)
    if column.count > MOST_LISTED:
        st.caption(
            f"The first {MOST_LISTED} are listed; a query on the Agents and jobs page finds the others."
        )
