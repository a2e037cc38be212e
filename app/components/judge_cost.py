"""What a judged answer costs: requests, tokens and money as counted, beside one request for each criterion."""

from shlex import quote

import pandas as pd
import streamlit as st

from app.components.table import show_table
from app.services.context import Actor, Context
from app.services.costs import BothWays, cost_report
from db.records import ProjectRecord

__all__ = ["judge_cost_panel"]

_WHAT = {
    "answers": "answers",
    "suggestions": "suggestions",
    "pairs": "pairs of answers",
    "drafts": "drafts, checked before submitting",
}
_WAYS = {"all": "all criteria at once", "one": "one request a criterion"}


def judge_cost_panel(ctx: Context, actor: Actor, project: ProjectRecord) -> None:
    report = cost_report(ctx, actor, project.id)
    if not report.judge:
        st.info(
            "No language model has judged anything here yet, so nothing was spent. Rules and built-in checks cost nothing."
        )
        return
    show_table(
        pd.DataFrame(
            {
                "judged": _WHAT[row.what],
                "how": "both answers at once" if row.what == "pairs" else _WAYS[row.together],
                "replies": row.samples,
                "n": row.judged,
                "requests each": row.requests,
                "one each would be": "–" if row.one_each is None else f"{row.one_each:.2f}",
                "tokens each": row.tokens,
                "USD each": "unknown" if row.usd is None else f"{row.usd:.6f}",
            }
            for row in report.judge
        ),
        column_config={
            "requests each": st.column_config.NumberColumn(format="%.2f"),
            "tokens each": st.column_config.NumberColumn(format="%.0f"),
        },
    )
    st.caption(
        "Requests are those really sent, repeated ones too; empty where older verdicts did not record them. “One each would be”: the criteria that a model scores, "
        "times the replies. Money by the table of prices (`milo prices`) for the model that each verdict names, on its day; unknown without one."
    )
    _both_ways(report.both_ways, project)


def _both_ways(both: BothWays | None, project: ProjectRecord) -> None:
    if both is None:
        st.caption(
            f"Not measured yet: the same answers judged criterion by criterion. `milo judge again {quote(project.name)} --per-criterion --samples 1 --limit 20` "
            "does it on twenty, if they were judged with one reply before."
        )
        return
    money = (
        ""
        if both.usd_together is None or both.usd_each is None
        else f" and {both.usd_each:.6f} instead of {both.usd_together:.6f} USD"
    )
    st.markdown(
        f"Measured on {both.answers} answers judged both ways: one request a criterion takes {both.tokens_each:.0f} instead of "
        f"{both.tokens_together:.0f} tokens an answer, **{both.tokens_each / both.tokens_together:.1f} times** as many{money}."
    )
