"""Imported judges that give labels, in a table."""

import pandas as pd
import streamlit as st

from app.components.table import show_table
from app.services.context import Actor, Context
from app.services.label_judges import label_judges

__all__ = ["label_judges_panel"]


def label_judges_panel(ctx: Context, actor: Actor, project_id: int) -> None:
    """Nothing where the ratings hold no judge or model."""
    rows = label_judges(ctx, actor, project_id)
    if not rows:
        return
    st.markdown("##### Labels")
    show_table(
        pd.DataFrame(
            {
                "question": row.question,
                "judge": row.judge,
                "right": row.figures.right / row.figures.n if row.figures.n else None,
                "from": row.figures.interval[0] if row.figures.interval else None,
                "to": row.figures.interval[1] if row.figures.interval else None,
                "n": row.figures.n,
                "against": row.figures.against,
                "kappa": row.figures.kappa,
                "asked twice": row.figures.repeats.n or None,
                "the same": row.figures.repeats.same / row.figures.repeats.n
                if row.figures.repeats.n
                else None,
                "both orders": row.figures.both_orders.n or None,
                "same in both": row.figures.both_orders.same / row.figures.both_orders.n
                if row.figures.both_orders.n
                else None,
            }
            for row in rows
        ),
        column_config={
            name: st.column_config.NumberColumn(format="percent")
            for name in ("right", "from", "to", "the same", "same in both")
        }
        | {"kappa": st.column_config.NumberColumn(format="%.2f")},
    )
    ties = max(row.figures.no_majority for row in rows)
    st.caption(
        "Right: replies equal to the known answer or, where none is known, to the label that most people gave, with the 95 % interval (Wilson)"
        + (f"; {ties} items on which people tie are left out" if ties else "")
        + ". The same: first and second reply about an item, in the same order where the table says one. Same in both: first replies "
        "with the two answers in one order and in the other."
    )
    means = {row.judge: row.over_questions for row in rows if row.over_questions.questions > 1}
    if means:
        show_table(
            pd.DataFrame(
                {
                    "judge": judge,
                    "mean right": mean.right,
                    "from": mean.low,
                    "to": mean.high,
                    "questions": mean.questions,
                    "mean same in both orders": mean.both_orders,
                }
                for judge, mean in means.items()
            ),
            column_config={
                name: st.column_config.NumberColumn(format="percent")
                for name in ("mean right", "from", "to", "mean same in both orders")
            },
        )
        st.caption("Over the questions, each of which counts the same, however many items it has.")
