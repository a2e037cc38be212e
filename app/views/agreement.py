"""Agreement: where people agree beyond chance, and how answers score on the rubric."""

import pandas as pd
import streamlit as st

from app import charts, resources
from app.components.agreement_panels import agreement_panels
from app.components.chart import show_chart
from app.components.coefficients import show_coefficients
from app.components.disagreement import show_disagreement
from app.components.frame import pick_project, simulated_note
from app.components.plain import plain
from app.components.quality_panels import quality_panels
from app.services import reports
from app.services.agreement_report import remarks
from app.services.disagreement import disagreement
from app.state import current_actor
from app.wiring import EXPECTED

ctx, actor = resources.context(), current_actor()
st.subheader("Agreement", anchor=False)
project = pick_project(actor, roles=frozenset({"qa_lead", "manager"}))
if project is not None:
    simulated_note(project)
    report = reports.agreement(ctx, actor, project.id)
    if not report.questions:
        st.info(
            "No answers of one label or number yet. Agreement appears as soon as two people have answered the same items."
        )
    else:
        measures = ["nominal", *(["ordinal", "interval"] if any(q.ordinal for q in report.questions) else [])]
        measures += ["ratio"] if any(q.ratio for q in report.questions) else []
        measure = (
            st.segmented_control("Scale", measures, default=measures[0]) if len(measures) > 1 else "nominal"
        )
        show_chart(
            charts.agreement_chart(report.questions, report.target, measure=measure or "nominal"),
            f"agreement-{project.id}",
            key="alpha",
        )
        st.caption(
            f"Krippendorff's alpha on first submissions, {measure or 'nominal'}. The line is a 95 % bootstrap interval over items: "
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
                "ratio": question.ratio.value if question.ratio else None,
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
            column_config={
                name: number for name in ("nominal", "low", "high", "ordinal", "interval", "ratio")
            }
            | {"equal pairs": percent},
        )
        notes = [f"{q.title} ({q.rater_kind}): {remark}" for q in report.questions for remark in remarks(q)]
        if notes:
            with st.expander(f"Left out, or looking wrong: {len(notes)}", expanded=len(notes) <= 4):
                for note in notes:
                    st.caption(plain(note))
        with st.expander("Other coefficients: percent, Gwet, Fleiss, Brennan-Prediger, intraclass"):
            show_coefficients(report.questions)
        names = {f"{q.title} ({q.rater_kind})": q for q in report.questions}
        st.subheader("Where they differ", anchor=False)
        chosen = names[st.selectbox("Question", list(names), width=340) or next(iter(names))]
        pairs = pd.DataFrame(
            {
                "rater": pair.rater_a,
                "and": pair.rater_b,
                "kappa": pair.kappa,
                "from": pair.low,
                "to": pair.high,
                **(
                    {"linear": pair.linear.value, "quadratic": pair.quadratic.value}
                    if pair.linear and pair.quadratic
                    else {}
                ),
                "items in common": pair.n,
                "equal": pair.agree,
                "differ": pair.n - pair.agree,
                "note": pair.reason or "",
            }
            for pair in chosen.pairs
        )
        left, right = st.columns([2, 3], gap="medium")
        with left:
            picked = st.dataframe(
                pairs.sort_values("kappa", na_position="last", ignore_index=True) if len(pairs) else pairs,
                hide_index=True,
                height=280,
                column_config={name: number for name in ("kappa", "from", "to", "linear", "quadratic")},
                on_select="rerun",
                selection_mode="single-row",
                key=f"pairs-{chosen.question}-{chosen.rater_kind}",
            )
            st.caption(
                "Cohen's kappa on the items that both rated, lowest first, with its large-sample 95 % interval "
                "from twenty items on, too narrow where two agree on nearly everything; linear and quadratic: with weights, so that "
                "near numbers count as near. Undefined where both gave one value throughout. "
                "Select a pair to see where these two differ."
            )
        rows = picked["selection"]["rows"]
        ordered = sorted(chosen.pairs, key=lambda p: (p.kappa is None, p.kappa or 0.0))
        pair = (ordered[rows[0]].rater_a, ordered[rows[0]].rater_b) if rows else None
        with right:
            try:
                show_disagreement(
                    disagreement(
                        ctx,
                        actor,
                        project.id,
                        question=chosen.question,
                        rater_kind=chosen.rater_kind,
                        pair=pair,
                    ),
                    project.id,
                    pair,
                    question=chosen.question
                    if project.kind == "work" and chosen.rater_kind == "human"
                    else "",
                )
            except EXPECTED as error:
                st.info(str(error))

    agreement_panels(actor, project)

    scores = reports.rubric_scores(ctx, actor, project.id)
    if scores:
        st.subheader("Rubric scores by criterion", anchor=False)
        show_chart(charts.level_chart(scores), f"rubric-scores-{project.id}", key="levels")
        unscored = sum(sum(score.unscored.values()) for score in scores)
        st.caption(
            f"{scores[0].rubric}, version {scores[0].rubric_version}. Levels from worst to best. Unscored is counted ({unscored}) "
            "and never averaged: criteria that need a language model stay unscored until one is set up. Whether the judge "
            "can be trusted stands on the Judge quality page."
        )
    quality_panels(ctx, actor, project)
