"""Personal data is hidden on the way to a model and back in what it says, whole or in pieces."""

import asyncio

import pytest
from pydantic import BaseModel

from app.agents.masked_gateway import MaskedGateway
from app.agents.masking import Mask
from judge.llm import Answered, Finished, Message, Parameters, ScriptedGateway, TextPiece


class Reply(BaseModel):
    quotes: list[str]
    level: int


def test_a_structured_reply_names_the_hidden_words_again() -> None:
    inner = ScriptedGateway([{"quotes": ["write to [EMAIL-1]"], "level": 3}])
    gateway = MaskedGateway(inner, Mask({"email"}))
    asked = gateway.structured([Message.user("Please write to ada@x.org.")], Reply, parameters=Parameters())
    outcome = asyncio.run(asked)
    assert inner.requests[0].messages[0].text == "Please write to [EMAIL-1]."
    assert isinstance(outcome, Answered)
    assert outcome.value == Reply(quotes=["write to ada@x.org"], level=3)


@pytest.mark.parametrize(
    "pieces",
    [
        ["Ask [EMAIL-1] first [sic]."],
        ["Ask [EM", "AIL", "-1", "] first [sic]", "."],
        list("Ask [EMAIL-1] first [sic]."),
    ],
)
def test_a_mark_that_comes_in_pieces_is_put_back_whole(pieces: list[str]) -> None:
    gateway = MaskedGateway(ScriptedGateway(stream=pieces), Mask({"email"}))

    async def read() -> list[TextPiece | Finished]:
        asked = gateway.stream([Message.user("ada@x.org")], parameters=Parameters())
        return [piece async for piece in asked]

    *said, last = asyncio.run(read())
    assert (
        "".join(piece.text for piece in said if isinstance(piece, TextPiece)) == "Ask ada@x.org first [sic]."
    )
    assert isinstance(last, Finished)


def test_words_that_end_like_a_mark_are_not_lost() -> None:
    gateway = MaskedGateway(ScriptedGateway(stream=["see [EMAIL"]), Mask({"email"}))

    async def read() -> str:
        asked = gateway.stream([Message.user("ada@x.org")], parameters=Parameters())
        return "".join([piece.text async for piece in asked if isinstance(piece, TextPiece)])

    assert asyncio.run(read()) == "see [EMAIL"
