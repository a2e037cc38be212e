"""Agents: make one with a preview of its prompt, and see how good each is where the answer is known."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from app.agents.prompt_words import LANGUAGES
from app.components.label_curves import show_label_curves
from app.components.plain import plain
from app.components.reliability import show_reliability
from app.components.table import show_table
from app.services.agent_quality import agent_skills, measure_skills
from app.services.agents import DEFAULT, add_agent, agent_difference, agents_in_use, check_agent, odd_labels
from app.services.context import Actor, Context
from app.services.job_report import sample_prompts
from app.wiring import EXPECTED
from db.records import ProjectRecord

__all__ = ["new_agent", "skill_table"]

_SHOWN = ("instruction", "examples", "pick", "prompt_language", "prompt_form", "one_message")
"""What the preview of a prompt depends on."""
_TEMPLATES = {
    "General": "",
    "Topic": "You sort texts by what they are about. A text has the topic that most of its words serve, not one that it only mentions.",
    "Sentiment": "You judge the attitude that a text expresses, not whether its subject is good or bad. Irony counts as what is meant.",
    "Moderation": "You decide whether a comment may stand. Judge what it does to others, not whether you agree with it.",
    "Extraction": "You mark the words that name something. Quote each exactly as it stands, once for every occurrence; leave out articles and punctuation.",
    "Comparison": "You compare two answers to the same request. Correctness comes before completeness, completeness before style; length is no merit.",
    "Writing": "You draft a short answer that a person will check. Say only what the item supports.",
}
"""Instructions to begin with, for the usual kinds of task."""


def agent_list(ctx: Context) -> None:
    """The stored agents, found by any of their words; two of them side by side as a difference."""
    known = agents_in_use(ctx)
    if not known:
        return
    wanted = st.text_input(
        "Find an agent by name, model, prompt, creator or job", key="find-agent"
    ).casefold()
    rows = [
        {
            "agent": row.name,
            "kind": row.kind.replace("_", " "),
            "model": row.configuration.get("model") or row.configuration.get("url") or "",
            "by": row.created_by,
            "since": row.created_at,
            "jobs": ", ".join(map(str, jobs)),
            "instruction": str(
                row.configuration.get("instruction") or ", ".join(row.configuration.get("agents", ()))
            ),
        }
        for row, jobs in known
    ]
    found = [
        row for row in rows if all(word in str(list(row.values())).casefold() for word in wanted.split())
    ]
    picked = show_table(
        pd.DataFrame(found),
        on_select="rerun",
        selection_mode="multi-row",
        key="agents",
        column_config={"since": st.column_config.DatetimeColumn(format="D MMM YYYY")},
    )
    chosen = [found[place]["agent"] for place in picked["selection"]["rows"] if place < len(found)]
    if len(chosen) == 2:
        st.code(
            agent_difference(ctx, str(chosen[0]), str(chosen[1])) or "They are the same.", language="diff"
        )
    else:
        st.caption("Select two to see in what they differ.")
    asked = [row["agent"] for row in found if row["agent"] in chosen and row["kind"] == "language model"]
    if len(asked) == 1 and st.button("Ask its endpoint", icon=":material/network_ping:"):
        _ask_endpoint(ctx, str(asked[0]))
    st.markdown("##### A new agent")


def new_agent(ctx: Context, actor: Actor, project: ProjectRecord) -> None:
    """The form for an agent of the language model, with its prompt as it would be sent."""
    odd = odd_labels(ctx, project.id)
    if odd:
        st.warning(
            f"Models tend to get these labels wrong, for their spelling: {', '.join(odd[:8])}. Plain words of a language do better."
        )
    template = st.selectbox("Begin with", list(_TEMPLATES), width=260)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        instruction = st.text_area(
            "Instruction: in place of the general task; questions, definitions and guidelines follow it in any case",
            _TEMPLATES[template],
            height=150,
            key=f"instruction-{template}",
        )
    with right:
        name = st.text_input("Name", max_chars=80)
        model = st.text_input("Model (empty: the configured one)")
    cells = st.columns(4)
    values: dict[str, Any] = {
        "instruction": instruction,
        "model": model.strip(),
        "temperature": cells[0].number_input("Temperature (empty: the model's)", 0.0, 2.0, None, step=0.1),
        "max_tokens": cells[1].number_input("Room for the reply, tokens", 16, 32_768, 2048),
        "examples": cells[2].number_input("Verified items as examples", 0, 32, 0),
        "pick": cells[3].selectbox("Which examples", ["similar", "diverse", "random"]),
        "confidence": cells[0].selectbox("Confidence by", ["stated", "label_tokens", "samples"]),
        "samples": cells[1].number_input("Times each item is asked about", 1, 20, 1),
        "prompt_language": cells[2].selectbox("Language of the fixed words", LANGUAGES),
        "prompt_form": cells[3].selectbox("Questions written as", ["json", "markdown"]),
        "both_orders": cells[0].checkbox("Ask about pairs in both orders"),
        "one_message": cells[1].checkbox(
            "Everything in one message", help="For models that know no system message."
        ),
    }
    if st.button("Store the agent", type="primary"):
        try:
            made = add_agent(ctx, actor, name=name, **values)
            st.success(f"Agent {plain(made.name)} is stored.")
            _ask_endpoint(ctx, made.name)
        except EXPECTED as error:
            st.error(str(error))
    _preview(ctx, actor, project, values)


def _ask_endpoint(ctx: Context, name: str) -> None:
    """A cheap call with the agent's parameters, so that a wrong name or key shows before a job does."""
    with st.spinner("Asking the endpoint …"):
        found = asyncio.run(check_agent(ctx, name))
    if found.ok:
        st.success(plain(found.said))
    else:
        st.warning(f"The endpoint does not serve it: {plain(found.said)}")


def _preview(ctx: Context, actor: Actor, project: ProjectRecord, values: Mapping[str, Any]) -> None:
    query = st.text_input("Items for the preview (a query; empty: the first two)", key="preview")
    try:
        shown = sample_prompts(
            ctx,
            actor,
            project,
            agent=DEFAULT,
            query=query,
            **{name: values[name] for name in _SHOWN},
        )
    except EXPECTED as error:
        st.error(str(error))
        return
    for name, system, item in shown:
        with st.expander(f"Prompt for {name}, about {(len(system) + len(item)) // 4:,} tokens"):
            if system:
                st.code(system, language=None, wrap_lines=True)
            st.code(item, language=None, wrap_lines=True)


def skill_table(ctx: Context, actor: Actor, project: ProjectRecord) -> None:
    """What each agent got right on gold, as last measured."""
    if st.button("Measure on gold now", icon=":material/straighten:"):
        measure_skills(ctx, actor, project.id)
    rows = agent_skills(ctx, actor, project.id)
    if not rows:
        st.info(
            "No agent was measured yet. It takes items with a known answer (gold) and suggestions for them."
        )
        return
    show_table(
        pd.DataFrame(
            {
                "agent": row.agent,
                "question": row.question,
                "right": row.figures["right"] / row.n,
                "from": row.figures["interval"][0],
                "to": row.figures["interval"][1],
                "n": row.n,
                "gold": row.split,
                "right on all gold": row.figures["all_gold"]["right"] / row.figures["all_gold"]["n"],
                "n of all": row.figures["all_gold"]["n"],
                "area under ROC": row.figures["area"],
                "calibration error": row.figures["calibration_error"],
                "by chance up to": row.figures["calibration_error_by_chance"],
                "version": row.model_version,
                "measured": row.created_at,
            }
            for row in rows
        ),
        column_config={
            name: st.column_config.NumberColumn(format="percent")
            for name in ("right", "from", "to", "right on all gold")
        }
        | {"measured": st.column_config.DatetimeColumn(format="D MMM, HH:mm")}
        | {
            name: st.column_config.NumberColumn(format="%.3f")
            for name in ("area under ROC", "calibration error", "by chance up to")
        },
    )
    st.caption(
        "Right: share equal to the known answer, with its 95 % interval (Wilson), on the test part of gold, or on all of gold where "
        "that part holds fewer than ten answers. Calibration error: how far confidences are from how often they are right (15 bins); "
        "even perfect ones reach the value beside it in one draw of twenty. An agent that is not in this list was never measured."
    )
    chosen = st.selectbox("Labels of", [f"{row.agent}, {row.question}" for row in rows], width=360)
    row = rows[[f"{row.agent}, {row.question}" for row in rows].index(chosen)]
    left, right = st.columns(2)
    left.dataframe(
        pd.DataFrame(
            {
                "label": label,
                **{name: figures[name] for name in ("n", "precision", "recall")},
                "area under ROC": figures.get("area"),
            }
            for label, figures in row.figures["labels"].items()
        ),
        hide_index=True,
        column_config={
            name: st.column_config.NumberColumn(format="percent") for name in ("precision", "recall")
        }
        | {"area under ROC": st.column_config.NumberColumn(format="%.3f")},
    )
    name = f"{row.agent}-{row.question}"
    show_label_curves(row.figures["labels"], key=f"label-roc-{name}")
    show_reliability(row.figures, key=f"reliability-{name}")
    confusion = pd.DataFrame(row.figures["confusion"], columns=["known", "suggested", "n"])
    if not confusion.empty:
        right.dataframe(
            confusion.pivot_table(index="known", columns="suggested", values="n", fill_value=0, aggfunc="sum")
        )
