"""A way to the model on which personal data is hidden going out and put back coming in."""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from app.agents.masking import Mask
from judge.llm import Answered, Failed, Finished, Gateway, Message, Parameters, Text, TextPiece

__all__ = ["MaskedGateway", "hidden_messages"]

T = TypeVar("T", bound=BaseModel)

_BEGUN: Final = re.compile(r"\[[A-Z]{0,5}(?:-\d{0,4})?$")
"""A mark of which the end may still come."""


def hidden_messages(mask: Mask, messages: Sequence[Message]) -> list[Message]:
    """The messages as they go out: the words that the mask hides are marks in them."""
    return [
        replace(
            message,
            parts=tuple(
                Text(mask.hide(part.text)) if isinstance(part, Text) else part for part in message.parts
            ),
        )
        for message in messages
    ]


class MaskedGateway:
    """One conversation with a model through a mask; an empty mask changes nothing."""

    def __init__(self, inner: Gateway, mask: Mask) -> None:
        self._inner, self._mask = inner, mask

    @property
    def model(self) -> str:
        return self._inner.model

    def for_model(self, model: str) -> "MaskedGateway":
        return MaskedGateway(self._inner.for_model(model), self._mask)

    async def structured(
        self, messages: Sequence[Message], reply: type[T], *, parameters: Parameters
    ) -> Answered[T] | Failed:
        outcome = await self._inner.structured(
            hidden_messages(self._mask, messages), reply, parameters=parameters
        )
        if isinstance(outcome, Failed) or not self._mask.hidden:
            return outcome
        value = reply.model_validate(self._restored(outcome.value.model_dump()))
        return replace(outcome, value=value, raw=self._mask.restore(outcome.raw))

    def _restored(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._mask.restore(value)
        if isinstance(value, dict):
            return {key: self._restored(inner) for key, inner in value.items()}
        return [self._restored(inner) for inner in value] if isinstance(value, list) else value

    async def stream(
        self, messages: Sequence[Message], *, parameters: Parameters
    ) -> AsyncIterator[TextPiece | Finished]:
        """The pieces with the words restored; what may be the beginning of a mark waits for its end."""
        held = ""
        async for piece in self._inner.stream(hidden_messages(self._mask, messages), parameters=parameters):
            if isinstance(piece, Finished):
                if held:
                    yield TextPiece(self._mask.restore(held))
                yield piece
                continue
            held += piece.text
            begun = _BEGUN.search(held) if self._mask.hidden else None
            ready, held = (held[: begun.start()], held[begun.start() :]) if begun else (held, "")
            if ready:
                yield TextPiece(self._mask.restore(ready))

    async def close(self) -> None:
        await self._inner.close()
