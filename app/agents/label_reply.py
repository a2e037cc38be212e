"""What a model's reply to a labelling prompt must look like, and what of it becomes a suggestion."""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model

from app.agents.extraction import extract_label, match_option
from app.agents.label_prompt import LabelRequest, field_name
from app.schema import (
    ChoiceQuestion,
    LabelSchema,
    MultiChoiceQuestion,
    Option,
    PairwiseQuestion,
    Question,
    RatingQuestion,
    SpanQuestion,
    TextQuestion,
    validate_answer,
)
from judge.evidence import find_quote
from judge.llm import Token

__all__ = ["Invalid", "Suggested", "read_reply", "reply_model", "salvage", "token_confidences"]


@dataclass(frozen=True, slots=True)
class Suggested:
    question: str
    value: Any
    rationale: str
    confidence: float | None
    """From 0 to 1; None when there is none."""
    near: str | None = None
    """The model's own word, where a near match was taken."""


@dataclass(frozen=True, slots=True)
class Invalid:
    """An answer that the schema does not know: counted and shown, never stored as a suggestion."""

    question: str
    problem: str
    said: str

    def __str__(self) -> str:
        return f"{self.question}: {self.problem}"


class _Span(BaseModel):
    model_config = ConfigDict(extra="forbid")

    quote: str = Field(description="The words, exactly as in the text")
    label: str


def _label_type(options: Sequence[Option], near: bool) -> Any:
    """One label. What is not one is asked for again; unless near matches are wanted, which take it as it is."""
    values = tuple(option.value for option in options)
    if near:
        return Annotated[str, Field(json_schema_extra={"enum": list(values)})]

    def known(given: object) -> object:
        return match_option(given, options).value or given if isinstance(given, str) else given

    return Annotated[Literal[values], BeforeValidator(known)]


def _answer_type(question: Question, near: bool) -> Any:
    match question:
        case ChoiceQuestion():
            return _label_type(question.options, near)
        case MultiChoiceQuestion():
            return list[_label_type(question.options, near)]  # type: ignore[misc]
        case RatingQuestion():
            scale: dict[str, Any] = {"enum": list(range(question.min, question.max + 1))}
            return Annotated[int, Field(json_schema_extra=scale)]
        case PairwiseQuestion():
            sides = ("A", "B", "tie") if question.tie else ("A", "B")
            return Literal[sides]
        case SpanQuestion():
            return list[_Span]
        case TextQuestion():
            return str


def _part(number: int, question: Question, near: bool) -> type[BaseModel]:
    return create_model(
        f"Answer{number}",
        __config__=ConfigDict(extra="forbid"),
        reasons=(str, ...),
        answer=(_answer_type(question, near), ...),
        confidence=(float, Field(description="from 0 to 1")),
    )


def reply_model(schema: LabelSchema, *, near: bool = False) -> type[BaseModel]:
    """The shape of the reply: {q1: {reasons, answer, confidence}, …} in the order of the questions.

    The same class for the same schema: a new one costs ten times a call, here and where it is made JSON schema.
    """
    return _reply_model(schema.model_dump_json(), near)


@lru_cache(maxsize=64)
def _reply_model(document: str, near: bool) -> type[BaseModel]:
    schema = LabelSchema.model_validate_json(document)
    fields: dict[str, Any] = {
        field_name(number): (_part(number, question, near), Field(description=question.title))
        for number, question in enumerate(schema.questions, 1)
    }
    return create_model("Labels", __config__=ConfigDict(extra="forbid"), **fields)


def read_reply(request: LabelRequest, reply: BaseModel) -> tuple[list[Suggested], list[Invalid]]:
    """The suggestions in a reply of the right shape, and what was no answer of the schema."""
    suggestions: list[Suggested] = []
    invalid: list[Invalid] = []
    for number, question in enumerate(request.schema.questions, 1):
        _take(request, question, getattr(reply, field_name(number)), suggestions, invalid)
    return suggestions, invalid


def salvage(request: LabelRequest, raw: str) -> tuple[list[Suggested], list[Invalid]]:
    """What can be used of a reply that has not the right shape as a whole: question by question, and, where it is
    no JSON, the lines `question: label`.
    """
    suggestions: list[Suggested] = []
    invalid: list[Invalid] = []
    try:
        document = json.loads(raw)
    except json.JSONDecodeError:
        document = None
    for number, question in enumerate(request.schema.questions, 1):
        if not isinstance(document, dict):
            _take_line(request, question, raw, suggestions, invalid)
            continue
        given = document.get(field_name(number))
        try:
            part = _part(number, question, request.near).model_validate(given)
        except ValidationError as error:
            said = given.get("answer") if isinstance(given, dict) else given
            problem = error.errors()[0]["msg"]
            invalid.append(Invalid(question.id, problem, json.dumps(said, ensure_ascii=False)[:200]))
            continue
        _take(request, question, part, suggestions, invalid)
    return suggestions, invalid


def _take_line(
    request: LabelRequest,
    question: Question,
    raw: str,
    suggestions: list[Suggested],
    invalid: list[Invalid],
) -> None:
    if not isinstance(question, ChoiceQuestion):
        invalid.append(Invalid(question.id, "no JSON", raw.strip()[:200]))
        return
    alone = len(request.schema.questions) == 1
    found = extract_label(raw, question.options, name="Label" if alone else question.id, near=request.near)
    if found.value is None:
        invalid.append(Invalid(question.id, str(found.problem), found.said[:200]))
    else:
        near = found.said if found.near else None
        suggestions.append(Suggested(question.id, found.value, "", None, near))


def _take(
    request: LabelRequest,
    question: Question,
    part: Any,
    suggestions: list[Suggested],
    invalid: list[Invalid],
) -> None:
    value, problems, near = _value(question, part.answer, request)
    if value not in (None, "", []):
        problems += validate_answer(question, value, item_text=_span_text(question, request))
    said = json.dumps(part.answer, ensure_ascii=False, default=lambda span: span.model_dump())[:200]
    invalid += [Invalid(question.id, problem, said) for problem in problems]
    if (problems and not isinstance(question, SpanQuestion)) or value in (None, "", []):
        return
    confidence = part.confidence if 0 <= part.confidence <= 1 else None
    suggestions.append(Suggested(question.id, value, part.reasons.strip(), confidence, near))


def _span_text(question: Question, request: LabelRequest) -> str | None:
    return request.texts.get(question.part) if isinstance(question, SpanQuestion) else None


def _value(question: Question, answer: Any, request: LabelRequest) -> tuple[Any, list[str], str | None]:
    """The answer as the schema stores it, what was wrong with parts of it, and the word that was merely near."""
    match question:
        case PairwiseQuestion():
            return ("tie" if answer == "tie" else request.sides["AB".index(answer)]), [], None
        case SpanQuestion():
            return *_spans(question, answer, request.texts.get(question.part, "")), None
        case ChoiceQuestion():
            values, problems, near = _labels([answer], question.options, request)
            return (values[0] if values else None), problems, near
        case MultiChoiceQuestion():
            return _labels(list(dict.fromkeys(answer)), question.options, request)
        case _:
            return answer, [], None


def _labels(
    said: Sequence[str], options: Sequence[Option], request: LabelRequest
) -> tuple[list[str], list[str], str | None]:
    found = [match_option(word, options, near=request.near) for word in said]
    values = [one.value for one in found if one.value is not None]
    problems = [f"{one.said!r} is no label of the schema" for one in found if one.value is None]
    near = ", ".join(one.said for one in found if one.near) or None
    return list(dict.fromkeys(values)), problems, near


def _spans(
    question: SpanQuestion, found: Sequence[_Span], text: str
) -> tuple[list[dict[str, Any]], list[str]]:
    """Quoted spans located in the text; what is not there, or has no label of the schema, is a problem."""
    spans: list[dict[str, Any]] = []
    problems = []
    for span in found:
        label, place = match_option(span.label, question.options).value, find_quote(span.quote, text)
        if label is None:
            problems.append(f"label {span.label!r} is not one of the schema's")
        elif place is None:
            problems.append(f"{span.quote[:80]!r} is not in the text")
        else:
            entry = {"start": place[0], "end": place[1], "label": label}
            if entry not in spans:
                spans.append(entry)
    return sorted(spans, key=lambda entry: (entry["start"], entry["end"])), problems


_ANSWER_KEY = re.compile(r'(?<!\\)"answer"\s*:\s*')


def token_confidences(schema: LabelSchema, raw: str, tokens: Sequence[Token]) -> dict[str, float]:
    """Question -> probability of the tokens of its label alone, for choices, ratings and pairs.

    The fixed words around a label are certain and would dilute it. Empty when the tokens are not the reply's.
    """
    if "".join(token.text for token in tokens) != raw:
        return {}
    keys = list(_ANSWER_KEY.finditer(raw))
    if len(keys) != len(schema.questions):
        return {}
    found: dict[str, float] = {}
    for question, key in zip(schema.questions, keys, strict=True):
        if not isinstance(question, ChoiceQuestion | RatingQuestion | PairwiseQuestion):
            continue
        _, end = json.JSONDecoder().raw_decode(raw, key.end())
        start = key.end()
        if raw[start] == '"':  # the quotation marks are no part of the label
            start, end = start + 1, end - 1
        at, total = 0, 0.0
        for token in tokens:
            if at < end and at + len(token.text) > start:
                total += token.log_probability
            at += len(token.text)
        found[question.id] = math.exp(total)
    return found
