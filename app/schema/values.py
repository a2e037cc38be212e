"""Whether a value answers a question. Widgets only limit the browser; this is what counts."""

import json
import re
from collections.abc import Mapping
from typing import Any, assert_never

from app.schema.questions import (
    ChoiceQuestion,
    LabelSchema,
    MultiChoiceQuestion,
    PairwiseQuestion,
    Question,
    RatingQuestion,
    SpanQuestion,
    TextQuestion,
)

__all__ = [
    "changed_questions",
    "is_empty",
    "same_answer",
    "validate_answer",
    "validate_answers",
    "validate_label",
    "value_to_begin_with",
]

_WHOLE = re.compile(r"([+-]?[0-9]{1,9})(?:\.0*)?")


def is_empty(value: object) -> bool:
    """Whether a question counts as unanswered: nothing, blank text, no label chosen."""
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def validate_answers(
    schema: LabelSchema, answers: Mapping[str, object], content: Mapping[str, Any]
) -> list[str]:
    """Problems of a form as a whole, `question id: what is wrong`; empty when there are none.

    `content` is the item's content as JSON; spans are checked against its text.
    """
    known = {question.id for question in schema.questions}
    problems = [
        f"{question}: is no question of this project" for question in answers if question not in known
    ]
    for question in schema.questions:
        value = answers.get(question.id)
        if is_empty(value):
            if question.required:
                problems.append(f"{question.id}: needs an answer")
            continue
        found = validate_answer(question, value, item_text=_text_of(question, content))
        problems += [f"{question.id}: {problem}" for problem in found]
    return problems


def value_to_begin_with(question: Question, value: object, content: Mapping[str, Any]) -> Any:
    """The stored value where a form can hold it; None where it is empty or answers an older wording of the question."""
    if is_empty(value) or validate_answer(question, value, item_text=_text_of(question, content)):
        return None
    return value


def same_answer(one: object, other: object) -> bool:
    """Whether two answers were given alike.

    How lines end is no difference, nor the order of labels and spans, which a form may give in another one.
    """
    return _written(one) == _written(other)


def _written(value: object) -> object:
    if is_empty(value):
        return None
    if isinstance(value, list):
        return sorted(json.dumps(entry, sort_keys=True) for entry in value)
    return "\n".join(value.splitlines()) if isinstance(value, str) else value


def changed_questions(
    schema: LabelSchema, content: Mapping[str, Any], stored: Mapping[str, Any], entered: Mapping[str, Any]
) -> list[Question]:
    """Questions whose answer was changed in a form that began with the stored ones."""
    return [
        question
        for question in schema.questions
        if not same_answer(
            entered.get(question.id), value_to_begin_with(question, stored.get(question.id), content)
        )
    ]


def _text_of(question: Question, content: Mapping[str, Any]) -> str | None:
    if not isinstance(question, SpanQuestion):
        return None
    parts = content.get("parts", [])
    return next((part.get("text") for part in parts if part.get("name") == question.part), None)


def validate_answer(question: Question, value: object, *, item_text: str | None) -> list[str]:
    """Problems of one value; empty when it answers the question.

    Choice: the option's value. Multi-choice: a list of them. Rating: a whole number. Text: text. Span: a list
    of {start, end, label} in code points of `item_text`, end exclusive. Pairwise: left, right or tie.
    """
    match question:
        case ChoiceQuestion():
            return _choice(question, value)
        case MultiChoiceQuestion():
            return _multi_choice(question, value)
        case RatingQuestion():
            fits = (
                isinstance(value, int)
                and not isinstance(value, bool)
                and question.min <= value <= question.max
            )
            return [] if fits else [f"{value!r} is not a whole number from {question.min} to {question.max}"]
        case TextQuestion():
            return _text(question, value)
        case SpanQuestion():
            return _spans(question, value, item_text)
        case PairwiseQuestion():
            allowed = ("left", "right", "tie") if question.tie else ("left", "right")
            return [] if value in allowed else [f"{value!r} is not one of {', '.join(allowed)}"]
        case _:
            assert_never(question)


def validate_label(question: Question, label: str) -> list[str]:
    """Problems of one value of a table of ratings, where every value is text; empty when it is on the scale.

    A number may be written as 3 or 3.0. Several choices, text and spans have no scale: nothing is wrong there.
    """
    match question:
        case RatingQuestion():
            # Not by float(): it reads wide and Arabic digits too, which are other labels everywhere else.
            written = _WHOLE.fullmatch(label)
            return validate_answer(question, int(written[1]) if written else label, item_text=None)
        case ChoiceQuestion() | PairwiseQuestion():
            return validate_answer(question, label, item_text=None)
        case _:
            return []


def _choice(question: ChoiceQuestion, value: object) -> list[str]:
    allowed = [option.value for option in question.options]
    return [] if value in allowed else [f"{value!r} is not one of {', '.join(allowed)}"]


def _multi_choice(question: MultiChoiceQuestion, value: object) -> list[str]:
    allowed = [option.value for option in question.options]
    if not isinstance(value, list):
        return [f"{value!r} is not a list of options"]
    problems = [f"{entry!r} is not one of {', '.join(allowed)}" for entry in value if entry not in allowed]
    if not problems and len(set(value)) < len(value):
        problems.append("names an option twice")
    none = {option.value for option in question.options if option.none}
    if not problems and len(value) > 1 and none & set(value):
        problems.append(f"{sorted(none)[0]!r} cannot be combined with other options")
    return problems


def _text(question: TextQuestion, value: object) -> list[str]:
    if not isinstance(value, str):
        return [f"{value!r} is not text"]
    if len(value.strip()) < question.min_chars:
        return [f"has {len(value.strip())} characters; at least {question.min_chars} are needed"]
    if len(value) > question.max_chars:
        return [f"has {len(value)} characters; at most {question.max_chars} are allowed"]
    return []


def _spans(question: SpanQuestion, value: object, item_text: str | None) -> list[str]:
    if not isinstance(value, list):
        return [f"{value!r} is not a list of spans"]
    if item_text is None:
        return [f"the item has no text part {question.part!r} to mark"]
    allowed = {option.value for option in question.options}
    problems: list[str] = []
    for number, span in enumerate(value, 1):
        if not isinstance(span, dict) or not {"start", "end", "label"} <= span.keys():
            problems.append(f"span {number} needs start, end and label")
            continue
        start, end = span["start"], span["end"]
        inside = isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= len(item_text)
        if not inside:
            problems.append(
                f"span {number}: {start!r} to {end!r} is not within the text of {len(item_text)} characters"
            )
        if span["label"] not in allowed:
            problems.append(
                f"span {number}: label {span['label']!r} is not one of {', '.join(sorted(allowed))}"
            )
    return problems
