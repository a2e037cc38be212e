"""The board of states: a column each with its items and what they wait for, and any column as a list."""

from collections.abc import Mapping
from typing import Final

import pandas as pd
import streamlit as st

from app.components.links import case_address, item_address, review_address
from app.components.plain import plain
from app.components.table import show_table
from app.services.board import MOST_LISTED, Board, BoardColumn, BoardItem
from app.services.item_state import ItemState

__all__ = ["STATE_WORDS", "show_board"]

STATE_WORDS: Final[dict[ItemState, tuple[str, str]]] = {
    "not_started": ("Not started", "Nobody has answered or holds it."),
    "in_work": ("In work", "Somebody holds it, or it wants more answers."),
    "in_review": ("In review", "The rules of review want an answer looked at."),
    "rejected": ("Rejected", "An answer was rejected; the next one is awaited."),
    "undecided": ("Needs a decision", "No label follows, and no answer will come."),
    "adjudicated": ("Adjudicated", "A decision over several answers is its label."),
    "final": ("Final", "Labelled by review or by the answers themselves."),
}
_TOLD: Final = ("in_work", "rejected", "undecided")
"""Columns in which items wait for different things."""
_CASES: Final = ("undecided", "adjudicated", "final")
_CARDS = 6
"""Items shown in a column; the list has all."""
_WIDTH = 162
"""Pixels of a column: seven beside each other on a screen of 1280, four on one of 900; narrower breaks words."""


def show_board(board: Board, project_id: int, titles: Mapping[str, str], *, narrowed: bool = False) -> None:
    """`titles`: of the questions by id. `narrowed`: only some items were asked for."""
    if not board.n:
        st.info(
            "No item is like that. Clear the fields to see all items."
            if narrowed
            else "This project has no items yet. An administrator imports them on the Projects page."
        )
        return
    with st.container(horizontal=True, gap="small"):
        for column in board.columns:
            with st.container(border=True, width=_WIDTH, height="stretch", key=f"column-{column.state}"):
                _column(column, board.n, project_id)
    st.caption(
        "Each item stands in one column. The labels are those of "
        f"{', '.join(f'“{plain(titles.get(name, name))}”' for name in board.questions)}. Adjudicated items are final too; they stand "
        "by themselves. Cases of items that review or another answer may still settle stand where they wait."
    )
    listed = next((c for c in board.columns if c.state == st.session_state.get("board-listed")), None)
    if listed is not None and listed.items:
        _list(listed, project_id)


def _column(column: BoardColumn, n: int, project_id: int) -> None:
    title, meaning = STATE_WORDS[column.state]
    st.metric(title, f"{column.count:,}")
    st.caption(f"{column.share:.0%} of {n:,}. {meaning}")
    lines = []
    for item in column.items[:_CARDS]:
        why = f"  \n:gray[:small[{plain(item.why)}]]" if column.state in _TOLD else ""
        lines.append(f"[{plain(item.external_id)}]({_opens(column.state, item, project_id)}){why}")
    st.markdown("  \n".join(lines))
    if column.items:
        st.button(
            "List all",
            key=f"board-{column.state}",
            on_click=st.session_state.__setitem__,
            args=("board-listed", column.state),
        )


def _opens(state: ItemState, item: BoardItem, project_id: int) -> str:
    """Where something is to be done about the item; its history where nothing is."""
    if state == "undecided":
        return case_address(project_id, item.item_id)
    if state == "in_review":
        return review_address(project_id, item.item_id)
    return item_address(project_id, item.external_id)


def _list(column: BoardColumn, project_id: int) -> None:
    st.markdown(
        f"**{STATE_WORDS[column.state][0]}: {column.count:,} {'item' if column.count == 1 else 'items'}**"
    )
    rows = [
        {
            "item": item.external_id,
            "why": item.why,
            "history": item_address(project_id, item.external_id),
            "case": case_address(project_id, item.item_id),
            "review": review_address(project_id, item.item_id),
        }
        for item in column.items
    ]
    table = pd.DataFrame(rows)
    if column.state not in _CASES:
        table = table.drop(columns="case")
    if column.state != "in_review":
        table = table.drop(columns="review")
    open_ = st.column_config.LinkColumn(display_text="open", width="small")
    show_table(table, column_config={"history": open_, "case": open_, "review": open_})
    if column.count > MOST_LISTED:
        st.caption(f"The first {MOST_LISTED} are listed; narrow the board to find the others.")
