"""Why an answer is looked at by a second person: the project's rules, applied to many answers at once."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.analytics.answer_distance import answers_apart
from app.schema import LabelSchema
from app.schema.workplace import ReviewRules
from app.services import arms
from app.services.standing import Part
from db.engine import Session
from db.records import ProjectRecord
from db.store import verdicts

__all__ = ["Doubts", "doubts_of", "drawn_quiet", "quiet_reasons", "reasons", "second_look"]

Doubts = Mapping[int, Sequence[tuple[bool | None, Sequence[str]]]]
"""Annotation -> (passed, flags) of the newest verdict of each of its answers."""


@dataclass(frozen=True, slots=True)
class _Draw:
    """A draw by lot that comes out the same on every visit."""

    project: ProjectRecord
    annotation_id: int

    def __call__(self, rule: str, share: float) -> bool:
        return arms.chance(self.project, "review", rule, self.annotation_id) < share


def doubts_of(session: Session, annotation_ids: Sequence[int]) -> Doubts:
    """What the judge doubts in these annotations."""
    found: dict[int, list[tuple[bool | None, list[str]]]] = {}
    for start in range(0, len(annotation_ids), 500):
        found |= verdicts.doubts_of_annotations(session, annotation_ids[start : start + 500])
    return found


def reasons(
    project: ProjectRecord,
    schema: LabelSchema,
    rules: ReviewRules,
    part: Part,
    others: Sequence[Part],
    doubts: Doubts,
    decided: Collection[str],
) -> list[str]:
    """Why a person's newest answers to an item are looked at; empty when they are not.

    `decided` are the questions of the item that were adjudicated: to differ there is no reason any more.
    """
    draw = _Draw(project, part.newest.annotation_id)
    why = []
    if part.reviews:
        why.append("revised after a review")
    agreement = _agreement(schema, rules, part, others, decided)
    if agreement < rules.agreement_below and draw("disagreement", rules.disagreement):
        why.append("differs from another answer")
    judged = doubts.get(part.newest.annotation_id, ())
    flags = [flag for _, raised in judged for flag in raised]
    if (flags or any(passed is not True for passed, _ in judged)) and draw("judge", rules.judge_doubt):
        why += _doubt_words([passed for passed, _ in judged], flags)
    if part.newest.position < rules.first_answers and draw("new", rules.new_person):
        why.append(_new_words(rules))
    if not why and draw("floor", rules.floor):
        why.append(_FLOOR)
    return why


_FLOOR = "drawn at random"


def _new_words(rules: ReviewRules) -> str:
    return f"among the first {rules.first_answers} of this person"


def quiet_reasons(
    project: ProjectRecord, rules: ReviewRules, found: Iterable[tuple[int, int, int]]
) -> dict[int, list[str]]:
    """Annotation -> what `reasons` would say, where it says something, of (item id, annotation id, position) of answers
    that no judge doubts and nobody differs from: as one of a person's first ones, or at random.
    """
    why = {}
    for _, annotation_id, position in found:
        draw = _Draw(project, annotation_id)
        if position < rules.first_answers and draw("new", rules.new_person):
            why[annotation_id] = [_new_words(rules)]
        elif rules.floor > 0 and draw("floor", rules.floor):
            why[annotation_id] = [_FLOOR]
    return why


def drawn_quiet(project: ProjectRecord, found: Sequence[tuple[int, int, int]]) -> set[int]:
    """Items of which `quiet_reasons` wants an answer looked at."""
    why = quiet_reasons(project, arms.workplace_of(project).review, found)
    return {item_id for item_id, annotation_id, _ in found if annotation_id in why}


def second_look(project: ProjectRecord, rules: ReviewRules, annotation_id: int) -> bool:
    """Whether a second reviewer looks at an answer that one has reviewed."""
    return rules.second_look > 0 and _Draw(project, annotation_id)("second", rules.second_look)


def _doubt_words(passed: Sequence[bool | None], flags: Sequence[str]) -> list[str]:
    words = []
    if False in passed:
        words.append("the judge has doubts")
    elif None in passed:
        words.append("the judge gave no total")
    if flags:
        kinds = dict.fromkeys(flag.replace("_", " ").replace(":", " in ") for flag in flags)
        words.append(f"the verdict has a flag: {', '.join(kinds)}")
    return words


def _agreement(
    schema: LabelSchema, rules: ReviewRules, part: Part, others: Sequence[Part], decided: Collection[str]
) -> float:
    """The lowest mean agreement with the others over the questions that more than one answered; 1 without any.

    The others' answers are those that count: as reviewers fixed them, and none that was rejected.
    """
    lowest = 1.0
    for question in schema.questions:
        if question.id in decided or (question.type == "text" and not rules.texts):
            continue
        mine = part.newest.values.get(question.id)
        theirs = [
            other.counted_values[question.id] for other in others if question.id in other.counted_values
        ]
        if mine is None or not theirs:
            continue
        agreement = 1.0 - sum(answers_apart(question, mine, one) for one in theirs) / len(theirs)
        lowest = min(lowest, agreement)
    return lowest
