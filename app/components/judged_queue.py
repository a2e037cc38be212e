"""Judged answers that a person should look at, and why."""

import pandas as pd
import streamlit as st

from app.components.links import item_address
from app.components.table import show_table
from app.services.arms import workplace_of
from app.services.context import Actor, Context
from app.services.judge_standing import Standing, judged_queue
from app.wiring import EXPECTED
from db.records import ProjectRecord

__all__ = ["judged_queue_panel"]

_WORDS: dict[Standing, str] = {
    "passed": "passed",
    "below": "below the pass mark",
    "unscored": "unscored",
    "disputed": "disputed",
    "doubtful": "doubtful verdict",
    "unproven": "judge unproven",
    "no_pass_mark": "no pass mark",
}


def judged_queue_panel(ctx: Context, actor: Actor, project: ProjectRecord) -> None:
    try:
        found = judged_queue(ctx, actor, project.id)
    except EXPECTED as error:
        st.info(f"{error}. The figures are under “Trust”.")
        return
    total = sum(found.counts.values())
    if not total:
        st.info("Nothing was judged yet. Answers to judged questions are, once the project has a rubric.")
        return
    st.markdown(
        " · ".join(
            f"{_WORDS[name]} **{count}** ({count / total:.0%})" for name, count in found.counts.items()
        )
    )
    st.caption(
        f"{total} judged answers, newest revisions. Only “passed” enters `milo export --only passed`: at the pass mark, undisputed, without a flag, and "
        "every required criterion a rule or proven."
    )
    hidden = workplace_of(project).hide_names and not st.toggle(
        "Show names", key=f"judged-names-{project.id}"
    )
    show_table(
        pd.DataFrame(
            {
                "item": row.external_id,
                **({} if hidden else {"by": row.annotator}),
                "stands": _WORDS[row.standing],
                "total": row.total,
                "why": ", ".join(flag.replace("_", " ").replace(":", ": ") for flag in row.flags),
                "open": item_address(project.id, row.external_id),
            }
            for row in found.rows
        ),
        column_config={
            "total": st.column_config.NumberColumn(format="percent"),
            "open": st.column_config.LinkColumn(display_text="history"),
        },
    )
