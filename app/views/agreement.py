"""Agreement: where people agree beyond chance, and how answers score on the rubric."""

import pandas as pd
import streamlit as st

from app import charts, resources
from app.components.frame import pick_project, simulated_note
from app.services import reports
from app.state import current_actor

ctx, actor = resources.context(), current_actor()
st.subheader("Agreement", anchor=False)
project = pick_project(actor, roles=frozenset({"qa_lead", "manager"}))
if project is not None:
    simulated_note(project)
    report = reports.agreement(ctx, actor, project.id)
    if not report.questions:
        st.info("No answers yet. Agreement appears as soon as two people have answered the same items.")
    else:
        st.plotly_chart(charts.agreement_chart(report.questions, report.target), key="alpha")
        st.caption(
            "Krippendorff's alpha on first submissions, nominal. The line is a 95 % bootstrap interval over items: "
            "it speaks of these raters only. Items with fewer than two ratings are left out and counted below."
        )
        table = pd.DataFrame(
            {
                "question": question.title,
                "raters": f"{question.nominal.n_raters} {question.rater_kind}",
                "items": question.nominal.n_items,
                "single": question.nominal.n_single,
                "ratings": question.nominal.n_ratings,
                "nominal": question.nominal.value,
                "low": question.nominal.low,
                "high": question.nominal.high,
                "ordinal": question.ordinal.value if question.ordinal else None,
                "interval": question.interval.value if question.interval else None,
                "equal pairs": question.percent,
                "note": question.nominal.reason or question.nominal.note or "",
            }
            for question in report.questions
        )
        number = st.column_config.NumberColumn(format="%.3f")
        percent = st.column_config.NumberColumn(format="percent")
        st.dataframe(
            table,
            hide_index=True,
            column_config={name: number for name in ("nominal", "low", "high", "ordinal", "interval")}
            | {"equal pairs": percent},
        )
        titles = {question.title: question for question in report.questions}
        with st.expander("Every pair of raters"):
            chosen = titles[st.selectbox("Question", list(titles), width=340)]
            pairs = pd.DataFrame(
                {
                    "rater": pair.rater_a,
                    "and": pair.rater_b,
                    "kappa": pair.kappa,
                    "items in common": pair.n,
                    "equal": pair.agree,
                    "note": pair.reason or "",
                }
                for pair in chosen.pairs
            )
            st.dataframe(pairs, hide_index=True, column_config={"kappa": number})
            st.caption(
                "Cohen's kappa on the items that both rated. Undefined where both gave one value throughout."
            )

    scores = reports.rubric_scores(ctx, actor, project.id)
    if scores:
        st.subheader("Rubric scores by criterion", anchor=False)
        st.plotly_chart(charts.level_chart(scores), key="levels")
        unscored = sum(sum(score.unscored.values()) for score in scores)
        st.caption(
            f"{scores[0].rubric}, version {scores[0].rubric_version}. Levels from worst to best. Unscored is counted ({unscored}) "
            "and never averaged: criteria that need a language model stay unscored until one is set up. The judge has not been "
            "compared with people here yet: read it as advice."
        )
