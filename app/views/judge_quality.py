"""Judge quality: whether the judge's scores can be relied on, measured beside people who scored the same answers blind."""

import pandas as pd
import streamlit as st

from app import judge_charts, resources
from app.components.audit_panel import audit_panel
from app.components.blind_scoring import blind_scoring
from app.components.chart import show_chart
from app.components.contradictions import contradictions_panel
from app.components.frame import pick_project, simulated_note
from app.components.judge_cost import judge_cost_panel
from app.components.judged_queue import judged_queue_panel
from app.components.label_judges import label_judges_panel
from app.components.rejudging import corrections_panel, rejudging_panel
from app.components.table import show_table
from app.components.trust_panel import criterion_in_full, trust_table
from app.services.arms import workplace_of
from app.services.feedback_effect import feedback_effect
from app.services.judge_quality import (
    CriterionQuality,
    judge_pass_rates,
    judge_quality,
    people_severity,
    quality_stamp,
)
from app.services.score_history import score_history
from app.state import current_actor
from app.wiring import EXPECTED

ctx, actor = resources.context(), current_actor()


@st.cache_data(max_entries=20, show_spinner="Comparing the judge with people …")
def _quality(project_id: int, stamp: tuple[object, ...]) -> list[CriterionQuality]:
    """The figures, computed anew when `stamp` says that something changed; who may see them was asked before."""
    return judge_quality(ctx, actor, project_id)


st.subheader("Judge quality", anchor=False)
project = pick_project(
    actor,
    roles=frozenset({"qa_lead", "manager"}),
    first=lambda found: found.judge_on and found.rubric_version_id is not None,
)
if project is not None:
    simulated_note(project)
    level = workplace_of(project).judge_level
    rows = _quality(project.id, quality_stamp(ctx, actor, project.id))
    trust, queue, blind, moves, audit, cost = st.tabs(
        ["Trust", "To look at", "Score blind", "Scores and feedback", "Audit", "Cost"]
    )
    with trust:
        if rows:
            show_chart(
                judge_charts.trust_chart([row for row in rows if row.newest], level),
                f"judge-and-people-{project.id}",
                key="trust",
            )
            st.caption(
                "Filled: relied on. Hollow: advice only. The grey mark is what two people reach on the same answers. "
                f"The dotted line is the set level, {level:g} (a setting of the project)."
            )
            trust_table(rows)
            st.caption(
                "Kappa: Cohen's, with quadratic weights, between judge and people, 95 % bootstrap interval over answers. “Milder by” and “off by” are in levels, "
                "against the mean of people. Contested answers and those chosen for their value are not in the figures: they are no fair sample."
            )
            names = [f"{row.criterion} · {row.judge}" for row in rows]
            chosen = st.selectbox("Criterion in full", names, width=420)
            criterion_in_full(ctx, actor, project.id, rows[names.index(chosen)])
            for one in judge_pass_rates(ctx, actor, project.id):
                rate = one.rate
                st.markdown(f"##### Pass rate, {one.rubric} version {one.rubric_version}")
                if rate.interval is not None:
                    st.markdown(
                        f"The judge passes {rate.passed} of {rate.judged}, {rate.passed / rate.judged:.0%} [{rate.interval[0]:.0%}, {rate.interval[1]:.0%}]. "
                        + (
                            f"People would pass about {rate.corrected:.0%} [{rate.low:.0%}, {rate.high:.0%}]."
                            if rate.corrected is not None
                            else f"What people would pass is not known: {rate.reason}."
                        )
                    )
                    st.caption(
                        "Corrected for the judge's errors both ways (Rogan and Gladen 1978), which blind scores measure."
                    )
        elif project.kind == "ratings":
            st.info(
                "These ratings hold no judge or model beside people whose values are numbers: the column `rater_kind` says who is one."
            )
        else:
            st.info(
                "Nobody has scored an answer beside the judge yet, so its scores are advice. Score some under “Score blind”, without seeing what it said."
            )
        if project.kind == "ratings":
            label_judges_panel(ctx, actor, project.id)
        try:
            people = people_severity(ctx, actor, project.id)
        except EXPECTED:
            people = []  # for QA leads
        if people:
            st.markdown("##### How people score")
            show_table(
                pd.DataFrame(
                    {"person": one.rater, "scores": one.n, "milder by": one.offset} for one in people
                ),
                width=420,
                column_config={"milder by": st.column_config.NumberColumn(format="%+.2f")},
            )
            st.caption(
                "Levels above the others on the same answers, shrunken towards zero while scores are few."
                if people[0].compared
                else "Nobody's answers overlap: this is against the mean of all scores, and people who got worse answers look strict."
            )
    with audit:
        audit_panel(ctx, actor, project)
    with cost:
        judge_cost_panel(ctx, actor, project)
    with queue:
        judged_queue_panel(ctx, actor, project)
        if project.kind == "work":
            contradictions_panel(ctx, actor, project)
    with blind:
        if project.kind == "work":
            try:
                blind_scoring(ctx, actor, project.id)
            except EXPECTED as error:
                st.info(f"{error}. The figures are under “Trust”.")
        else:
            st.info("Imported ratings have no answers to score.")
    with moves:
        history = score_history(ctx, actor, project.id)
        if history.empty:
            st.info("The judge has scored nothing yet.")
        else:
            show_chart(judge_charts.history_chart(history), f"judge-scores-{project.id}", key="history")
            st.caption("Mean level of the newest verdict of each answer, by the week of the answer.")
        changes = feedback_effect(ctx, actor, project.id)
        st.markdown("##### Does feedback help?")
        if not changes:
            st.info("Nobody has changed an answer after seeing its verdict yet.")
        else:
            show_table(
                pd.DataFrame(
                    {
                        "criterion": one.criterion,
                        "n": one.by_judge.n,
                        "by the judge": one.by_judge.mean,
                        "from": one.by_judge.low,
                        "to": one.by_judge.high,
                        "people n": one.by_people.n,
                        "by people": one.by_people.mean,
                        "people from": one.by_people.low,
                        "people to": one.by_people.high,
                        "note": "only the judge sees an improvement" if one.only_judge else "",
                    }
                    for one in changes
                ),
                column_config={
                    name: st.column_config.NumberColumn(format="%+.2f")
                    for name in ("by the judge", "from", "to", "by people", "people from", "people to")
                },
            )
            st.caption(
                "Change in levels of answers that were changed after their author had seen the verdict, 95 % bootstrap interval; by people where both versions were "
                "scored blind. Changes that only the judge likes may be written for the judge."
            )
        if project.kind == "work" and not history.empty:
            corrections_panel(ctx, actor, project)
            rejudging_panel(ctx, actor, project)
