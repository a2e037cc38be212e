"""A short form about the sitting that has ended; answered or skipped, it goes away."""

import streamlit as st

from app.samples.experience import experience_form
from app.services.context import Actor, Context
from app.services.experience import pending_sitting, say_experience
from app.wiring import EXPECTED

__all__ = ["experience_card"]


def experience_card(ctx: Context, actor: Actor, project_id: int) -> None:
    sitting = pending_sitting(ctx, actor, project_id)
    if sitting is None:
        return
    form = experience_form()
    values = list(range(form.min, form.max + 1))
    with st.container(border=True), st.form(f"experience-{sitting.began_at.timestamp()}", border=False):
        st.markdown(
            f"**{form.title}** Your sitting from {sitting.began_at:%H:%M} to {sitting.ended_at:%H:%M} UTC, {sitting.n} answers"
        )
        st.caption(form.intro)
        chosen = {}
        for question in form.questions:
            if question.about_help and not sitting.helped:
                continue
            left, right = st.columns([2, 3], vertical_alignment="center")
            left.markdown(question.title)
            chosen[question.id] = right.segmented_control(
                f"{question.title} {form.min}: {question.low}, {form.max}: {question.high}",
                values,
                label_visibility="collapsed",
                help=f"{form.min}: {question.low}, {form.max}: {question.high}",
            )
            right.caption(f"{form.min}: {question.low} · {form.max}: {question.high}")
        with st.container(horizontal=True):
            sent = st.form_submit_button("Send", type="primary")
            skipped = st.form_submit_button("Skip")
    if not (sent or skipped):
        return
    answers = {name: int(value) for name, value in chosen.items() if value is not None}
    try:
        say_experience(ctx, actor, project_id, sitting.began_at, answers if sent else None)
        st.rerun()
    except EXPECTED as error:
        st.error(str(error))
