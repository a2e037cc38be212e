"""What a model is asked and what comes back, whoever provides it."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

from pydantic import BaseModel

__all__ = [
    "Answered",
    "Attempt",
    "Failed",
    "FailureKind",
    "Finished",
    "Gateway",
    "Image",
    "Message",
    "Parameters",
    "Text",
    "TextPiece",
    "Token",
    "Usage",
]

FailureKind = Literal["refused", "filtered", "truncated", "invalid", "unavailable"]
"""refused: the model declined. filtered: the provider's content filter cut in. truncated: the reply did not
fit. invalid: no reply of the wanted shape. unavailable: the endpoint did not answer, or refused the request."""

T = TypeVar("T", bound=BaseModel)
V = TypeVar("V", bound=BaseModel, covariant=True)


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Image:
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Message:
    role: Literal["system", "user", "assistant"]
    parts: tuple[Text | Image, ...]

    @classmethod
    def system(cls, text: str) -> "Message":
        return cls("system", (Text(text),))

    @classmethod
    def user(cls, text: str, *images: Image) -> "Message":
        return cls("user", (Text(text), *images))

    @classmethod
    def assistant(cls, text: str) -> "Message":
        return cls("assistant", (Text(text),))

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts if isinstance(part, Text))


@dataclass(frozen=True, slots=True)
class Parameters:
    temperature: float | None = None
    max_tokens: int = 2048
    seed: int | None = None
    top_p: float | None = None
    token_probabilities: bool = False
    """Whether to ask for the log-probability of each token of the reply, and of ten in its place."""
    timeout_seconds: float = 60


@dataclass(frozen=True, slots=True)
class Token:
    """One token of a reply."""

    text: str
    log_probability: float
    alternatives: tuple[tuple[str, float], ...] = ()
    """(token, log-probability) of those that could have stood in its place, the likeliest first."""


@dataclass(frozen=True, slots=True)
class Usage:
    prompt_tokens: int
    completion_tokens: int

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.prompt_tokens + other.prompt_tokens, self.completion_tokens + other.completion_tokens
        )


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request that was really sent."""

    outcome: Literal["ok"] | FailureKind
    seconds: float
    usage: Usage | None
    """What the endpoint reported for this attempt alone; None when it reported nothing."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Answered(Generic[V]):
    value: V
    model: str
    """As the endpoint reported it."""
    usage: Usage | None
    """Sum over the attempts that reported usage."""
    attempts: tuple[Attempt, ...]
    raw: str
    tokens: tuple[Token, ...] | None = None
    """The whole reply; None where not asked for or not given."""
    fingerprint: str = ""
    """What the provider says of its own configuration: commercial models change under the same name."""
    form: str = ""
    """How the reply's shape was asked for: a JSON schema, a tool call or JSON in text, the first that the endpoint takes."""


@dataclass(frozen=True, slots=True)
class Failed:
    kind: FailureKind
    detail: str
    model: str
    usage: Usage | None
    attempts: tuple[Attempt, ...]
    raw: str | None = None
    retry_after_seconds: float | None = None
    shut: bool = False
    """The endpoint would refuse every request: its key, money or model is wrong."""


@dataclass(frozen=True, slots=True)
class TextPiece:
    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The last piece of every stream that came to its end."""

    model: str
    usage: Usage | None
    finish_reason: str


class Gateway(Protocol):
    """One model at one endpoint."""

    @property
    def model(self) -> str:
        """The model that is asked for."""

    def for_model(self, model: str) -> "Gateway":
        """Another model at the same endpoint, in the same turn as this one."""

    async def structured(
        self, messages: Sequence[Message], reply: type[T], *, parameters: Parameters
    ) -> Answered[T] | Failed:
        """One reply of the shape `reply`; every failure is a value."""

    def stream(
        self, messages: Sequence[Message], *, parameters: Parameters
    ) -> AsyncIterator[TextPiece | Finished]:
        """The reply as it is written, ended by `Finished`. Raises ModelError, also midway."""

    async def close(self) -> None:
        """Close the connections."""
