"""Judge quality: the judge beside people who scored the same answers blind."""

import pandas as pd
import streamlit as st

from app import resources
from app.components.criterion_fields import criterion_fields
from app.components.frame import pick_project, simulated_note
from app.components.plain import plain
from app.services.judge_quality import NEEDED, judge_quality, next_to_score, score_answer
from app.state import current_actor
from app.wiring import EXPECTED

ctx, actor = resources.context(), current_actor()
st.subheader("Judge quality", anchor=False)
project = pick_project(actor, roles=frozenset({"qa_lead", "manager"}), kind="work")
if project is not None:
    simulated_note(project)
    rows = judge_quality(ctx, actor, project.id)
    if rows:
        table = pd.DataFrame(
            {
                "criterion": row.title,
                "by": "rule" if row.deterministic else "model",
                "state": row.state,
                "n": row.with_people.n,
                "equal": row.with_people.equal / row.with_people.n if row.with_people.n else None,
                "kappa": row.with_people.kappa,
                "low": row.with_people.low,
                "high": row.with_people.high,
                "milder by": row.with_people.bias,
                "people n": row.among_people.n,
                "people kappa": row.among_people.kappa,
                "unscored": row.unscored,
                "disputes": f"{row.upheld} of {row.disputes} upheld" if row.disputes else "",
                "note": row.with_people.reason or "",
            }
            for row in rows
        )
        number = st.column_config.NumberColumn(format="%.2f")
        st.dataframe(
            table,
            hide_index=True,
            column_config={name: number for name in ("kappa", "low", "high", "milder by", "people kappa")}
            | {"equal": st.column_config.NumberColumn(format="percent")},
        )
        st.caption(
            f"Cohen's kappa with quadratic weights between judge and people, 95 % bootstrap interval over answers. Advisory: fewer than {NEEDED} scores, "
            "shown and not relied on. Proven: the interval lies above 0.4. “Milder by” is in levels; “people” is what two people reach on the same answers. "
            "Contested scores are counted apart: they are not a fair sample."
        )
    else:
        st.info(
            "Nobody has scored an answer beside the judge yet, so its scores are advice. Score some below, without seeing what it said."
        )
    try:
        case = next_to_score(ctx, actor, project.id)
    except EXPECTED:
        case = None  # a manager reads the figures
    if case is not None:
        st.subheader("Score blind", anchor=False)
        st.caption(f"{case.left} judged answers wait for you. The judge's scores are not shown.")
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
                    score_answer(ctx, actor, project.id, case.answer_id, chosen)
                    st.rerun()
                except EXPECTED as error:
                    st.error(str(error))
