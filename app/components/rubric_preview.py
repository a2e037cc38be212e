"""A rubric as people see it who score by it, and as the judge's model is asked."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app.components.criterion_fields import criterion_fields
from app.components.plain import plain
from app.components.table import show_table
from app.services.context import Actor, Context
from app.services.rubric_trial import AnswerToTry, prompt_for
from app.wiring import EXPECTED
from db.records import ProjectRecord
from rubrics import Rubric

__all__ = ["prompt_preview", "rubric_preview"]


def rubric_preview(rubric: Rubric, *, key: str) -> None:
    """The form as a person who scores sees it, and beside it what each criterion counts for."""
    st.caption("As on the page Judge quality, where people score answers without seeing what the judge said.")
    form, about = st.columns([4, 5], gap="medium")
    with form, st.container(border=True):
        criterion_fields(rubric, key=key)
    with about:
        whole = sum(c.weight for c in rubric.criteria if c.scale != "nominal")
        points = rubric.aggregation == "points"
        show_table(
            pd.DataFrame(
                {
                    "criterion": c.id,
                    "by": f"rule: {c.check.kind}" if c.check else "model",
                    "scale": c.scale,
                    ("points" if points else "weight"): c.points if points else c.weight,
                    "of the total": None
                    if c.scale == "nominal" or rubric.aggregation != "weighted_mean"
                    else c.weight / whole,
                    "required": c.required,
                    "evidence": c.evidence,
                }
                for c in rubric.criteria
            ),
            column_config={"of the total": st.column_config.NumberColumn(format="percent")},
        )
        total = {
            "weighted_mean": "The total is the weighted mean of the levels, each scaled to 0 to 1.",
            "points": "The total is the points met over the points there are to gain, never below 0.",
            "worst": "The total is that of the worst criterion.",
        }[rubric.aggregation]
        mark = (
            "It has no pass mark."
            if rubric.pass_mark is None
            else f"It passes from {rubric.pass_mark:.0%} on."
        )
        st.caption(f"{total} {mark} A required criterion without a level leaves the total open.")


def prompt_preview(
    ctx: Context, actor: Actor, project: ProjectRecord, text: str, answers: Sequence[AnswerToTry]
) -> None:
    """The messages that the judge's model would be sent about a chosen answer."""
    if not answers:
        st.info("No judged answer has been submitted yet; the prompt is shown for one.")
        return
    names = {
        answer.answer_id: f"{answer.external_id}, {answer.question}: {answer.text[:60]}" for answer in answers
    }
    chosen = st.selectbox(
        "Answer", list(names), format_func=lambda id_: names[id_], key=f"prompt-{project.id}"
    )
    try:
        asked = prompt_for(ctx, actor, project.id, text, chosen)
    except EXPECTED as error:
        st.error(plain(str(error)))
        return
    if not asked:
        st.info("Every criterion is decided by rule: no model is asked.")
    for message in asked:
        st.caption(f"Request {message.request}, {message.role}, about {len(message.text) // 4:,} tokens")
        st.code(message.text, language=None, wrap_lines=True)
    if asked:
        st.caption(
            "Word for word what is sent, but for the mark around the submission, which is drawn anew each time. With it goes the "
            "shape of the reply: for each criterion evidence, rationale, level and suggestion, in this order."
            + ("" if ctx.gateway else " No model is configured: these criteria stay unscored.")
        )
