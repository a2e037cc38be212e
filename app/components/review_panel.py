"""One answer and the decision about it, in the queue or once more; what was decided is stored here."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from app import resources
from app.components.asked_number import asked_number
from app.components.review_case import show_review_case
from app.components.review_form import lost_press, review_form
from app.errors import Conflict
from app.schema import LabelSchema
from app.services.arms import workplace_of
from app.services.context import Actor
from app.services.review import OUTCOME_WORDS, review
from app.services.review_case import ReviewCase, case_again
from app.wiring import EXPECTED
from db.records import ProjectRecord

__all__ = ["Desk", "asked_item", "opened", "review_panel", "show_note", "skipped"]


@dataclass(frozen=True, slots=True)
class Desk:
    """Where and by whom answers are reviewed."""

    actor: Actor
    project: ProjectRecord
    schema: LabelSchema
    names: bool
    """Whether it is shown who answered."""


def skipped(project: ProjectRecord) -> Sequence[int]:
    """Annotations that were put off in this login, the one of longest ago first."""
    return tuple(st.session_state.get(_skipped_key(project), ()))


def asked_item() -> int | None:
    """The item that a link asks for, once: the next run goes on with the queue."""
    number = asked_number("item")
    if number is not None:
        del st.query_params["item"]
    return number


def opened(project: ProjectRecord) -> int | None:
    """The annotation that the reviewer has before them."""
    found: int | None = st.session_state.get(_opened_key(project))
    return found


def show_note(desk: Desk, case: ReviewCase | None) -> None:
    """What could not be stored at the last press of a button, because somebody else was faster."""
    note = st.session_state.pop("review-note", "")
    lost = lost_press(case)
    if lost is not None:
        try:
            found = case_again(resources.context(), desk.actor, desk.project.id, lost)
            note = f"{found.item.external_id}: {_meanwhile(found)}; yours is not stored"
        except EXPECTED as error:
            note = str(error)
    if note:
        st.warning(note, icon=":material/group:")


def _meanwhile(case: ReviewCase) -> str:
    if case.standing is None:
        return "this answer does not wait any more, by the rules or since its item was adjudicated"
    last = case.earlier[-1]
    return f"{last.reviewer} reviewed this answer meanwhile ({OUTCOME_WORDS[last.review.outcome]}); see “Reviewed”"


def review_panel(desk: Desk, case: ReviewCase, *, may_skip: bool) -> None:
    """Draw the case; store the decision and go on."""
    st.session_state[_opened_key(desk.project)] = case.annotation.id
    left, right = st.columns([3, 2], gap="medium")
    with left:
        show_review_case(case, desk.schema, names=desk.names)
    with right:
        sent = review_form(case, desk.schema, requeue=workplace_of(desk.project).requeue, may_skip=may_skip)
        if sent is None:
            return
        if sent.pressed == "skip":
            before = [one for one in skipped(desk.project) if one != case.annotation.id]
            st.session_state[_skipped_key(desk.project)] = [*before, case.annotation.id]
            del st.session_state[_opened_key(desk.project)]
            st.rerun()
        try:
            review(
                resources.context(),
                desk.actor,
                desk.project.id,
                case.annotation.id,
                outcome=sent.pressed,
                form_token=sent.form_token,
                comment=sent.comment,
                question_comments=sent.question_comments,
                answers=sent.answers,
                levels=sent.levels,
                requeue=sent.requeue if sent.pressed == "rejected" else None,
                replaces=case.standing,
                blind=case.blind,
                own_too=case.own,
                seconds=sent.seconds,
            )
        except Conflict as error:
            st.session_state["review-note"] = f"{case.item.external_id}: {error}"
            st.rerun()
        except EXPECTED as error:
            st.error(str(error))
            return
    st.toast(
        f"{case.item.external_id} is {OUTCOME_WORDS[sent.pressed]}. It stands under “Reviewed”.",
        icon=":material/check:",
    )
    st.rerun()


def _opened_key(project: ProjectRecord) -> str:
    return f"review-opened-{project.id}"


def _skipped_key(project: ProjectRecord) -> str:
    return f"review-skipped-{project.id}"
