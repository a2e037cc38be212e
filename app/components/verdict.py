"""A verdict as people read it: the total, then criterion by criterion with the quoted words."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.components.plain import plain

__all__ = ["show_verdict"]


def show_verdict(verdict: Mapping[str, Any]) -> None:
    if verdict["total"] is None:
        head = f"unscored ({str(verdict['reason']).replace('_', ' ')})"
    else:
        outcome = {True: "passed", False: "not passed", None: "no pass mark"}[verdict["passed"]]
        head = f"{verdict['total']:.0%}, {outcome}"
    who = " · simulated" if verdict["simulated"] else ""
    with st.expander(f"{verdict.get('external_id', 'Verdict')} · {head}{who}"):
        if verdict.get("response"):
            st.text(verdict["response"])
        for score in verdict["criteria"]:
            best = score["level"] is not None and score["level"] == score["best"]
            colour = "gray" if score["level"] is None else "green" if best else "orange"
            label = score["level_label"] or "unscored"
            st.markdown(
                f":{colour}-badge[{plain(label)}] **{plain(score['title'])}**  \n{plain(score['rationale'])}"
            )
            quotes = [entry["quote"] for entry in score["evidence"] if entry["source"] == "response"]
            if quotes:
                st.markdown("  \n".join(f"> “{plain(quote)}”" for quote in quotes))
            if score["suggestion"]:
                st.markdown(f":material/lightbulb: {plain(score['suggestion'])}")
        rubric = verdict["rubric"]
        st.caption(
            f"{rubric.get('title', rubric['name'])}, version {rubric['version']}. Judged by: {verdict['model']}."
        )
