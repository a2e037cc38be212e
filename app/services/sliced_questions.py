"""A question by slice: agreement, answers right on known items, suggestions accepted."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from app.analytics.agreement import count_label_sets, count_ratings
from app.analytics.span_agreement import count_spans, mean_f1
from app.errors import Invalid
from app.services.context import Context
from app.services.parts_agreement import character_alpha, spans_of, text_lengths
from app.services.rating_circumstances import rated
from app.services.several_parts import PartAnswers, part_answers
from app.services.slice_figures import Figure, alpha_figure, f1_figure, share_figure
from app.services.slice_groups import COHORT, SliceGroups
from app.services.slices import Subject, Tables
from app.services.votes import label_text
from db import question_frames, time_frames
from db.engine import Session
from db.records import ProjectRecord

__all__ = ["question_tables"]


def question_tables(
    ctx: Context, session: Session, project: ProjectRecord, subject: Subject, groups: SliceGroups
) -> Tables:
    """Raises Invalid where nobody of this kind answered the question, and for cohorts of models."""
    people = subject.rater_kind == "human"
    if groups.by == COHORT and not people:
        raise Invalid("models and judges are in no cohort")
    answers = _parts(ctx, session, project, subject)
    frame = (
        answers.frame.assign(about=answers.frame["item"])
        if answers
        else _rated(ctx, session, project, subject)
    )
    known = {
        item: _same(value)
        for item, value, _ in question_frames.known_labels(session, project.id, subject.name)
    }
    right = frame["item"].map(known)
    given = pd.Series([_same(value) for value in frame["value"]], index=frame.index, dtype=object)
    frame = frame.assign(
        slice=groups.of(frame), known=right.notna().to_numpy(), right=(given == right).to_numpy()
    )
    shown = _accepted(session, project, subject.name, groups) if people else _NOTHING
    lengths = text_lengths(session, project.id, [answers]).get(answers.part or "", {}) if answers else {}
    numeric = answers is None and count_ratings(frame[["item", "rater", "value"]]).numeric

    def figures(rows: Mapping[str, pd.DataFrame]) -> list[Figure]:
        ratings, suggestions = rows["ratings"], rows["suggestions shown"]
        compared = ratings[ratings["known"].astype(bool)]
        return [
            *_agreement(ratings, answers, lengths, numeric=numeric),
            share_figure(
                "right", compared["rater"], compared["right"].astype(bool), "answers to known items"
            ),
            share_figure(
                "suggestions accepted",
                suggestions["rater"],
                suggestions["accepted"].astype(bool),
                "suggestions shown",
            ),
        ]

    return Tables({"ratings": frame, "suggestions shown": shown}, figures)


def _parts(ctx: Context, session: Session, project: ProjectRecord, subject: Subject) -> PartAnswers | None:
    """Those given here and imported ones together; a rater's first of an item."""
    asked = (subject.name, subject.rater_kind)
    found = [one for one in part_answers(ctx, session, project) if (one.question, one.rater_kind) == asked]
    if not found:
        return None
    frame = pd.concat([one.frame for one in found], ignore_index=True) if len(found) > 1 else found[0].frame
    return replace(found[0], frame=frame.drop_duplicates(["item", "rater"], ignore_index=True))


def _rated(ctx: Context, session: Session, project: ProjectRecord, subject: Subject) -> pd.DataFrame:
    frame = rated(ctx, session, project, subject.name)
    frame = frame[frame["rater_kind"] == subject.rater_kind].drop_duplicates(["item", "rater"])
    if not len(frame):
        raise Invalid(
            f"question {subject.name!r} has no ratings by {subject.rater_kind} raters that can be compared"
        )
    return frame


def _agreement(
    rows: pd.DataFrame, answers: PartAnswers | None, lengths: dict[str, int], *, numeric: bool
) -> list[Figure]:
    columns = rows[["item", "rater", "value"]]
    if answers is None:
        counts = count_ratings(columns)
        return [
            alpha_figure("alpha, nominal", counts, "nominal"),
            *([alpha_figure("alpha, ordinal", counts, "ordinal")] if numeric else []),
        ]
    if answers.parts == "sets":
        return [alpha_figure("alpha, MASI", count_label_sets(columns), "masi")]
    spans, annotated = spans_of(replace(answers, frame=rows))
    exact = mean_f1(count_spans(spans, annotated), "exact")
    return [
        f1_figure("F1, exact", exact, int(rows["rater"].nunique())),
        alpha_figure("alpha of characters", character_alpha(spans, annotated, lengths), "nominal"),
    ]


def _same(value: Any) -> str:
    """The same text for labels, sets of labels, or spans, that say the same."""
    if not isinstance(value, list | tuple):
        return label_text(value)
    return "; ".join(
        sorted(
            f"{one['start']}-{one['end']} {one['label']}" if isinstance(one, dict) else str(one)
            for one in value
        )
    )


_NOTHING = pd.DataFrame({"slice": [], "rater": [], "accepted": []})


def _accepted(session: Session, project: ProjectRecord, question: str, groups: SliceGroups) -> pd.DataFrame:
    """One row per suggestion that a person was shown, planted wrong ones left out: slice, rater, accepted."""
    shown = time_frames.shown_suggestions(session, project.id)
    shown = shown[(shown["question"] == question) & ~shown["planted"].astype(bool)]
    imported = question_frames.imported_suggestions(session, project.id, question)
    parts = []
    if len(shown):
        slices = groups.of(shown, item="item_id")
        parts.append(
            pd.DataFrame(
                {"slice": slices, "rater": shown["rater"], "accepted": shown["outcome"] == "confirms"}
            )
        )
    if len(imported):
        slices = groups.of(imported, item="item")
        parts.append(
            pd.DataFrame(
                {
                    "slice": slices,
                    "rater": imported["rater"],
                    "accepted": imported["value"].map(label_text) == imported["suggestion"].map(label_text),
                }
            )
        )
    return pd.concat(parts, ignore_index=True) if parts else _NOTHING
