"""Agreement: where people agree beyond chance, the answers behind, and how answers score on the rubric."""

import time
from typing import Final

import streamlit as st

from app import charts, resources
from app.components.agreement_disputes import agreement_disputes, disputes_drawn
from app.components.agreement_overview import agreement_numbers, agreement_overview
from app.components.agreement_panels import agreement_panels
from app.components.chart import show_chart
from app.components.frame import pick_project, simulated_note
from app.components.quality_panels import quality_panels
from app.services import reports
from app.services.disagreement import may_read_answers
from app.services.parts_agreement import parts_agreement
from app.state import current_actor

_DRAWN: Final = 0.15
"""Seconds in which a browser draws the chart of a page just opened, before the rest comes: with all at once it shows nothing
for twice as long."""

ctx, actor = resources.context(), current_actor()
st.subheader("Agreement", anchor=False)
project = pick_project(actor, roles=frozenset({"qa_lead", "manager"}))
if project is not None:
    simulated_note(project)
    alphas = reports.agreement_alphas(ctx, actor, project.id)
    parts = parts_agreement(ctx, actor, project.id)
    if alphas.questions or alphas.criteria or parts.label_sets or parts.spans:
        lines = agreement_overview(alphas, parts, project.id)
        if not disputes_drawn(project.id):
            time.sleep(_DRAWN)
        report = reports.agreement(ctx, actor, project.id)
        agreement_numbers(report)
        agreement_disputes(
            actor, project, report, parts, lines, may_read=may_read_answers(ctx, actor, project.id)
        )
    else:
        st.info(
            "Nothing to compare yet. Agreement appears as soon as two people have answered the same items, or scored the same answers on "
            "the rubric; free text by itself has no labels to agree on."
        )
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
