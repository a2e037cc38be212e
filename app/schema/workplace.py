"""How a project's work is arranged: what help is shown when, and which answers a second person looks at."""

from typing import Any, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.errors import Invalid, problem_lines

__all__ = ["REQUEUES", "DriftCheck", "Requeue", "ReviewRules", "Workplace", "parse_workplace"]

Requeue = Literal["same", "other", "nobody"]
"""Who gets an item whose answer was rejected: its author again, somebody else, or nobody."""
REQUEUES: Final[tuple[Requeue, ...]] = get_args(Requeue)


class ReviewRules(BaseModel):
    """Which answers are looked at: conditions, and of the answers that meet one the share that is drawn, by lot.

    A share of 1 means all of them. Revised answers of which an earlier revision was reviewed are always looked at.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    agreement_below: float = Field(default=1.0, ge=0, le=1)
    """An answer differs when its mean agreement with the other people's answers to one question is below this;
    1 is any difference."""
    texts: bool = False
    """Whether written answers are compared too. Whoever writes freely nearly always differs."""
    disagreement: float = Field(default=1.0, ge=0, le=1)
    """Of those that differ."""
    judge_doubt: float = Field(default=1.0, ge=0, le=1)
    """Of those whose newest verdict did not pass, has no total or carries a flag."""
    first_answers: int = Field(default=10, ge=1, le=1000)
    """How many first answers of a person count as those of somebody new."""
    new_person: float = Field(default=1.0, ge=0, le=1)
    """Of these first answers."""
    floor: float = Field(default=0.05, ge=0, le=1)
    """Of all others, by chance: what no rule suspects is wrong too."""
    second_look: float = Field(default=0.1, ge=0, le=1)
    """Of the reviewed answers, by chance: a second reviewer decides without seeing what the first one said. Without it
    nobody knows how often reviewers are wrong. By judgement: one in ten."""


class DriftCheck(BaseModel):
    """An agent that is asked about the same items again and again, by the clock."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    agent: str = Field(min_length=1)
    subset: str = Field(min_length=1)
    """Name of a saved subset."""
    every_hours: int = Field(default=24, ge=1, le=24 * 90)
    alarm_above: float = Field(default=0.05, ge=0, lt=1)
    """Share of answers that may change; it is an alarm when the whole 95 % interval lies above."""


class Workplace(BaseModel):
    """The choices of a project; each field's default is what an ordinary project wants."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    suggestions: Literal["at_once", "after_answer"] = "at_once"
    """`after_answer` shows a suggestion once the person has answered alone."""
    planted_share: float = Field(default=0.0, ge=0, le=0.5)
    """Share of items with a known answer on which a wrong suggestion is shown on purpose."""
    item_order: Literal["import", "random"] = "import"
    option_order: Literal["schema", "random"] = "schema"
    preselect: dict[str, float] = {}
    """Question -> confidence from which its suggestion is selected when the item opens; others are only shown."""
    assistant: Literal["may_draft", "guide_only"] = "may_draft"
    """`guide_only`: the assistant explains, and neither drafts nor names an answer."""
    turns_per_item: int | None = Field(default=None, ge=1, le=1000)
    tokens_per_day: int | None = Field(default=None, ge=1)
    """Tokens of the assistant, prompts included, per person and day (UTC)."""
    usd_per_day: float | None = Field(default=None, gt=0)
    mask: tuple[Literal["email", "phone", "card", "iban", "ip"], ...] = ()
    """Personal data that is hidden from models, and restored in what they say."""
    judge_level: float = Field(default=0.4, ge=-1, le=1)
    """What the lower end of the judge's agreement with people (quadratically weighted kappa) must reach before its
    score on a criterion is relied on. The default is “moderate” in Landis and Koch's words (Biometrics 33, 1977),
    which are a convention and no test."""
    judge_needed: int = Field(default=30, ge=10, le=10_000)
    """People's scores on a criterion below which the judge is advisory: with fewer, an interval of kappa is wider than
    the difference between a good judge and a poor one."""
    judge_unproven: Literal["shown", "hidden"] = "shown"
    """Whether annotators see the judge's score on a criterion that is not proven; it is marked as such."""
    judge_suggestions: Literal["no", "written", "all"] = "written"
    """Which suggestions a job of the judge looks at: texts to judged questions and labels with a rationale, or also
    labels alone. None is judged unless somebody starts the job."""
    break_minutes: int | None = Field(default=None, ge=5, le=240)
    """A reminder after so many minutes of work without a break; none when empty."""
    review: ReviewRules = ReviewRules()
    requeue: Requeue = "same"
    """What becomes of an item whose answer is rejected, unless the reviewer says otherwise."""
    hide_names: bool = True
    """Whether reviewers and adjudicators see who answered only when they ask for it."""
    drift: tuple[DriftCheck, ...] = Field(default=(), max_length=50)

    def changes(self) -> dict[str, Any]:
        """What differs from the defaults, as JSON."""
        return self.model_dump(mode="json", exclude_defaults=True)


def parse_workplace(document: object) -> Workplace:
    """The settings of a stored or entered document. Raises Invalid with a line per problem."""
    try:
        settings = Workplace.model_validate(document)
    except ValidationError as error:
        raise Invalid(problem_lines(error)) from error
    outside = [name for name, threshold in settings.preselect.items() if not 0 <= threshold <= 1]
    if outside:
        raise Invalid([f"preselect.{name}: a confidence from 0 to 1" for name in outside])
    return settings
