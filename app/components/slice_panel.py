"""Quality and acceptance by part of the data: one figure at a time for each value of a metadata column, or each cohort."""

import pandas as pd
import streamlit as st

from app import resources
from app.components.chart import show_chart
from app.components.cohort_panel import cohort_panel
from app.components.plain import plain
from app.components.rater_words import of_kind
from app.components.slice_chart import slice_chart
from app.components.table import show_table
from app.services import cohorts
from app.services.context import Actor
from app.services.slice_figures import FEWEST, Figure
from app.services.sliced_agreement import COHORT, keys_of, sliced_agreement, subjects_of
from app.services.slices import Sliced, Subject, figure_of
from app.wiring import EXPECTED
from db.records import ProjectRecord

__all__ = ["slice_panel"]

_MEANS = {
    "alpha": "Krippendorff's alpha with a 95 % interval over the slice's items; it speaks of these raters.",
    "kappa": "Cohen's kappa with quadratic weights between each person's blind score and the judge's level of the same answer; "
    "95 % interval of drawing answers again, each with all its people.",
    "F1": "Of what two raters marked, the share that both did with the same borders and label; mean over pairs of raters, 95 % "
    "bootstrap interval over items.",
    "share": "95 % interval of Wilson, which allows for people who differ where it is of people's answers.",
    "level": "Mean of the levels of answers, with a 95 % bootstrap interval over answers.",
}


def slice_panel(actor: Actor, project: ProjectRecord) -> None:
    ctx = resources.context()
    keys = keys_of(ctx, actor, project.id)
    usable = [one.name for one in keys if one.reason is None]
    refused = ", ".join(f"{one.name} {one.reason}" for one in keys if one.reason is not None)
    subjects = subjects_of(ctx, actor, project.id)
    if cohorts.may_set(ctx, actor, project.id):
        with st.popover("Cohorts of people", icon=":material/groups:"):
            cohort_panel(actor, project, key="slices")
    if not subjects:
        st.info("Nothing to compare yet: no question was answered, no answer was judged or reviewed.")
        return
    if not usable:
        st.info(
            "Nothing to compare by yet: it needs items or imported ratings with a metadata column of two to twenty values, such as a "
            "language, or people in cohorts. Columns that an import does not know become metadata; `milo metadata` computes some."
            + (f" Here {plain(refused)}." if refused else "")
        )
        return
    cells = st.columns([3, 2, 3])
    subject = cells[0].selectbox("Question", subjects, format_func=_title, key="slice-question")
    by = cells[1].selectbox("By", usable, key="slice-by")
    try:
        with st.spinner("Comparing …"):
            found = sliced_agreement(ctx, actor, project.id, subject=subject, by=by)
    except EXPECTED as error:
        st.info(plain(str(error)))
        return
    name = cells[2].selectbox(
        "Figure",
        [one.name for one in found.whole],
        key=f"slice-figure-{subject.what}-{subject.name}-{subject.rater_kind}",
    )
    _show(found, name, project)
    if refused:
        st.caption(f"Not offered: {plain(refused)}.")


def _title(subject: Subject) -> str:
    match subject.what:
        case "question":
            return of_kind(subject.title, subject.rater_kind)
        case "criterion":
            return f"Criterion: {subject.title}"
        case _:
            return subject.title


def _show(found: Sliced, name: str, project: ProjectRecord) -> None:
    whole = figure_of(found.whole, name)
    rows = [(one.value, figure_of(one.figures, name)) for one in found.slices]
    show_chart(slice_chart(rows, whole), f"{name}-by-{found.by}-{project.id}", key="slice-chart")
    number = st.column_config.NumberColumn(format="percent" if whole.unit == "share" else "%.3f")
    show_table(
        pd.DataFrame(_row(value, one) for value, one in [*rows, ("(all)", whole)]),
        column_config={
            "slice": st.column_config.Column(found.by),
            **dict.fromkeys(("value", "from", "to"), number),
        },
    )
    unsaid = "; ".join(f"{n:,} {what}" for what, n in found.not_said.items())
    cohort = (
        " A person's cohort counts for what they rated; for what was judged, reviewed or suggested, that of who wrote the answer."
        if found.by == COHORT
        else ""
    )
    st.caption(
        f"{_MEANS[whole.unit]}{cohort} Slices of fewer than {FEWEST} show no figure."
        + (f" In no slice, since {plain(found.by)} is not known: {unsaid}." if unsaid else "")
    )
    st.caption(found.notes[name])
    with st.popover("All figures of every slice", icon=":material/table:"):
        table = [_row(one.value, made, made.name) for one in found.slices for made in one.figures]
        show_table(
            pd.DataFrame(table),
            width=900,
            column_config={"slice": st.column_config.Column(found.by)}
            | {column: st.column_config.NumberColumn(format="%.3f") for column in ("value", "from", "to")},
        )


def _row(value: str, one: Figure, name: str | None = None) -> dict[str, object]:
    return {
        "slice": value,
        **({"figure": name} if name else {}),
        "value": one.value,
        "from": one.low,
        "to": one.high,
        "n": one.n,
        "of": one.of,
        "raters": one.n_raters,
        "beside": ", ".join(f"{what} {n:,}" for what, n in one.apart.items()),
        "note": one.reason or one.note or "",
    }
