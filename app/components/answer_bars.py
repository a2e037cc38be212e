"""How the answers to one question of one item are spread: people's, and beside them what models suggest."""

import html
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app.components.adjudication_words import answer_words
from app.components.plain import plain
from app.schema import Question, SpanQuestion, TextQuestion
from app.themes import ACCENT, NEUTRAL

__all__ = ["label_counts", "show_answer_bars"]

_STYLE = (
    "<style>.milo-bars { display: grid; grid-template-columns: minmax(4rem, max-content) 1fr max-content; "
    "gap: 4px 8px; align-items: center; font-size: .875rem }"
    ".milo-bars .head { grid-column: 1 / -1; font-weight: 600 }"
    ".milo-bars .track { background: #8a979c33; height: 12px; border-radius: 3px; overflow: hidden }"
    ".milo-bars .track span { display: block; height: 100% }"
    ".milo-bars .n { text-align: right; font-variant-numeric: tabular-nums }</style>"
)


def label_counts(question: Question, values: Sequence[Any]) -> Mapping[str, int]:
    """Label as people read it -> how many gave it, most given first; of several labels in one answer each counts."""
    counts: Counter[str] = Counter()
    for value in values:
        counts.update(
            {answer_words(question, one) for one in (value if isinstance(value, list) else [value])}
        )
    return dict(counts.most_common())


def show_answer_bars(question: Question, people: Sequence[Any], models: Mapping[str, Any]) -> None:
    """A bar for each label that somebody gave; people and models are counted apart. Texts and spans have none.

    `people` are first answers, `models` the newest suggestion of each.
    """
    if isinstance(question, TextQuestion | SpanQuestion) or not (people or models):
        return
    parts = [_bars("People", label_counts(question, people), len(people), ACCENT)] if people else []
    if models:
        suggested = label_counts(question, list(models.values()))
        parts.append(_bars("Models, newest suggestions", suggested, len(models), NEUTRAL))
    for column, part in zip(st.columns(2, gap="medium"), parts, strict=False):
        column.html(f"{_STYLE}<div class='milo-bars'>{part}</div>")
    if models:
        names = "; ".join(f"{name}: {answer_words(question, value)}" for name, value in models.items())
        st.caption(f"What models suggest is no answer and no vote. {plain(names)}")


def _bars(title: str, counts: Mapping[str, int], n: int, colour: str) -> str:
    rows = "".join(
        f"<span>{html.escape(label)}</span>"
        f"<span class='track'><span style='width:{count / n:.1%};background:{colour}'></span></span>"
        f"<span class='n'>{count} of {n}</span>"
        for label, count in counts.items()
    )
    return f"<span class='head'>{html.escape(title)}</span>{rows}"
