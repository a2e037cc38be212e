"""Review: answers chosen by rules, one after the other, with everything needed to decide."""

import secrets
import time

import pandas as pd
import streamlit as st

from app import resources
from app.components.answer_fields import answer_fields
from app.components.frame import pick_project, simulated_note
from app.components.item_view import show_item
from app.components.plain import plain
from app.components.review_levels import review_level_fields, show_prefilling
from app.components.review_settings import REQUEUE_WORDS, review_settings
from app.components.shares import share_columns, share_format
from app.components.verdict import show_verdict
from app.schema.workplace import REQUEUES
from app.services.arms import workplace_of
from app.services.projects import describe, schema_of
from app.services.review import review, review_queue
from app.services.review_figures import annotators_in_review, reviewer_figures
from app.services.review_levels import prefilling
from app.state import current_actor
from app.wiring import EXPECTED

ctx, actor = resources.context(), current_actor()
st.subheader("Review", anchor=False)
project = pick_project(actor, roles=frozenset({"qa_lead"}), kind="work")
schema = describe(ctx, actor, project.id).schema if project else None
if project is not None and schema is not None:
    simulated_note(project)
    review_settings(actor, project)
    settings = workplace_of(project)
    names = not settings.hide_names or st.toggle("Show who answered", key=f"review-names-{project.id}")
    questions = schema_of(schema).questions
    cases = review_queue(ctx, actor, project.id)
    if not cases:
        st.success(
            "Nothing to review by these rules. What several people answered differently stands under **Adjudicate**."
        )
    for case in cases[:1]:
        st.caption(f"{len(cases)} in this batch · {', '.join(case.why)}")
        left, right = st.columns([3, 2])
        with left:
            who = plain(case.login) if names else "somebody"
            st.markdown(f"**{plain(case.item.external_id)}** answered by {who}")
            show_item(case.item)
            for login, given in case.others:
                st.caption(f"{plain(login) if names else 'Somebody else'} answered")
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
            levels = review_level_fields(case.levels, key=f"review-{case.annotation.id}")
            comment = st.text_area("Comment (needed to reject)", max_chars=2000, height=80)
            with st.expander("Comments on single answers"):
                on_questions = {
                    question.id: st.text_input(
                        question.title,
                        max_chars=2000,
                        key=f"review-{case.annotation.id}-on-{question.id}",
                        placeholder="The annotator reads it",
                    )
                    for question in questions
                }
            requeue = st.selectbox(
                "A rejected item goes",
                REQUEUES,
                REQUEUES.index(settings.requeue),
                format_func=REQUEUE_WORDS.__getitem__,
                key=f"review-{case.annotation.id}-requeue",
            )
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
                        question_comments=on_questions,
                        answers=entered if fix else None,
                        levels=levels,
                        requeue=requeue if reject else None,
                        seconds=time.time() - started[0],
                    )
                    st.rerun()
                except EXPECTED as error:
                    st.error(str(error))
    show_prefilling(prefilling(ctx, actor, project.id))
    figures = reviewer_figures(ctx, actor, project.id)
    if figures:
        st.markdown("**Reviewers**")
        reviewers = pd.DataFrame(
            {
                "reviewer": row.login,
                "reviews": row.reviews,
                "accepted": row.accepted,
                "fixed": row.fixed,
                "rejected": row.rejected,
                "median seconds": row.median_seconds,
                **share_columns(row.overturned, "overturned", "looked at again"),
            }
            for row in figures
        )
        st.dataframe(reviewers, hide_index=True, column_config=share_format("overturned"))
        st.caption(
            "Overturned: of the reviews on which somebody else decided later (a review of the same answer, an adjudication), "
            "the share that came out otherwise, with the 95 % interval of Wilson. Seconds: the form being open; review is no "
            "handling time."
        )
        st.markdown("**Whose answers were reviewed**")
        reviewed = pd.DataFrame(
            {
                "annotator": row.login,
                **share_columns(row.accepted, "accepted", "reviewed"),
                "fixed": row.fixed,
                "rejected": row.rejected,
            }
            for row in annotators_in_review(ctx, actor, project.id)
        )
        st.dataframe(reviewed, hide_index=True, column_config=share_format("accepted"))
        st.caption(
            "By the review of each item that stands. Most answers are reviewed because a rule suspects them: the share says "
            "nothing about the others."
        )
