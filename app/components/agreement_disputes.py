"""Where they differ: rater by rater for a question or criterion, and the answers behind a cell."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app import resources
from app.components.disagreement import show_disagreement
from app.components.parts_panel import show_pairs
from app.components.plain import plain
from app.components.rater_matrix import PairCell, rater_matrix
from app.components.rater_words import of_kind
from app.components.table import show_table
from app.services.agreement_lines import AgreementLine
from app.services.agreement_report import AgreementReport, QuestionAgreement
from app.services.context import Actor
from app.services.disagreement import disagreement
from app.services.parts_agreement import PartsAgreement, SetAgreement, SpanAgreement
from app.wiring import EXPECTED
from db.records import ProjectRecord

__all__ = ["agreement_disputes", "disputes_drawn"]

_WIDE = 8
"""Raters above which the matrix takes the whole width."""
_LISTED = 1_000
"""Pairs of the list: five hundred raters make 124,750."""


def disputes_drawn(project_id: int) -> bool:
    """Whether they are on the screen already, so that this run only changes the page."""
    return _key(project_id) in st.session_state


def _key(project_id: int) -> str:
    return f"differ-{project_id}"


def agreement_disputes(
    actor: Actor,
    project: ProjectRecord,
    report: AgreementReport,
    parts: PartsAgreement,
    lines: Sequence[AgreementLine],
    *,
    may_read: bool,
) -> None:
    """`may_read`: whether the person may read what others answered."""
    st.subheader("Where they differ", anchor=False)
    by_key = {(line.of, line.question, line.rater_kind): line for line in lines}
    key = st.selectbox(
        "Question or criterion",
        list(by_key),
        format_func=lambda key: _name(by_key[key]),
        help="Lowest agreement first.",
        width=720,
        key=_key(project.id),
    )
    line = by_key[key or next(iter(by_key))]
    if line.of in ("sets", "spans"):
        several: list[SetAgreement | SpanAgreement] = [*parts.label_sets, *parts.spans]
        found = next(
            one for one in several if (one.question, one.rater_kind) == (line.question, line.rater_kind)
        )
        show_pairs(actor, project, found, where="page")
        return
    single = next(
        one
        for one in [*report.questions, *report.criteria]
        if (one.question, one.rater_kind) == (line.question, line.rater_kind)
    )
    if len(single.pairs) > _WIDE * (_WIDE - 1) / 2:
        pair = _pairs(single, select=may_read)
        _answers(actor, project, line, pair, may_read=may_read)
        return
    left, right = st.columns([2, 3], gap="medium")
    with left:
        pair = _pairs(single, select=may_read)
    with right:
        _answers(actor, project, line, pair, may_read=may_read)


def _name(line: AgreementLine) -> str:
    value = "undefined" if line.value is None else f"{line.value:.2f}"
    return f"{value} · {of_kind(line.title, line.rater_kind)}"


def _pairs(found: QuestionAgreement, *, select: bool) -> tuple[str, str] | None:
    if not found.pairs:
        st.info("Fewer than two raters: there is no pair to compare.")
        return None
    as_table = st.segmented_control(
        "Every two raters", ["matrix", "list"], default="matrix", key=f"pairs-as-{found.question}"
    )
    if as_table == "list":
        return _pair_list(found, select=select)
    # Where levels have an order, near ones count as near, as in the alpha above.
    weighted = all(one.quadratic is not None for one in found.pairs)
    pair = rater_matrix(
        [
            PairCell(
                one.rater_a,
                one.rater_b,
                one.quadratic.value if weighted and one.quadratic else one.kappa,
                one.n,
            )
            for one in found.pairs
        ],
        key=f"matrix-{found.question}-{found.rater_kind}",
        select=select,
    )
    st.caption(
        f"Cohen's kappa{', quadratic weights,' if weighted else ''} on what both rated; the more amber, the more they differ; empty where undefined or with nothing in common. "
        "A column's head sorts." + (" A cell shows where these two differ." if select else "")
    )
    return pair


def _pair_list(found: QuestionAgreement, *, select: bool) -> tuple[str, str] | None:
    ordered = sorted(found.pairs, key=lambda pair: (pair.kappa is None, pair.kappa or 0.0))[:_LISTED]
    if len(found.pairs) > len(ordered):
        st.caption(
            f"The {len(ordered):,} lowest of {len(found.pairs):,} pairs; `milo report agreement --json` has all."
        )
    table = pd.DataFrame(
        {
            "rater": pair.rater_a,
            "and": pair.rater_b,
            "kappa": pair.kappa,
            "from": pair.low,
            "to": pair.high,
            "linear": pair.linear.value if pair.linear else None,
            "quadratic": pair.quadratic.value if pair.quadratic else None,
            "items": pair.n,
            "equal": pair.agree,
            "differ": pair.n - pair.agree,
            "note": pair.reason or pair.no_interval or "",
        }
        for pair in ordered
    )
    numbers = {
        name: st.column_config.NumberColumn(format="%.3f")
        for name in ("kappa", "from", "to", "linear", "quadratic")
    }
    chosen: list[int] = []
    if select:
        picked = show_table(
            table,
            height=320 if len(table) > 8 else "content",
            column_config=numbers,
            on_select="rerun",
            selection_mode="single-row",
            key=f"pairs-{found.question}-{found.rater_kind}",
        )
        chosen = picked["selection"]["rows"]
    else:
        show_table(table, column_config=numbers)
    st.caption(
        "Cohen's kappa on the items that both rated, lowest first, with its large-sample 95 % interval from twenty items on, too narrow "
        "where two agree on nearly everything; linear and quadratic: with weights, so that near numbers count as near. Undefined where "
        "both gave one value throughout."
    )
    return (ordered[chosen[0]].rater_a, ordered[chosen[0]].rater_b) if chosen else None


def _answers(
    actor: Actor, project: ProjectRecord, line: AgreementLine, pair: tuple[str, str] | None, *, may_read: bool
) -> None:
    if not may_read:
        st.info("What people answered is read by QA leads. The figures of every two raters are beside this.")
        return
    here = project.kind == "work" and line.rater_kind == "human"
    try:
        show_disagreement(
            disagreement(
                resources.context(),
                actor,
                project.id,
                question=line.question,
                rater_kind=line.rater_kind,
                pair=pair,
            ),
            project.id,
            pair,
            where="page",
            question=line.question if here and line.of == "question" else "",
            on_answers=line.of == "criterion",
        )
    except EXPECTED as error:
        st.info(plain(str(error)))
        return
    if here:
        with st.container(horizontal=True):
            if line.of == "criterion":
                st.link_button(
                    "Mend the rubric", f"/rubrics?project={project.id}", icon=":material/checklist_rtl:"
                )
            else:
                st.link_button(
                    "Decide them on Adjudicate",
                    f"/adjudicate?project={project.id}",
                    icon=":material/alt_route:",
                )
