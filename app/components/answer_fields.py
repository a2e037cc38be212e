"""A question of a schema as a field, filled with somebody's answer, for whoever corrects it."""

from collections.abc import Mapping
from typing import Any, assert_never

import streamlit as st

from app.components.span_choice import span_choice
from app.schema import (
    ChoiceQuestion,
    MultiChoiceQuestion,
    PairwiseQuestion,
    Question,
    RatingQuestion,
    SpanQuestion,
    TextQuestion,
)

__all__ = ["answer_field", "marked_text"]


def answer_field(
    question: Question, value: Any, key: str, *, content: Mapping[str, Any] | None = None
) -> Any:
    """One question as a field, inside a form where it has spans; what stands in it.

    `content` is the item's, for the words that spans mark.
    """
    match question:
        case ChoiceQuestion():
            names = {option.value: option.shown for option in question.options}
            return _pick(question.title, names, value, key)
        case MultiChoiceQuestion():
            labels = {option.value: option.shown for option in question.options}
            return st.multiselect(
                question.title, list(labels), value or [], format_func=lambda entry: labels[entry], key=key
            )
        case RatingQuestion():
            return st.number_input(question.title, question.min, question.max, value, key=key)
        case TextQuestion():
            return st.text_area(question.title, value or "", max_chars=question.max_chars, key=key)
        case PairwiseQuestion():
            sides = {"left": f"{question.left} is better", "right": f"{question.right} is better"}
            if question.tie:
                sides["tie"] = "equally good"
            return _pick(question.title, sides, value, key)
        case SpanQuestion():
            st.caption(question.title)
            text = marked_text(question, content or {})
            return span_choice(question, text, [("", value or [])], key, button=st.form_submit_button)
        case _:
            assert_never(question)


def marked_text(question: Question, content: Mapping[str, Any]) -> str:
    """The text of an item's content that spans of the question mark; empty for other questions."""
    if not isinstance(question, SpanQuestion):
        return ""
    parts = content.get("parts", ())
    return next((part.get("text") or "" for part in parts if part["name"] == question.part), "")


def _pick(title: str, names: dict[str, str], value: Any, key: str) -> str | None:
    values = list(names)
    return st.selectbox(
        title,
        values,
        index=values.index(value) if value in values else None,
        format_func=lambda entry: names[entry],
        key=key,
    )
