"""The reviewer's form: the answers as fields, what became of suggestion and revision, and three ways to decide.

Enter never decides: it would press the first button, which accepts.
"""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import streamlit as st

from app.components.adjudication_words import answer_words
from app.components.answer_fields import answer_field, marked_text
from app.components.difference import show_difference
from app.components.plain import plain
from app.components.review_levels import review_level_fields
from app.components.review_settings import REQUEUE_WORDS
from app.components.span_choice import forget_spans, words_not_added
from app.schema import LabelSchema, Question, SpanQuestion, TextQuestion
from app.schema.values import is_empty, value_to_begin_with
from app.schema.workplace import REQUEUES, Requeue
from app.services.review import LONGEST_COMMENT
from app.services.review_case import ReviewCase
from app.services.review_levels import GivenLevel

__all__ = ["Sent", "lost_press", "review_form"]

_PRESSED: Final = "review-pressed"

Pressed = Literal["accepted", "fixed", "rejected", "skip"]

_BUTTONS: Final[Mapping[Pressed, tuple[str, str]]] = {
    "accepted": ("Accept", "A"),
    "fixed": ("Fix and accept", "F"),
    "rejected": ("Reject", "X"),
    "skip": ("Skip", "S"),
}
"""With a key each; C and R are taken by the page itself."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What stood in the form when a button was pressed."""

    pressed: Pressed
    answers: Mapping[str, Any]
    levels: list[GivenLevel]
    comment: str
    question_comments: Mapping[str, str]
    requeue: Requeue
    form_token: str
    seconds: float


def review_form(case: ReviewCase, schema: LabelSchema, *, requeue: Requeue, may_skip: bool) -> Sent | None:
    """Draw the form; what was sent, if a button was just pressed."""
    key = f"review-{case.annotation.id}-{case.standing or 0}"
    started, token = st.session_state.setdefault(key, (time.monotonic(), secrets.token_hex(8)))
    stored = {answer.question: answer.value[0] for answer in case.answers}
    with st.form(f"{key}-form", enter_to_submit=False):
        entered = {
            question.id: _field(case, question, stored.get(question.id), f"{key}-{question.id}")
            for question in schema.questions
        }
        levels = review_level_fields(case.levels, key=key)
        comment = st.text_area(
            "Comment (needed to reject)",
            max_chars=LONGEST_COMMENT,
            height=80,
            placeholder="The annotator reads it",
            key=f"{key}-comment",
        )
        with st.expander("Comments on single answers"):
            on_questions = {
                question.id: st.text_input(
                    question.title,
                    max_chars=LONGEST_COMMENT,
                    key=f"{key}-on-{question.id}",
                    placeholder="The annotator reads it",
                )
                for question in schema.questions
            }
        again = st.selectbox(
            "A rejected item goes",
            REQUEUES,
            REQUEUES.index(requeue),
            format_func=REQUEUE_WORDS.__getitem__,
            key=f"{key}-requeue",
        )
        pressed: Pressed | None = None
        with st.container(horizontal=True):
            for button, (words, shortcut) in _BUTTONS.items():
                if button == "skip" and not may_skip:
                    continue
                kind: Literal["primary", "secondary"] = "primary" if button == "accepted" else "secondary"
                if st.form_submit_button(
                    words,
                    type=kind,
                    shortcut=shortcut,
                    key=f"{key}-{button}",
                    on_click=_remember if button != "skip" else None,
                    args=(case.annotation.id, case.standing),
                ):
                    pressed = button
    if pressed is None:
        return None
    if pressed == "skip":
        # Whoever comes back to it begins anew.
        st.session_state.pop(key, None)
        for question in schema.questions:
            forget_spans(f"{key}-{question.id}")
    if pressed in ("accepted", "fixed"):
        left = [words for question in schema.questions if (words := words_not_added(f"{key}-{question.id}"))]
        if left:
            st.error(f"“{plain(left[0])}” is written and not added: press Add, or clear the field.")
            return None
    answers = {question: value for question, value in entered.items() if not is_empty(value)}
    return Sent(pressed, answers, levels, comment, on_questions, again, token, time.monotonic() - started)


def lost_press(case: ReviewCase | None) -> int | None:
    """The annotation that was just decided on the page and is not shown any more: the form has gone and with it what
    stood in it. None, as a rule, where `case` is the one on the page.
    """
    pressed: tuple[int, int | None] | None = st.session_state.pop(_PRESSED, None)
    if pressed is None or (case is not None and pressed == (case.annotation.id, case.standing)):
        return None
    return pressed[0]


def _remember(annotation_id: int, standing: int | None) -> None:
    # A callback: it runs before the page, which may draw another case than the one whose button was pressed.
    st.session_state[_PRESSED] = (annotation_id, standing)


def _field(case: ReviewCase, question: Question, stored: Any, key: str) -> Any:
    """One question as a field that begins with the author's answer, and what is known of how it came about."""
    begun = value_to_begin_with(question, stored, case.item.content)
    text = marked_text(question, case.item.content)
    value = answer_field(question, begun, key, content=case.item.content)
    if isinstance(question, SpanQuestion) and begun:
        lines = answer_words(question, begun, text).splitlines()
        st.caption("As the author marked it: " + " ".join(f":primary-badge[{plain(line)}]" for line in lines))
    if begun is None and not is_empty(stored):
        st.caption(f"Answered under an older schema: {plain(answer_words(question, stored, text))}")
    if question.id in case.suggestions:
        shown = case.suggestions[question.id]
        kept = "let stand" if shown == stored else "changed"
        st.caption(
            f":material/auto_awesome: Suggested: {plain(answer_words(question, shown, text))} · {kept}"
        )
    if case.before is not None:
        _changed(question, case.before.get(question.id), stored, text)
    return value


def _changed(question: Question, before: Any, now: Any, text: str) -> None:
    """What the revision changed."""
    if before == now or (is_empty(before) and is_empty(now)):
        return
    if isinstance(question, TextQuestion):
        st.caption("Changed since the review:")
        show_difference(str(before or ""), str(now or ""))
        return
    words = "nothing" if is_empty(before) else answer_words(question, before, text)
    st.caption(f":material/edit: Changed since the review; it was {plain(words)}.")
