"""Writing a study down: its plan as fields, what it will be able to see, and the draft with its hash."""

from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from app.components.plain import plain
from app.services import studies
from app.services.context import Actor, Context
from app.services.projects import describe
from app.services.studies import Estimate
from app.wiring import EXPECTED
from db.records import ProjectRecord

__all__ = ["show_estimate", "study_form"]

_DESIGNS = {
    "per item": "by chance, item by item",
    "crossover": "in blocks of items, in turn",
    "before/after": "first without, then with",
}
_WHEN = {"none": "none", "at_once": "when the item opens", "after_answer": "after the own answer"}
_PEOPLE = 12
"""Planned, until somebody says otherwise."""
_FIGURES = {"time": "handling time", "quality": "share right against gold"}


def show_estimate(estimate: Estimate) -> None:
    """What the study will be able to see."""
    box = st.info if estimate.enough else st.warning
    box(plain(estimate.words), icon=":material/visibility:")


def study_form(ctx: Context, actor: Actor, project: ProjectRecord) -> None:
    project_id = project.id
    wanted = describe(ctx, actor, project_id).items * min(project.overlap, _PEOPLE)
    with st.form(f"study-{project_id}", border=False):
        left, right = st.columns([1, 2])
        name = left.text_input("Name", max_chars=120)
        question = right.text_input(
            "What is to be decided?", placeholder="Do suggestions save time here without costing quality?"
        )
        st.caption(
            "Arms. One without any help, named `none`, is the control. What no arm names stays in all of them as the project has it. "
            "Wrong: share of the items with a known answer on which the suggestion is wrong on purpose. Parts: how many items for one "
            "of an arm with one part. Drawn item by item, arms can be told apart best; blocks are needed to compare how people find "
            "them; first without, then with has no control group and proves nothing."
        )
        arms = st.data_editor(
            pd.DataFrame(
                [
                    {"name": "none", "suggestion": "none", "wrong": 0.0, "chat": False, "feedback": False, "parts": 1},
                    _helping(project),
                ]
            ),
            num_rows="dynamic",
            hide_index=True,
            key=f"arms-{project_id}",
            column_config={
                "name": st.column_config.TextColumn("arm", required=True),
                "suggestion": st.column_config.SelectboxColumn("suggestion", options=list(_WHEN), format_func=lambda when: _WHEN[str(when)], required=True, default="none"),
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
        people = three.number_input("People planned", 1, 10_000, _PEOPLE)
        seed = four.number_input("Seed", 0, 2**31 - 1, None, placeholder="drawn")
        one, two, three, four = st.columns(4)
        figure = one.selectbox("What decides", list(_FIGURES), format_func=lambda key: _FIGURES[key])
        smallest = two.number_input(
            "Smallest change that matters, %",
            -99.0,
            999.0,
            -10.0,
            step=1.0,
            format="%g",
            help="-10: ten percent less time; for quality, points of the share right.",
        )
        equal = three.number_input(
            "Quality is equal within, points",
            0.5,
            99.0,
            5.0,
            step=0.5,
            format="%g",
            help="Of the share of right answers: its whole interval lies within so many points.",
        )
        four.empty()
        one, two, words_column = st.columns([1, 1, 2])
        answers = one.number_input("Stops at answers", 1, None, max(wanted, 1))
        until = two.date_input("… or on the day", None, min_value=date(2020, 1, 1))
        words = words_column.text_input(
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
        "equal_quality": round(equal / 100, 6),
        "stop": {"answers": answers, "date": until.isoformat() if isinstance(until, date) else None},
    }
    if seed is not None:
        plan["seed"] = int(seed)
    try:
        if look:
            show_estimate(studies.estimate_power(ctx, actor, project_id, plan))
        else:
            state = studies.define_study(ctx, actor, project_id, name=name, source=plan)
            st.success(
                f"Written down: {name}, hash {state.record.hash[:16]}…. Start it above when all is ready."
            )
            st.rerun()
    except EXPECTED as error:
        st.error(str(error))


def _helping(project: ProjectRecord) -> dict[str, Any]:
    """A first arm with help, of the first kind that the project gives."""
    suggestion, chat = project.preannotation_on, project.assistant_on
    name = "suggestion" if suggestion else "assistant" if chat else "feedback"
    return {
        "name": name,
        "suggestion": "at_once" if suggestion else "none",
        "wrong": 0.0,
        "chat": name == "assistant",
        "feedback": name == "feedback",
        "parts": 1,
    }


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
