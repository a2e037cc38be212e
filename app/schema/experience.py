"""The form that people are asked after a sitting: questions on one scale, as data."""

import hashlib

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from app.errors import Invalid, problem_lines
from rubrics.source import SourceError, read_mapping

__all__ = ["ExperienceForm", "ExperienceQuestion", "form_hash", "parse_experience"]


class ExperienceQuestion(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    title: str = Field(min_length=1, max_length=200)
    low: str
    """Words at the lower end of the scale."""
    high: str
    about_help: bool = False
    """Asked only after a sitting in which some help was given."""


class ExperienceForm(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    intro: str
    min: int
    max: int
    questions: tuple[ExperienceQuestion, ...] = Field(min_length=1, max_length=20)

    @model_validator(mode="after")
    def _check(self) -> "ExperienceForm":
        if self.max <= self.min:
            raise ValueError("the scale needs two values or more")
        if len({question.id for question in self.questions}) < len(self.questions):
            raise ValueError("two questions have the same id")
        return self

    def problems(self, answers: dict[str, int]) -> list[str]:
        """What is wrong with answers to it, a line each; unanswered questions are not wrong."""
        known = {question.id for question in self.questions}
        return [f"{name}: the form has no such question" for name in answers if name not in known] + [
            f"{name}: a whole number from {self.min} to {self.max}"
            for name, value in answers.items()
            if name in known and (type(value) is not int or not self.min <= value <= self.max)
        ]


def parse_experience(source: str) -> ExperienceForm:
    """The form that the YAML describes. Raises Invalid with one line per problem."""
    try:
        return ExperienceForm.model_validate(read_mapping(source)[0])
    except SourceError as error:
        raise Invalid(f"the form {error}") from error
    except ValidationError as error:
        raise Invalid(problem_lines(error)) from error


def form_hash(form: ExperienceForm) -> str:
    """SHA-256 of the form's content, hexadecimal: answers to another wording are not mixed with these."""
    return hashlib.sha256(orjson.dumps(form.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)).hexdigest()
