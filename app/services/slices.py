"""Figures for each part of the data: tables of rows that are cut into slices, and what each slice comes to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from app.errors import Invalid
from app.services.rating_circumstances import MOST_VALUES
from app.services.slice_figures import Figure

__all__ = ["Slice", "Sliced", "Subject", "Tables", "cut", "figure_of"]


@dataclass(frozen=True, slots=True)
class Subject:
    """What figures are about."""

    what: Literal["question", "criterion", "answers"]
    """A question as one kind of raters answered it; a criterion of a rubric, as people score it blind and the judge does;
    answers as the judge passes and reviewers accept them."""
    name: str
    """Of a question its id, of a criterion as in `AgreementReport.criteria`; empty for answers."""
    title: str
    rater_kind: str
    """Of a question: human, model, judge; else human."""


@dataclass(frozen=True, slots=True)
class Slice:
    value: str
    figures: list[Figure]
    """The same ones, in the same order, in every slice."""


@dataclass(frozen=True, slots=True)
class Sliced:
    question: str
    title: str
    rater_kind: str
    by: str
    whole: list[Figure]
    """Of everything, also of what is in no slice."""
    slices: list[Slice]
    """The one with the most rows first."""
    not_said: dict[str, int]
    """What, such as ratings -> how many of which nothing says in which slice they are."""
    notes: dict[str, str]
    """Name of a figure -> what to think of slices that stand out."""


@dataclass(frozen=True, slots=True)
class Tables:
    rows: Mapping[str, pd.DataFrame]
    """What a row is, in plural words -> rows with a column slice; None there: in none."""
    figures: Callable[[Mapping[str, pd.DataFrame]], list[Figure]]
    """Of some of the rows; the same figures whatever the rows."""


def figure_of(figures: list[Figure], name: str) -> Figure:
    return next(one for one in figures if one.name == name)


def cut(subject: Subject, by: str, tables: Tables) -> Sliced:
    """The figures of each slice. Raises Invalid where there are too many to be read. What is 0 of 0 in all is left out."""
    rows = {name: table for name, table in tables.rows.items() if len(table)}
    values = sorted({str(value) for table in rows.values() for value in table["slice"].dropna().unique()})
    if len(values) > MOST_VALUES:
        raise Invalid(f"{by!r} has {len(values):,} values; up to {MOST_VALUES} make groups that can be read")
    if not values:
        raise Invalid(f"{by!r} says nothing of {subject.title}")
    whole = [one for one in tables.figures(tables.rows) if one.n or one.apart or one.unit in ("alpha", "F1")]
    kept = [one.name for one in whole]
    found, sizes = [], {}
    for value in values:
        part = {name: table[table["slice"] == value] for name, table in tables.rows.items()}
        made = tables.figures(part)
        found.append(Slice(value, [figure_of(made, name) for name in kept]))
        sizes[value] = sum(len(table) for table in part.values())
    found.sort(key=lambda one: (-sizes[one.value], one.value))
    return Sliced(
        question=subject.name,
        title=subject.title,
        rater_kind=subject.rater_kind,
        by=by,
        whole=whole,
        slices=found,
        not_said={name: n for name, table in rows.items() if (n := int(table["slice"].isna().sum()))},
        notes={name: _note([figure_of(one.figures, name) for one in found]) for name in kept},
    )


def _note(figures: list[Figure]) -> str:
    shown = sum(one.low is not None for one in figures)
    if shown < 2:
        return "Fewer than two slices have an interval: there is nothing to compare."
    return (
        f"{shown} slices are compared at once: of {shown} intervals of 95 %, {shown * 0.05:.1f} miss the true value by chance alone, "
        "and the slice that stands out most is the one most likely to do so by chance. Take a difference for a question to ask of new "
        "items, not for a finding."
    )
