"""Agreement of any raters that somebody chooses: a pair, a group, people beside models, a period, a part of the items."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pandas as pd

from app.analytics.agreement import count_ratings
from app.analytics.coding import Coded, code_ratings, of_raters
from app.analytics.coefficients import Coefficients, Declared, coefficients_of, fields_of
from app.analytics.label_agreement import LabelAgreement, by_label
from app.errors import Invalid
from app.services import policy
from app.services.agreement_report import declared_by
from app.services.all_ratings import ratings_of
from app.services.cohorts import members_of
from app.services.context import Actor, Context
from app.services.criterion_ratings import criterion_ratings
from app.services.disagreement import Disagreement, disputes_in, with_words
from app.services.projects import schema_of
from app.services.rating_circumstances import KINDS, metadata_of, rated
from db import question_frames
from db.engine import Session, reading
from db.records import ProjectRecord
from db.store import projects

__all__ = ["ChosenAgreement", "RaterChoice", "chosen_agreement", "chosen_disagreement", "raters_of"]


@dataclass(frozen=True, slots=True)
class RaterChoice:
    question: str
    kinds: tuple[str, ...] = ("human",)
    """human, model, judge. More than one only where somebody asks for them in one figure."""
    raters: tuple[str, ...] = ()
    """Names; none means all of these kinds."""
    since: date | None = None
    until: date | None = None
    """Both inclusive, in UTC."""
    where: tuple[str, str] | None = None
    """A metadata column of the items, or of the imported ratings, and its value."""
    cohort: str = ""
    """Of people, only those of this cohort; models and judges are in none and stay. Empty: everybody."""


@dataclass(frozen=True, slots=True)
class ChosenAgreement(Coefficients):
    choice: RaterChoice
    mixed: bool
    """Whether people and models, or models and judges, are in one figure."""
    by_label: list[LabelAgreement]
    """Each label against all others."""
    left_out: dict[str, int] = field(default_factory=dict)
    """Reason -> ratings."""


_Found = tuple[pd.DataFrame | Coded, bool, dict[str, int]]
"""Ratings, whether kinds of raters are mixed in them, and reason -> ratings left out."""


def raters_of(ctx: Context, actor: Actor, project_id: int, question: str) -> dict[str, list[str]]:
    """Kind -> the names of those who rated the question or criterion; models also where they only suggested."""
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "see_quality")
        groups = {
            **ratings_of(ctx, session, project).groups,
            **criterion_ratings(ctx, session, project).groups,
        }
        suggested = {
            model for _, model, *_ in question_frames.suggested_labels(session, project.id, question)
        }
    found = {kind: groups[question, kind].raters.astype(str) for kind in KINDS if (question, kind) in groups}
    names = {kind: set(raters) for kind, raters in found.items()}
    if suggested:
        names["model"] = names.get("model", set()) | suggested
    return {kind: sorted(names[kind]) for kind in KINDS if kind in names}


def chosen_agreement(ctx: Context, actor: Actor, project_id: int, choice: RaterChoice) -> ChosenAgreement:
    """Of a question of the schema, or a criterion of a rubric by its name in `AgreementReport.criteria`.

    Raises Invalid for an unknown question, kind, rater or column, and for a period that ends before it begins.
    """
    _check(choice)
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "see_quality")
        declared = _declared(ctx, session, project, choice.question)
        table, several, left_out = _ratings(ctx, session, project, choice)
    counts = count_ratings(table)
    return ChosenAgreement(
        **fields_of(coefficients_of(table, declared, counts=counts)),
        choice=choice,
        mixed=several,
        by_label=by_label(counts),
        left_out=left_out,
    )


def chosen_disagreement(
    ctx: Context,
    actor: Actor,
    project_id: int,
    choice: RaterChoice,
    *,
    pair: tuple[str, str] | None = None,
    limit: int = 25,
) -> Disagreement:
    """The items, or answers, on which the chosen raters differ; with `pair`, named as in the agreement, these two.

    For those who may read everybody's answers.
    """
    _check(choice)
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "read_all")
        table, *_ = _ratings(ctx, session, project, choice)
        scored = criterion_ratings(ctx, session, project)
        criterion = scored.questions.get(choice.question)
        found = disputes_in(code_ratings(table), pair, limit, criterion)
        return with_words(session, project_id, found, scored if criterion else None)


def _check(choice: RaterChoice) -> None:
    wrong = [kind for kind in choice.kinds if kind not in KINDS]
    if wrong or not choice.kinds:
        raise Invalid(f"kind {wrong[0] if wrong else ''!r}; there are {', '.join(KINDS)}")
    if choice.since and choice.until and choice.until < choice.since:
        raise Invalid(f"the period ends on {choice.until} before it begins on {choice.since}")


def _ratings(ctx: Context, session: Session, project: ProjectRecord, choice: RaterChoice) -> _Found:
    return _as_kept(ctx, session, project, choice) or _read(ctx, session, project, choice)


def _declared(ctx: Context, session: Session, project: ProjectRecord, name: str) -> Declared:
    criterion = criterion_ratings(ctx, session, project).questions.get(name)
    if criterion is not None:
        return criterion.declared
    latest = projects.latest_schema(session, project.id)
    asked = schema_of(latest).questions if latest else ()
    return next((declared_by(one) for one in asked if one.id == name), Declared())


def _as_kept(ctx: Context, session: Session, project: ProjectRecord, choice: RaterChoice) -> _Found | None:
    """People's ratings as they are kept for the page, which needs no second reading; None where more is asked for."""
    if choice.kinds != ("human",) or choice.since or choice.until or choice.where or choice.cohort:
        return None
    groups = ratings_of(ctx, session, project).groups
    coded = groups.get((choice.question, "human"))
    if coded is None or (
        # Of some raters all ratings may be numbers, and repeats are those of these raters.
        choice.raters and (coded.not_numbers or coded.duplicates)
    ):
        return None
    others = sum(
        len(group.item) + group.duplicates
        for (question, kind), group in groups.items()
        if question == choice.question and kind != "human"
    )
    suggested = question_frames.suggested_labels(session, project.id, choice.question)
    others += len({(item, model) for item, model, *_ in suggested})
    left_out = {"of raters of another kind": others, "second ratings of an item": coded.duplicates}
    if choice.raters:
        _known(choice, set(coded.raters.astype(str)))
        mine = _compact(of_raters(coded, choice.raters))
        left_out["of other raters"] = len(coded.item) - len(mine.item)
        coded = mine
    return coded, False, {reason: n for reason, n in left_out.items() if n}


def _compact(coded: Coded) -> Coded:
    """Without the raters and values that occur no more."""
    rater, raters = pd.factorize(coded.rater)
    seen, value = np.unique(coded.value, return_inverse=True)
    return replace(
        coded,
        rater=rater,
        raters=coded.raters.take(raters),
        value=value,
        values=tuple(coded.values[place] for place in seen),
        written=tuple(coded.written[place] for place in seen),
    )


def _read(ctx: Context, session: Session, project: ProjectRecord, choice: RaterChoice) -> _Found:
    frame = _everybody(ctx, session, project, choice.question)
    if not len(frame):
        raise Invalid(f"question {choice.question!r} has no ratings of one label or number")
    kept, left_out = _kept(session, project, frame, choice)
    # One name of a person and of a model is two raters.
    several = len(set(kept["rater_kind"])) > 1
    names = kept["rater_kind"] + " " + kept["rater"].astype(str) if several else kept["rater"]
    return pd.DataFrame({"item": kept["item"], "rater": names, "value": kept["value"]}), several, left_out


def _known(choice: RaterChoice, there: set[str]) -> None:
    unknown = [name for name in choice.raters if name not in there]
    if unknown:
        raise Invalid(f"rater {unknown[0]!r} has not rated {choice.question!r} ({', '.join(choice.kinds)})")


def _everybody(ctx: Context, session: Session, project: ProjectRecord, question: str) -> pd.DataFrame:
    """First ratings of people and models, and the newest suggestion of each model that gave no imported rating."""
    frame = rated(ctx, session, project, question)
    suggested = pd.DataFrame(
        question_frames.suggested_labels(session, project.id, question),
        columns=["item", "rater", "value", "at"],
    )
    if len(suggested):
        newest = suggested.drop_duplicates(["item", "rater"], keep="last")
        newest = newest[~newest["rater"].isin(frame.loc[frame["rater_kind"] != "human", "rater"])]
        more = newest.assign(
            rater_kind="model",
            about=newest["item"],
            shown_first=None,
            meta=None,
            at=pd.to_datetime(newest["at"], utc=True),
        )
        frame = pd.concat([frame, more[frame.columns]], ignore_index=True) if len(frame) else more
    return frame


def _kept(
    session: Session, project: ProjectRecord, frame: pd.DataFrame, choice: RaterChoice
) -> tuple[pd.DataFrame, dict[str, int]]:
    """The chosen ratings, and why how many others are not among them."""
    left_out: dict[str, int] = {}

    def only(rows: pd.DataFrame, keep: "pd.Series[bool]", reason: str) -> pd.DataFrame:
        if not keep.all():
            left_out[reason] = int((~keep).sum())
        return rows[keep]

    kept = only(frame, frame["rater_kind"].isin(list(choice.kinds)), "of raters of another kind")
    _known(choice, set(kept["rater"].astype(str)))
    if choice.raters:
        kept = only(kept, kept["rater"].astype(str).isin(list(choice.raters)), "of other raters")
    if choice.cohort:
        inside = kept["rater"].isin(list(members_of(session, project.id, choice.cohort)))
        kept = only(
            kept, inside | (kept["rater_kind"] != "human"), f"of people outside cohort {choice.cohort}"
        )
    if choice.since or choice.until:
        kept = only(kept, kept["at"].notna(), "of an unknown day")
        begin = _midnight(choice.since) if choice.since else pd.Timestamp.min.tz_localize("UTC")
        end = (
            _midnight(choice.until + timedelta(days=1))
            if choice.until
            else pd.Timestamp.max.tz_localize("UTC")
        )
        inside = (kept["at"] >= begin) & (kept["at"] < end)
        kept = only(kept, inside, "outside the period")
    if choice.where is not None:
        column, value = choice.where
        said = metadata_of(session, project, kept, column)
        kept = only(kept, said == value, f"where {column} is not {value}")
    if len(kept):
        kept = only(kept, ~kept.duplicated(["item", "rater", "rater_kind"]), "second ratings of an item")
    return kept, left_out


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
