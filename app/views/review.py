"""Review: answers chosen by rules, one after the other, with everything needed to decide."""

import secrets
import time

import pandas as pd
import streamlit as st

from app import resources
from app.components.answer_fields import answer_fields
from app.components.frame import pick_project, simulated_note
from app.components.plain import plain
from app.components.verdict import show_verdict
from app.services.projects import describe, schema_of
from app.services.review import ReviewRules, review, review_queue, reviewer_figures
from app.services.submissions import plain_text
from app.state import current_actor
from app.wiring import EXPECTED

ctx, actor = resources.context(), current_actor()
st.subheader("Review", anchor=False)
project = pick_project(actor, roles=frozenset({"qa_lead"}), kind="work")
schema = describe(ctx, actor, project.id).schema if project else None
if project is not None and schema is not None:
    simulated_note(project)
    with st.expander("Rules: which answers are looked at"):
        columns = st.columns(4)
        rules = ReviewRules(
            disagreement=columns[0].slider("differ from another answer", 0.0, 1.0, 1.0, 0.05),
            judge_doubt=columns[1].slider("the judge has doubts", 0.0, 1.0, 1.0, 0.05),
            new_person=columns[2].slider("a person's first ten", 0.0, 1.0, 1.0, 0.05),
            floor=columns[3].slider("all others, by chance", 0.0, 1.0, 0.05, 0.05),
        )
        hide = st.checkbox("Hide who answered")
        st.caption(
            "Shares of the answers that meet each condition, drawn by lot and the same on every visit."
        )
    cases = review_queue(ctx, actor, project.id, rules=rules)
    if not cases:
        st.success("Nothing to review by these rules.")
    for case in cases[:1]:
        st.caption(f"{len(cases)} in this batch · {', '.join(case.why)}")
        left, right = st.columns([3, 2])
        with left:
            who = "somebody" if hide else plain(case.login)
            st.markdown(f"**{plain(case.item.external_id)}** answered by {who}")
            with st.container(border=True):
                st.text(plain_text(case.item.content))
            for login, given in case.others:
                st.caption(f"{'Somebody else' if hide else login} answered")
                for question, value in given.items():
                    st.markdown(f"{plain(question)}: {plain(str(value))}")
            for verdict in case.verdicts:
                show_verdict(verdict)
        mine = {answer.question: answer.value[0] for answer in case.answers}
        started = st.session_state.setdefault(
            f"review-{case.annotation.id}", (time.time(), secrets.token_hex(8))
        )
        with right, st.form(f"review-form-{case.annotation.id}"):
            entered = answer_fields(schema_of(schema), mine, key=f"review-{case.annotation.id}")
            comment = st.text_area("Comment (needed to reject)", max_chars=2000, height=80)
            requeue = st.checkbox("Give a rejected item to somebody else")
            buttons = st.container(horizontal=True)
            accept = buttons.form_submit_button("Accept", type="primary")
            fix = buttons.form_submit_button("Fix and accept")
            reject = buttons.form_submit_button("Reject")
            if accept or fix or reject:
                try:
                    review(
                        ctx,
                        actor,
                        project.id,
                        case.annotation.id,
                        outcome="accepted" if accept else "fixed" if fix else "rejected",
                        form_token=started[1],
                        comment=comment,
                        answers=entered if fix else None,
                        requeue=requeue,
                        seconds=time.time() - started[0],
                    )
                    st.rerun()
                except EXPECTED as error:
                    st.error(str(error))
    figures = reviewer_figures(ctx, actor, project.id)
    if figures:
        st.markdown("**Reviewers**")
        st.dataframe(pd.DataFrame(figures), hide_index=True)
