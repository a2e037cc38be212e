"""Agreement before and after a version of guidelines, schema or rubric."""

import pandas as pd
import streamlit as st

from app import quality_charts
from app.components.chart import show_chart
from app.components.plain import plain
from app.components.table import show_table
from app.services.context import Actor, Context
from app.services.version_changes import ChangedQuestion, UsedVersion, VersionChange, version_changes

__all__ = ["version_panel"]

_METRICS = {
    "nominal": "nominal: equal or not",
    "ordinal": "ordinal: how many ranks apart",
    "masi": "MASI: what two sets of labels share",
}


def version_panel(ctx: Context, actor: Actor, project_id: int) -> None:
    found = version_changes(ctx, actor, project_id)
    if not found:
        st.info(
            "No version to compare yet. Once answers exist under two versions of the guidelines or the label schema, or people "
            "have scored answers on two versions of a rubric, agreement before and after stands here. Imported ratings know no "
            "version."
        )
        return
    names = [_name(change) for change in found]
    chosen = found[names.index(st.selectbox("Change", names, width=520) or names[0])]
    if not chosen.questions:
        st.info("No question or criterion has answers of people on these two versions.")
    else:
        _figures(chosen, project_id)
    for sentence in chosen.cannot_show:
        st.caption(f":material/help: {plain(sentence)}")


def _name(change: VersionChange) -> str:
    what = {"guidelines": "guidelines", "schema": "label schema", "rubric": "rubric"}[change.what]
    name = f" {change.after.name}" if change.after.name else ""
    return f"{what}{name}, version {change.before.number} to {change.after.number} ({change.after.created_at:%d %b %Y})"


def _figures(change: VersionChange, project_id: int) -> None:
    show_chart(
        quality_charts.change_chart(change),
        f"before-and-after-{change.what}-{change.after.number}-{project_id}",
        key="version-change",
    )
    for one in change.questions:
        st.markdown(f"**{plain(one.title)}** · {_sentence(one)}")
    show_table(
        pd.DataFrame(row for one in change.questions for row in _rows(one)),
        column_config={
            name: st.column_config.NumberColumn(format=form)
            for name, form in (
                ("before", "%.3f"),
                ("after", "%.3f"),
                ("difference", "%+.3f"),
                ("from", "%+.3f"),
                ("to", "%+.3f"),
            )
        },
    )
    st.caption(
        "All items: people's first submissions"
        + (
            " (of a rubric: blind scores on answers that were drawn by lot)"
            if change.what == "rubric"
            else ""
        )
        + ". The two sides are different items but for those in common; an item counts on a side where two people or more "
        "answered it. The interval draws items again on both sides, an item that is on both with both its parts. Same items: "
        "only items with two people or more before and after, each person's first answer on each side, revisions included; "
        "who revises has often been told why. Difference: after minus before; where the interval holds 0, no change is shown."
    )
    if change.left_out:
        st.caption(
            f"{change.left_out} scores on answers chosen for their value are left out: no fair sample."
        )
    st.caption(
        f"Before: {_version(change.before)}  \nAfter: {_version(change.after)}  \nScale: "
        + "; ".join(dict.fromkeys(_METRICS[one.metric] for one in change.questions))
    )


def _version(version: UsedVersion) -> str:
    by = f" by {plain(version.created_by)}" if version.created_by else ""
    return f"version {version.number}, {version.created_at:%Y-%m-%d %H:%M} UTC{by}, `{version.hash[:23]}…`"


def _sentence(one: ChangedQuestion) -> str:
    compared = one.all_items
    note = f" Note: {one.note}." if one.note else ""
    if compared.difference is None:
        return f"no difference can be said ({compared.reason}).{note}"
    if compared.low is None or compared.high is None:
        return f"alpha changed by {compared.difference:+.2f}, without an interval.{note}"
    said = (
        "rose" if compared.low > 0 else "fell" if compared.high < 0 else "shows no change beyond chance"
    )  # fmt: skip
    return f"agreement {said}: {compared.difference:+.2f} [{compared.low:+.2f}, {compared.high:+.2f}].{note}"


def _rows(one: ChangedQuestion) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for items, compared in (("all", one.all_items), ("the same", one.same_items)):
        if compared is None:
            continue
        revised = f"{one.revised} ratings after are revisions" if compared is one.same_items and one.revised else ""  # fmt: skip
        rows.append(
            {
                "question": one.question,
                "items": items,
                "before": compared.before.value,
                "n before": compared.before.n_items,
                "after": compared.after.value,
                "n after": compared.after.n_items,
                "in common": compared.common,
                "difference": compared.difference,
                "from": compared.low,
                "to": compared.high,
                "people before": compared.raters_before,
                "people after": compared.raters_after,
                "people on both": compared.raters_common,
                "ratings before": compared.before.n_ratings,
                "ratings after": compared.after.n_ratings,
                "note": "; ".join(filter(None, (compared.reason, compared.note, revised))),
            }
        )
    return rows
