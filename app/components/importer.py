"""Importing a file in the browser: upload, see how it would be read, map columns, import."""

import tempfile
from pathlib import Path

import pandas as pd
import streamlit as st

from app.components.plain import plain
from app.components.table import show_table
from app.formats import detect_format, preview
from app.formats.items import FIELDS
from app.services.context import Actor, Context
from app.services.import_report import import_remarks
from app.services.intake import import_items, import_ratings
from app.services.media import store_upload
from app.services.submissions import plain_text
from app.wiring import EXPECTED
from db.records import ProjectRecord

__all__ = ["import_form"]

_TYPES = ["jsonl", "json", "csv", "tsv", "txt", "parquet", "gz", "zip"]
_MEDIA = ["png", "jpg", "jpeg", "webp", "gif", "mp3", "wav", "ogg", "mp4", "webm"]


def import_form(ctx: Context, actor: Actor, project: ProjectRecord) -> None:
    """The import tab of a project."""
    if project.kind == "work":
        media = st.file_uploader(
            "Images, audio or video that items will name", type=_MEDIA, accept_multiple_files=True
        )
        if media:
            stored = [
                (file.name, store_upload(ctx, actor, project.id, file.name, file.getvalue()))
                for file in media
            ]
            show_table(pd.DataFrame(stored, columns=["file", "path to name in the item"]))
    upload = st.file_uploader(
        "Items or ratings: JSON Lines, JSON, CSV, TSV or Parquet, packed or not", type=_TYPES
    )
    if upload is None:
        st.caption(
            "Items: columns such as id, text, prompt, response, image, context, reference, gold, suggestions are "
            "recognised; others become metadata. Nothing is stored unless every row is good."
        )
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(upload.name).name
        path.write_bytes(upload.getvalue())
        try:
            detect_format(path.name)
            if project.kind == "work":
                _items(ctx, actor, project, path)
            else:
                _ratings(ctx, actor, project, path)
        except EXPECTED as error:
            st.error("  \n".join(plain(line) for line in str(error).splitlines()))


def _items(ctx: Context, actor: Actor, project: ProjectRecord, path: Path) -> None:
    limit = ctx.settings.max_unpacked_mb * 2**20
    first = preview(path, max_unpacked_bytes=limit)
    st.markdown("**Columns**")
    mapping: dict[str, str] = {}
    choices = ["", *first.columns]
    for row in range(0, len(FIELDS), 6):
        for field, column in zip(list(FIELDS)[row : row + 6], st.columns(6), strict=False):
            known = first.mapping.get(field, "")
            picked = column.selectbox(
                field,
                choices,
                index=choices.index(known) if known in choices else 0,
                key=f"map-{path.name}-{field}",
            )
            if picked:
                mapping[field] = picked
    shown = preview(path, mapping=mapping, max_unpacked_bytes=limit)
    if shown.metadata:
        st.caption(f"Metadata: {', '.join(shown.metadata)}")
    table = [
        {
            "item": row.external_id,
            "text": plain_text(row.content)[:200],
            "gold": str(row.gold or ""),
            "suggestions": len(row.suggestions),
        }
        for row in shown.rows
    ]
    show_table(pd.DataFrame(table))
    for bad in shown.bad_rows:
        st.warning(f"line {bad.line}, {bad.field}: {bad.reason}")
    check, store = st.columns([1, 5])
    dry = check.button("Check all rows")
    wanted = store.button("Import", type="primary")  # asked in any case, or a check would take it away
    if dry or wanted:
        report = import_items(ctx, actor, project.id, path, mapping=mapping, dry_run=dry)
        verb = "Would add" if dry else "Added"
        st.success(
            f"{verb} {report.added} of {report.rows} rows; {report.new_versions} new versions, {report.unchanged} unchanged, {report.suggestions} suggestions, {report.gold} gold answers."
        )
        if report.duplicates:
            st.warning(
                f"{report.duplicate_count} items have the content of another: "
                + ", ".join(f"{a} = {b}" for a, b in report.duplicates)
            )


def _ratings(ctx: Context, actor: Actor, project: ProjectRecord, path: Path) -> None:
    st.caption(
        "One row a rating: item, rater, question, value, and where known rater_kind, seconds, arm, order, gold, suggestion. "
        "Nothing is stored unless every row is good, or left out as you say here."
    )
    sets = st.text_input(
        "Questions whose values are sets of labels",
        placeholder="none",
        help="Their names, with commas between. Labels of a set have ; between them; an empty value means none of them.",
    )
    skip_missing = st.checkbox("Leave out rows without a value, and count them")
    missing = st.text_input(
        "Values that mean there is none, with commas between them", placeholder="NA, n/a", width=420
    )
    skip_bad = st.checkbox("Leave out every row that would be refused, and count them by reason")
    with st.container(horizontal=True):
        dry = st.button("Check all rows")
        wanted = st.button("Import ratings", type="primary")
    if dry or wanted:
        report = import_ratings(
            ctx,
            actor,
            project.id,
            path,
            sets=_named(sets),
            missing=_named(missing),
            skip_missing=skip_missing,
            skip_bad=skip_bad,
            dry_run=dry,
        )
        st.success(
            f"{'Would import' if dry else 'Imported'} {report.added:,} of {report.rows:,} ratings; with a known answer "
            f"{report.gold:,}, with seconds {report.seconds:,}, with a suggestion {report.suggestions:,}."
        )
        if remarks := import_remarks(report):
            st.warning("\n".join(f"- {plain(remark)}" for remark in remarks))


def _named(text: str) -> list[str]:
    """What stands between commas."""
    return [part.strip() for part in text.split(",") if part.strip()]
