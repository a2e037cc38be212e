"""Rater by rater: the agreement of every two, each cell a way to the items on which they differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any
from zlib import crc32

import pandas as pd
import streamlit as st

__all__ = ["PairCell", "rater_matrix"]

_SHOWN = 20
"""Raters, those with the most items in common with others: a wider matrix is read by nobody."""
_STRONGEST = 0.75


@dataclass(frozen=True, slots=True)
class PairCell:
    rater_a: str
    rater_b: str
    value: float | None
    n: int


def rater_matrix(pairs: Sequence[PairCell], *, key: str, select: bool = True) -> tuple[str, str] | None:
    """Draws the matrix; returns the two raters of the selected cell, None where none or the diagonal is."""
    shared: dict[str, int] = {}
    for one in pairs:
        for name in (one.rater_a, one.rater_b):
            shared[name] = shared.get(name, 0) + one.n
    names = sorted(sorted(shared, key=lambda name: (-shared[name], name))[:_SHOWN])
    known = {(one.rater_a, one.rater_b): one.value for one in pairs}
    table = pd.DataFrame(
        {
            "": names,
            **{
                column: [known.get((row, column), known.get((column, row))) for row in names]
                for column in names
            },
        }
    )
    shown: dict[str, Any] = {
        "hide_index": True,
        "height": "content",
        "placeholder": "",
        "column_config": {
            "": st.column_config.TextColumn(pinned=True),
            **{name: st.column_config.NumberColumn(format="%.2f", width="small") for name in names},
        },
    }
    coloured = table.style.format("{:.2f}", subset=pd.Index(names), na_rep="").apply(
        _tints, subset=pd.Index(names)
    )
    cells: list[Any] = []
    if select:
        # A selection is kept by its place: with other raters in the table it would be another pair.
        of_these = f"{key}-{crc32(repr(names).encode())}"
        picked = st.dataframe(
            coloured, key=of_these, on_select="rerun", selection_mode="single-cell", **shown
        )
        cells = picked["selection"].get("cells", [])
    else:
        st.dataframe(coloured, **shown)
    if len(shared) > len(names):
        st.caption(f"The {len(names)} of {len(shared)} raters with the most items in common with others.")
    if not cells:
        return None
    row, column = cells[0]
    return (names[row], str(column)) if column in names and names[row] != column else None


def _tints(column: "pd.Series[float]") -> list[str]:
    """Amber where two differ, the more the stronger: seen on light and dark pages, and read without colour by the number."""
    shares = (1 - column).clip(0, 1) * _STRONGEST
    return ["" if isnan(share) else f"background-color: rgba(227, 167, 47, {share:.2f})" for share in shares]
