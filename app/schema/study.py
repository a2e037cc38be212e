"""A study of help, written down before it runs: which arms, drawn how, what decides, when it ends."""

import datetime
import hashlib
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from app.errors import Invalid, problem_lines
from rubrics.source import SourceError, read_mapping

__all__ = ["KINDS", "Kind", "Outcome", "StopRule", "StudyArm", "StudyPlan", "parse_study", "plan_hash"]

Kind = Literal["suggestion", "chat", "feedback"]
KINDS: tuple[Kind, ...] = ("suggestion", "chat", "feedback")
"""Kinds of help: a model's suggestion before, the assistant beside, the judge's feedback after an answer."""
CONTROL = "none"
_MOST_PARTS = 12
"""Parts of all arms together: a crossover needs so many rows."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StudyArm(_Frozen):
    """What is shown in one arm. The arm without any help is the control and is called `none`."""

    name: str = Field(pattern=r"^[A-Za-z0-9][\w +%.,()-]{0,39}$")
    suggestion: Literal["none", "at_once", "after_answer"] = "none"
    """When a suggestion is shown; `after_answer`: once the person has answered alone."""
    wrong_share: float = Field(default=0.0, ge=0, le=1)
    """Share of the items with a known answer on which the suggestion is wrong on purpose."""
    chat: bool = False
    feedback: bool = False
    parts: int = Field(default=1, ge=1, le=10)
    """How many items go to it for one that goes to an arm of one part."""

    def gives(self, kind: Kind) -> bool:
        return self.suggestion != "none" if kind == "suggestion" else bool(getattr(self, kind))

    @property
    def helps(self) -> bool:
        return any(self.gives(kind) for kind in KINDS)


class Outcome(_Frozen):
    """What decides, in words and as a figure that the report computes."""

    figure: Literal["time", "quality"]
    """time: change of handling time with any help. quality: difference of the share right against gold."""
    words: str = Field(min_length=10, max_length=1_000)


class StopRule(_Frozen):
    """When the study ends by itself: at so many answers, or on a day (UTC, its beginning), whichever comes first."""

    answers: int | None = Field(default=None, ge=1)
    date: datetime.date | None = None

    @model_validator(mode="after")
    def _check(self) -> "StopRule":
        if self.answers is None and self.date is None:
            raise ValueError("say when it stops: `answers`, `date`, or both")
        return self

    @property
    def words(self) -> str:
        answers = f"{self.answers:,} answers" if self.answers is not None else ""
        day = f"{self.date:%d %B %Y}" if self.date is not None else ""
        return " or ".join(filter(None, (answers, day)))


class StudyPlan(_Frozen):
    """The document that is hashed. What no arm names stays in every arm as the project has it."""

    question: str = Field(min_length=10, max_length=1_000)
    """What is to be decided."""
    arms: tuple[StudyArm, ...] = Field(min_length=2, max_length=8)
    design: Literal["per item", "crossover", "before/after"]
    """per item: arms by chance for each item of a person. crossover: blocks of items with one arm each, in turn.
    before/after: each person's first `block` items without help, the others with it; no control group.
    """
    block: int = Field(default=10, ge=1, le=1_000)
    seed: int = Field(ge=0)
    people: int = Field(ge=1, le=10_000)
    """How many are planned to take part."""
    outcome: Outcome
    smallest_effect: float = Field(gt=-1, lt=10)
    """What would matter: a change of handling time (-0.1: 10 % less), or a difference of shares for quality."""
    equal_quality: float = Field(default=0.05, gt=0, lt=1)
    """Largest difference of the share right at which quality counts as equal: the whole interval lies within it."""
    stop: StopRule

    @model_validator(mode="after")
    def _check(self) -> "StudyPlan":
        names = [arm.name for arm in self.arms]
        if len(set(names)) < len(names):
            raise ValueError("two arms have the same name")
        controls = [arm.name for arm in self.arms if not arm.helps]
        if controls != [CONTROL]:
            had = (
                f"without help there is {', '.join(map(repr, controls))}"
                if controls
                else "every arm has help"
            )
            raise ValueError(f"a claim about help needs one control arm without any, named 'none'; {had}")
        for arm in self.arms:
            if arm.wrong_share and arm.suggestion == "none":
                raise ValueError(f"arm {arm.name!r} shows no suggestion, so none can be wrong")
        if sum(arm.parts for arm in self.arms) > _MOST_PARTS:
            raise ValueError(f"the parts of all arms come to more than {_MOST_PARTS}")
        if self.smallest_effect == 0:
            raise ValueError("the smallest effect that would matter is not 0")
        if self.design == "before/after" and len(self.arms) > 2:
            raise ValueError("a before/after comparison has one kind of help")
        return self

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of help under study; the others stay as the project has them."""
        return tuple(kind for kind in KINDS if any(arm.gives(kind) for arm in self.arms))

    @property
    def slots(self) -> tuple[str, ...]:
        """Names of the arms, each as often as it has parts."""
        return tuple(arm.name for arm in self.arms for _ in range(arm.parts))

    @property
    def helped_share(self) -> float:
        return 1 - self.slots.count(CONTROL) / len(self.slots)

    def arm(self, name: str) -> StudyArm:
        return next(arm for arm in self.arms if arm.name == name)


def parse_study(source: str | dict[str, Any]) -> StudyPlan:
    """The plan that a YAML text or a document describes. Raises Invalid with one line per problem."""
    if isinstance(source, str):
        try:
            document = dict(read_mapping(source)[0])
        except SourceError as error:
            raise Invalid(f"the study {error}") from error
    else:
        document = source
    try:
        return StudyPlan.model_validate(document)
    except ValidationError as error:
        raise Invalid(problem_lines(error)) from error


def plan_hash(plan: StudyPlan) -> str:
    """SHA-256 of the plan as JSON in UTF-8, keys in order, nothing left out; hexadecimal."""
    document = plan.model_dump(mode="json")
    return hashlib.sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).hexdigest()
