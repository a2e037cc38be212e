"""The search for a better prompt: what to vary, and how the variants did on the gold for tuning."""

from typing import Any

import pandas as pd
import streamlit as st

from app.agents.prompt_words import LANGUAGES
from app.components.plain import plain
from app.components.table import show_table
from app.services import preannotation
from app.services.agents import DEFAULT, agents_in_use
from app.services.context import Actor, Context
from app.services.prompt_search import KIND, in_words, keep_variant, search_result, start_search
from app.wiring import EXPECTED
from db.records import ProjectRecord

__all__ = ["search_panel"]


def search_panel(ctx: Context, actor: Actor, project: ProjectRecord) -> None:
    """The form that starts a search, and the newest or chosen search with its variants."""
    if ctx.gateway is None:
        st.info("A search needs a language model: set OPENAI_API_KEY, or OPENAI_BASE_URL for a local one.")
    else:
        _form(ctx, actor, project)
    searches = [state for state in preannotation.list_jobs(ctx, actor, project.id) if state.job.kind == KIND]
    if not searches:
        return
    names = {
        state.job.id: f"Job {state.job.id}, {state.job.spec['agent']}, {len(state.job.spec['variants'])} variants"
        for state in searches
    }
    chosen = st.selectbox("Search", list(names), format_func=lambda job: names[job], width=360)
    live = next(not state.finished and not state.job.paused for state in searches if state.job.id == chosen)

    @st.fragment(run_every=2.0 if live else None)
    def figures() -> None:
        _result(ctx, actor, chosen)

    figures()
    _keep(ctx, actor, chosen)


def _form(ctx: Context, actor: Actor, project: ProjectRecord) -> None:
    agents = [DEFAULT, *(row.name for row, _ in agents_in_use(ctx) if row.kind == "language_model")]
    with st.form(f"search-{project.id}"):
        cells = st.columns([2, 1, 1])
        agent = cells[0].selectbox("Agent", agents)
        items = cells[1].number_input("Items of gold for tuning", 5, 1000, 50)
        budget = cells[2].number_input("Budget, USD", 0.0, None, None)
        instructions = st.text_area(
            "Other instructions, each separated from the next by a line of three dashes", height=100
        )
        first, second, third, fourth = st.columns(4)
        languages = first.multiselect("Languages of the fixed words", LANGUAGES)
        forms = second.multiselect("Questions written as", ["json", "markdown"])
        examples = third.multiselect("Examples", [0, 2, 4, 8, 16])
        temperatures = fourth.multiselect("Temperatures", [0.0, 0.3, 0.7, 1.0])
        if st.form_submit_button("Search", icon=":material/search:", type="primary"):
            varied: dict[str, list[Any]] = {
                "instruction": [text.strip() for text in instructions.split("\n---\n") if text.strip()],
                "prompt_language": languages,
                "prompt_form": forms,
                "examples": examples,
                "temperature": temperatures,
            }
            try:
                job = start_search(
                    ctx,
                    actor,
                    project.id,
                    agent=agent or DEFAULT,
                    varied=varied,
                    items=items,
                    budget_usd=budget,
                )
                st.toast(f"Job {job.id} is queued.")
            except EXPECTED as error:
                st.error(str(error))
    st.caption(
        "All combinations of the values and the agent's own are tried on the same items of the dev part of gold. "
        "The examples in prompts come from the train part and from what people verified."
    )


def _result(ctx: Context, actor: Actor, job_id: int) -> None:
    found = search_result(ctx, actor, job_id)
    if found.state.job.paused:
        st.warning(f"Paused: {found.state.job.paused}", icon=":material/pause_circle:")
    if not found.state.finished:
        st.progress(found.state.progress)
    show_table(
        pd.DataFrame(
            {
                "variant": row.number,
                "what differs": in_words(row.changes),
                "right": row.right / row.n if row.n else None,
                "from": row.interval[0],
                "to": row.interval[1],
                "n": row.n,
                "better": row.better if row.number else None,
                "worse": row.worse if row.number else None,
                "p": row.p,
                "USD": row.cost_usd,
                "seconds a call": row.mean_seconds,
            }
            for row in found.variants
        ),
        column_config={
            name: st.column_config.NumberColumn(format="percent") for name in ("right", "from", "to")
        }
        | {name: st.column_config.NumberColumn(format="%.3f") for name in ("p", "seconds a call")},
    )
    st.caption(
        "Right: share of answers equal to the known one with its 95 % interval (Wilson); a failed call is not right. Better and worse: "
        "answers that changed against variant 0, the agent as it is, with the exact sign test, not adjusted for the number of variants. "
        "The best of many looks better than it is; only its figure on the test part of gold counts."
    )


def _keep(ctx: Context, actor: Actor, job_id: int) -> None:
    with st.form(f"keep-{job_id}", border=False):
        cells = st.columns([1, 3, 1], vertical_alignment="bottom")
        number = cells[0].number_input("Variant", 0, 63, 0)
        name = cells[1].text_input("Name of the new agent", max_chars=80)
        if cells[2].form_submit_button("Store it"):
            try:
                made = keep_variant(ctx, actor, job_id, number, name=name)
                st.success(f"Agent {plain(made.name)} is stored.")
            except EXPECTED as error:
                st.error(str(error))
