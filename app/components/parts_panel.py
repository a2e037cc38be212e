"""Several labels, spans and preferences: coefficients that know partly equal answers, every pair, the items behind."""

from collections.abc import Sequence
from datetime import date

import pandas as pd
import streamlit as st

from app import resources
from app.analytics.label_agreement import LabelAgreement
from app.components.disagreement import show_item
from app.components.plain import plain
from app.components.rater_matrix import PairCell, rater_matrix
from app.components.rater_words import of_kind
from app.components.table import show_table
from app.services.cohorts import list_cohorts
from app.services.context import Actor
from app.services.parts_agreement import (
    PartsAgreement,
    PartsChoice,
    SetAgreement,
    SpanAgreement,
    parts_agreement,
    parts_remarks,
)
from app.services.parts_disagreement import parts_disagreement
from app.wiring import EXPECTED
from db.records import ProjectRecord

__all__ = ["parts_panel", "show_labels", "show_pairs"]

_SHOWN = 12
"""Items in dispute: more is a list that nobody opens one by one."""

_NUMBERS = {
    name: st.column_config.NumberColumn(format="%.3f")
    for name in ("value", "from", "to", "alpha", "said again", "said again from", "said again to")
}


def parts_panel(actor: Actor, project: ProjectRecord) -> None:
    ctx = resources.context()
    found = parts_agreement(ctx, actor, project.id)
    groups = sorted({one.cohort for one in list_cohorts(ctx, actor, project.id) if one.cohort})
    if found.label_sets or found.spans:
        try:
            found = parts_agreement(ctx, actor, project.id, _choice(found, groups))
        except EXPECTED as error:
            st.error(str(error))
    questions: list[SetAgreement | SpanAgreement] = [*found.label_sets, *found.spans]
    if not questions and not found.preferences:
        st.info(
            "No question of this project takes several labels, spans or a preference, or nobody has answered one yet. Agreement on "
            "single labels and numbers stands above."
        )
    if questions:
        show_table(pd.DataFrame(_coefficients(found)), column_config=_NUMBERS)
        st.caption(
            "Alpha of sets: Krippendorff's, with distances in which partly equal sets are nearer than such with nothing in common "
            "(MASI; Jaccard besides). F1 of spans: of what two raters marked, the share that both did, mean over pairs; exact takes the "
            "same borders and label, overlapping one common character. Alpha of characters is high where most of a text is marked by "
            "nobody: read it beside F1. Intervals: 95 % bootstrap over items; they speak of these raters."
        )
        for one in questions:
            for remark in parts_remarks(one):
                st.caption(f"{plain(of_kind(one.title, one.rater_kind))}: {plain(remark)}")
        names = {of_kind(one.title, one.rater_kind): one for one in questions}
        chosen = names[
            st.selectbox("Question", list(names), width=340, key="parts-question") or next(iter(names))
        ]
        show_pairs(actor, project, chosen, where="parts")
        if isinstance(chosen, SetAgreement):
            st.markdown("**Label by label**")
            show_labels(chosen.labels)
    _preferences(found)
    for left in found.left_out:
        st.caption(f"{plain(left.title)}: not compared; {left.reason}.")


def _choice(found: PartsAgreement, groups: Sequence[str]) -> PartsChoice:
    """Some raters, a cohort and a period, if somebody wants them."""
    questions: list[SetAgreement | SpanAgreement] = [*found.label_sets, *found.spans]
    everybody = sorted({name for one in questions for name in one.raters})
    cells = st.columns([4, 1, 1, *([1] if groups else [])])
    raters = cells[0].multiselect("Raters", everybody, key="parts-raters", placeholder="all of them")
    since = cells[1].date_input("From", None, key="parts-since")
    until = cells[2].date_input(
        "To", None, key="parts-until", help="Days of UTC; answers of no known day are in no period."
    )
    cohort = (
        cells[3].selectbox("Cohort", groups, None, key="parts-cohort", placeholder="all") if groups else None
    )
    return PartsChoice(
        tuple(raters),
        since if isinstance(since, date) else None,
        until if isinstance(until, date) else None,
        cohort or "",
    )


def _coefficients(found: PartsAgreement) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for one in found.label_sets:
        for name, alpha in (
            ("alpha, MASI", one.masi),
            ("alpha, Jaccard", one.jaccard),
            ("alpha, equal or not", one.nominal),
        ):
            rows.append(
                _row(one, name, alpha.value, alpha.low, alpha.high, alpha.n_items, alpha.reason or alpha.note)
            )
    for marked in found.spans:
        for name, f1 in (("F1, exact", marked.exact), ("F1, overlapping", marked.overlap)):
            note = f1.reason or f1.note or f"{f1.n_pairs} pairs"
            rows.append(_row(marked, name, f1.value, f1.low, f1.high, f1.n_items, note))
        place = marked.position
        rows.append(
            _row(
                marked,
                "alpha of characters",
                place.value,
                place.low,
                place.high,
                place.n_items,
                place.reason or place.note,
            )
        )
    return rows


def _row(
    one: SetAgreement | SpanAgreement,
    name: str,
    value: float | None,
    low: float | None,
    high: float | None,
    items: int,
    note: str | None,
) -> dict[str, object]:
    return {
        "question": of_kind(one.title, one.rater_kind),
        "measure": name,
        "value": value,
        "from": low,
        "to": high,
        "items": items,
        "raters": len(one.raters),
        "note": note or "",
    }


def show_pairs(
    actor: Actor, project: ProjectRecord, chosen: SetAgreement | SpanAgreement, *, where: str
) -> None:
    """The matrix of every two raters and the items on which they differ; `where` on the page it stands."""
    if isinstance(chosen, SetAgreement):
        cells = [PairCell(one.rater_a, one.rater_b, one.alpha, one.n) for one in chosen.pairs]
        words = "Alpha (MASI) of every two raters"
    else:
        cells = [PairCell(one.rater_a, one.rater_b, one.exact, one.n) for one in chosen.pairs]
        words = "Exact F1 of every two raters"
    if not cells:
        return
    left, right = st.columns([2, 3], gap="medium")
    with left:
        pair = rater_matrix(cells, key=f"{where}-matrix-{chosen.question}-{chosen.rater_kind}")
        st.caption(
            f"{words} on the items that both answered; empty where undefined. Select a cell to see where these two differ."
        )
    with right:
        try:
            found = parts_disagreement(
                resources.context(),
                actor,
                project.id,
                question=chosen.question,
                rater_kind=chosen.rater_kind,
                pair=pair,
                limit=_SHOWN,
            )
        except EXPECTED as error:
            st.info(str(error))
            return
        who = f"{pair[0]} and {pair[1]}" if pair else "They"
        st.markdown(
            f"**{plain(who)} differ on {found.n_apart} of {found.n_items} items** with two answers or more"
        )
        for one in found.shown:
            show_item(
                one.item,
                f"{one.apart:.2f} apart",
                one.text,
                one.values,
                project.id,
                where=where,
                question=chosen.question if project.kind == "work" and chosen.rater_kind == "human" else "",
            )
        if found.n_apart > len(found.shown):
            st.caption(f"The {len(found.shown)} furthest apart are shown.")


def show_labels(labels: Sequence[LabelAgreement]) -> None:
    show_table(
        pd.DataFrame(
            {
                "label": one.label,
                "ratings": one.n_ratings,
                "items": one.n_items,
                "alpha": one.alpha,
                "from": one.low,
                "to": one.high,
                "said again": one.specific,
                "said again from": one.specific_low,
                "said again to": one.specific_high,
                "note": one.reason or one.note or "",
                "note on said again": one.specific_note or "",
            }
            for one in labels
        ),
        column_config=_NUMBERS,
    )
    st.caption(
        "Each label against all others together. Alpha is corrected for chance; said again is the chance that another rater of the item "
        "gives the label too, once one has (specific agreement). Items: those in which somebody gives it, with two ratings or more."
    )


def _preferences(found: PartsAgreement) -> None:
    if not found.preferences:
        return
    st.markdown("**Which of two is better: does the side decide?**")
    show_table(
        pd.DataFrame(
            {
                "question": of_kind(one.title, one.rater_kind),
                "first preferred": one.first.value,
                "from": one.first.low,
                "to": one.first.high,
                "preferences": one.first.n,
                "raters": one.first.n_raters,
                "ties": one.ties,
                "order unknown": one.unknown,
            }
            for one in found.preferences
        ),
        column_config={
            name: st.column_config.NumberColumn(format="percent")
            for name in ("first preferred", "from", "to")
        },
    )
    st.caption(
        "Preferences are compared as the two things they are about, wherever these stood on the screen: percent, alpha and kappa stand "
        "above. First preferred is the share that chose what stood first; 50 % where the side does not matter. Ties are left out."
    )
