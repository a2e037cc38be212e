"""A gateway that answers from a script: for tests of everything that talks to a model."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from judge.llm.errors import ModelError
from judge.llm.gateway import Answered, Attempt, Failed, Finished, Message, Parameters, TextPiece, Usage

__all__ = ["Request", "ScriptedGateway"]

T = TypeVar("T", bound=BaseModel)
Reply = dict[str, object] | Failed
"""What a structured request gets: the fields of the reply, or a failure."""


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked."""

    messages: tuple[Message, ...]
    reply: type[BaseModel] | None
    parameters: Parameters

    def mentions(self, text: str) -> bool:
        return any(text in message.text for message in self.messages)


class ScriptedGateway:
    """Answers with the next reply of its script, or with what a function makes of the request."""

    def __init__(
        self,
        replies: Iterable[Reply] | Callable[[Request], Reply] = (),
        *,
        stream: Iterable[str | ModelError] = (),
        model: str = "scripted",
        usage: Usage | None = None,
    ) -> None:
        self._make = replies if callable(replies) else None
        self._replies = [] if callable(replies) else list(replies)
        self._stream = list(stream)
        self.model = model
        self._usage = usage or Usage(10, 5)
        self.requests: list[Request] = []

    def for_model(self, model: str) -> "ScriptedGateway":
        return self

    async def structured(
        self, messages: Sequence[Message], reply: type[T], *, parameters: Parameters
    ) -> Answered[T] | Failed:
        request = Request(tuple(messages), reply, parameters)
        self.requests.append(request)
        answer = self._make(request) if self._make else self._replies.pop(0)
        if isinstance(answer, Failed):
            return answer
        value = reply.model_validate(answer)
        attempt = Attempt("ok", 0.0, self._usage)
        return Answered(value, self.model, self._usage, (attempt,), value.model_dump_json())

    async def stream(
        self, messages: Sequence[Message], *, parameters: Parameters
    ) -> AsyncIterator[TextPiece | Finished]:
        self.requests.append(Request(tuple(messages), None, parameters))
        for piece in self._stream:
            if isinstance(piece, ModelError):
                raise piece
            yield TextPiece(piece)
        yield Finished(self.model, self._usage, "stop")

    async def close(self) -> None:
        return None
