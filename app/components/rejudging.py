"""Judging stored answers again, and what changed between two versions of the rubric."""

import pandas as pd
import streamlit as st

from app.components.table import show_table
from app.services.context import Actor, Context
from app.services.judge_corrections import corrections
from app.services.rejudging import SAMPLES, compare_versions, start_rejudging
from app.services.rubric_versions import versions_in_use
from app.wiring import EXPECTED
from db.records import ProjectRecord

__all__ = ["corrections_panel", "rejudging_panel"]


def rejudging_panel(ctx: Context, actor: Actor, project: ProjectRecord) -> None:
    st.markdown("##### Judge again")
    with st.form(f"again-{project.id}", border=False):
        cells = st.columns([1, 1, 2], vertical_alignment="bottom")
        samples = cells[0].number_input("Replies per answer", 1, 20, SAMPLES)
        budget = cells[1].number_input("Budget, USD", 0.0, None, None)
        if cells[2].form_submit_button("Judge all answers on the rubric in force", icon=":material/gavel:"):
            try:
                job = start_rejudging(ctx, actor, project.id, samples=samples, budget_usd=budget)
                st.success(
                    f"Job {job.id} is queued; Agents and jobs shows how it goes. Earlier verdicts stay."
                )
            except EXPECTED as error:
                st.error(str(error))
    versions = versions_in_use(ctx, actor, project.id)
    if len(versions) < 2:
        st.caption("With verdicts on two versions of a rubric, what changed between them is shown here.")
        return
    names = {one.id: f"{one.name} version {one.version} ({one.answers} answers)" for one in versions}
    ids = list(names)
    left, right = st.columns(2)
    before = left.selectbox("Before", ids, index=len(ids) - 2, format_func=lambda id_: names[id_])
    after = right.selectbox("After", ids, index=len(ids) - 1, format_func=lambda id_: names[id_])
    rows = compare_versions(ctx, actor, project.id, before, after)
    show_table(
        pd.DataFrame(
            {
                "criterion": row.criterion,
                "n": row.n,
                "same level": row.same / row.n if row.n else None,
                "change": row.change,
                "kappa before": row.people_before.kappa,
                "kappa after": row.people_after.kappa,
                "from": row.people_after.low,
                "to": row.people_after.high,
                "people n": row.people_after.n,
            }
            for row in rows
        ),
        column_config={
            "same level": st.column_config.NumberColumn(format="percent"),
            "change": st.column_config.NumberColumn(format="%+.2f"),
        }
        | {
            name: st.column_config.NumberColumn(format="%.2f")
            for name in ("kappa before", "kappa after", "from", "to")
        },
    )
    st.caption(
        "Answers judged on both versions. Change: mean of after minus before, in levels. Kappa: beside people who scored these answers blind on the version "
        "before, with the 95 % interval of after. Scores given for reading the old wording are no proof of the new one."
    )


def corrections_panel(ctx: Context, actor: Actor, project: ProjectRecord) -> None:
    """Corrected answers, ready to be taken into the rubric as examples of their level."""
    try:
        rows = corrections(ctx, actor, project.id)
    except EXPECTED:
        return  # for QA leads
    if not rows:
        return
    st.markdown("##### Corrections")
    show_table(
        pd.DataFrame(
            {
                "criterion": row.criterion,
                "level": row.level,
                "the judge said": row.judged,
                "answer": row.text,
                "from": "upheld dispute" if row.source == "dispute" else "blind scores",
            }
            for row in rows
        )
    )
    st.caption(
        "Each can stand as an example of its level in the next version of the rubric (`examples` of a level). An example is never shown for the answer it is, and "
        "answers that are examples are left out when versions are compared."
    )
