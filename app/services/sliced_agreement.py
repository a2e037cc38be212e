"""Quality by part of the data: agreement, answers right on known items, and suggestions accepted, for each value of a
metadata column.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import pandas as pd

from app.analytics.agreement import Alpha, Counts, Metric, alpha, count_label_sets, count_ratings
from app.analytics.shares import Share, share_of
from app.errors import Invalid
from app.services import policy
from app.services.context import Actor, Context
from app.services.parts_agreement import part_version
from app.services.rating_circumstances import (
    MOST_VALUES,
    SliceKey,
    metadata_of,
    rated,
    slice_keys,
    slice_text,
)
from app.services.several_parts import part_answers
from app.services.votes import label_text
from db import question_frames, time_frames
from db.engine import Session, reading
from db.records import ProjectRecord

__all__ = ["FEWEST", "Slice", "SlicedAgreement", "SlicedShare", "keys_of", "sliced_agreement"]

_Result = TypeVar("_Result")

FEWEST = 10
"""Items, or answers, below which a slice shows no figure: it would say more about few people than about the slice."""


@dataclass(frozen=True, slots=True)
class SlicedShare:
    n: int
    share: Share | None
    reason: str | None
    """Why there is none."""


@dataclass(frozen=True, slots=True)
class Slice:
    value: str
    n_ratings: int
    n_raters: int
    alpha: Alpha
    """Nominal, of sets of labels with MASI. Undefined, with the reason, where fewer than FEWEST items have two
    ratings."""
    ordinal: Alpha | None
    """Where all values of the question are numbers."""
    right: SlicedShare
    """Answers that are the known label, of those to known items."""
    accepted: SlicedShare
    """Suggestions taken as they were, of those shown; planted wrong ones left out."""


@dataclass(frozen=True, slots=True)
class SlicedAgreement:
    question: str
    rater_kind: str
    by: str
    whole: Alpha
    """Of all slices together."""
    slices: list[Slice]
    """The one with the most ratings first."""
    not_said: int
    """Ratings of which the column says nothing; in no slice."""
    note: str


def keys_of(ctx: Context, actor: Actor, project_id: int) -> list[SliceKey]:
    """Metadata columns, with the reason where one makes no groups."""
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "see_quality")
        return _kept(
            ctx, session, ("slice_keys", project_id), project_id, lambda: slice_keys(session, project)
        )


def sliced_agreement(
    ctx: Context, actor: Actor, project_id: int, *, question: str, by: str, rater_kind: str = "human"
) -> SlicedAgreement:
    """Raises Invalid where nothing of the question has the column `by`, or where it has too many values to be groups."""
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "see_quality")
        key = ("slices", project_id, question, by, rater_kind)
        return _kept(
            ctx, session, key, project_id, lambda: _sliced(ctx, session, project, question, by, rater_kind)
        )


def _kept(
    ctx: Context, session: Session, key: tuple[object, ...], project_id: int, make: Callable[[], _Result]
) -> _Result:
    """Kept for imported tables, which only grow; metadata of items may change at any time."""
    if question_frames.has_items(session, project_id):
        return make()
    return ctx.figures.of(key, part_version(session, project_id), make)


def _sliced(
    ctx: Context, session: Session, project: ProjectRecord, question: str, by: str, rater_kind: str
) -> SlicedAgreement:
    frame, metric = _answers(ctx, session, project, question, rater_kind)
    said = metadata_of(session, project, frame, by)
    if said.nunique() > MOST_VALUES:
        raise Invalid(
            f"{by!r} has {said.nunique():,} values; up to {MOST_VALUES} make groups that can be read"
        )
    gold = {
        item: _same(value) for item, value, _ in question_frames.known_labels(session, project.id, question)
    }
    known = frame["item"].map(gold)
    right = (
        pd.Series([label_text(value) for value in frame["value"]], index=frame.index, dtype=object) == known
    )
    taken = _accepted(session, project, question, by) if rater_kind == "human" else _NOTHING
    numeric = metric == "nominal" and _counts(frame, metric).numeric
    slices = []
    for value, rows in frame.groupby(said, sort=True):
        compared = known[rows.index].notna()
        mine = taken[taken["slice"] == value]
        slices.append(
            Slice(
                value=str(value),
                n_ratings=len(rows),
                n_raters=int(rows["rater"].nunique()),
                alpha=_alpha(rows, metric),
                ordinal=_alpha(rows, "ordinal") if numeric else None,
                right=_share(rows["rater"][compared], right[rows.index][compared], "answers to known items"),
                accepted=_share(mine["rater"], mine["accepted"].astype(bool), "suggestions shown"),
            )
        )
    slices.sort(key=lambda one: (-one.n_ratings, one.value))
    shown = sum(one.alpha.low is not None for one in slices)
    return SlicedAgreement(
        question=question,
        rater_kind=rater_kind,
        by=by,
        whole=alpha(_counts(frame, metric), metric),
        slices=slices,
        not_said=int(said.isna().sum()),
        note=_note(shown),
    )


def _same(value: Any) -> str:
    """The same text for labels, or sets of labels, that say the same."""
    return "; ".join(sorted(value)) if isinstance(value, list | tuple) else label_text(value)


def _answers(
    ctx: Context, session: Session, project: ProjectRecord, question: str, rater_kind: str
) -> tuple[pd.DataFrame, Metric]:
    """First ratings of one kind of rater, as `rated` has them or as sets of labels, and the metric that fits."""
    for found in part_answers(ctx, session, project):
        if (found.question, found.rater_kind) == (question, rater_kind):
            if found.parts == "spans":
                raise Invalid(
                    f"question {question!r} is of spans: agreement on these is not split by metadata"
                )
            return found.frame.assign(about=found.frame["item"], meta=None), "masi"
    frame = rated(ctx, session, project, question)
    frame = frame[frame["rater_kind"] == rater_kind].drop_duplicates(["item", "rater"])
    if not len(frame):
        raise Invalid(f"question {question!r} has no ratings of labels or numbers by {rater_kind} raters")
    return frame, "nominal"


def _note(shown: int) -> str:
    if shown < 2:
        return "Fewer than two slices have an interval: there is nothing to compare."
    return (
        f"{shown} slices are compared at once: of {shown} intervals of 95 %, {shown * 0.05:.1f} miss the true value by chance alone, "
        "and the slice that stands out most is the one most likely to do so by chance. Take a difference for a question to ask of new "
        "items, not for a finding."
    )


def _counts(rows: pd.DataFrame, metric: Metric) -> Counts:
    columns = rows[["item", "rater", "value"]]
    return count_label_sets(columns) if metric == "masi" else count_ratings(columns)


def _alpha(rows: pd.DataFrame, metric: Metric) -> Alpha:
    counts = _counts(rows, metric)
    items = int((counts.table.sum(axis=1) >= 2).sum())
    if items < FEWEST:
        few = f"only {items} items have two ratings; below {FEWEST} a slice shows no figure"
        counts = replace(counts, reason=few)
    return alpha(counts, metric)


def _share(rater: "pd.Series[Any]", hit: "pd.Series[bool]", of: str) -> SlicedShare:
    n = len(hit)
    if n < FEWEST:
        reason = f"only {n} {of}; below {FEWEST} a slice shows no figure" if n else f"no {of}"
        return SlicedShare(n, None, reason)
    return SlicedShare(n, share_of(rater, hit), None)


_NOTHING = pd.DataFrame({"slice": [], "rater": [], "accepted": []})


def _accepted(session: Session, project: ProjectRecord, question: str, by: str) -> pd.DataFrame:
    """One row per suggestion that a person was shown: slice, rater, accepted."""
    metas = question_frames.item_metadata(session, project.id)
    shown = time_frames.shown_suggestions(session, project.id)
    shown = shown[(shown["question"] == question) & ~shown["planted"].astype(bool)]
    by_id = {item_id: slice_text(meta[by]) for item_id, _, meta in metas if meta.get(by) is not None}
    here = pd.DataFrame(
        {
            "slice": shown["item_id"].map(by_id).astype(object),
            "rater": shown["rater"],
            "accepted": shown["outcome"] == "confirms",
        }
    )
    rows = question_frames.imported_suggestions(session, project.id, question)
    by_name = {name: slice_text(meta[by]) for _, name, meta in metas if meta.get(by) is not None}
    slices = [
        by_name.get(item) if by_name else slice_text(meta[by]) if meta.get(by) is not None else None
        for item, meta in zip(rows["item"], rows["meta"], strict=True)
    ]
    imported = pd.DataFrame(
        {
            "slice": pd.Series(slices, index=rows.index, dtype=object),
            "rater": rows["rater"],
            "accepted": rows["value"] == rows["suggestion"],
        }
    )
    filled = [part for part in (here, imported) if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else _NOTHING
