"""Shares in tables: the value, its n and its interval, side by side."""

from typing import Any

import streamlit as st

from app.analytics.intervals import Share

__all__ = ["share_cell", "share_columns", "share_format"]


def share_cell(share: Share, undefined: str) -> str:
    """One cell that cannot be read without its n; `undefined` says why there is no share."""
    if share.value is None or share.low is None or share.high is None:
        return f"– {undefined}"
    return f"{share.value:.0%} [{100 * share.low:.0f}, {100 * share.high:.0f}], n = {share.n}"


def share_columns(share: Share, name: str, of: str) -> dict[str, Any]:
    """Cells of one row: n under the name `of`, then the share and its bounds; empty where it is undefined."""
    return {of: share.n, name: share.value, f"{name}, low": share.low, f"{name}, high": share.high}


def share_format(*names: str) -> dict[str, Any]:
    """How `st.dataframe` writes these columns: as per cent."""
    percent = st.column_config.NumberColumn(format="percent")
    return {column: percent for name in names for column in (name, f"{name}, low", f"{name}, high")}
