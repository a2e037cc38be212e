"""A reviewer's levels on the rubric of judged answers, and what pre-filling them does."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app.components.plain import plain
from app.components.shares import share_columns, share_format
from app.components.table import show_table
from app.services.review_levels import GivenLevel, LevelField, Prefilling
from rubrics import Level

__all__ = ["review_level_fields", "show_prefilling"]


def review_level_fields(fields: Sequence[LevelField], *, key: str) -> list[GivenLevel]:
    """A field per criterion; what the reviewer leaves empty is not given back."""
    if not fields:
        return []
    prefilled = sum(field.prefilled for field in fields)
    given = []
    words = "Levels on the rubric" + (f", {prefilled} pre-filled by the judge" if prefilled else "")
    with st.expander(words, expanded=bool(prefilled)):
        for field in fields:
            # The gate is in the key: when it closes, what it had filled in goes with it.
            name = f"{key}-{field.verdict_id}-{field.criterion}-{field.prefilled}"
            values = [level.value for level in field.levels]
            picked = st.selectbox(
                plain(field.title),
                field.levels,
                index=values.index(field.judge) if field.prefilled and field.judge in values else None,
                format_func=_label,
                placeholder="no level",
                key=name,
            )
            if field.prefilled and field.gate is not None and field.gate.low is not None:
                st.caption(
                    f":material/auto_awesome: Pre-filled with the judge's level, proven on {field.gate.n} blind scores "
                    f"(kappa at least {field.gate.low:.2f}). Change it where you see it otherwise."
                )
            if picked is not None:
                given.append(
                    GivenLevel(
                        field.answer_id, field.verdict_id, field.criterion, picked.value, field.prefilled
                    )
                )
        st.caption(
            "These levels stand beside the judge's and are no blind scores: they are in no figure of trust."
        )
    return given


def _label(level: Level) -> str:
    return plain(level.label)


def show_prefilling(rows: Sequence[Prefilling]) -> None:
    """How often people give the judge's level, by what they saw of it."""
    if not rows:
        return
    st.markdown("**Levels of reviewers beside the judge's**")
    show_table(
        pd.DataFrame(
            {
                "criterion": row.criterion,
                **share_columns(row.prefilled, "pre-filled", "n pre-filled"),
                **share_columns(row.beside, "beside it", "n beside"),
                **share_columns(row.blind, "blind", "n blind"),
            }
            for row in rows
        ),
        column_config=share_format("pre-filled") | share_format("beside it") | share_format("blind"),
    )
    st.caption(
        "Share of levels that are the judge's: where the form began with it (accepted as it was), where it stood beside an empty field, and "
        "where people did not see it. With 95 % intervals of Wilson. Much more agreement where it is pre-filled than blind is the form's doing, not the judge's."
    )
