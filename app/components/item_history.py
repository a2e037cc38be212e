"""One item's history on the page: the item, its labels and suggestions, and each person's part with time and reviews."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, assert_never, cast

import pandas as pd
import streamlit as st

from app import charts
from app.components.adjudication_words import REASONS
from app.components.answer_names import AnswerNames, names_of
from app.components.plain import plain
from app.components.review_settings import REQUEUE_WORDS
from app.components.table import show_table
from app.components.verdict import show_verdict
from app.schema.values import same_answer
from app.schema.workplace import Requeue
from app.services.final_labels import FinalLabel
from app.services.history import ItemHistory, PersonOnItem
from app.services.item_state import NO_LABEL
from app.services.review import OUTCOME_WORDS
from app.services.submissions import plain_text
from db.review_records import ReviewRecord

__all__ = ["show_history"]

_RULES: Final[Mapping[str, str]] = {
    "majority": "what most people gave",
    "first": "the first answer",
    "unanimous": "what all gave",
}
_KINDS: Final[Mapping[str, str]] = {"human": "person", "model": "model", "judge": "judge"}


def show_history(history: ItemHistory) -> None:
    content = history.item.content
    names = names_of(history.schema, content)
    st.markdown(f"#### {plain(history.item.external_id)}, version {history.item.version}")
    left, right = st.columns([1, 1], gap="medium")
    with left:
        with st.container(border=True):
            st.text(plain_text(content))
            if content.get("context"):
                st.caption("Context")
                st.text(content["context"])
        _labels(history, names)
    with right:
        if not history.people:
            st.info("Nobody has opened this item yet.")
        for person in history.people:
            with st.container(border=True):
                _person(history, person, names)


def _labels(history: ItemHistory, names: AnswerNames) -> None:
    if history.gold:
        known = ", ".join(f"{names.title(q)}: {names.answer(q, v)}" for q, v in history.gold.items())
        st.markdown(f"**Gold** {known}")
    for label in history.labels:
        value = names.answer(label.question, label.value) if label.source else "no label"
        st.markdown(
            f":material/verified: **{names.title(label.question)}**: {value} · {_source(label)}, n = {label.n}"
        )
    for decision, author in history.decisions:
        said = f": {plain(decision.comment)}" if decision.comment else ""
        st.caption(
            f"{names.title(decision.question)} adjudicated as {names.answer(decision.question, decision.value[0])} by "
            f"{plain(author)}, {REASONS[decision.reason]}{said}"
        )
    for question, suggestion in history.suggestions.items():
        sure = (
            ""
            if suggestion.confidence is None
            else f" ({suggestion.confidence:.0%}, {suggestion.confidence_source.replace('_', ' ')})"
        )
        st.markdown(
            f":material/auto_awesome: **{names.title(question)}**: {names.answer(question, suggestion.value[0])}{sure}"
        )
        st.caption(f"{plain(suggestion.model)} {plain(suggestion.model_version)}")
    if history.ratings:
        show_table(_ratings(history.ratings, names))


def _source(label: FinalLabel) -> str:
    """What makes the label, or why there is none."""
    match label.source:
        case "adjudicated":
            return f"adjudicated by {plain(label.by)}"
        case "review":
            return f"settled in review by {plain(label.by)}"
        case "aggregate":
            return f"out of the answers, {_RULES[label.by]}"
        case None:
            return NO_LABEL[label.note]
        case _:
            assert_never(label.source)


def _ratings(rows: Sequence[Mapping[str, Any]], names: AnswerNames) -> pd.DataFrame:
    """Imported ratings of the item, a row each, as people read them; a table shows text as it is."""
    return pd.DataFrame(
        {
            "rater": row["rater"],
            "kind": _KINDS[row["rater_kind"]],
            "question": names.asked(row["question"]),
            "value": names.given(row["question"], row["value"]),
            "seconds": row["seconds"],
            "help": charts.arm_name(row["arm"]) if row["arm"] else "",
        }
        for row in rows
    )


def _person(history: ItemHistory, person: PersonOnItem, names: AnswerNames) -> None:
    mark = " · simulated" if person.simulated else ""
    st.markdown(f"**{plain(person.name)}**{mark} · {_time(person)}")
    for annotation, answers in person.annotations:
        arm = charts.arm_name(annotation.arm) if annotation.arm else "no suggestion at stake"
        when = f"{annotation.submitted_at:%d %b, %H:%M} UTC"
        late = ", late" if annotation.late else ""
        st.caption(f"revision {annotation.revision}, {annotation.state}, {arm}, {when}{late}")
        criteria: dict[str, str] = {}
        for answer in answers:
            st.markdown(
                f"{names.title(answer.question)}: **{names.answer(answer.question, answer.value[0])}**"
            )
            for verdict in history.verdicts.get(answer.id, []):
                show_verdict(verdict)
                criteria |= {score["id"]: score["title"] for score in verdict["criteria"]}
        given = {answer.question: answer.value[0] for answer in answers}
        for review, reviewer in history.reviews[annotation.id]:
            _review(review, reviewer, given, names, criteria)
            if review.id in history.appeals:
                appeal = history.appeals[review.id]
                st.markdown(
                    f":material/front_hand: Its author disagrees: {plain(appeal.reason)} "
                    f":gray[({appeal.created_at:%d %b, %H:%M} UTC)]"
                )
    if person.turns:
        with st.expander(f"Chat, {len(person.turns)} {'message' if len(person.turns) == 1 else 'messages'}"):
            for turn in person.turns:
                who = plain(person.name) if turn.role == "user" else "assistant"
                st.caption(who + ("" if turn.status == "complete" else f" ({turn.status})"))
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


def _review(
    review: ReviewRecord,
    reviewer: str,
    given: Mapping[str, Any],
    names: AnswerNames,
    criteria: Mapping[str, str],
) -> None:
    goes = ""
    if review.requeue is not None:
        goes = f", the item goes {REQUEUE_WORDS[cast('Requeue', review.requeue)]}"
    unseen = ", without seeing the review before" if review.blind else ""
    said = f": {review.comment}" if review.comment else ""
    when = f"{review.created_at:%d %b, %H:%M} UTC"
    st.caption(plain(f"{OUTCOME_WORDS[review.outcome]} in review by {reviewer}, {when}{unseen}{goes}{said}"))
    for question, comment in review.question_comments.items():
        st.caption(f"On {names.title(question)}: {plain(comment)}")
    fixed = review.answers if review.answers is not None else given
    for question, value in fixed.items():
        if not same_answer(value, given.get(question)):
            st.caption(f"Fixed: {names.title(question)} is {names.answer(question, value)}")
    for question in given:
        if question not in fixed:
            st.caption(f"Fixed: {names.title(question)} is left open")
    if review.levels:
        levels = ", ".join(
            f"{criteria.get(one['criterion'], one['criterion'])} {one['level']}" for one in review.levels
        )
        st.caption(f"Levels by the reviewer: {plain(levels)}")
