"""Writing a study down: its plan as fields, what it will be able to see, and the draft with its hash."""

from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from app.services import studies
from app.services.context import Actor, Context
from app.services.studies import Estimate
from app.wiring import EXPECTED

__all__ = ["estimate_words", "study_form"]

_DESIGNS = {
    "per item": "by chance for each item of a person (best)",
    "crossover": "blocks of items, with and without in turn",
    "before/after": "each person first without, then with (no control group)",
}
_WHEN = ["none", "at_once", "after_answer"]
_FIGURES = {"time": "handling time", "quality": "share right against gold"}


def estimate_words(estimate: Estimate) -> str:
    """What the study can see, in a sentence or three."""
    spread = estimate.spread
    if estimate.detectable.change is None:
        return f"What it will be able to see cannot be said: {estimate.reason}."
    source = (
        f"Assumed as typical, since there is too little to estimate it from: {', '.join(spread.assumed)}."
        if spread.assumed
        else f"From the spread of {spread.n} earlier answers here."
    )
    needed = (
        f"The smallest change that would matter takes {estimate.needed.annotators} people with as many items each."
        if estimate.needed.annotators is not None
        else f"The smallest change that would matter cannot be found: {estimate.needed.reason}."
    )
    note = f" {estimate.detectable.note}." if estimate.detectable.note else ""
    return (
        f"With {estimate.items_each} items each, the planned people find a change of {estimate.detectable.change:+.1%} of handling time four "
        f"times in five; smaller ones less often. {needed} {source}{note}"
    )


def study_form(ctx: Context, actor: Actor, project_id: int) -> None:
    with st.form(f"study-{project_id}", border=False):
        left, right = st.columns([1, 2])
        name = left.text_input("Name", max_chars=120)
        question = right.text_input(
            "What is to be decided?", placeholder="Do suggestions save time here without costing quality?"
        )
        st.caption(
            "Arms. One without any help, named `none`, is the control. What no arm names stays in all of them as the project has it. "
            "Wrong: share of the items with a known answer on which the suggestion is wrong on purpose. Parts: how many items for one "
            "of an arm with one part."
        )
        arms = st.data_editor(
            pd.DataFrame(
                [
                    {"name": "none", "suggestion": "none", "wrong": 0.0, "chat": False, "feedback": False, "parts": 1},
                    {"name": "suggestion", "suggestion": "at_once", "wrong": 0.0, "chat": False, "feedback": False, "parts": 1},
                ]
            ),
            num_rows="dynamic",
            hide_index=True,
            key=f"arms-{project_id}",
            column_config={
                "name": st.column_config.TextColumn("arm", required=True),
                "suggestion": st.column_config.SelectboxColumn("suggestion", options=_WHEN, required=True, default="none"),
                "wrong": st.column_config.NumberColumn("wrong", min_value=0.0, max_value=1.0, step=0.05, default=0.0),
                "chat": st.column_config.CheckboxColumn("assistant", default=False),
                "feedback": st.column_config.CheckboxColumn("judge's feedback", default=False),
                "parts": st.column_config.NumberColumn("parts", min_value=1, max_value=10, step=1, default=1),
            },
        )  # fmt: skip
        one, two, three, four = st.columns(4)
        design = one.selectbox("Arms are drawn", list(_DESIGNS), format_func=lambda key: _DESIGNS[key])
        block = two.number_input(
            "Items in a block", 1, 1000, 10, help="For blocks, and for what comes before."
        )
        people = three.number_input("People planned", 1, 10_000, 12)
        seed = four.number_input("Seed (empty: drawn)", 0, 2**31 - 1, None)
        figure = one.selectbox("What decides", list(_FIGURES), format_func=lambda key: _FIGURES[key])
        smallest = two.number_input(
            "Smallest change that matters, %",
            -99.0,
            999.0,
            -10.0,
            step=1.0,
            help="-10: ten percent less time.",
        )
        answers = three.number_input("Stops at answers", 1, None, 480)
        until = four.date_input("… or on", None, min_value=date(2020, 1, 1))
        words = st.text_input(
            "The outcome in words",
            "Change of handling time with help, first submissions only.",
            help="Written down with the hash; nothing else is reported as the outcome.",
        )
        with st.container(horizontal=True):
            look = st.form_submit_button("What will it see?")
            write = st.form_submit_button("Write it down", type="primary")
    if not (look or write):
        return
    plan: dict[str, Any] = {
        "question": question,
        "arms": [_arm(row) for row in arms.to_dict("records")],
        "design": design,
        "block": int(block),
        "people": int(people),
        "outcome": {"figure": figure, "words": words},
        "smallest_effect": round(smallest / 100, 6),
        "stop": {"answers": answers, "date": until.isoformat() if isinstance(until, date) else None},
    }
    if seed is not None:
        plan["seed"] = int(seed)
    try:
        if look:
            st.info(estimate_words(studies.estimate_power(ctx, actor, project_id, plan)))
        else:
            state = studies.define_study(ctx, actor, project_id, name=name, source=plan)
            st.success(
                f"Written down: {name}, hash {state.record.hash[:16]}…. Start it above when all is ready."
            )
            st.rerun()
    except EXPECTED as error:
        st.error(str(error))


def _arm(row: dict[Any, Any]) -> dict[str, Any]:
    """An arm as a row of the table has it; an empty cell is the default."""

    def given(name: str, default: Any) -> Any:
        value = row.get(name)
        return default if value is None or pd.isna(value) else value

    return {
        "name": str(given("name", "")),
        "suggestion": str(given("suggestion", "none")),
        "wrong_share": float(given("wrong", 0.0)),
        "chat": bool(given("chat", False)),
        "feedback": bool(given("feedback", False)),
        "parts": int(given("parts", 1)),
    }
