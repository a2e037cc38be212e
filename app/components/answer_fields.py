"""The questions of a schema as fields, filled with somebody's answers, for whoever corrects them."""

from collections.abc import Mapping
from typing import Any, assert_never

import streamlit as st

from app.components.span_choice import span_choice
from app.schema import (
    ChoiceQuestion,
    LabelSchema,
    MultiChoiceQuestion,
    PairwiseQuestion,
    Question,
    RatingQuestion,
    SpanQuestion,
    TextQuestion,
)

__all__ = ["answer_field", "answer_fields", "marked_text"]


def answer_fields(
    schema: LabelSchema, answers: Mapping[str, Any], *, key: str, content: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Draw the fields inside the current form; returns what stands in them, empty answers left out.

    `content` is the item's, for the words that spans mark. Spans are kept, left out or relabelled here; new ones are
    marked on the Work page.
    """
    entered = {
        question.id: answer_field(question, answers.get(question.id), f"{key}-{question.id}", content=content)
        for question in schema.questions
    }
    return {question: value for question, value in entered.items() if value not in (None, "", [])}


def answer_field(
    question: Question, value: Any, key: str, *, content: Mapping[str, Any] | None = None
) -> Any:
    """One question as a field."""
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
            return span_choice(question, marked_text(question, content or {}), [("", value or [])], key)
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
