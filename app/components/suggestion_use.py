"""What people do with suggestions: reliance where the truth is known, acceptance, and shifts of the answers."""

from typing import Any

import pandas as pd
import streamlit as st

from app import charts
from app.analytics.behaviour import Behaviour, Middle
from app.analytics.shares import PeopleShare
from app.components.plain import plain
from app.components.share_chart import share_chart
from app.components.table import show_table
from app.services.suggestion_use import SuggestionUse

__all__ = ["show_suggestion_use"]


def show_suggestion_use(used: SuggestionUse, smallest: int, *, key: str) -> None:
    over, under = used.reliance.over, used.reliance.under
    if over.n + under.n:
        groups = {"all suggestions": used.reliance}
        if len(used.reliance_by_arm) > 1:
            groups |= {charts.arm_name(one.group[0]): one for one in used.reliance_by_arm}
        share_chart(
            {name: (one.over, one.under) for name, one in groups.items()},
            ("wrong suggestions kept (over-reliance)", "right suggestions changed (under-reliance)"),
            key=f"{key}-reliance",
        )
        st.caption(
            f"{used.definition} {over.n + under.n:,} suggestions by {max(over.n_raters, under.n_raters)} people, "
            f"{used.planted} of them wrong on purpose; of {used.truth_unknown:,} more the truth is not known."
        )
        if used.reliance_by_person:
            with st.expander("Reliance by person"):
                show_table(
                    pd.DataFrame(
                        {
                            "person": one.group[0],
                            **_columns("wrong kept", one.over),
                            **_columns("right changed", one.under),
                        }
                        for one in used.reliance_by_person
                    ),
                    column_config=_percent("wrong kept", "right changed"),
                )
    else:
        st.info(
            "Nothing is known about reliance yet: it needs suggestions on items whose answer is known (gold), or wrong ones shown on "
            "purpose (a setting of the project, or an arm of a study). Imported ratings need the columns `suggestion` and `gold`."
        )
    if used.behaviour:
        st.markdown("**Accepted, edited, rejected**")
        by_arm, by_person = st.tabs(["By arm", "By person"])
        with by_arm:
            one = len(used.behaviour_by_arm) == 1
            _behaviours([*([] if one else used.behaviour), *used.behaviour_by_arm], "arm")
        with by_person:
            _behaviours(used.behaviour_by_person, "person")
        st.caption(
            "Of the suggestions on screen at the first submit. Edited: another answer; rejected: none. Taken: with the Accept button or "
            "key; changed after: the answer is another one in the end. Seconds to take: median from showing to taking, the page in "
            "sight throughout; also for 100 words of the item. Draft left: median share of an inserted draft."
        )
    for question, shift in used.label_shift.items():
        words = f"**Answers to {plain(question)}, with help and without**"
        if shift.distance is None:
            st.caption(f"{words}: cannot be compared, {shift.reason}.")
            continue
        st.markdown(words)
        table = pd.DataFrame(
            {"arm": charts.arm_name(s.arm), "label": s.label, "share": s.value} for s in shift.shares
        )
        arms = [str(arm) for arm in table["arm"].unique()]  # the control first
        show_table(
            table.pivot(index="label", columns="arm", values="share")[arms].reset_index(),
            column_config={arm: st.column_config.NumberColumn(format="percent") for arm in arms},
        )
        st.caption(
            f"Within people, {shift.distance:.1%} of the answers differ in distribution; without any shift chance would reach up to "
            f"{shift.chance:.1%} (p = {shift.p_value:.4f}, arms permuted within people). n = {shift.n} answers, {shift.n_both} of "
            f"{shift.n_raters} people with and without help."
        )
    if smallest > 1:
        st.caption(f"Groups of fewer than {smallest} are left out.")


def _columns(name: str, one: PeopleShare) -> dict[str, float | int | None]:
    return {name: one.value, f"{name} from": one.low, f"{name} to": one.high, f"{name} n": one.n}


def _percent(*names: str) -> Any:
    percent = st.column_config.NumberColumn(format="percent")
    return {f"{name}{end}": percent for name in names for end in ("", " from", " to")}


def _behaviours(rows: list[Behaviour], words: str) -> None:
    def seconds(name: str, one: Middle) -> dict[str, float | int | None]:
        return {name: one.median, f"{name} n": one.n}

    table = pd.DataFrame(
        {
            words: charts.arm_name(one.group) if words == "arm" else one.group,
            "shown": one.accepted.n,
            **{
                name: share.value
                for name, share in (
                    ("accepted", one.accepted),
                    ("edited", one.edited),
                    ("rejected", one.rejected),
                )
            },
            "accepted from": one.accepted.low,
            "accepted to": one.accepted.high,
            "taken": one.edited_after.n,
            "changed after": one.edited_after.value,
            **seconds("s to take", one.seconds_to_accept),
            **seconds("s for 100 words", one.seconds_per_100_words),
            **seconds("draft left", one.draft_left),
        }
        for one in rows
    )
    percents = (
        "accepted",
        "edited",
        "rejected",
        "accepted from",
        "accepted to",
        "changed after",
        "draft left",
    )
    show_table(
        table,
        column_config={name: st.column_config.NumberColumn(format="percent") for name in percents}
        | {name: st.column_config.NumberColumn(format="%.1f") for name in ("s to take", "s for 100 words")},
    )
