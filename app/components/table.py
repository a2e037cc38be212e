"""Every table of the pages: one look."""

from typing import Any

import pandas as pd
import streamlit as st

__all__ = ["show_table"]


def show_table(table: pd.DataFrame, **options: Any) -> Any:
    """Draw it without an index: what is unknown is a dash, and a column in which nothing is known is left out.

    `options` and what is returned are those of `st.dataframe`.
    """
    empty = [name for name in table.columns if len(table) and _says_nothing(table[name])]
    return st.dataframe(table.drop(columns=empty), hide_index=True, placeholder="–", **options)


def _says_nothing(column: "pd.Series[Any]") -> bool:
    return bool((column.isna() | column.eq("")).all())
