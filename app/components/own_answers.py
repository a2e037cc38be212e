"""One's own answers on My work: the list, and of one of them every revision with what reviewers and others decided."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app import resources
from app.components.adjudication_words import REASONS
from app.components.answer_names import AnswerNames, names_of
from app.components.appeal_form import appeal_form
from app.components.difference import show_difference
from app.components.plain import plain
from app.components.verdict import show_verdict
from app.schema import LabelSchema
from app.schema.values import same_answer
from app.services.context import Actor
from app.services.review import OUTCOME_WORDS
from app.services.work_record import OwnAnswer, Revision, own_decisions, own_revisions
from db.review_records import ReviewRecord

__all__ = ["answers_table", "show_own_answer"]

_LONGEST = 160
"""Characters of an answer or a comment in a cell of the list."""


def answers_table(rows: Sequence[OwnAnswer], schema: LabelSchema, project_id: int) -> pd.DataFrame:
    """One row per annotation, in the order given: item, state, revision, answers, submitted (UTC), review, open (an
    address); a table shows text as it is.
    """
    return pd.DataFrame(
        {
            "item": row.item.external_id,
            "state": row.annotation.state + (", late" if row.annotation.late else ""),
            "revision": row.annotation.revision,
            "answers": row.annotation.skip_reason or _answers(row, names_of(schema, row.item.content)),
            "submitted": row.annotation.submitted_at,
            "review": _review(row, names_of(schema, row.item.content)),
            "open": f"/?project={project_id}&item={row.item.id}",
        }
        for row in rows
    )


def _answers(row: OwnAnswer, names: AnswerNames) -> str:
    return "; ".join(
        f"{names.asked(question)}: {_short(names.given(question, value))}"
        for question, value in row.answers.items()
    )


def _review(row: OwnAnswer, names: AnswerNames) -> str:
    """What became of it."""
    if row.review is None:
        return "decided over all answers" if row.decided else ""
    on_questions = (f"{names.asked(name)}: {said}" for name, said in row.review.question_comments.items())
    words = "; ".join(filter(None, [row.review.comment, *on_questions]))
    back = ", back to you" if row.review.requeue == "same" and row.returned else ""
    said = ": ".join(filter(None, [OUTCOME_WORDS[row.review.outcome] + back, _short(words)]))
    return f"{said}; then decided over all answers" if row.decided else said


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def show_own_answer(actor: Actor, project_id: int, row: OwnAnswer, schema: LabelSchema) -> None:
    """Every revision with its reviews and verdicts, then what was decided over all answers."""
    ctx = resources.context()
    names = names_of(schema, row.item.content)
    revisions, checks = own_revisions(ctx, actor, project_id, row.item.id)
    st.markdown(
        f"**{plain(row.item.external_id)}** · {_number(len(revisions), 'revision')} · "
        f"{_number(len(checks), 'draft')} checked"
    )
    before: dict[str, object] = {}
    for revision in revisions:
        with st.container(border=True):
            _revision(revision, before, names)
            for review, reviewer in revision.reviews:
                stands = revision is revisions[-1] and review.id == revision.reviews[-1][0].id
                _decided(revision, review, reviewer, names, stands=stands)
                appeal_form(actor, project_id, revision, review, stands=stands)
            for verdict in revision.verdicts:
                show_verdict(verdict)
        before = dict(revision.answers)
    for decision in own_decisions(ctx, actor, project_id, row.item.id):
        with st.container(border=True):
            st.markdown(
                f"Decided over all answers to **{names.title(decision.question)}** · {REASONS[decision.reason]}"
            )
            st.text(names.given(decision.question, decision.value[0]))
            if decision.comment:
                st.caption(plain(decision.comment))
            st.caption("It is settled: nobody has to answer this question anew.")


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _revision(revision: Revision, before: dict[str, Any], names: AnswerNames) -> None:
    """The answers; a text with what changed since the revision `before`."""
    st.caption(f"Revision {revision.number}, {revision.state}, {revision.submitted_at:%d %b %H:%M} UTC")
    if revision.skip_reason:
        st.text(revision.skip_reason)
    for question, value in revision.answers.items():
        st.markdown(f"**{names.title(question)}**")
        was = before.get(question)
        if isinstance(was, str) and isinstance(value, str):
            show_difference(names.given(question, was), names.given(question, value))
        else:
            st.text(names.given(question, value))
        if question in revision.draft_survival:
            st.caption(f"{revision.draft_survival[question]:.0%} of the inserted draft is still there.")


def _decided(
    revision: Revision, review: ReviewRecord, reviewer: str, names: AnswerNames, *, stands: bool
) -> None:
    """What a reviewer decided and said, and what they fixed."""
    st.markdown(f"**{OUTCOME_WORDS[review.outcome].capitalize()}** by {plain(reviewer)}")
    if review.comment:
        st.text(review.comment)
    for question, words in review.question_comments.items():
        st.markdown(f"On **{names.title(question)}**: {plain(words)}")
    if stands and review.requeue == "same" and revision.returned and review.id not in revision.appeals:
        st.caption("It is yours to answer anew; **Work** gives it to you next.")
    if review.answers is None:
        return
    for question, value in review.answers.items():
        was = revision.answers.get(question)
        if not same_answer(value, was):
            st.caption(f"{names.title(question)}, as it was fixed")
            show_difference("" if was is None else names.given(question, was), names.given(question, value))
    for question in revision.answers:
        if question not in review.answers:
            st.caption(f"{names.title(question)} was left open by the fix")
