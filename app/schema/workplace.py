"""How a project's Work page behaves: what help is shown when, in which order, and how much of it."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.errors import Invalid, problem_lines

__all__ = ["Workplace", "parse_workplace"]


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
    break_minutes: int | None = Field(default=None, ge=5, le=240)
    """A reminder after so many minutes of work without a break; none when empty."""

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
