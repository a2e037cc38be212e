"""An audit of the judge: what moves its scores other than the answer."""

import json

import pandas as pd
import streamlit as st

from app.components.table import show_table
from app.services.context import Actor, Context
from app.services.judge_audits import keep_audit, kept_audits
from app.wiring import EXPECTED
from db.records import ProjectRecord
from judge.probes import figure, in_words, page_of, summary

__all__ = ["audit_panel"]


def audit_panel(ctx: Context, actor: Actor, project: ProjectRecord) -> None:
    audits = kept_audits(ctx, actor, project.id)
    if not audits:
        st.info(
            "No audit is kept with this project. `milo judge audit ANSWERS.jsonl --rubric NAME --out audit.json` measures whether order, length, authority or an "
            "injected sentence moves the judge; add its file below."
        )
    else:
        names = [
            f"{one.report.made_at[:10]}, {one.report.model}, {one.report.rubric_name} version {one.report.rubric_version}"
            for one in audits
        ]
        chosen = audits[names.index(st.selectbox("Audit", names, width=420))].report
        st.markdown(f"**{summary(chosen.findings)}**")
        show_table(
            pd.DataFrame(
                {
                    "probe": finding.probe,
                    "what changed": finding.about,
                    "n": finding.estimate.n,
                    "mean, 95 % interval": figure(finding),
                    "what it means": in_words(finding),
                }
                for finding in chosen.findings
            ),
            height=min(700, 40 + 36 * len(chosen.findings)),
        )
        for note in chosen.notes:
            st.caption(note)
        st.download_button(
            "The report as a page",
            page_of(chosen),
            f"audit-{chosen.made_at[:10]}.html",
            "text/html",
            icon=":material/print:",
        )
    file = st.file_uploader(
        "Add a report (JSON)", type=["json"], key=f"audit-{project.id}", max_upload_size=10
    )
    if file is not None and st.button("Keep it"):
        try:
            keep_audit(ctx, actor, project.id, _document(file.getvalue()))
            st.rerun()
        except EXPECTED as error:
            st.error(str(error))


def _document(content: bytes) -> dict[str, object]:
    """The object in a file; an empty one, which is no report and will be refused as such, for anything else."""
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
