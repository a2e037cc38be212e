"""Agreement of raters that somebody chooses: a pair, a group, models beside people, a period, a part of the items."""

from datetime import date

import pandas as pd
import streamlit as st

from app import resources
from app.components.disagreement import show_disagreement
from app.components.parts_panel import show_labels
from app.components.plain import plain
from app.components.rater_matrix import PairCell, rater_matrix
from app.components.rater_words import kind_words
from app.components.table import show_table
from app.errors import NotAllowed
from app.services import reports
from app.services.chosen_agreement import (
    ChosenAgreement,
    RaterChoice,
    chosen_agreement,
    chosen_disagreement,
    raters_of,
)
from app.services.cohorts import list_cohorts
from app.services.context import Actor
from db.records import ProjectRecord

__all__ = ["chosen_panel"]


def chosen_panel(actor: Actor, project: ProjectRecord) -> None:
    ctx = resources.context()
    report = reports.agreement(ctx, actor, project.id)
    titles = {one.question: one.title for one in (*report.questions, *report.criteria)}
    if not titles:
        st.info("No answers of one label or number yet, so there is nobody to choose.")
        return
    groups = sorted({one.cohort for one in list_cohorts(ctx, actor, project.id) if one.cohort})
    cells = st.columns([2, 2, 2, 1, 1, *([1] if groups else [])])
    question = cells[0].selectbox(
        "Question", list(titles), format_func=lambda name: titles[name], key="chosen-question"
    )
    there = raters_of(ctx, actor, project.id, question)
    kinds = cells[1].multiselect(
        "Kinds of raters",
        list(there),
        [next(iter(there))],
        format_func=kind_words,
        key=f"chosen-kinds-{question}",
    )
    names = [name for kind in kinds for name in there[kind]]
    raters = cells[2].multiselect(
        "Raters", sorted(set(names)), key=f"chosen-raters-{question}", placeholder="all of them"
    )
    since = cells[3].date_input("From", None, key="chosen-since")
    until = cells[4].date_input("To", None, key="chosen-until")
    cohort = (
        cells[5].selectbox("Cohort", groups, None, key="chosen-cohort", placeholder="all") if groups else None
    )
    if not kinds:
        st.info("Choose at least one kind of raters.")
        return
    choice = RaterChoice(
        question=question,
        kinds=tuple(kinds),
        raters=tuple(raters),
        since=since if isinstance(since, date) else None,
        until=until if isinstance(until, date) else None,
        cohort=cohort or "",
    )
    with st.spinner("Comparing …"):
        found = chosen_agreement(ctx, actor, project.id, choice)
    if found.mixed:
        st.caption(
            ":material/info: People and models, or models and judges, are in one figure here, because you chose them."
        )
    show_table(
        pd.DataFrame(_rows(found)),
        column_config={
            name: st.column_config.NumberColumn(format="%.3f") for name in ("value", "from", "to")
        },
    )
    counted = found.nominal
    left = "; ".join(f"{n:,} {plain(reason)}" for reason, n in found.left_out.items())
    st.caption(
        f"{counted.n_ratings:,} ratings by {counted.n_raters} raters; {counted.n_items:,} items with two or more, {counted.n_single:,} "
        f"with one. {f'Ratings left out: {left}.' if left else ''} Days are those of UTC, both included."
    )
    cells_of_pairs = [PairCell(one.rater_a, one.rater_b, one.kappa, one.n) for one in found.pairs]
    if not cells_of_pairs:
        show_labels(found.by_label)
        return
    pair = rater_matrix(cells_of_pairs, key=f"chosen-matrix-{question}")
    own = next((one for one in found.pairs if pair and {one.rater_a, one.rater_b} == set(pair)), None)
    if own is not None:
        value = "undefined" if own.kappa is None else f"{own.kappa:.3f}"
        why = f" ({own.reason})" if own.reason else ""
        st.caption(
            plain(f"{own.rater_a} and {own.rater_b}: kappa {value}{why}, {own.agree} of {own.n} items equal.")
        )
    st.caption(
        "Cohen's kappa of every two; empty where undefined or without an item in common. Select a cell for the answers behind it."
    )
    if pair is not None:
        _differing(
            actor, project, choice, pair, on_answers=question in {one.question for one in report.criteria}
        )
    show_labels(found.by_label)


def _differing(
    actor: Actor, project: ProjectRecord, choice: RaterChoice, pair: tuple[str, str], *, on_answers: bool
) -> None:
    """`on_answers`: whether it is about a criterion."""
    try:
        found = chosen_disagreement(resources.context(), actor, project.id, choice, pair=pair)
    except NotAllowed:
        st.info("What people answered is read by QA leads.")
        return
    here = project.kind == "work" and choice.kinds == ("human",)
    show_disagreement(
        found,
        project.id,
        pair,
        where="chosen",
        question=choice.question if here and not on_answers else "",
        on_answers=on_answers,
    )


def _rows(found: ChosenAgreement) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = [
        {
            "coefficient": f"alpha, {one.metric}",
            "value": one.value,
            "from": one.low,
            "to": one.high,
            "items": one.n_items,
            "note": one.reason or one.note or "",
        }
        for one in (found.nominal, found.ordinal, found.interval, found.ratio)
        if one is not None
    ]
    names = {
        "percent": "percent agreement",
        "AC": "Gwet's AC",
        "fleiss": "Fleiss' kappa",
        "brennan_prediger": "Brennan-Prediger",
    }
    for weights, others in (("", found.others), (", squared distance", found.others_quadratic or {})):
        rows += [
            {
                "coefficient": names[one.name] + weights,
                "value": one.value,
                "from": one.low,
                "to": one.high,
                "items": one.n,
                "note": one.reason or "",
            }
            for one in others.values()
        ]
    return rows
