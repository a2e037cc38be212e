import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.errors import Invalid, NotAllowed, NotFound
from app.services import chat
from app.services.context import Actor, Context
from judge.llm import ModelError, ScriptedGateway
from tests.app.services.world import World


def ask(
    ctx: Context, actor: Actor, item_id: int, text: str = "What about irony?", request_id: str = "r1"
) -> list[Any]:
    async def run() -> list[Any]:
        return [
            piece async for piece in chat.ask(ctx, actor, item_id, request_id=request_id, text=text, draft={})
        ]

    return asyncio.run(run())


@pytest.fixture
def mine(world: World, tmp_path: Path) -> tuple[World, Actor, int]:
    project = world.project()
    rows = [{"id": f"i{n}", "text": f"secret number {n}", "gold": {"verdict": "good"}} for n in range(3)]
    world.fill(project, rows, tmp_path)
    ann = world.member(project, "ann")
    return world, ann, world.next(ann, project).item.id


def test_without_a_model_the_guidelines_are_quoted_and_it_says_what_it_is(
    mine: tuple[World, Actor, int],
) -> None:
    world, ann, item = mine
    opened, *pieces, closed = ask(world.ctx, ann, item)
    text = "".join(piece.text for piece in pieces)
    assert isinstance(opened, chat.Opened) and closed.status == "complete"
    assert "> Irony counts as good." in text and "not a language model" in text
    turns = chat.transcript(world.ctx, ann, item).turns
    assert [(turn.role, turn.status) for turn in turns] == [("user", "complete"), ("assistant", "complete")]
    assert turns[1].text == text and turns[1].first_token_seconds is not None


def test_verified_labels_of_items_not_answered_yet_are_not_quoted(mine: tuple[World, Actor, int]) -> None:
    world, ann, item = mine
    text = "".join(getattr(piece, "text", "") for piece in ask(world.ctx, ann, item, "Which secret number?"))
    assert "secret number" not in text


def test_a_models_stream_is_relayed_and_kept(mine: tuple[World, Actor, int]) -> None:
    world, ann, item = mine
    gateway = ScriptedGateway(stream=["It ", "depends."], model="m")
    ctx = replace(world.ctx, gateway=gateway)
    pieces = ask(ctx, ann, item)
    assert "".join(piece.text for piece in pieces[1:-1]) == "It depends."
    assert gateway.requests[0].mentions("secret number 0") and gateway.requests[0].mentions("Irony")
    assert chat.transcript(ctx, ann, item).turns[1].model == "m"


def test_a_stream_that_breaks_keeps_what_came_and_says_so(mine: tuple[World, Actor, int]) -> None:
    world, ann, item = mine
    gateway = ScriptedGateway(stream=["It ", ModelError("unavailable", "gone")])
    ctx = replace(world.ctx, gateway=gateway)
    closed = ask(ctx, ann, item)[-1]
    assert closed.status == "failed" and "gone" in closed.message
    turn = chat.transcript(ctx, ann, item).turns[1]
    assert (turn.status, turn.text) == ("failed", "It ")


def test_a_reader_who_leaves_leaves_an_interrupted_turn(mine: tuple[World, Actor, int]) -> None:
    world, ann, item = mine

    async def leave() -> None:
        stream = chat.ask(world.ctx, ann, item, request_id="r", text="What about irony?", draft={})
        await anext(stream)
        await anext(stream)
        await stream.aclose()  # type: ignore[attr-defined]

    asyncio.run(leave())
    assert chat.transcript(world.ctx, ann, item).turns[1].status == "interrupted"


def test_the_same_request_twice_is_one_turn(mine: tuple[World, Actor, int]) -> None:
    world, ann, item = mine
    ask(world.ctx, ann, item)
    ask(world.ctx, ann, item)
    assert len(chat.transcript(world.ctx, ann, item).turns) == 2


def test_a_conversation_belongs_to_one_person_and_one_item(mine: tuple[World, Actor, int]) -> None:
    world, ann, item = mine
    stranger = world.person("bob")
    with pytest.raises(NotFound):
        chat.transcript(world.ctx, stranger, item)
    with pytest.raises(NotFound):
        ask(world.ctx, ann, item + 1)
    with pytest.raises(Invalid):
        ask(world.ctx, ann, item, "  ")


def test_an_assistant_that_is_off_does_not_answer(world: World, tmp_path: Path) -> None:
    project = world.project(assistant_on=False)
    world.fill(project, [{"id": "a", "text": "t"}], tmp_path)
    ann = world.member(project, "ann")
    with pytest.raises(NotAllowed, match="switched off"):
        ask(world.ctx, ann, world.next(ann, project).item.id)
