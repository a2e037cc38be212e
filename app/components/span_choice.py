"""Spans that somebody marked, as a list to tick and relabel: one answer out of everybody's."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app.schema import SpanQuestion

__all__ = ["MARKS", "span_choice", "span_rows"]

MARKS = tuple[str, Sequence[dict[str, Any]]]
"""Whose, and the spans they marked."""


def span_rows(given: Sequence[MARKS]) -> list[tuple[int, int, str, list[str]]]:
    """(start, end, label, who marked it so) of every different span, in the order of the text."""
    found: dict[tuple[int, int, str], list[str]] = {}
    for who, spans in given:
        for span in spans:
            marked_by = found.setdefault((span["start"], span["end"], span["label"]), [])
            if who not in marked_by:
                marked_by.append(who)
    return [(*place, found[place]) for place in sorted(found)]


def span_choice(question: SpanQuestion, text: str, given: Sequence[MARKS], key: str) -> list[dict[str, Any]]:
    """The ticked spans with the labels chosen for them, each once. Ticked at first: what more than half of those who
    answered marked alike.

    `text` is what they mark; without it their places stand for the words.
    """
    rows = span_rows(given)
    if not rows:
        st.caption(f"{question.title}: nothing is marked. Spans are marked on the Work page.")
        return []
    shown = {option.value: option.shown for option in question.options}
    # A label of an older schema stays what it is until another one is chosen.
    shown |= {label: label for _, _, label, _ in rows if label not in shown}
    several = len(given) > 1
    table = pd.DataFrame(
        {
            "keep": len(who) * 2 > len(given),
            "words": " ".join(text[start:end].split()) or f"{start}–{end}",
            "label": shown[label],
            "marked by": ", ".join(who),
            "from": start,
            "to": end,
        }
        for start, end, label, who in rows
    )
    edited = st.data_editor(
        table if several else table.drop(columns="marked by"),
        hide_index=True,
        key=key,
        disabled=["words", "marked by", "from", "to"],
        column_config={
            "keep": st.column_config.CheckboxColumn("keep", width="small"),
            "label": st.column_config.SelectboxColumn("label", options=list(shown.values()), required=True),
            "from": st.column_config.NumberColumn("from", width="small"),
            "to": st.column_config.NumberColumn("to", width="small"),
        },
    )
    values = {name: value for value, name in shown.items()}
    kept = {
        (int(row["from"]), int(row["to"]), values[str(row["label"])])
        for row in edited.to_dict("records")
        if row["keep"]
    }
    return [{"start": start, "end": end, "label": label} for start, end, label in sorted(kept)]
