"""One item's history on the page: the item, its labels and suggestions, and each person's part with time and reviews."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from app import charts
from app.components.adjudication_words import REASONS, answer_words
from app.components.answer_fields import marked_text
from app.components.plain import plain
from app.components.verdict import show_verdict
from app.services.history import ItemHistory, PersonOnItem
from app.services.submissions import plain_text
from db.review_records import ReviewRecord

__all__ = ["show_history"]

_Words = Callable[[str, Any], str]
"""(question, value) -> the answer as people read it, safe in Markdown."""


def show_history(history: ItemHistory) -> None:
    questions = {question.id: question for question in (history.schema.questions if history.schema else ())}
    content = history.item.content

    def words(question: str, value: Any) -> str:
        known = questions.get(question)
        said = str(value) if known is None else answer_words(known, value, marked_text(known, content))
        return plain(said.replace("\n", "; "))

    st.markdown(f"#### {plain(history.item.external_id)}, version {history.item.version}")
    left, right = st.columns([1, 1], gap="medium")
    with left:
        with st.container(border=True):
            st.text(plain_text(content))
            if content.get("context"):
                st.caption("Context")
                st.text(content["context"])
        _labels(history, words)
    with right:
        if not history.people:
            st.info("Nobody has opened this item yet.")
        for person in history.people:
            with st.container(border=True):
                _person(history, person, words)


def _labels(history: ItemHistory, words: _Words) -> None:
    if history.gold:
        st.markdown("**Gold** " + ", ".join(f"{plain(q)}: {words(q, v)}" for q, v in history.gold.items()))
    for label in history.labels:
        source = f"{label.source} by {plain(label.by)}" if label.source else label.note.replace("_", " ")
        value = words(label.question, label.value) if label.source else "no label"
        st.markdown(f":material/verified: **{plain(label.question)}**: {value} · {source}, n = {label.n}")
    for decision, author in history.decisions:
        said = f": {plain(decision.comment)}" if decision.comment else ""
        st.caption(
            f"{plain(decision.question)} adjudicated as {words(decision.question, decision.value[0])} by "
            f"{plain(author)}, {REASONS[decision.reason]}{said}"
        )
    for question, suggestion in history.suggestions.items():
        sure = (
            ""
            if suggestion.confidence is None
            else f" ({suggestion.confidence:.0%}, {suggestion.confidence_source.replace('_', ' ')})"
        )
        st.markdown(
            f":material/auto_awesome: **{plain(question)}**: {words(question, suggestion.value[0])}{sure}"
        )
        st.caption(f"{plain(suggestion.model)} {plain(suggestion.model_version)}")
    if history.ratings:
        st.dataframe(pd.DataFrame(history.ratings), hide_index=True)


def _person(history: ItemHistory, person: PersonOnItem, words: _Words) -> None:
    mark = " · simulated" if person.simulated else ""
    st.markdown(f"**{plain(person.name)}**{mark} · {_time(person)}")
    for annotation, answers in person.annotations:
        arm = charts.arm_name(annotation.arm) if annotation.arm else "no suggestion at stake"
        when = f"{annotation.submitted_at:%d %b, %H:%M} UTC"
        late = ", late" if annotation.late else ""
        st.caption(f"revision {annotation.revision}, {annotation.state}, {arm}, {when}{late}")
        for answer in answers:
            st.markdown(f"{plain(answer.question)}: **{words(answer.question, answer.value[0])}**")
            for verdict in history.verdicts.get(answer.id, []):
                show_verdict(verdict)
        given = {answer.question: answer.value[0] for answer in answers}
        for review, reviewer in history.reviews[annotation.id]:
            _review(review, reviewer, given, words)
    if person.turns:
        with st.expander(f"Chat, {len(person.turns)} turns"):
            for turn in person.turns:
                st.caption(turn.role + ("" if turn.status == "complete" else f" ({turn.status})"))
                st.text(turn.text)


def _time(person: PersonOnItem) -> str:
    """Handling time until the submit; rework apart, since it is none."""
    visits = sum(visit.stage == "annotate" for visit in person.visits)
    facts = [
        "handling time not recorded"
        if person.handling_seconds is None
        else f"handling {person.handling_seconds:.0f} s in {visits} {'visit' if visits == 1 else 'visits'}"
    ]
    if person.rework_seconds is not None:
        facts.append(f"rework {person.rework_seconds:.0f} s")
    return " · ".join(facts)


def _review(review: ReviewRecord, reviewer: str, given: dict[str, Any], words: _Words) -> None:
    said = f": {review.comment}" if review.comment else ""
    st.caption(plain(f"{review.outcome} in review by {reviewer}{said}"))
    for question, comment in review.question_comments.items():
        st.caption(f"On {plain(question)}: {plain(comment)}")
    for question, value in (review.answers or {}).items():
        if value != given.get(question):
            st.caption(f"Fixed: {plain(question)} is {words(question, value)}")
    for question in given.keys() - (review.answers if review.answers is not None else given).keys():
        st.caption(f"Fixed: {plain(question)} is left open")
    if review.levels:
        levels = ", ".join(f"{one['criterion']} {one['level']}" for one in review.levels)
        st.caption(f"Levels by the reviewer: {plain(levels)}")
