"""Subsets: find items by a query, save them, give them to people and see how far they are."""

from datetime import UTC, datetime, time

import pandas as pd
import streamlit as st

from app.components.plain import plain
from app.components.table import show_table
from app.formats.query import FIELDS
from app.services import metadata, subsets
from app.services.context import Actor, Context
from app.services.history import items_by_id
from app.services.submissions import plain_text
from app.wiring import EXPECTED
from db.records import ProjectRecord

__all__ = ["query_help", "subsets_panel"]

_SHOWN = 100


def query_help() -> str:
    """The query language in a few lines of Markdown."""
    lines = [f"- **{name}**: {words}" for name, words in FIELDS.items()]
    return "`and`, `or`, `not`, `minus` and parentheses combine.\n" + "\n".join(lines)


def subsets_panel(ctx: Context, actor: Actor, project: ProjectRecord) -> None:
    query = st.text_input("Query", placeholder="refund state:unverified confidence<0.7", help=query_help())
    try:
        found = subsets.find_subset_items(ctx, actor, project.id, query)
    except EXPECTED as error:
        st.error(str(error))
        return
    st.caption(f"{len(found)} items" + (f"; the first {_SHOWN} are shown" if len(found) > _SHOWN else ""))
    shown = items_by_id(ctx, actor, project.id, found[:_SHOWN])
    show_table(
        pd.DataFrame({"item": item.external_id, "text": plain_text(item.content)[:160]} for item in shown),
        height=220,
    )
    with (
        st.form("save-subset", clear_on_submit=True),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        name = st.text_input("Save them as", width=240)
        if st.form_submit_button("Save"):
            try:
                _, count = subsets.save_subset(ctx, actor, project.id, name=name, query=query)
                st.toast(f"Subset {name}: {count} items.")
            except EXPECTED as error:
                st.error(str(error))
    saved = subsets.list_subsets(ctx, actor, project.id)
    if saved:
        _saved(ctx, actor, project, [subset.name for subset, _ in saved])
    with (
        st.expander("Compute metadata"),
        st.form("metadata"),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        column = st.selectbox("Column", list(metadata.NAMES), width=240)
        if st.form_submit_button("Fill it for these items"):
            try:
                job = metadata.start_metadata(ctx, actor, project.id, name=column or "", query=query)
                st.toast(f"Job {job.id} is queued.")
            except EXPECTED as error:
                st.error(str(error))


def _saved(ctx: Context, actor: Actor, project: ProjectRecord, names: list[str]) -> None:
    with st.form("assign"), st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox("Give subset", names, width=200)
        people = st.multiselect("to", subsets.people_of(ctx, actor, project.id), width=320)
        task = st.selectbox("who are to", list(subsets.TASKS), width=140, key="task")
        due = st.date_input("Due", None, width=150)
        if st.form_submit_button("Give"):
            try:
                moment = datetime.combine(due, time.min, UTC) if due else None
                subsets.assign_subset(
                    ctx,
                    actor,
                    project.id,
                    subset=chosen or "",
                    logins=people,
                    task=task or "annotate",
                    due_at=moment,
                )
            except EXPECTED as error:
                st.error(str(error))
    work = subsets.assignments(ctx, actor, project.id)
    sizes = {
        subset.name: (count, subset.query) for subset, count in subsets.list_subsets(ctx, actor, project.id)
    }
    rows = [
        {
            "subset": plain(one.subset),
            "query": sizes[one.subset][1],
            "person": one.login,
            "is to": one.task,
            "due": one.due_at,
            "done": one.done / one.items if one.items else 0.0,
            "items": one.items,
        }
        for one in work
    ]
    given = {one.subset for one in work}
    rows += [
        {
            "subset": plain(name),
            "query": query,
            "person": "",
            "is to": "",
            "due": None,
            "done": None,
            "items": count,
        }
        for name, (count, query) in sizes.items()
        if name not in given
    ]
    show_table(
        pd.DataFrame(rows),
        column_config={
            "done": st.column_config.ProgressColumn(format="percent"),
            "due": st.column_config.DateColumn(format="D MMM YYYY"),
        },
    )
