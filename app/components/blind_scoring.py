"""The form on which a person scores an answer without seeing what the judge said."""

import streamlit as st

from app.components.criterion_fields import criterion_fields
from app.components.plain import plain
from app.services.blind_scoring import next_to_score, score_answer
from app.services.context import Actor, Context
from app.wiring import EXPECTED

__all__ = ["blind_scoring"]


def blind_scoring(ctx: Context, actor: Actor, project_id: int) -> None:
    """The next answer with its form; storing shows the one after it."""
    case = next_to_score(ctx, actor, project_id)
    if case is None:
        st.info("No judged answer waits for your score: you have scored all that are not your own.")
        return
    how = "drawn by lot" if case.drawn == "lot" else "chosen because a score says much about it"
    st.caption(
        f"{case.left} judged answers wait for you; this one was {how}. The judge's scores are not shown."
    )
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.markdown(f"**{plain(case.external_id)}**")
        with st.container(border=True):
            st.text(case.item_text)
        st.caption(f"The answer to {case.question}")
        with st.container(border=True):
            st.text(case.text)
    with right, st.form(f"score-{case.answer_id}"):
        chosen = criterion_fields(case.rubric, key=f"score-{case.answer_id}")
        if st.form_submit_button("Store and next", type="primary"):
            try:
                score_answer(ctx, actor, project_id, case.answer_id, chosen)
                st.rerun()
            except EXPECTED as error:
                st.error(str(error))
