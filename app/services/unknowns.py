"""What a quality report cannot say, and what would be needed, in sentences: no figure is undefined in silence."""

from collections.abc import Iterable, Iterator
from typing import Final

from app.analytics.agreement import Alpha
from app.services.agreement_report import QuestionAgreement
from app.services.quality_figures import QualityFigures

__all__ = ["unknowns"]

_NAMED: Final = 10
"""People or models that a sentence names; the others are counted."""


def unknowns(found: QualityFigures) -> list[str]:
    """In the order of the report. Empty only where every figure that it has a place for is there."""
    return [*_agreement(found), *_changes(found), *_people(found), *_judged(found), *_decided(found), *_made_with(found)]  # fmt: skip


def _agreement(found: QualityFigures) -> Iterator[str]:
    agreed, parts = found.agreement, found.parts
    if not (agreed.questions or parts.label_sets or parts.spans):
        yield "Agreement: nobody has answered a question with labels to choose."
    for one in agreed.questions:
        yield from _undefined(f"Agreement on {one.title} ({one.rater_kind})", one.nominal)
    for sets in parts.label_sets:
        yield from _undefined(f"Agreement on the sets of {sets.title} ({sets.rater_kind})", sets.masi)
    for spans in parts.spans:
        if spans.exact.reason:
            yield f"Agreement on the spans of {spans.title} ({spans.rater_kind}): {spans.exact.reason}."
    for left in parts.left_out:
        yield f"Agreement on {left.title}: {left.reason}."
    if agreed.target is None:
        yield "Whether agreement is enough: the project states no target."


def _undefined(name: str, alpha: Alpha) -> Iterator[str]:
    if alpha.value is None:
        yield f"{name}: {alpha.reason}."


def _changes(found: QualityFigures) -> Iterator[str]:
    if not found.changes:
        yield "Whether a new version raised agreement: no two versions of guidelines, schema or rubric both have answers."
    for change in found.changes:
        name = f"{change.what} {change.after.name}".strip()
        for one in change.questions:
            if one.all_items.difference is None:
                yield (
                    f"Whether version {change.after.number} of the {name} changed agreement on {one.title}: "
                    f"{one.all_items.reason}."
                )


def _people(found: QualityFigures) -> Iterator[str]:
    people = found.contributions.people
    if not people:
        yield "What each person adds: nobody has answered."
        return
    if not any(one.gold for one in people):
        yield "Whether people are right: no answered item has a known answer (gold)."
    else:
        unmeasured = [one.login for one in people if not one.gold and one.answers]
        if unmeasured:
            yield f"Whether {_names(unmeasured)} are right: they have answered no item whose answer is known."
    if not any(one.timed for one in people):
        yield "How long answers take: no time is recorded."
    else:
        untimed = [one.login for one in people if one.median_seconds is None and one.answers]
        if untimed:
            yield f"How long {_names(untimed)} take: too few of their answers have a recorded time to show."
    alone = [one.login for one in people if not one.with_others and one.answers]
    if alone:
        yield f"Whether {_names(alone)} say what others say: nobody else answered their items."


def _judged(found: QualityFigures) -> Iterator[str]:
    if found.kind != "work" and not found.judge:
        return  # imported ratings without a judge: nothing is judged there
    if not found.criteria and not found.judge:
        yield "How answers do on a rubric, and whether a judge can be relied on: no answer has been judged."
    unscored = sum(sum(one.unscored.values()) for one in found.criteria)
    if unscored:
        yield f"{unscored:,} criteria of answers are unscored; they are in no mean and no share of levels."
    if found.criteria and not found.judge:
        yield "Whether the judge can be relied on: nobody has scored an answer beside it."
    for one in found.judge:
        if one.newest and one.gate.state == "advisory":
            yield (
                f"Whether {one.judge} can be relied on for {one.criterion}: {one.gate.n} of {one.gate.needed} scores of "
                "people."
            )
        elif one.newest and one.with_people.kappa is None:
            yield f"Agreement of {one.judge} with people on {one.criterion}: {one.with_people.reason or 'undefined'}."
    if found.judge:
        twice = [one.criterion for one in found.judge if one.newest and not one.among_people.n]
        if twice:
            yield (
                f"What people reach among themselves on {_names(dict.fromkeys(twice))}: no answer was scored blind by two "
                "of them."
            )
    for rate in found.pass_rates:
        if rate.rate.corrected is None:
            yield (
                f"How many answers people would pass by {rate.rubric} version {rate.rubric_version}: {rate.rate.reason}."
            )
    for row in _of_people(found.agreement.criteria):
        yield from _undefined(f"Agreement of people's blind scores on {row.title}", row.nominal)


def _of_people(rows: Iterable[QuestionAgreement]) -> list[QuestionAgreement]:
    return [row for row in rows if row.rater_kind == "human"]


def _decided(found: QualityFigures) -> Iterator[str]:
    if found.kind != "work":
        return
    if not found.reviewed:
        yield "How many answers stand up to a second look: nothing has been reviewed."
    if not found.adjudication.decided:
        yield "Why answers differ: nothing has been adjudicated."
    if (found.reviewed or found.adjudication.decided) and not found.decisions.n:
        yield "How long a decision takes: no time of review or adjudication is recorded."
    alone = [one.login for one in found.reviewers if not one.overturned.n]
    if alone:
        yield f"Whether reviews of {_names(alone)} hold: nobody else has decided on those answers later."
    deciders = [one.login for one in found.adjudication.adjudicators if not one.overturned.n]
    if deciders:
        yield f"Whether decisions of {_names(deciders)} hold: nobody else has decided those cases again."


def _made_with(found: QualityFigures) -> Iterator[str]:
    versions = found.versions
    nameless = [one for one in versions.suggesters if one.hash is None]
    if nameless:
        n = sum(one.suggestions for one in nameless)
        models = dict.fromkeys(f"{one.model} {one.model_version}".strip() for one in nameless)
        yield (
            f"With which configuration {n:,} suggestions of {_names(models)} were made: no stored agent made them, so "
            "there is no hash of model, parameters and prompt."
        )
    if found.kind != "work":
        yield "Which schema, guidelines and rubric the ratings were made with: an imported table does not say."
    elif versions.guidelines is None:
        yield "By which guidelines people answered: the project stores none."


def _names(names: Iterable[str]) -> str:
    known = list(names)
    more = len(known) - _NAMED
    return ", ".join(known[:_NAMED]) + (f" and {more} more" if more > 0 else "")
