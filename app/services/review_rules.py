"""Why an answer is looked at by a second person: the project's rules, applied to many answers at once."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.analytics.answer_distance import answers_apart
from app.schema import LabelSchema, Question
from app.schema.workplace import ReviewRules
from app.services import arms
from app.services.standing import Part
from db.engine import Session
from db.records import ProjectRecord
from db.store import verdicts

__all__ = ["Doubts", "doubts_of", "drawn_quiet", "reasons"]

_LONGEST_COMPARED = 200
"""Characters of a text above which two are not compared: whoever writes freely always differs."""

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
    if _agreement(schema, part, others, decided) < rules.agreement_below and draw(
        "disagreement", rules.disagreement
    ):
        why.append("differs from another answer")
    judged = doubts.get(part.newest.annotation_id, ())
    flags = [flag for _, raised in judged for flag in raised]
    if (flags or any(passed is not True for passed, _ in judged)) and draw("judge", rules.judge_doubt):
        why += _doubt_words([passed for passed, _ in judged], flags)
    if part.newest.position < rules.first_answers and draw("new", rules.new_person):
        why.append(f"among the first {rules.first_answers} of this person")
    if not why and draw("floor", rules.floor):
        why.append("drawn at random")
    return why


def drawn_quiet(project: ProjectRecord, found: Iterable[tuple[int, int, int]]) -> set[int]:
    """Items with an answer that `reasons` would have looked at, of (item id, annotation id, position) of answers that no
    judge doubts and nobody differs from: as one of a person's first ones, or at random.
    """
    rules = arms.workplace_of(project).review
    drawn = set()
    for item_id, annotation_id, position in found:
        draw = _Draw(project, annotation_id)
        new = position < rules.first_answers and draw("new", rules.new_person)
        if new or (rules.floor > 0 and draw("floor", rules.floor)):
            drawn.add(item_id)
    return drawn


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


def _agreement(schema: LabelSchema, part: Part, others: Sequence[Part], decided: Collection[str]) -> float:
    """The lowest mean agreement with the others over the questions that more than one answered; 1 without any."""
    lowest = 1.0
    for question in schema.questions:
        if question.id in decided:
            continue
        mine = part.newest.values.get(question.id)
        theirs = [
            other.newest.values[question.id]
            for other in others
            if other.newest.state == "submitted" and question.id in other.newest.values
        ]
        if mine is None or not theirs or not _comparable(question, [mine, *theirs]):
            continue
        agreement = 1.0 - sum(answers_apart(question, mine, one) for one in theirs) / len(theirs)
        lowest = min(lowest, agreement)
    return lowest


def _comparable(question: Question, values: Sequence[Any]) -> bool:
    return question.type != "text" or all(len(str(value)) <= _LONGEST_COMPARED for value in values)
