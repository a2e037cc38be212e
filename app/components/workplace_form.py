"""The fields of a project's Work page settings; drawn inside the settings form."""

from typing import Any

import streamlit as st

from app.agents.masking import KINDS
from app.services.arms import workplace_of
from db.records import ProjectRecord, SchemaRecord

__all__ = ["workplace_form"]

_SUGGESTIONS = {"at_once": "when the item opens", "after_answer": "after the person's own answer"}
_ORDER = {"import": "as imported", "random": "random per person"}
_OPTIONS = {"schema": "as in the schema", "random": "random per person and item"}
_UNPROVEN = {"shown": "shown, marked as unproven", "hidden": "hidden from annotators"}
_JUDGED = {
    "no": "no suggestions",
    "written": "texts and labels with a rationale",
    "all": "all suggestions, also labels alone",
}
_ELSEWHERE = ("review", "requeue", "hide_names", "drift")
_ASSISTANT = {"may_draft": "explains and may draft", "guide_only": "explains only, names no answer"}


def workplace_form(project: ProjectRecord, schema: SchemaRecord | None) -> dict[str, Any]:
    """The settings as entered, to be checked by the service."""
    now = workplace_of(project)
    left, middle, right = st.columns(3)
    entered: dict[str, Any] = {
        "suggestions": _choice(left, "Suggestions are shown", _SUGGESTIONS, now.suggestions),
        "item_order": _choice(middle, "Order of items", _ORDER, now.item_order),
        "option_order": _choice(right, "Order of options", _OPTIONS, now.option_order),
        "assistant": _choice(left, "The assistant", _ASSISTANT, now.assistant),
        "planted_share": middle.number_input(
            "Share of known items with a wrong suggestion",
            0.0,
            0.5,
            now.planted_share,
            step=0.05,
            help="On items whose right answer is known, a wrong suggestion is shown on purpose: it measures who relies too much on suggestions. Reasons, examples and probabilities are then shown with no suggestion: a wrong one has none.",
        ),
        "break_minutes": right.number_input("Remind of a break after minutes", 5, 240, now.break_minutes),
        "turns_per_item": left.number_input(
            "Questions to the assistant per item", 1, 1000, now.turns_per_item
        ),
        "tokens_per_day": middle.number_input("Tokens per person and day", 1, None, now.tokens_per_day),
        "usd_per_day": right.number_input("USD per person and day", 0.01, None, now.usd_per_day),
        "mask": left.multiselect(
            "Hide from models",
            list(KINDS),
            list(now.mask),
            help="What has the form of an address, a telephone, card or account number, or an IP address. It comes back in what the model says. Names are not found this way.",
        ),
        "judge_level": left.number_input(
            "Agreement that the judge needs (kappa)",
            -1.0,
            1.0,
            now.judge_level,
            step=0.05,
            help="What the lower end of the interval of its agreement with people must reach before its score on a criterion is relied on.",
        ),
        "judge_needed": middle.number_input("Scores of people that it needs", 10, 10_000, now.judge_needed),
        "judge_unproven": _choice(right, "A criterion that is not proven is", _UNPROVEN, now.judge_unproven),
        "judge_suggestions": _choice(
            left,
            "The judge may score",
            _JUDGED,
            now.judge_suggestions,
            help="Which suggestions a job under Agents and jobs has judged on the project's rubric: it says what to verify first.",
        ),
    }
    asked = [
        question["id"]
        for question in (schema.document["questions"] if schema else ())
        if question["type"] in ("choice", "multi_choice", "rating", "pairwise")
    ]
    thresholds = {}
    if asked:
        st.caption("Select a suggestion when the item opens, from this confidence on (empty: never)")
        columns = st.columns(min(len(asked), 4))
        for number, question in enumerate(asked):
            value = columns[number % len(columns)].number_input(
                question,
                0.0,
                1.0,
                now.preselect.get(question),
                step=0.05,
                key=f"preselect-{project.id}-{question}",
            )
            if value is not None:
                thresholds[question] = value
    # Set on the pages Review and Agents and jobs; the document is stored as a whole.
    kept = {name: value for name, value in now.changes().items() if name in _ELSEWHERE}
    return {**entered, **kept, "preselect": thresholds}


def _choice(column: Any, label: str, names: dict[str, str], now: str, help: str | None = None) -> str:
    picked = column.selectbox(
        label, list(names), index=list(names).index(now), format_func=lambda key: names[key], help=help
    )
    return str(picked)
