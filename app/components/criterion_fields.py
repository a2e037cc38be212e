"""A rubric as people score on it: each criterion with its question and its described levels."""

import streamlit as st

from app.components.plain import plain
from rubrics import Level, Rubric

__all__ = ["CANNOT_SAY", "criterion_fields"]

CANNOT_SAY = "cannot say"


def criterion_fields(rubric: Rubric, *, key: str) -> dict[str, int | None]:
    """Criterion -> the value of the chosen level, None for “cannot say”; criteria without a choice are left out."""
    chosen: dict[str, int | None] = {}
    for criterion in rubric.criteria:
        picked = st.radio(
            plain(criterion.question),
            [*criterion.levels, CANNOT_SAY],
            index=None,
            key=f"{key}-{criterion.id}",
            format_func=_words,
        )
        if criterion.applies_when:
            st.caption(f"Only when {plain(criterion.applies_when)}; else “{CANNOT_SAY}”.")
        for level in criterion.levels:
            for example in level.examples:
                st.caption(f"For example {plain(level.label)}: {plain(example)}")
        if picked is not None:
            chosen[criterion.id] = picked.value if isinstance(picked, Level) else None
    return chosen


def _words(choice: Level | str) -> str:
    return f"{plain(choice.label)}: {plain(choice.description)}" if isinstance(choice, Level) else choice
