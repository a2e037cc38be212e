"""The quality report as a page to take along."""

import orjson
import streamlit as st

from app.components.plain import plain
from app.services.context import Actor, Context
from app.services.quality_page import quality_page
from app.services.quality_report import quality_report
from app.services.reports import as_json

__all__ = ["report_panel"]


def report_panel(ctx: Context, actor: Actor, project_id: int) -> None:
    st.write(
        "Every figure of the quality pages with n, interval and definition, the versions and hashes that they rest on, and what "
        "cannot be said, as one page that prints."
    )
    if not st.button("Write the report", icon=":material/description:", key="write-report"):
        st.caption("It is made of what is stored at this moment; a large project takes some seconds.")
        return
    with st.spinner("Computing every figure …"):
        report = quality_report(ctx, actor, project_id)
    name = f"quality-{project_id}-{report.made_at:%Y-%m-%d}"
    with st.container(horizontal=True):
        st.download_button(
            "Page (HTML)",
            quality_page(report),
            f"{name}.html",
            "text/html",
            icon=":material/print:",
            on_click="ignore",
        )
        st.download_button(
            "Figures (JSON)",
            orjson.dumps(as_json(report), option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS, default=str),
            f"{name}.json",
            "application/json",
            icon=":material/download:",
            on_click="ignore",
        )
    st.caption("What cannot be said:" if report.unknown else "Everything that this report asks can be said.")
    for sentence in report.unknown:
        st.caption(f"• {plain(sentence)}")
