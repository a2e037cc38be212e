"""Agreement per question and kind of rater, and what was left out or looks wrong on the way there."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.analytics.agreement import Alpha, Counts, alpha, count_ratings, percent_agreement
from app.analytics.chance_corrected import Coefficient, Icc, chance_corrected, icc
from app.analytics.coding import Coded, code_ratings
from app.analytics.kappas import MOST_RATERS, PairKappa, pairwise_kappas
from app.analytics.look_alikes import LookAlike, look_alikes
from app.schema import (
    ChoiceQuestion,
    LabelSchema,
    PairwiseQuestion,
    Question,
    RatingQuestion,
    TextQuestion,
    validate_label,
)
from app.services import policy
from app.services.all_ratings import AllRatings, ratings_of
from app.services.context import Actor, Context
from app.services.projects import schema_of
from app.services.several_parts import parts_of
from db.engine import reading
from db.store import projects

__all__ = ["AgreementReport", "QuestionAgreement", "agreement", "declared_labels", "remarks"]

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class QuestionAgreement:
    question: str
    title: str
    rater_kind: str
    """Whose ratings: human, model or judge. Kinds are never mixed in one figure."""
    nominal: Alpha
    ordinal: Alpha | None
    """Where all values are numbers."""
    interval: Alpha | None
    percent: float | None
    """Share of equal pairs, not corrected for chance."""
    others: dict[str, Coefficient]
    """percent, AC (Gwet), fleiss, brennan_prediger: equal or not."""
    others_quadratic: dict[str, Coefficient] | None
    """The same with squared distances as weights, where all values are numbers; AC is Gwet's AC2 then."""
    labels: int
    """How many labels these were computed with: those that the schema declares, or those seen in imported ratings."""
    icc: Icc | None
    """Where all values are numbers."""
    pairs: list[PairKappa]
    unpaired: int
    """Raters beyond those with the most ratings, whom no pair compares."""
    off_scale: int
    """Imported ratings that no version of the schema allows: left out everywhere."""
    older: int
    """Ratings whose value the newest schema does not allow, an older one did; they count."""
    not_numbers: int
    """Ratings whose value is no number where others are: because of them there is no ordinal and interval alpha."""
    look_alikes: list[LookAlike]
    """Labels that look the same and are not; each counts as a label of its own."""
    disabled: dict[str, int]
    """Login -> answers, of people who were disabled after answering; these answers count."""


@dataclass(frozen=True, slots=True)
class AgreementReport:
    project: str
    simulated: bool
    target: float | None
    questions: list[QuestionAgreement]


def agreement(ctx: Context, actor: Actor, project_id: int) -> AgreementReport:
    """Agreement per question, of first submissions and imported ratings, for each kind of rater by itself."""
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "see_quality")
        found = ratings_of(ctx, session, project)
        latest = projects.latest_schema(session, project_id)
        schema = schema_of(latest) if latest else None
    questions = ctx.figures.of(("agreement", project_id), found.version, lambda: _questions(found, schema))
    return AgreementReport(project.name, project.simulated, project.agreement_target, questions)


def _questions(found: AllRatings, schema: LabelSchema | None) -> list[QuestionAgreement]:
    nothing = code_ratings(pd.DataFrame({"item": [], "rater": [], "value": []}))
    # A question of which nothing is on the scale is said all the same.
    keys = [*found.groups, *(key for key in found.off_scale if key not in found.groups)]
    declared = declared_labels(schema) if schema else {}
    newest = {question.id: question for question in schema.questions} if schema else {}
    return [
        _question(*key, found.groups.get(key, nothing), found, declared, newest.get(key[0]))
        for key in keys
        if _comparable(found.groups.get(key, nothing), newest.get(key[0]))
    ]


def _comparable(group: Coded, question: Question | None) -> bool:
    """Sets of labels and spans have measures of their own (`parts_agreement`); free text has none."""
    return not isinstance(question, TextQuestion) and parts_of(group, question) is None


def _question(
    name: str,
    kind: str,
    group: Coded,
    found: AllRatings,
    declared: Mapping[str, int],
    newest: Question | None,
) -> QuestionAgreement:
    counts = count_ratings(group)
    labels = max(declared.get(name, 0), len(counts.values))
    scale = np.asarray(counts.values, float) if counts.numeric else None
    return QuestionAgreement(
        question=name,
        title=found.titles.get(name, name),
        rater_kind=kind,
        nominal=alpha(counts, "nominal"),
        ordinal=alpha(counts, "ordinal") if counts.numeric else None,
        interval=alpha(counts, "interval") if counts.numeric else None,
        percent=percent_agreement(counts),
        others=chance_corrected(counts.table, labels=labels, reason=counts.reason),
        others_quadratic=chance_corrected(
            counts.table,
            labels=len(counts.values),
            weighting="quadratic",
            scale=scale,
            reason=counts.reason,
        )
        if scale is not None
        else None,
        labels=labels,
        icc=icc(group) if counts.numeric else None,
        pairs=pairwise_kappas(group),
        unpaired=max(counts.n_raters - MOST_RATERS, 0),
        off_scale=found.off_scale.get((name, kind), 0),
        older=_older(group, newest) if newest is not None else 0,
        not_numbers=counts.not_numbers,
        look_alikes=_look_alikes(counts),
        disabled=dict(found.disabled.get(name, {})) if kind == "human" else {},
    )


def declared_labels(schema: LabelSchema) -> dict[str, int]:
    """Question -> how many labels it has."""
    out: dict[str, int] = {}
    for question in schema.questions:
        match question:
            case ChoiceQuestion():
                out[question.id] = len(question.options)
            case RatingQuestion():
                out[question.id] = question.max - question.min + 1
            case PairwiseQuestion():
                out[question.id] = 3 if question.tie else 2
            case _:
                pass
    return out


def _older(group: Coded, newest: Question) -> int:
    gone = [place for place, label in enumerate(group.labels) if validate_label(newest, label)]
    return int(np.isin(group.value, gone).sum()) if gone else 0


def _look_alikes(counts: Counts) -> list[LookAlike]:
    if counts.numeric or counts.reason is not None:
        return []
    ratings = counts.table.sum(axis=0).astype(int)
    return look_alikes(dict(zip(counts.labels, ratings.tolist(), strict=True)))


def remarks(found: QuestionAgreement) -> list[str]:
    """What was left out or looks wrong, in sentences with their counts; empty where nothing was."""
    counted, said = found.nominal, []
    if counted.n_single:
        said.append(f"{counted.n_single:,} items have one rating only and are left out")
    if counted.n_duplicates:
        said.append(
            f"{counted.n_duplicates:,} further ratings of a rater for the same item are left out; the first counts"
        )
    if found.off_scale:
        said.append(f"{found.off_scale:,} ratings are off the scale of the schema and left out")
    if found.older:
        said.append(
            f"{found.older:,} ratings have a value that an older version of the schema allowed and the newest does not; "
            "they count"
        )
    if found.not_numbers:
        said.append(
            f"{found.not_numbers:,} ratings are no numbers while others are: without them there were an ordinal "
            "and an interval alpha"
        )
    for one in found.look_alikes[:_SHOWN]:
        # As escapes: what looks the same must not look the same here.
        said.append(
            f"{one.n:,} ratings say {one.label!a}, which looks like {one.like!a}: taken for different labels"
        )
    if len(found.look_alikes) > _SHOWN:
        said.append(f"{len(found.look_alikes) - _SHOWN} more labels look like another")
    if found.disabled:
        said.append(
            f"{len(found.disabled)} raters are disabled by now ({', '.join(sorted(found.disabled))}); their "
            f"{sum(found.disabled.values()):,} answers count"
        )
    apart = sum(pair.n == 0 for pair in found.pairs)
    if apart:
        said.append(f"{apart:,} of {len(found.pairs):,} pairs of raters have no item in common")
    if found.unpaired:
        said.append(
            f"{found.unpaired:,} raters are in no pair: the {MOST_RATERS} with the most ratings are compared"
        )
    return said
