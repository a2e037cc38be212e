"""Having suggestions judged before people see them, and which of them a person should look at."""

from urllib.parse import quote

import pandas as pd
import streamlit as st

from app.components.table import show_table
from app.services.arms import workplace_of
from app.services.context import Actor, Context
from app.services.rejudging import SAMPLES
from app.services.suggestion_judging import (
    Standing,
    SuggestionFigures,
    standing_of,
    start_judging_suggestions,
    suggestion_figures,
)
from app.wiring import EXPECTED
from db.records import ProjectRecord

__all__ = ["judged_suggestions", "suggestion_judging_panel"]

_WORDS: dict[Standing, str] = {
    "passed": "at the pass mark",
    "below": "below the pass mark",
    "unscored": "unscored",
    "no_pass_mark": "no pass mark",
}
_ALL = "all agents"


def suggestion_judging_panel(ctx: Context, actor: Actor, project: ProjectRecord, agents: list[str]) -> None:
    """The form that starts the job, and what the judge said so far."""
    wanted = workplace_of(project).judge_suggestions
    with st.expander("Judge the suggestions", icon=":material/gavel:"):
        if wanted == "no" or not project.judge_on:
            st.info(
                "This project does not have its suggestions judged; an administrator switches it on in its settings."
            )
            return
        with st.form(f"judge-suggestions-{project.id}", border=False):
            cells = st.columns([2, 3, 1, 1, 2], vertical_alignment="bottom")
            agent = cells[0].selectbox("Suggested by", [_ALL, *agents])
            query = cells[1].text_input("Items (a query; empty: all)", key=f"judged-items-{project.id}")
            samples = cells[2].number_input("Replies each", 1, 20, SAMPLES)
            budget = cells[3].number_input("Budget, USD", 0.0, None, None, key=f"judged-budget-{project.id}")
            if cells[4].form_submit_button("Judge suggestions", icon=":material/gavel:", width="stretch"):
                try:
                    job = start_judging_suggestions(
                        ctx,
                        actor,
                        project.id,
                        agent=None if agent == _ALL else agent,
                        query=query,
                        samples=samples,
                        budget_usd=budget,
                    )
                    st.toast(f"Job {job.id} is queued.")
                except EXPECTED as error:
                    st.error(str(error))
        st.caption(
            ("Suggested texts to judged questions, and labels with a rationale" if wanted == "written" else "All suggestions")
            + ", on the rubric in force. The verdicts order “most in doubt first” on Verify; the query `judge:below` finds what "
            "lies below the pass mark. They count in no figure about people."
        )  # fmt: skip
        figures = suggestion_figures(ctx, actor, project.id)
        if figures.judged:
            judged_suggestions(project, figures)


def judged_suggestions(project: ProjectRecord, figures: SuggestionFigures) -> None:
    """Counts with their interval, and the suggestions that a person should look at."""
    low, decided, interval = figures.below
    share = "" if interval is None else f" ({low / decided:.0%} [{interval[0]:.0%}, {interval[1]:.0%}])"
    st.markdown(
        f"{figures.judged} suggestions judged: "
        + " · ".join(f"{_WORDS[name]} **{count}**" for name, count in figures.counts.items())
        + f" · with a flag **{figures.flagged}**"
    )
    if decided:
        st.caption(
            f"Below the pass mark: {low} of {decided} with a total{share}, 95 % interval. The judge's agreement with people is "
            "measured on people's answers; on suggestions it is advice."
        )
    if not figures.rows:
        return
    show_table(
        pd.DataFrame(
            {
                "item": row.external_id,
                "question": row.question,
                "suggestion": str(row.value),
                "by": row.model,
                "stands": _WORDS[standing_of(row)],
                "total": row.total,
                "why": (row.reason or ", ".join(row.flags)).replace("_", " "),
            }
            for row in figures.rows[:500]
        ),
        height=min(320, 40 + 36 * len(figures.rows)),
        column_config={"total": st.column_config.NumberColumn(format="percent")},
    )
    if low:
        question = quote(figures.rows[0].question)  # the lowest stands first
        st.link_button(
            "Verify those below the pass mark",
            f"/verify?project={project.id}&query=judge:below&question={question}",
        )
