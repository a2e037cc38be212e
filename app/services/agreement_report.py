"""Agreement per question and kind of rater, and what was left out or looks wrong on the way there."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from app.analytics.agreement import Counts, count_ratings
from app.analytics.coding import Coded
from app.analytics.coefficients import Coefficients, Declared, coefficients_of, fields_of
from app.analytics.kappas import MOST_RATERS
from app.analytics.look_alikes import LookAlike, look_alikes
from app.analytics.missing_words import missing_words
from app.schema import (
    ChoiceQuestion,
    PairwiseQuestion,
    Question,
    RatingQuestion,
    validate_label,
)
from app.services.agreement_alphas import (
    QuestionAlphas,
    Rated,
    alphas_of_criteria,
    alphas_of_questions,
    read_rated,
)
from app.services.context import Actor, Context
from app.services.criterion_ratings import CriterionRatings
from app.services.several_parts import lists_among
from db.engine import Session, reading
from db.store import people

__all__ = [
    "AgreementReport",
    "QuestionAgreement",
    "agreement",
    "declared_by",
    "remarks",
]

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class QuestionAgreement(Coefficients):
    question: str
    title: str
    rater_kind: str
    """Whose ratings: human, model or judge. Kinds are never mixed in one figure."""
    unpaired: int
    """Raters beyond those with the most ratings, whom no pair compares."""
    off_scale: int = 0
    """Imported ratings that no version of the schema allows: left out everywhere."""
    older: int = 0
    """Ratings whose value the newest schema does not allow, an older one did; they count."""
    not_numbers: int = 0
    """Ratings whose value is no number where others are: because of them there is no ordinal and interval alpha."""
    missing_words: dict[str, int] = field(default_factory=dict)
    """Label that may mean that there is none -> ratings, unless the newest schema declares it; each counts as a label."""
    lists: int = 0
    """Ratings that are written as a list among single labels, in a question without a schema; each list is one label."""
    look_alikes: list[LookAlike] = field(default_factory=list)
    """Labels that look the same and are not; each counts as a label of its own."""
    disabled: dict[str, int] = field(default_factory=dict)
    """Login -> answers, of people who were disabled after answering; these answers count."""
    left: dict[str, int] = field(default_factory=dict)
    """Login -> answers, of people who have no part in the project any more; these answers count."""
    cannot_say: int = 0
    """Of a criterion: scores of people who could not say; left out."""
    by_value: int = 0
    """Of a criterion: scores of answers that were chosen for their value, which are no fair sample; left out."""


@dataclass(frozen=True, slots=True)
class AgreementReport:
    project: str
    simulated: bool
    target: float | None
    questions: list[QuestionAgreement]
    criteria: list[QuestionAgreement]
    """Criteria of rubrics as people score answers blind, and as versions of the judge do; an item is an answer."""


def agreement(ctx: Context, actor: Actor, project_id: int) -> AgreementReport:
    """Agreement per question, of first submissions and imported ratings, for each kind of rater by itself."""
    with reading(ctx.engine) as session:
        known = read_rated(ctx, session, actor, project_id)
        gone = _left(session, project_id)
    project, found, scored = known.project, known.ratings, known.scored
    alphas = alphas_of_questions(ctx, known)
    questions = ctx.figures.of(
        ("agreement", project_id), found.version, lambda: [_question(known, one) for one in alphas]
    )
    of_criteria = alphas_of_criteria(ctx, known)
    criteria = ctx.figures.of(
        ("agreement on criteria", project_id), scored.version, lambda: _criteria(scored, of_criteria)
    )
    if gone:
        questions = [_with_left(one, found.given.get(one.question, {}), gone) for one in questions]
        criteria = [
            _with_left(one, _scores_by_person(scored.groups[one.question, one.rater_kind]), gone)
            for one in criteria
        ]
    return AgreementReport(project.name, project.simulated, project.agreement_target, questions, criteria)


def _scores_by_person(group: Coded) -> dict[str, int]:
    given = np.bincount(group.rater, minlength=len(group.raters))
    return dict(zip(map(str, group.raters), given.tolist(), strict=True))


def _left(session: Session, project_id: int) -> set[str]:
    """Logins of people who are no members; of disabled and simulated ones that is nothing to tell."""
    members = {user.login for user, _ in people.members(session, project_id)}
    return {
        user.login
        for user in people.list_users(session)
        if user.login not in members and user.disabled_at is None and not user.simulated
    }


def _with_left(one: QuestionAgreement, given: Mapping[str, int], gone: set[str]) -> QuestionAgreement:
    left = {login: answers for login, answers in given.items() if login in gone}
    return replace(one, left=left) if left and one.rater_kind == "human" else one


def _question(known: Rated, alphas: QuestionAlphas) -> QuestionAgreement:
    name, kind, found = alphas.question, alphas.rater_kind, known.ratings
    group, newest = known.group_of(name, kind), known.newest(name)
    counts = count_ratings(group)
    declared = declared_by(newest) if newest else Declared()
    return QuestionAgreement(
        **fields_of(coefficients_of(group, declared, counts=counts, alphas=alphas)),
        question=name,
        title=alphas.title,
        rater_kind=kind,
        unpaired=max(counts.n_raters - MOST_RATERS, 0),
        off_scale=found.off_scale.get((name, kind), 0),
        older=_older(group, newest) if newest is not None else 0,
        not_numbers=counts.not_numbers,
        missing_words=_missing_words(group, newest),
        lists=lists_among(group) if newest is None else 0,
        look_alikes=_look_alikes(counts),
        disabled=dict(found.disabled.get(name, {})) if kind == "human" else {},
    )


def _criteria(scored: CriterionRatings, alphas: Sequence[QuestionAlphas]) -> list[QuestionAgreement]:
    out = []
    for one in alphas:
        group, asked = scored.groups[one.question, one.rater_kind], scored.questions[one.question]
        people = one.rater_kind == "human"
        out.append(
            QuestionAgreement(
                **fields_of(coefficients_of(group, asked.declared, alphas=one)),
                question=one.question,
                title=one.title,
                rater_kind=one.rater_kind,
                unpaired=max(len(group.raters) - MOST_RATERS, 0),
                disabled=dict(asked.disabled) if people else {},
                cannot_say=asked.cannot_say if people else 0,
                by_value=asked.by_value if people else 0,
            )
        )
    return out


def declared_by(question: Question) -> Declared:
    match question:
        case ChoiceQuestion():
            return Declared(tuple(option.value for option in question.options))
        case RatingQuestion():
            scale = range(question.min, question.max + 1)
            return Declared(tuple(map(str, scale)), scale)
        case PairwiseQuestion():
            return Declared(("left", "right", "tie") if question.tie else ("left", "right"))
        case _:
            return Declared()


def _older(group: Coded, newest: Question) -> int:
    gone = [place for place, label in enumerate(group.labels) if validate_label(newest, label)]
    return int(np.isin(group.value, gone).sum()) if gone else 0


def _missing_words(group: Coded, newest: Question | None) -> dict[str, int]:
    if group.numeric:
        return {}
    ratings = np.bincount(group.value, minlength=len(group.values)).tolist()
    declared = [option.value for option in newest.options] if isinstance(newest, ChoiceQuestion) else []
    return missing_words(dict(zip(group.labels, ratings, strict=True)), declared)


def _look_alikes(counts: Counts) -> list[LookAlike]:
    if counts.numeric or counts.reason is not None:
        return []
    ratings = counts.table.sum(axis=0).astype(int)
    return look_alikes(dict(zip(counts.labels, ratings.tolist(), strict=True)))


def _raters(who: Collection[str], one: str = "is", several: str = "are") -> str:
    return f"1 rater {one}" if len(who) == 1 else f"{len(who)} raters {several}"


def remarks(found: QuestionAgreement) -> list[str]:
    """What was left out or looks wrong, in sentences with their counts; empty where nothing was."""
    counted, said = found.nominal, []
    if counted.n_single:
        said.append(
            "1 item has one rating only and is left out"
            if counted.n_single == 1
            else f"{counted.n_single:,} items have one rating only and are left out"
        )
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
    said += [
        f"{ratings:,} ratings say {label!r}: a label, or missing? They count as a label"
        for label, ratings in list(found.missing_words.items())[:_SHOWN]
    ]
    if found.lists:
        said.append(
            f"{found.lists:,} ratings are lists among single labels: each list is taken for one label, as fewer than half "
            "are lists"
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
            f"{_raters(found.disabled)} disabled by now ({', '.join(sorted(found.disabled))}); their "
            f"{sum(found.disabled.values()):,} answers count"
        )
    if found.left:
        said.append(
            f"{_raters(found.left, 'has', 'have')} left the project ({', '.join(sorted(found.left))}); their "
            f"{sum(found.left.values()):,} answers count"
        )
    if found.cannot_say:
        said.append(f"{found.cannot_say:,} scores are of people who could not say, and left out")
    if found.by_value:
        said.append(
            f"{found.by_value:,} scores are of answers that were chosen for their value, which are no fair sample, and left out"
        )
    apart = sum(pair.n == 0 for pair in found.pairs)
    if apart:
        said.append(f"{apart:,} of {len(found.pairs):,} pairs of raters have no item in common")
    if found.unpaired:
        said.append(
            f"{found.unpaired:,} raters are in no pair: the {MOST_RATERS} with the most ratings are compared"
        )
    return said
