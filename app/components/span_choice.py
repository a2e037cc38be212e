"""Spans as a list to tick and relabel, one answer out of everybody's; and spans that nobody marked, added by their words.

What was added, and what was ticked before that, is kept in the session under the key of the list: it outlives reruns,
and another case has another key.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
import streamlit as st

from app.components.plain import plain
from app.errors import Invalid
from app.schema import SpanQuestion
from app.schema.marking import places_of, said_of_words

__all__ = ["MARKS", "forget_spans", "span_choice", "span_rows", "words_not_added"]

MARKS = tuple[str, Sequence[dict[str, Any]]]
"""Whose, and the spans they marked."""
_Place = tuple[int, int, str]
"""Start, end and label."""
_NEAR = 60
"""Characters beside a place of which the nearest words are shown."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the list."""

    start: int
    end: int
    label: str
    keep: bool
    marked_by: tuple[str, ...] = ()
    """Nobody, for one that was added here."""
    marked_as: _Place | None = None
    """As somebody marked it; None for one that was added here."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a person made of a list before they last added to it or removed from it."""

    added: tuple[_Row, ...] = ()
    edited: Mapping[_Place, tuple[bool, str]] = field(default_factory=dict)
    """As somebody marked it -> whether it is ticked, and its label."""
    turn: int = 0
    """Of the table: another list of rows is another table, with no edits yet."""


def span_rows(given: Sequence[MARKS]) -> list[tuple[int, int, str, list[str]]]:
    """(start, end, label, who marked it so) of every different span, in the order of the text."""
    found: dict[_Place, list[str]] = {}
    for who, spans in given:
        for span in spans:
            marked_by = found.setdefault((span["start"], span["end"], span["label"]), [])
            if who not in marked_by:
                marked_by.append(who)
    return [(*place, found[place]) for place in sorted(found)]


def span_choice(
    question: SpanQuestion, text: str, given: Sequence[MARKS], key: str, *, button: Callable[..., bool]
) -> list[dict[str, Any]]:
    """The ticked spans with the labels chosen for them, each once. Ticked at first: what more than half of those who
    answered marked alike, and what was added here.

    `text` is what they mark; without it their places stand for the words, and none can be added. `button` draws a
    button: `st.button`, or `st.form_submit_button` inside a form.
    """
    rows = _rows(given, _kept(key))
    kept = _ticked(question, text, rows, key, several=len(given) > 1) if rows else []
    if not rows:
        st.caption(f"{plain(question.title)}: nothing is marked.")
    if text:
        _added(question, text, rows, key, button)
        _field(question, text, rows, key, button)
    return [{"start": start, "end": end, "label": label} for start, end, label in kept]


def words_not_added(key: str) -> str:
    """Words that stand in the field of the list and were not added; empty when there are none."""
    return str(st.session_state.get(f"{key}-words") or "").strip()


def forget_spans(key: str) -> None:
    """Begin the list anew when it is next drawn."""
    st.session_state.pop(f"{key}-kept", None)


def _kept(key: str) -> _Kept:
    found: _Kept = st.session_state.get(f"{key}-kept", _Kept())
    return found


def _rows(given: Sequence[MARKS], kept: _Kept) -> list[_Row]:
    """What somebody marked and what was added, in the order of the text."""
    rows = list(kept.added)
    for start, end, label, who in span_rows(given):
        ticked, named = kept.edited.get((start, end, label), (len(who) * 2 > len(given), label))
        rows.append(_Row(start, end, named, ticked, tuple(who), (start, end, label)))
    return sorted(rows, key=lambda row: (row.start, row.end, row.label))


def _names(question: SpanQuestion, rows: Sequence[_Row]) -> dict[str, str]:
    """Label -> how it is shown. One of an older schema stays what it is until another one is chosen."""
    shown = {option.value: option.shown for option in question.options}
    used = [label for row in rows for label in (row.label, row.marked_as[2] if row.marked_as else row.label)]
    return shown | {label: label for label in used if label not in shown}


def _words(text: str, row: _Row) -> str:
    return " ".join(text[row.start : row.end].split()) or f"{row.start}–{row.end}"


def _ticked(
    question: SpanQuestion, text: str, rows: Sequence[_Row], key: str, *, several: bool
) -> list[_Place]:
    """Draw the table; the different spans that are ticked in it, in the order of the text."""
    shown = _names(question, rows)
    table = pd.DataFrame(
        {
            "keep": row.keep,
            "words": _words(text, row),
            "label": shown[row.label],
            "marked by": ", ".join(row.marked_by) or "you, here",
            "from": row.start,
            "to": row.end,
        }
        for row in rows
    )
    edited = st.data_editor(
        table if several else table.drop(columns="marked by"),
        hide_index=True,
        key=_table_key(key),
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
    return sorted(kept)


def _table_key(key: str) -> str:
    return f"{key}-{_kept(key).turn}"


def _added(
    question: SpanQuestion, text: str, rows: Sequence[_Row], key: str, button: Callable[..., bool]
) -> None:
    """A button for each span that was added here, which removes it."""
    added = [(number, row) for number, row in enumerate(rows) if row.marked_as is None]
    if not added:
        return
    with st.container(horizontal=True):
        for number, row in added:
            words = _words(text, row)
            words = words if len(words) <= 40 else f"{words[:39]}…"
            button(
                f"Remove “{plain(words)}”",
                key=f"{_table_key(key)}-remove-{number}",
                icon=":material/close:",
                help=f"Added here, {row.start} to {row.end}",
                on_click=_remove,
                args=(question, rows, number, key),
            )


def _field(
    question: SpanQuestion, text: str, rows: Sequence[_Row], key: str, button: Callable[..., bool]
) -> None:
    """Words, their label and a button that adds them; below it which of several places is meant."""
    shown = {option.value: option.shown for option in question.options}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = st.text_area(
            "Words to mark",
            key=f"{key}-words",
            height=68,
            width=280,
            placeholder="As they stand in the text",
        )
        st.selectbox(
            "Their label",
            list(shown),
            index=0 if len(shown) == 1 else None,
            format_func=shown.__getitem__,
            key=f"{key}-label",
            width=180,
        )
        button(
            "Add", key=f"{key}-add", icon=":material/add:", on_click=_add, args=(question, text, rows, key)
        )
    places = places_of(text, words)
    if len(places) > 1:
        numbers = {place: number for number, place in enumerate(places, 1)}
        st.selectbox(
            f"They stand {len(places)} times in the text. Which place?",
            places,
            index=None,
            format_func=lambda place: f"{numbers[place]}: {_in_context(text, place)}",
            placeholder="Choose the place",
            key=_place_key(key, words),
        )
    if problem := st.session_state.pop(f"{key}-problem", ""):
        st.error(plain(problem))


def _place_key(key: str, words: str) -> str:
    # Other words are another choice.
    return f"{key}-place-{words.strip()}"


def _in_context(text: str, place: tuple[int, int]) -> str:
    """The words in brackets between the nearest words on both sides."""
    start, end = place
    before, after = text[max(start - _NEAR, 0) : start], text[end : end + _NEAR]
    words_before, words_after = before.split(), after.split()
    left, right = " ".join(words_before[-4:]), " ".join(words_after[:4])
    left = f"… {left}" if len(words_before) > 4 or start > _NEAR else left
    right = f"{right} …" if len(words_after) > 4 or end + _NEAR < len(text) else right
    # A blank stands between them only where the text has one.
    left += " " if before[-1:].isspace() else ""
    right = (" " if after[:1].isspace() else "") + right
    return f"{left}[{' '.join(text[start:end].split())}]{right}"


def _add(question: SpanQuestion, text: str, rows: Sequence[_Row], key: str) -> None:
    """A callback: add what stands in the fields, or say why not."""
    now = _as_edited(question, rows, key)
    try:
        start, end, label = _wanted(text, now, key)
    except Invalid as error:
        st.session_state[f"{key}-problem"] = str(error)
        return
    _keep([*now, _Row(start, end, label, keep=True)], rows, key)
    st.session_state[f"{key}-words"] = ""


def _remove(question: SpanQuestion, rows: Sequence[_Row], number: int, key: str) -> None:
    """A callback: take one out that was added."""
    now = _as_edited(question, rows, key)
    _keep(now[:number] + now[number + 1 :], rows, key)


def _wanted(text: str, rows: Sequence[_Row], key: str) -> _Place:
    """The span that the fields name. Raises Invalid where they name none, or one that is in the list."""
    words, label = words_not_added(key), st.session_state.get(f"{key}-label")
    places = places_of(text, words)
    if not places:
        raise Invalid(said_of_words(text, words))
    if label is None:
        raise Invalid("Choose the label of these words.")
    place = places[0] if len(places) == 1 else st.session_state.get(_place_key(key, words))
    if place is None:
        raise Invalid(f"“{words}” stands {len(places)} times in the text. Choose the place that is meant.")
    start, end = place
    if any((row.start, row.end, row.label) == (start, end, label) for row in rows):
        raise Invalid(f"“{words}” stands in the list with this label already; tick it there.")
    return start, end, label


def _as_edited(question: SpanQuestion, rows: Sequence[_Row], key: str) -> list[_Row]:
    """The rows with the ticks and labels that were set in the table since it was drawn with them."""
    values = {name: value for value, name in _names(question, rows).items()}
    now = list(rows)
    for number, changed in st.session_state.get(_table_key(key), {}).get("edited_rows", {}).items():
        row = now[number]
        label = values[changed["label"]] if "label" in changed else row.label
        now[number] = replace(row, keep=changed.get("keep", row.keep), label=label)
    return now


def _keep(now: Sequence[_Row], drawn: Sequence[_Row], key: str) -> None:
    """Remember the rows as they are; of those that somebody marked, what differs from how they were drawn."""
    kept = _kept(key)
    edited = {row.marked_as: (row.keep, row.label) for row in now if row.marked_as and row not in drawn}
    added = tuple(row for row in now if row.marked_as is None)
    st.session_state[f"{key}-kept"] = _Kept(added, {**kept.edited, **edited}, kept.turn + 1)
