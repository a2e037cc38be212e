"""An answer under review on the page: its item, how it came about, what others and earlier reviews say."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.components.adjudication_words import answer_words
from app.components.answer_fields import marked_text
from app.components.item_view import show_item
from app.components.plain import plain
from app.components.verdict import show_verdict
from app.schema import LabelSchema, Question, TextQuestion
from app.services.review import OUTCOME_WORDS
from app.services.review_case import EarlierReview, ReviewCase
from db.records import ItemRecord

__all__ = ["show_review_case"]


def show_review_case(case: ReviewCase, schema: LabelSchema, *, names: bool) -> None:
    """Everything but the answers themselves, which stand in the form beside it."""
    who = plain(case.login) if names else "somebody"
    st.markdown(f"##### {plain(case.item.external_id)} · answered by {who}")
    if case.why:
        st.markdown(" ".join(f":orange-badge[{plain(why)}]" for why in case.why))
    st.caption(" · ".join(_facts(case)))
    if case.own:
        st.warning("You answered this item yourself.", icon=":material/person:")
    if case.blind:
        st.info(
            "A reviewer has decided about this answer. You decide without seeing how: that says how often reviewers "
            "would decide otherwise.",
            icon=":material/visibility_off:",
        )
    for entry in case.earlier:
        _show_earlier(entry, schema, case.item)
    show_item(case.item)
    for other in case.others:
        words = f" · {OUTCOME_WORDS[other.review]} in review" if other.review else ""
        who = plain(other.login) if names else "Somebody else"
        st.markdown(f"**{who}** answered{words}  \n{_lines(schema, other.values, case.item) or 'nothing'}")
    if case.turns:
        with st.expander(f"Chat with the assistant, {len(case.turns)} messages"):
            for turn in case.turns:
                st.caption(turn.role)
                st.text(turn.text)
    for verdict in case.verdicts:
        show_verdict(verdict)


def _facts(case: ReviewCase) -> list[str]:
    seconds = "handling time not recorded" if case.seconds is None else f"handled in {case.seconds:.0f} s"
    turns = len(case.turns)
    return [
        f"revision {case.annotation.revision}",
        seconds,
        f"{turns} chat {'message' if turns == 1 else 'messages'}",
        f"saw {len(case.suggestions)} {'suggestion' if len(case.suggestions) == 1 else 'suggestions'}"
        if case.suggestions
        else "saw no suggestion",
    ]


def _lines(schema: LabelSchema, values: Mapping[str, Any], item: ItemRecord) -> str:
    """A line of Markdown per answered question; what somebody wrote stands on a line of its own."""
    return "  \n".join(
        f":gray[{plain(question.title)}]{_line(question, values[question.id], item)}"
        for question in schema.questions
        if question.id in values
    )


def _line(question: Question, value: Any, item: ItemRecord) -> str:
    lines = answer_words(question, value, marked_text(question, item.content)).splitlines()
    if isinstance(question, TextQuestion):
        return "  \n" + " ".join(map(plain, lines))  # a badge cuts what is longer than its line
    return " " + " ".join(f":gray-badge[{plain(line)}]" for line in lines)


def _show_earlier(entry: EarlierReview, schema: LabelSchema, item: ItemRecord) -> None:
    review = entry.review
    titles = {question.id: question.title for question in schema.questions}
    with st.container(border=True):
        st.markdown(
            f":material/rate_review: Revision {entry.revision} was **{OUTCOME_WORDS[review.outcome]}** by "
            f"{plain(entry.reviewer)} on {review.created_at:%d %b, %H:%M} UTC"
        )
        if review.comment:
            st.text(review.comment)
        for question, words in review.question_comments.items():
            st.markdown(f"On **{plain(titles.get(question, question))}**: {plain(words)}")
        if review.answers:
            st.markdown(f"Fixed to  \n{_lines(schema, review.answers, item)}")
        if entry.appeal:
            st.markdown(f":material/front_hand: Its author disagrees: {plain(entry.appeal)}")
