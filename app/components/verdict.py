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
    with st.expander(f"{plain(verdict.get('external_id', 'Verdict'))} · {head}{who}"):
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
            if "confidence" in score and score["level"] is not None and not score["deterministic"]:
                st.caption(_measured(score))
            if score["suggestion"]:
                st.markdown(f":material/lightbulb: {plain(score['suggestion'])}")
        rubric = verdict["rubric"]
        st.caption(
            f"{rubric.get('title', rubric['name'])}, version {rubric['version']}. Judged by: {verdict['model']}."
        )


def _measured(score: Mapping[str, Any]) -> str:
    """What people would give, as far as it was measured; the judge's own score always beside it."""
    raw = f"Judge {score['score'] if score['score'] is not None else score['level']:g}"
    near = score["confidence"]
    if near is None or near["share"] is None:
        few = f", {near['n']} of the 20 people's scores that it needs" if near else ""
        return f"{raw}; uncalibrated{few}."
    calibrated = "" if score["calibrated"] is None else f", calibrated {score['calibrated']:.1f}"
    low, high = near["interval"]
    return (
        f"{raw}{calibrated}; within one level of a person: {near['share']:.0%} [{low:.0%}, {high:.0%}], n={near['n']}. "
        "By people who scored answers without seeing the judge."
    )
