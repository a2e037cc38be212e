"""Disputes: what annotators contest, with everything needed to decide it."""

import streamlit as st

from app import resources
from app.components.frame import pick_project
from app.services.disputes import decide_dispute, list_disputes
from app.state import current_actor
from app.wiring import EXPECTED

ctx, actor = resources.context(), current_actor()
st.subheader("Disputes", anchor=False)
project = pick_project(actor, roles=frozenset({"qa_lead"}), kind="work")
if project is not None:
    cases = list_disputes(ctx, actor, project.id)
    decided = [case for case in cases if case.dispute.state != "open"]
    if not cases:
        st.info("Nothing is disputed. Annotators contest a score beside the feedback on their answer.")
    else:
        upheld = sum(case.dispute.state == "upheld" for case in decided)
        rate = f"{upheld} of {len(decided)} upheld" if decided else "none decided yet"
        st.caption(
            f"{len(cases) - len(decided)} open · {rate}. An upheld dispute is a correction of the judge: it keeps the level you give beside the judge's."
        )
    for case in cases:
        dispute = case.dispute
        head = f"{case.external_id} · {case.criterion.question} · {case.login}"
        with st.expander(f"{head} · {dispute.state}", expanded=dispute.state == "open"):
            left, right = st.columns([3, 2])
            with left:
                st.caption(f"The answer to {case.question}")
                st.text(case.text)
                st.caption(f"{case.login} says")
                st.text(dispute.reason)
            with right:
                labels = {level.value: level.label for level in case.criterion.levels}
                given = (
                    labels.get(case.judge_level, "unscored") if case.judge_level is not None else "unscored"
                )
                st.markdown(f"**{case.judge}** gave **{given}**")
                st.text(case.rationale)
                for evidence in case.evidence:
                    st.text(f"“{evidence['quote']}”")
                if dispute.state != "open":
                    outcome = "stands" if dispute.level is None else f"should be {labels[dispute.level]}"
                    st.markdown(f"Decided: the score {outcome}.")
                    st.text(dispute.decision)
                    continue
                with st.form(f"decide-{dispute.id}"):
                    stands = "the judge's stands"
                    named = {f"{value}: {label}": value for value, label in labels.items()}
                    others = [name for name, value in named.items() if value != case.judge_level]
                    level = named.get(st.radio("The right level", [stands, *others]) or stands)
                    words = st.text_area("Why? The annotator reads it.", height=80, max_chars=2000)
                    if st.form_submit_button("Decide", type="primary"):
                        try:
                            decide_dispute(ctx, actor, project.id, dispute.id, level=level, decision=words)
                            st.rerun()
                        except EXPECTED as error:
                            st.error(str(error))
