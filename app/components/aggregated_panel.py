"""Aggregated labels: a method and what it needs, each item's label with its confidence, ties and soft labels."""

from itertools import islice

import pandas as pd
import streamlit as st

from app import resources
from app.analytics.on_gold import OnGold
from app.analytics.shares import PeopleShare
from app.components.plain import plain
from app.components.table import show_table
from app.errors import Conflict, Invalid
from app.services import reports
from app.services.aggregated_labels import (
    METHODS,
    NEEDS,
    AggregatedLabels,
    aggregate_labels,
    labels_csv,
    voting_models,
)
from app.services.context import Actor
from app.services.printed_page import interval_of
from db.records import ProjectRecord

__all__ = ["aggregated_panel"]

_SHOWN = 500


def aggregated_panel(actor: Actor, project: ProjectRecord) -> None:
    ctx = resources.context()
    asked = {
        question.question: question.title
        for question in reports.agreement(ctx, actor, project.id).questions
        if question.rater_kind == "human"
    }
    if not asked:
        st.info(
            "Nobody has answered a question of one label yet. Labels are aggregated of people's first answers."
        )
        return
    cells = st.columns([2, 2, 3])
    question = cells[0].selectbox(
        "Question", list(asked), format_func=lambda name: asked[name], key="labels-question"
    )
    method = cells[1].selectbox("Method", METHODS, key="labels-method")
    there = voting_models(ctx, actor, project.id, question)
    models = (
        cells[2].multiselect(
            "Models that vote too", there, key="labels-models", placeholder="none: people only"
        )
        if there
        else []
    )
    voting = " A model that votes is one rater however often it ran, and its skill comes from known items."
    st.caption(f"{method} {NEEDS[method]}.{voting if there else ''}")
    clamp = method not in ("vote", "weighted-vote") and st.checkbox(
        "Hold known items to their label",
        key="labels-clamp",
        help="The raters are learned with these items given; how often labels are right is then said of items left out in turn.",
    )
    anyway = st.session_state.get("labels-anyway", "") == f"{question} {method}"
    try:
        with st.spinner("Aggregating …"):
            found = aggregate_labels(
                ctx,
                actor,
                project.id,
                question=question,
                method=method,
                models=models,
                anyway=anyway,
                clamp=clamp,
            )
    except Invalid as error:
        st.info(plain(str(error)))
        return
    except Conflict as error:
        st.warning(plain(str(error)))
        if (
            method not in ("vote", "weighted-vote")
            and "anyway" in str(error)
            and st.button("Compute it anyway")
        ):
            st.session_state["labels-anyway"] = f"{question} {method}"
            st.rerun()
        return
    _labels(found)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        show_table(_raters(found), column_config=_FORMATS)
        st.caption(
            "As the label: how often the rater said what the label is, own rating included, with Wilson's interval; items without a label "
            "are left out."
        )
    with right:
        if found.prevalence is not None:
            show_table(
                pd.DataFrame(
                    {"label": list(found.prevalence), "share of items": list(found.prevalence.values())}
                ),
                column_config={"share of items": st.column_config.NumberColumn(format="percent")},
            )
            st.caption(
                "How frequent the labels are by this method."
                if found.method == "dawid-skene"
                else "What the method takes the labels to be before it looks."
            )
        st.download_button(
            f"All {len(found.items):,} labels as CSV",
            data=lambda: labels_csv(found),
            file_name=f"labels-{found.question}-{found.method}.csv",
            mime="text/csv",
            on_click="ignore",
        )


_FORMATS = {
    name: st.column_config.NumberColumn(format="%.3f")
    for name in (
        "confidence",
        "entropy",
        "as the label",
        "from",
        "to",
        "accuracy",
        "competence",
        "ability",
        "skill",
    )
}


def _on_known(known: OnGold, single: PeopleShare) -> str:
    held_out = f" Held out: {known.held_out}." if known.held_out else ""
    return (
        f"Right on {known.n:,} known items: {interval_of(known.value, known.low, known.high, digits=3)}, where {known.ties:,} {'tie is' if known.ties == 1 else 'ties are'} no label; "
        f"with ties split {interval_of(known.split, known.split_low, known.split_high, digits=3)}. "
        f"Single ratings: {interval_of(single.value, single.low, single.high, digits=3)}, n {single.n:,} by {single.n_raters} raters.{held_out}"
    )


def _labels(found: AggregatedLabels) -> None:
    st.markdown(
        f"**{len(found.items):,} items, {found.ties:,} without a label** because of a tie · {found.n_raters} raters"
        + (f", among them {plain(', '.join(found.models))}" if found.models else "")
    )
    if found.on_gold is not None and found.judgments is not None:
        st.markdown(plain(_on_known(found.on_gold, found.judgments)))
    if found.note:
        st.caption(plain(found.note))
    least_sure = sorted(found.items, key=lambda one: (one.confidence, one.item))
    show_table(
        pd.DataFrame(
            {
                "item": one.item,
                "label": one.label if one.label is not None else "no label",
                "confidence": one.confidence,
                "entropy": one.entropy,
                "ratings": one.n,
                "soft label": ", ".join(
                    f"{label} {share:.2f}"
                    for label, share in sorted(one.shares.items(), key=lambda pair: -pair[1])[:6]
                ),
            }
            for one in islice(least_sure, _SHOWN)
        ),
        height=300,
        column_config=_FORMATS,
    )
    more = f" The {_SHOWN} least sure are shown; the file has all." if len(found.items) > _SHOWN else ""
    st.caption(
        "Least sure first. Confidence is the share of the votes, or the method's probability, of the label in first place; entropy of "
        f"all labels in bits.{more}"
    )


def _raters(found: AggregatedLabels) -> pd.DataFrame:
    rows = []
    for rater, share in found.with_label.items():
        row: dict[str, object] = {
            "rater": rater,
            "as the label": share.value,
            "from": share.low,
            "to": share.high,
            "n": share.n,
        }
        for name, figures in (
            ("accuracy", found.accuracy),
            ("competence", found.competence),
            ("ability", found.ability),
        ):
            if figures is not None:
                row[name] = figures[rater]
        if found.skill is not None:
            row |= {"skill": found.skill[rater].skill, "known items": found.skill[rater].n}
        rows.append(row)
    return pd.DataFrame(rows)
