"""A case of adjudication on the page: everybody's answer in columns, and the decision."""

import secrets
import time
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import resources
from app.analytics.answer_distance import answer_key, answers_apart
from app.components.adjudication_words import (
    REASON_KEYS,
    REASON_MEANINGS,
    REASONS,
    answer_words,
    sentence,
)
from app.components.answer_bars import show_answer_bars
from app.components.answer_fields import answer_field, marked_text
from app.components.difference import show_marked
from app.components.item_view import show_item
from app.components.plain import plain
from app.components.span_choice import span_choice, words_not_added
from app.components.verdict import show_verdict
from app.schema import SpanQuestion, TextQuestion
from app.services.adjudication import LONGEST_COMMENT, NEEDS_COMMENT, decide
from app.services.adjudication_case import AdjudicationCase, GivenAnswer, adjudication_case
from app.services.context import Actor
from app.wiring import EXPECTED

__all__ = ["case_panel", "leave_case", "show_answer", "show_side_by_side", "tell_lost_press"]

_BESIDE = 3
"""Answers beside each other; more go on in another row."""
_PRESSED = "adjudicate-pressed"
_ALIKE = 0.7
"""Distance of two texts from which on marks would cover nearly every word."""


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What the person asked to be stored."""

    reason: str
    comment: str
    answer_id: int | None
    value: Any
    form_token: str
    seconds: float
    problem: DeltaGenerator
    """Where the page says what is wrong: by the button that was pressed."""


@st.fragment
def case_panel(
    actor: Actor, project_id: int, item_id: int, question: str, *, names: bool, own_too: bool, stuck: str = ""
) -> None:
    """The case and its decision. A fragment: choosing a reason does not look for all cases again.

    `stuck` says why no label follows although no answer will come.
    """
    ctx = resources.context()
    try:
        case = adjudication_case(ctx, actor, project_id, item_id, question, names=names)
    except EXPECTED as error:
        st.error(sentence(error))
        return
    if case.own:
        st.warning("You answered this item yourself. A decision says so.", icon=":material/person:")
    tell_lost_press(case)
    chosen = _chosen(case, stuck)
    if chosen is None:
        return
    try:
        decide(
            ctx,
            actor,
            project_id,
            item_id,
            question,
            reason=chosen.reason,
            comment=chosen.comment,
            form_token=chosen.form_token,
            answer_id=chosen.answer_id,
            value=chosen.value,
            seconds=chosen.seconds,
            replaces=case.decisions[-1][0].id if case.decisions else None,
            own_too=own_too,
        )
    except EXPECTED as error:
        chosen.problem.error(sentence(error))
        return
    st.toast(f"{case.item.external_id} is decided: {REASONS[chosen.reason]}. It stands under “decided”.")
    st.rerun()


def _pressed_on(case: AdjudicationCase) -> tuple[int, str, int, str]:
    """What a press decides about: item, question, the decision that stood (0 for none), and the item's external id."""
    standing = case.decisions[-1][0].id if case.decisions else 0
    return case.item.id, case.question.id, standing, case.item.external_id


def _remember(item_id: int, question: str, standing: int, name: str) -> None:
    # A callback: it runs before the case is read again, which somebody may have decided since it was drawn.
    st.session_state[_PRESSED] = (item_id, question, standing, name)


def tell_lost_press(case: AdjudicationCase | None) -> None:
    """Say that the press that led here was about a case that has left the page, or does not stand as it did: nothing
    was stored. `case` is the one on the page; None where there is none.
    """
    pressed: tuple[int, str, int, str] | None = st.session_state.pop(_PRESSED, None)
    now = _pressed_on(case) if case is not None else None
    if pressed is None or pressed == now:
        return
    words = "this case is not on the page any more; what you pressed is not stored"
    if case is not None and now is not None and pressed[:2] == now[:2]:
        words = f"{plain(case.decisions[-1][1])} decided this case meanwhile; yours is not stored"
    st.warning(f"{plain(pressed[3])}: {words}", icon=":material/group:")


def _chosen(case: AdjudicationCase, stuck: str) -> _Chosen | None:
    """Draw the case; what was just chosen, if anything was.

    A reason is chosen first (a key each), then an answer is taken (its number) or another value given.
    """
    standing = case.decisions[-1][0] if case.decisions else None
    key = f"adjudicate-{case.item.id}-{case.question.id}-{standing.id if standing else 0}"
    started, token = st.session_state.setdefault(key, (time.monotonic(), secrets.token_hex(8)))
    text = marked_text(case.question, case.item.content)
    st.markdown(f"##### {plain(case.item.external_id)} · {plain(case.question.title)}")
    if isinstance(case.question, TextQuestion):
        # Written answers want the width more than the item does.
        show_item(case.item)
        place = st.container()
    else:
        left, place = st.columns([2, 3], gap="medium")
        with left:
            show_item(case.item)
    with place:
        _standing(case, text)
        if stuck:
            st.info(
                f"No label follows: {plain(stuck)}. Take an answer all the same, or give the label yourself.",
                icon=":material/gavel:",
            )
        show_answer_bars(case.question, [given.value for given in case.answers], case.models)
        chosen_reason = _reason(case, f"{key}-reason")
        taken = _answers(case, key, text)
        problem = st.container()
        needed = f", needed for “{REASONS[chosen_reason]}”" if chosen_reason in NEEDS_COMMENT else ""
        comment = st.text_area(
            f"Comment (the annotators read it{needed})",
            max_chars=LONGEST_COMMENT,
            height=68,
            key=f"{key}-comment",
        )
        value, beside = _other_value(case, key, text, open_=bool(stuck))
        if taken is None and value is None:
            return None
        problem = problem if taken is not None else beside
        if chosen_reason is None:
            problem.error("Say first why the answers differ: choose one of the reasons above.")
            return None
        return _Chosen(chosen_reason, comment, taken, value, token, time.monotonic() - started, problem)


def leave_case() -> None:
    """Forget the case that the address named."""
    st.query_params.pop("case", None)


def _standing(case: AdjudicationCase, text: str) -> None:
    """What was decided before, and what the label is without a decision."""
    for decision, login in case.decisions:
        word = "Decided" if decision.id == case.decisions[-1][0].id else "Before that"
        said = f": {plain(decision.comment)}" if decision.comment else ""
        own = ", having answered it too" if decision.own else ""
        st.markdown(
            f":material/gavel: {word}: **{plain(answer_words(case.question, decision.value[0], text))}** by "
            f"{plain(login)}{own} on {decision.created_at:%d %b, %H:%M} UTC · {REASONS[decision.reason]}{said}"
        )
    if not case.decisions and case.label is not None and case.label.source == "review":
        st.markdown(
            f":material/rate_review: Settled in review by {plain(case.label.by)}: "
            f"**{plain(answer_words(case.question, case.label.value, text))}**"
        )


def _reason(case: AdjudicationCase, key: str) -> str | None:
    """A button with a key for each reason; the chosen one stands out."""
    several = len({answer_key(given.value) for given in case.answers}) > 1
    st.markdown("**Why do they differ?**" if several else "**Why is there no label?**")
    chosen: str | None = st.session_state.get(key)
    with st.container(horizontal=True):
        for reason, words in REASONS.items():
            if reason == "two_right" and not several:
                continue
            st.button(
                words.capitalize(),
                key=f"{key}-{reason}",
                type="primary" if reason == chosen else "secondary",
                shortcut=REASON_KEYS[reason],
                help=REASON_MEANINGS[reason],
                on_click=st.session_state.__setitem__,
                args=(key, reason),
            )
    return chosen


def _answers(case: AdjudicationCase, key: str, text: str) -> int | None:
    """The answers in columns, each with a button; the id of the one that was taken."""
    taken = None
    for start in range(0, len(case.answers), _BESIDE):
        row = case.answers[start : start + _BESIDE]
        columns = st.columns(len(row), border=True)
        for number, (column, given) in enumerate(zip(columns, row, strict=True), start + 1):
            with column:
                show_answer(case, given, text)
                if st.button(
                    f"Take {given.name}",
                    key=f"{key}-take-{given.answer_id}",
                    shortcut=str(number) if number < 10 else None,
                    on_click=_remember,
                    args=_pressed_on(case),
                ):
                    taken = given.answer_id
    return taken


def show_side_by_side(case: AdjudicationCase) -> None:
    """The item and everybody's answer in columns, to be read and not decided."""
    text = marked_text(case.question, case.item.content)
    show_item(case.item)
    if not case.answers:
        st.info("Nobody has answered this question here; what is known of it was imported as ratings.")
    show_answer_bars(case.question, [given.value for given in case.answers], case.models)
    for start in range(0, len(case.answers), _BESIDE):
        row = case.answers[start : start + _BESIDE]
        for column, given in zip(st.columns(len(row), border=True), row, strict=True):
            with column:
                show_answer(case, given, text)


def show_answer(case: AdjudicationCase, given: GivenAnswer, text: str) -> None:
    """One answer with its reasons, time, chat, the suggestion that was seen, review and verdicts.

    `text` is what spans of the question mark.
    """
    st.markdown(f"**{plain(given.name)}**" + (" · you" if given.mine else ""))
    if isinstance(case.question, TextQuestion):
        _written(case, given)
    else:
        for line in answer_words(case.question, given.value, text).split("\n"):
            st.markdown(f":primary-badge[{plain(line)}]")
    for question, written in given.texts.items():
        st.caption(plain(question))
        st.text(written)
    facts = [
        "time not recorded" if given.seconds is None else f"{given.seconds:.0f} s",
        f"{given.turns} chat messages",
    ]
    if given.suggestion is not None:
        facts.append(f"saw the suggestion “{answer_words(case.question, given.suggestion[0], text)}”")
    if given.newest is not None:
        now = given.newest[0]
        facts.append(
            "does not count any more"
            if now is None
            else f"counts as {answer_words(case.question, now, text)}"
        )
    if given.review:
        facts.append(f"review: {given.review}")
    st.caption(plain(" · ".join(facts)))
    for verdict in given.verdicts:
        show_verdict(verdict)


def _written(case: AdjudicationCase, given: GivenAnswer) -> None:
    """A text with the words marked that the first answer lacks; in the first, those that the second lacks."""
    other = next((one for one in case.answers if one is not given), None)
    if other is None or answers_apart(case.question, given.value, other.value) > _ALIKE:
        st.text(str(given.value))
        return
    show_marked(str(given.value), str(other.value))
    st.caption(f"Marked: what {plain(other.name)} has not.")


def _other_value(case: AdjudicationCase, key: str, text: str, *, open_: bool) -> tuple[Any, DeltaGenerator]:
    """A value that nobody gave, None until it is asked for, and where to say what is wrong with it."""
    value = None
    spans = isinstance(case.question, SpanQuestion)
    with st.expander("Put the answer together" if spans else "Another value", expanded=open_ or spans):
        if isinstance(case.question, SpanQuestion):
            marks = [(given.name, given.value) for given in case.answers]
            entered: Any = span_choice(case.question, text, marks, f"{key}-other", button=st.button)
            st.caption(
                "Ticked at first: what more than half marked alike. A label can be changed in its cell."
            )
        else:
            entered = answer_field(case.question, None, f"{key}-other")
        if st.button(
            "Decide for the ticked spans" if spans else "Decide for this value",
            key=f"{key}-decide",
            on_click=_remember,
            args=_pressed_on(case),
        ):
            value = entered if entered is not None else ""
        beside = st.container()
        if value is not None and spans and (left := words_not_added(f"{key}-other")):
            beside.error(f"“{plain(left)}” is written and not added: press Add, or clear the field.")
            value = None
    return value, beside
