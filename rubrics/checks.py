"""What a deterministic criterion looks for: the settings of a check, as they stand in the YAML.

The checks themselves are in `judge.checks`; here is only their data, so that a rubric is whole without code.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = [
    "Check",
    "Coverage",
    "ForbiddenPhrases",
    "Format",
    "Length",
    "Readability",
    "RequiredPhrases",
    "Unsupported",
]


_Phrase = Annotated[str, Field(pattern=r"\S")]
"""A blank one would be found everywhere."""


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Length(_Settings):
    """Words of the response within a range."""

    kind: Literal["length"]
    min_words: int = Field(default=1, ge=0)
    max_words: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _ordered(self) -> "Length":
        if self.max_words is not None and self.max_words < self.min_words:
            raise ValueError(f"max_words {self.max_words} is below min_words {self.min_words}")
        return self


class RequiredPhrases(_Settings):
    """At least one phrase of every group must occur; case and spacing do not matter."""

    kind: Literal["required_phrases"]
    groups: dict[str, Annotated[tuple[_Phrase, ...], Field(min_length=1)]] = Field(min_length=1)
    """What the group is for, in words -> the phrases that satisfy it."""


class ForbiddenPhrases(_Settings):
    """None of the phrases may occur; whole words, case does not matter."""

    kind: Literal["forbidden_phrases"]
    phrases: dict[_Phrase, str] = Field(min_length=1)
    """The phrase -> what to write instead."""


class Readability(_Settings):
    """No sentence longer than this."""

    kind: Literal["readability"]
    max_sentence_words: int = Field(default=28, ge=5)


class Coverage(_Settings):
    """How many of the reference's key words the response has: the share that each level needs."""

    kind: Literal["coverage"]
    shares: tuple[float, ...] = Field(default=(0.35, 0.6), min_length=1)
    """Ascending; reaching the n-th share gives the n-th level above the lowest."""


class Unsupported(_Settings):
    """Sentences that share too few content words with context, reference and prompt."""

    kind: Literal["unsupported"]
    min_share: float = Field(default=0.3, gt=0, le=1)
    ignore_below_words: int = Field(default=4, ge=1)
    """Sentences with fewer content words (greetings, thanks) are not looked at."""


class Format(_Settings):
    """Plain, finished text: no capital shouting, doubled punctuation, placeholders or a cut-off end."""

    kind: Literal["format"]


Check = Annotated[
    Length | RequiredPhrases | ForbiddenPhrases | Readability | Coverage | Unsupported | Format,
    Field(discriminator="kind"),
]
