"""The label schema: the questions that people and models answer about an item.

One schema makes both the form and the prompt, so definitions and hard cases are written once.
"""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = [
    "ChoiceQuestion",
    "LabelSchema",
    "MultiChoiceQuestion",
    "Option",
    "PairwiseQuestion",
    "Question",
    "RatingQuestion",
    "SpanQuestion",
    "TextQuestion",
    "odd_values",
]

_IDENTIFIER = r"^[A-Za-z][A-Za-z0-9_-]{0,63}$"
_LARGEST_RATING_SPAN = 32


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Option(_Frozen):
    """One label of a question."""

    value: str = Field(min_length=1, max_length=200)
    """What is stored and exported."""
    label: str = ""
    """What people read; the value when empty."""
    definition: str = ""
    hard_cases: str = ""
    """How doubtful cases are decided."""
    synonyms: tuple[str, ...] = ()
    """Other words that a model may use for it; people do not see them."""
    none: bool = False
    """Whether this is the option for “none of these”."""

    @property
    def shown(self) -> str:
        return self.label or self.value


_PLAIN_VALUE = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[ _-][A-Za-z0-9]+){0,3}")


def odd_values(schema: "LabelSchema") -> list[str]:
    """Values of options that models tend to get wrong: signs, bare numbers or letters, or more than four words."""
    return [
        f"{question.id}: {option.value}"
        for question in schema.questions
        if isinstance(question, ChoiceQuestion | MultiChoiceQuestion | SpanQuestion)
        for option in question.options
        if len(option.value) < 2 or not _PLAIN_VALUE.fullmatch(option.value)
    ]


def _distinct(options: tuple[Option, ...], question: str) -> None:
    synonyms = [name.casefold() for option in options for name in option.synonyms]
    shared = sorted({name for name in synonyms if synonyms.count(name) > 1})
    if shared:
        raise ValueError(f"question {question!r}: synonym {', '.join(map(repr, shared))} of two options")
    values = [option.value for option in options]
    labels = [option.shown.casefold() for option in options]
    for name, found in (("value", values), ("label", labels)):
        twice = sorted({entry for entry in found if found.count(entry) > 1})
        if twice:
            raise ValueError(
                f"question {question!r}: option {name} {', '.join(map(repr, twice))} occurs twice"
            )


class _Question(_Frozen):
    id: str = Field(pattern=_IDENTIFIER)
    title: str = Field(min_length=1)
    help: str = ""
    required: bool = True


class ChoiceQuestion(_Question):
    """One option."""

    type: Literal["choice"]
    options: tuple[Option, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _check(self) -> "ChoiceQuestion":
        _distinct(self.options, self.id)
        return self


class MultiChoiceQuestion(_Question):
    """Any number of options."""

    type: Literal["multi_choice"]
    options: tuple[Option, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _check(self) -> "MultiChoiceQuestion":
        _distinct(self.options, self.id)
        return self


class RatingQuestion(_Question):
    """A whole number on a scale."""

    type: Literal["rating"]
    min: int = 1
    max: int = 5
    labels: dict[int, str] = {}
    """What some of the numbers mean."""

    @model_validator(mode="after")
    def _check(self) -> "RatingQuestion":
        if not self.min < self.max <= self.min + _LARGEST_RATING_SPAN:
            raise ValueError(
                f"question {self.id!r}: a scale from {self.min} to {self.max}; min must be below max, "
                f"and at most {_LARGEST_RATING_SPAN} apart"
            )
        outside = [number for number in self.labels if not self.min <= number <= self.max]
        if outside:
            raise ValueError(f"question {self.id!r}: labels for {outside} outside {self.min} to {self.max}")
        return self


class TextQuestion(_Question):
    """Free text."""

    type: Literal["text"]
    min_chars: int = Field(default=0, ge=0)
    max_chars: int = Field(default=20_000, ge=1, le=200_000)
    judged: bool = False
    """Whether the judge scores it on the project's rubric."""
    placeholder: str = ""

    @model_validator(mode="after")
    def _check(self) -> "TextQuestion":
        if self.min_chars > self.max_chars:
            raise ValueError(
                f"question {self.id!r}: min_chars {self.min_chars} is above max_chars {self.max_chars}"
            )
        return self


class SpanQuestion(_Question):
    """Labelled stretches of a text part; overlaps are allowed."""

    type: Literal["span"]
    part: str = "text"
    """Name of the text part of the item."""
    options: tuple[Option, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _check(self) -> "SpanQuestion":
        _distinct(self.options, self.id)
        return self


class PairwiseQuestion(_Question):
    """Which of two parts is better."""

    type: Literal["pairwise"]
    left: str = "left"
    right: str = "right"
    """Names of the two parts of the item."""
    tie: bool = True
    """Whether a tie may be answered."""


Question = Annotated[
    ChoiceQuestion | MultiChoiceQuestion | RatingQuestion | TextQuestion | SpanQuestion | PairwiseQuestion,
    Field(discriminator="type"),
]


class LabelSchema(_Frozen):
    title: str = ""
    questions: tuple[Question, ...] = Field(min_length=1, max_length=50)

    @model_validator(mode="after")
    def _check(self) -> "LabelSchema":
        ids = [question.id for question in self.questions]
        twice = sorted({id_ for id_ in ids if ids.count(id_) > 1})
        if twice:
            raise ValueError(f"question ids must be distinct, repeated: {', '.join(twice)}")
        return self
