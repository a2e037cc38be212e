"""Rubrics side by side: all versions, two of them compared, and one in every format."""

from collections.abc import Sequence
from datetime import datetime

import pandas as pd
import streamlit as st

from app.components.plain import plain
from app.components.rubric_preview import rubric_preview
from app.components.rubric_workshop import FORMAT_NAMES, begin, draft_text
from app.components.table import show_table
from app.services.context import Actor, Context
from app.services.rubric_editing import RubricVersion, exports, look_over, publish
from app.wiring import EXPECTED
from db.records import ProjectRecord
from rubrics import Exported, Format, Rubric, dump_rubric
from rubrics.difference import compare_rubrics

__all__ = ["comparison", "export_panel", "shelf"]

_ENDINGS: dict[Format, str] = {"milo": "yaml", "healthbench": "jsonl"}
_THE_DRAFT = "the draft"
_REASONS = 4
"""Reasons on screen before the others fold away."""


def shelf(
    ctx: Context,
    actor: Actor,
    project: ProjectRecord,
    versions: Sequence[RubricVersion],
    *,
    edit_tab: tuple[str, str],
) -> None:
    """All versions; one selected can be edited or put in force. `edit_tab`: the key of the tabs and the one to open."""
    picked = show_table(
        pd.DataFrame(
            {
                "name": version.rubric.name,
                "version": version.rubric.version,
                "state": "in force" if version.in_force else "",
                "title": version.rubric.title,
                "criteria": len(version.rubric.criteria),
                "verdicts": version.verdicts,
                "in force from": _when(version.in_force_from),
                "by": version.put_by,
                "stored": _when(version.stored_at),
                "source": version.source,
                "hash": _short_hash(version),
            }
            for version in versions
        ),
        on_select="rerun",
        selection_mode="single-row",
        key=f"rubrics-{project.id}",
        column_config={name: st.column_config.TextColumn(width=140) for name in ("in force from", "stored")},
    )
    st.caption(
        "In force first, then what the project was judged by, newest first, then the rest of the catalogue. A rubric is its content: "
        "the hash names it. Verdicts: on this project's answers. Times in UTC, empty where nothing is known."
    )
    rows = picked["selection"]["rows"]
    version = versions[rows[0] if rows and rows[0] < len(versions) else 0]
    rubric = version.rubric
    st.markdown(f"#### {plain(rubric.title)}")
    st.caption(f"{plain(rubric.name)} version {rubric.version} · {version.hash}")

    def edit() -> None:
        begin(project.id, dump_rubric(rubric), over=project.rubric_version_id)
        st.session_state[edit_tab[0]] = edit_tab[1]

    with st.container(horizontal=True):
        st.button("Edit a copy", on_click=edit, icon=":material/edit:")
        if st.button("Put in force", disabled=version.in_force, icon=":material/publish:"):
            try:
                publish(ctx, actor, project.id, dump_rubric(rubric), over=project.rubric_version_id)
                st.toast(f"{rubric.name} version {rubric.version} is in force.")
                st.rerun()
            except EXPECTED as error:
                st.error(plain(str(error)))
    if rubric.description:
        st.markdown(plain(rubric.description))
    rubric_preview(rubric, key=f"shelf-{version.hash}")


def _when(moment: datetime | None) -> str:
    """Sorts as it reads; empty where it is not known."""
    return f"{moment:%Y-%m-%d %H:%M}" if moment else ""


def _short_hash(version: RubricVersion) -> str:
    return version.hash.removeprefix("sha256:")[:10]


def _choices(project: ProjectRecord, versions: Sequence[RubricVersion]) -> dict[str, Rubric]:
    """What can be chosen, by the words for it; the draft where it is a rubric."""
    found = {
        f"{version.rubric.name} version {version.rubric.version} ({'in force, ' if version.in_force else ''}{_short_hash(version)})": version.rubric
        for version in versions
    }
    text = draft_text(project.id)
    draft = look_over(text).rubric if text is not None else None
    return ({_THE_DRAFT: draft} if draft is not None else {}) | found


def comparison(project: ProjectRecord, versions: Sequence[RubricVersion]) -> None:
    """Two rubrics: the criteria that changed as a table, and the YAML line by line."""
    choices = _choices(project, versions)
    names = list(choices)
    first, second = st.columns(2)
    # The usual question: what does the draft, or the version in force, change against the one before it?
    newer = second.selectbox("with", names, index=0, key=f"compare-new-{project.id}")
    older = first.selectbox("Compare", names, index=min(1, len(names) - 1), key=f"compare-old-{project.id}")
    found = compare_rubrics(choices[older], choices[newer])
    if not found.lines:
        st.info("They have the same content.")
        return
    for what in found.rubric:
        st.markdown(f"- {plain(what)}")
    if found.criteria:
        show_table(
            pd.DataFrame(
                {"criterion": change.criterion, "": change.kind, "what": "; ".join(change.what)}
                for change in found.criteria
            ),
            column_config={"what": st.column_config.TextColumn(width="large")},
        )
        st.caption(
            "Scores are kept under a criterion's id: a renamed criterion is one removed and one added, and its figures begin anew."
        )
    st.code("\n".join(found.lines), language="diff")


def export_panel(ctx: Context, project: ProjectRecord, versions: Sequence[RubricVersion]) -> None:
    """One rubric in every format, or why it does not fit."""
    choices = _choices(project, versions)
    chosen = st.selectbox("Rubric", list(choices), key=f"export-rubric-{project.id}", width=480)
    rubric = choices[chosen]
    for format, found in exports(ctx, rubric).items():
        with st.container(border=True):
            left, right = st.columns([1, 3], vertical_alignment="center")
            left.markdown(f"**{FORMAT_NAMES[format]}**")
            if isinstance(found, Exported):
                left.download_button(
                    "Download",
                    found.text,
                    file_name=f"{rubric.name}-v{rubric.version}.{_ENDINGS.get(format, 'json')}",
                    on_click="ignore",
                    key=f"download-{format}",
                    icon=":material/download:",
                )
                lost = ", ".join(found.left_out)
                right.markdown(
                    f"Fits. Not in the file: {plain(lost)}." if lost else "Fits, with everything in it."
                )
            else:
                right.markdown("Does not fit:\n" + _listed(found[:_REASONS]))
                if more := found[_REASONS:]:
                    with right.expander(f"{len(more)} more reasons"):
                        st.markdown(_listed(more))


def _listed(reasons: Sequence[str]) -> str:
    return "\n".join(f"- {plain(reason)}" for reason in reasons)
