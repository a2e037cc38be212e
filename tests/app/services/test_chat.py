import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.errors import Invalid, NotAllowed, NotFound
from app.services import chat
from app.services.context import Actor, Context
from app.services.projects import list_projects
from app.services.questions import questions_by_section
from judge.llm import ModelError, ScriptedGateway, Usage
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


def test_a_stream_that_breaks_keeps_what_came_and_says_so(world: World, tmp_path: Path) -> None:
    ann, item = with_limits(world, tmp_path)
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


def with_limits(world: World, tmp_path: Path, rows: int = 1, **workplace: Any) -> tuple[Actor, int]:
    project = world.project(workplace=workplace)
    world.fill(project, [{"id": f"i{n}", "text": f"thing {n}"} for n in range(rows)], tmp_path)
    ann = world.member(project, "ann")
    return ann, world.next(ann, project).item.id


def test_a_cap_on_turns_degrades_in_steps_and_says_so(world: World, tmp_path: Path) -> None:
    # Of five questions four are full: the fifth begins at 4/5 = 80 % of the cap.
    ann, item = with_limits(world, tmp_path, turns_per_item=5)
    gateway = ScriptedGateway(stream=["Yes."], model="m")
    ctx = replace(world.ctx, gateway=gateway)
    notices = [ask(ctx, ann, item, request_id=f"r{n}")[0].notice for n in range(5)]
    assert [bool(notice) for notice in notices] == [False, False, False, False, True]
    assert gateway.requests[-1].mentions("one hint") and not gateway.requests[0].mentions("one hint")
    with pytest.raises(NotAllowed, match="5 questions about an item"):
        ask(ctx, ann, item, request_id="r5")
    assert chat.transcript(ctx, ann, item).limit.level == "none"


def test_caps_on_tokens_and_money_count_what_the_endpoint_reported(world: World, tmp_path: Path) -> None:
    ann, item = with_limits(world, tmp_path, tokens_per_day=200, usd_per_day=1.0)
    priced = world.ctx.settings.with_(model_input_usd_per_million=1000.0, model_output_usd_per_million=3000.0)
    gateway = ScriptedGateway(stream=["Yes."], model="m", usage=Usage(100, 20))
    ctx = replace(world.ctx, gateway=gateway, settings=priced)
    ask(ctx, ann, item, request_id="a")
    turn = chat.transcript(ctx, ann, item).turns[1]
    # 100 prompt tokens at 0.001 USD and 20 completion tokens at 0.003 USD; 120 of 200 tokens is below 80 %.
    assert (turn.prompt_tokens, turn.completion_tokens) == (100, 20)
    assert turn.cost_usd == pytest.approx(0.16)
    assert chat.transcript(ctx, ann, item).limit.level == "full"
    ask(ctx, ann, item, request_id="b")
    assert chat.transcript(ctx, ann, item).limit.level == "none"


def test_without_prices_the_cost_is_unknown_and_not_nothing(world: World, tmp_path: Path) -> None:
    ann, item = with_limits(world, tmp_path)
    ctx = replace(world.ctx, gateway=ScriptedGateway(stream=["Yes."], usage=Usage(100, 20)))
    ask(ctx, ann, item)
    assert chat.transcript(ctx, ann, item).turns[1].cost_usd is None


def test_on_an_item_with_a_known_answer_a_reply_that_names_it_is_withheld(
    mine: tuple[World, Actor, int],
) -> None:
    world, ann, item = mine
    ctx = replace(world.ctx, gateway=ScriptedGateway(stream=["I would say ", "it is good."], model="m"))
    opened, closed = ask(ctx, ann, item)  # no piece was shown
    assert (type(opened), closed.status) == (chat.Opened, "withheld")
    assert chat.transcript(ctx, ann, item).turns[1].text == chat.WITHHELD
    gateway = ScriptedGateway(stream=["Irony is good ", "or bad."], model="m")
    ctx = replace(world.ctx, gateway=gateway)
    pieces = ask(ctx, ann, item, request_id="r2")
    assert [piece.text for piece in pieces[1:-1]] == ["Irony is good or bad."]
    assert gateway.requests[0].mentions("measures the annotator")


def test_a_text_whose_answer_is_known_is_not_drafted_and_others_are(world: World, tmp_path: Path) -> None:
    project = world.project()
    rows: list[dict[str, Any]] = [
        {"id": "a", "text": "t", "gold": {"why": "Because."}},
        {"id": "b", "text": "u", "gold": {"verdict": "good"}},
    ]
    world.fill(project, rows, tmp_path)
    ann = world.member(project, "ann")
    ctx = replace(world.ctx, gateway=ScriptedGateway(stream=["It is good."], model="m"))
    known = world.next(ann, project)
    assert chat.transcript(ctx, ann, known.item.id).may_draft is False
    with pytest.raises(NotAllowed, match="does not draft here"):
        act(ctx, ann, known.item.id, "draft")
    world.submit(ann, known, verdict="good")
    open_ = world.next(ann, project).item.id
    assert chat.transcript(ctx, ann, open_).may_draft is True
    assert act(ctx, ann, open_, "draft") == "It is good."


def act(ctx: Context, actor: Actor, item_id: int, action: str, **draft: Any) -> str:
    async def run() -> list[Any]:
        stream = chat.ask(ctx, actor, item_id, request_id=action, text="", draft=draft, action=action)
        return [piece async for piece in stream]

    return "".join(piece.text for piece in asyncio.run(run()) if isinstance(piece, chat.Piece))


def test_quick_actions_without_a_model_quote_or_say_what_they_need(world: World, tmp_path: Path) -> None:
    ann, item = with_limits(world, tmp_path)
    assert "“Good?” has no answer" in act(world.ctx, ann, item, "missing")
    assert "needs a language model" in act(world.ctx, ann, item, "translate")
    assert "needs a language model" in act(world.ctx, ann, item, "draft")
    assert "could be asked of you" in act(world.ctx, ann, item, "examples")


def test_a_draft_is_asked_for_as_text_alone_and_named_as_what_was_asked(world: World, tmp_path: Path) -> None:
    ann, item = with_limits(world, tmp_path)
    gateway = ScriptedGateway(stream=["A draft."], model="m")
    assert act(replace(world.ctx, gateway=gateway), ann, item, "draft") == "A draft."
    assert gateway.requests[0].mentions("Reply with the text of the draft only")
    turns = chat.transcript(world.ctx, ann, item).turns
    assert [(turn.text, turn.action) for turn in turns] == [
        ("Draft an answer", "draft"),
        ("A draft.", "draft"),
    ]


def test_guide_only_tells_the_model_not_to_answer(world: World, tmp_path: Path) -> None:
    ann, item = with_limits(world, tmp_path, assistant="guide_only")
    gateway = ScriptedGateway(stream=["Hm."], model="m")
    ask(replace(world.ctx, gateway=gateway), ann, item)
    assert gateway.requests[0].mentions("Do not draft the answer")


def test_a_stop_ends_a_stream_before_its_first_word(world: World, tmp_path: Path) -> None:
    ann, item = with_limits(world, tmp_path)

    class Slow(ScriptedGateway):
        async def stream(self, messages: Any, *, parameters: Any) -> Any:
            await asyncio.sleep(60)
            yield

    ctx = replace(world.ctx, gateway=Slow(model="m"))

    async def run() -> Any:
        stream = chat.ask(ctx, ann, item, request_id="r", text="Well?", draft={})
        opened = await anext(stream)
        assert isinstance(opened, chat.Opened)
        # Through the database, as from another process.
        await asyncio.to_thread(chat.stop, ctx, ann, opened.turn_id)
        return await anext(stream)

    closed = asyncio.run(asyncio.wait_for(run(), 5))
    assert closed.status == "interrupted"
    assert chat.transcript(ctx, ann, item).turns[1].status == "interrupted"


def test_questions_are_counted_by_the_guideline_section_they_are_about(world: World, tmp_path: Path) -> None:
    ann, item = with_limits(world, tmp_path)
    for number, text in enumerate(("What about irony?", "Is irony good?", "Zzz?")):
        ask(world.ctx, ann, item, text, request_id=f"r{number}")
    project = list_projects(world.ctx, ann)[0][0]
    project_id, lead = project.id, world.member(project, "lead", "qa_lead")
    irony, other = questions_by_section(world.ctx, lead, project_id)
    assert (irony.section, irony.count, irony.questions) == (
        "Irony",
        2,
        ["Is irony good?", "What about irony?"],
    )
    assert (other.section, other.count) == ("", 1)
    with pytest.raises(NotAllowed):
        questions_by_section(world.ctx, ann, project_id)


def test_personal_data_is_hidden_from_the_assistants_model_and_back_in_its_words(
    world: World, tmp_path: Path
) -> None:
    project = world.project(workplace={"mask": ["email"]})
    world.fill(project, [{"id": "i", "text": "From ada@example.org: when?"}], tmp_path)
    ann = world.member(project, "ann")
    item = world.next(ann, project).item.id
    gateway = ScriptedGateway(stream=["Write to [EM", "AIL-1]."], model="m")
    ctx = replace(world.ctx, gateway=gateway)
    ask(ctx, ann, item, "Whom does bob@example.org write to?")
    assert not gateway.requests[0].mentions("@example.org")
    assert gateway.requests[0].mentions("[EMAIL-2]")
    assert chat.transcript(ctx, ann, item).turns[1].text == "Write to ada@example.org."
