"""Adjudicate: where people's answers differ, decide; see in which state every item is, and the figures."""

import pandas as pd
import streamlit as st

from app import resources
from app.components.adjudication import case_panel, leave_case, tell_lost_press
from app.components.adjudication_figures import show_adjudication_figures
from app.components.adjudication_words import sentence
from app.components.asked_number import asked_number
from app.components.board import show_board
from app.components.frame import pick_project, simulated_note
from app.components.table import show_table
from app.services.adjudication_figures import adjudication_figures
from app.services.adjudication_queue import STATES, Case, adjudication_queue, why_no_case
from app.services.arms import workplace_of
from app.services.board import board
from app.services.projects import describe, schema_of
from app.state import current_actor
from app.wiring import EXPECTED

STATE_NAMES = {"waiting": "waiting", "reviewed": "settled in review", "decided": "decided"}


def why(case: Case) -> str:
    if case.contradictions:
        return f"{case.contradictions} contradicting"
    return case.stuck or "they differ"


ctx, actor = resources.context(), current_actor()
st.subheader("Adjudicate", anchor=False)
project = pick_project(actor, roles=frozenset({"qa_lead"}), kind="work")
schema = describe(ctx, actor, project.id).schema if project else None
if project is not None and schema is not None:
    simulated_note(project)
    titles = {question.id: question.title for question in schema_of(schema).questions}
    cases_tab, board_tab, figures_tab = st.tabs(["Cases", "Board", "Figures"], key="part", on_change="rerun")
    with cases_tab:
        if cases_tab.open:
            with st.container(horizontal=True, vertical_alignment="bottom"):
                asked = st.selectbox(
                    "Question",
                    ["", *titles],
                    format_func=lambda id_: titles.get(id_, "all questions"),
                    width=240,
                )
                state = st.segmented_control(
                    "Cases", STATES, default="waiting", required=True, format_func=STATE_NAMES.__getitem__,
                    key=f"state-{project.id}",
                )  # fmt: skip
                names = st.toggle("Show names") if workplace_of(project).hide_names else True
                own = st.toggle("Also items that I answered myself")
                texts = st.toggle(
                    "Also texts that differ",
                    help="People who write freely always differ. Texts in which the judge found a contradiction are cases anyway.",
                )
            queue = adjudication_queue(
                ctx, actor, project.id, question=asked or None, include_own=own, texts=texts
            )
            by_state = {state: [entry for entry in queue if entry.state == state] for state in STATES}
            if queue:
                done = len(queue) - len(by_state["waiting"])
                counts = " · ".join(f"{len(by_state[state])} {STATE_NAMES[state]}" for state in STATES)
                st.progress(done / len(queue), counts)
            linked = st.query_params.get("case", "")
            wanted = [entry for entry in queue if str(entry.item_id) == linked]
            chosen = wanted or by_state[state]
            if wanted:
                st.button("All cases", icon=":material/arrow_back:", on_click=leave_case)
            if linked and not wanted:
                words = why_no_case(
                    ctx,
                    actor,
                    project.id,
                    asked_number("case") or 0,
                    question=asked or None,
                    include_own=own,
                    texts=texts,
                )
                st.info(words, icon=":material/info:")
            if not chosen:
                tell_lost_press(None)
            if not queue:
                st.info(
                    "No answers differ yet. A case appears as soon as two people have answered one question of an item "
                    "differently, or a rejected answer has no successor to wait for."
                )
            elif not chosen:
                st.success("Nothing is waiting here. The next cases come with the next answers that differ.")
            else:
                table = pd.DataFrame(
                    {
                        "item": entry.external_id,
                        "question": titles[entry.question],
                        "apart": entry.apart,
                        "people": entry.people,
                        "different answers": entry.values,
                        "why": why(entry),
                        "yours among them": entry.own,
                    }
                    for entry in chosen
                )
                items = len({entry.item_id for entry in chosen})
                with st.expander(
                    f"{len(chosen)} {'case' if len(chosen) == 1 else 'cases'} of {items} {'item' if items == 1 else 'items'}: "
                    "contradictions first, then what waits for nobody else, then the furthest apart"
                ):
                    picked = show_table(
                        table, on_select="rerun", selection_mode="single-row",
                        key=f"cases-{project.id}-{state}-{asked}-{own}-{texts}-{len(chosen)}",
                        column_config={"apart": st.column_config.NumberColumn(format="percent")})  # fmt: skip
                    st.caption(
                        "Apart: mean distance of two answers. One option: differ or not; several: share of labels not in common; "
                        "ratings: difference as a share of the scale; spans: share of the text not in common; texts: share of words "
                        "and word pairs not in common. Contradicting: pairs of written answers that the judge found to contradict each "
                        "other (Judge quality, “To look at”)."
                    )
                rows = picked["selection"]["rows"]
                entry = chosen[rows[0] if rows else 0]
                case_panel(
                    actor,
                    project.id,
                    entry.item_id,
                    entry.question,
                    names=names,
                    own_too=own,
                    stuck=entry.stuck,
                )
    with board_tab:
        if board_tab.open:
            with st.container(horizontal=True, vertical_alignment="bottom"):
                question = st.selectbox(
                    "By", ["", *titles], format_func=lambda id_: titles.get(id_, "the item as a whole"),
                    width=260, key="board-question",
                )  # fmt: skip
                contains = st.text_input("Item id contains", width=200, key="board-contains").strip()
                query = st.text_input(
                    "Query", width=340, key="board-query", placeholder="by:anna  meta.language=de  subset:hard",
                    help="Conditions as on the Agents and jobs page: who answered, metadata, a saved subset, words of the item.",
                ).strip()  # fmt: skip
            try:
                found = board(
                    ctx, actor, project.id, question=question or None, contains=contains, query=query
                )
            except EXPECTED as error:
                st.error(sentence(error))
            else:
                show_board(found, project.id, titles, narrowed=bool(contains or query))
    with figures_tab:
        if figures_tab.open:
            hidden = workplace_of(project).hide_names and not st.toggle("Show names", key="figure-names")
            show_adjudication_figures(adjudication_figures(ctx, actor, project.id), titles, names=not hidden)
