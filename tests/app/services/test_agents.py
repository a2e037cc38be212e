"""Agents and the suggestions they make, over real HTTP."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.errors import Conflict, Invalid, NotFound
from app.services import agents, live_suggestion, preannotation
from app.services.context import Actor, Context
from app.services.performing import perform
from app.wiring import handlers
from db.engine import reading
from db.models import Call, Suggestion
from db.records import ProjectRecord
from judge.llm import OpenAIGateway
from tests.app.services.world import OPERATOR, World
from tests.contract.loopback import Loopback


@pytest.fixture
def online(world: World, loopback: Loopback) -> Iterator[Context]:
    gateway = OpenAIGateway("m", api_key="k", base_url=loopback.base_url, first_wait_seconds=0.01)
    settings = world.ctx.settings.with_(model_input_usd_per_million=1.0, model_output_usd_per_million=2.0)
    ctx = replace(world.ctx, gateway=gateway, settings=settings)
    yield ctx
    ctx.loop.submit(gateway.close()).result(10)


def do_calls(ctx: Context) -> list[str]:
    with reading(ctx.engine) as session:
        ids = [row.id for row in session.query(Call).filter(Call.status == "queued")]
    for call_id in ids:
        # On the context's model loop, where the gateway's connections live.
        ctx.loop.submit(perform(ctx.engine, handlers(ctx), call_id)).result(60)
    with reading(ctx.engine) as session:
        return sorted(row.status for row in session.query(Call).filter(Call.id.in_(ids)))


def prepared(world: World, tmp_path: Path, count: int = 3) -> tuple[ProjectRecord, Actor]:
    project = world.project()
    world.fill(project, [{"id": f"i{n}", "text": f"thing {n}"} for n in range(count)], tmp_path)
    return project, world.member(project, "lead", "qa_lead")


def suggestions(ctx: Context) -> list[Any]:
    with reading(ctx.engine) as session:
        return session.query(Suggestion).order_by(Suggestion.id).all()


def test_a_model_s_suggestions_say_how_they_came_about(
    world: World, online: Context, loopback: Loopback, tmp_path: Path
) -> None:
    project, lead = prepared(world, tmp_path)
    agents.add_agent(online, lead, name="careful", instruction="Be careful.", temperature=0.0)
    job = preannotation.start(online, lead, project.id, agent="careful", limit=2)
    assert do_calls(online) == ["done", "done"]
    rows = suggestions(online)
    assert [(row.question, row.value) for row in rows[:2]] == [
        ("verdict", ["bad"]),
        ("why", [rows[1].value[0]]),
    ]
    assert (rows[0].model, rows[0].confidence_source, rows[0].calibrated) == ("m-2026", "stated", False)
    details = rows[0].details
    # 100 prompt and 20 completion tokens at 1 and 2 USD a million.
    assert (details["prompt_tokens"], details["cost_usd"]) == (100, pytest.approx(0.00014))
    assert details["fingerprint"] == "fp_loop"
    assert details["attempts"] == ["ok"] and details["prompt_hash"] == rows[0].model_version
    assert rows[0].agent_id == job.agent_id is not None
    assert "Be careful." in loopback.requests[0]["messages"][0]["content"]
    assert loopback.requests[0]["temperature"] == 0.0


def test_the_same_agent_asks_about_new_items_only(
    world: World, online: Context, loopback: Loopback, tmp_path: Path
) -> None:
    project, lead = prepared(world, tmp_path)
    preannotation.start(online, lead, project.id, agent=agents.DEFAULT, limit=2)
    do_calls(online)
    preannotation.start(online, lead, project.id, agent=agents.DEFAULT)
    do_calls(online)
    assert len(loopback.requests) == 3 and len(suggestions(online)) == 6


def test_faults_of_the_endpoint_lose_and_duplicate_nothing(
    world: World, online: Context, loopback: Loopback, tmp_path: Path
) -> None:
    project, lead = prepared(world, tmp_path, 6)
    loopback.script[:] = ["429", "500", "ok", "cut_json", "ok", "refusal", "no_json_schema"]
    job = preannotation.start(online, lead, project.id, agent=agents.DEFAULT)
    assert do_calls(online) == ["done"] * 5 + ["failed"]
    state = preannotation.job_state(online, lead, job.id)
    assert state is not None and state.counts == {"done": 5, "failed": 1}
    assert len(state.errors) == 1 and "refused" in state.errors[0][0]
    assert len({(row.item_id, row.question) for row in suggestions(online)}) == len(suggestions(online)) == 10


def test_a_suggestion_asked_for_comes_from_the_model_where_there_is_one(
    world: World, online: Context, tmp_path: Path
) -> None:
    project, _ = prepared(world, tmp_path)
    ann = world.member(project, "ann")
    item = world.next(ann, project).item.id
    assert live_suggestion.request_suggestion(online, ann, item).state == "waiting"
    assert do_calls(online) == ["done"]
    assert live_suggestion.poll_suggestion(online, ann, item).state == "ready"


def test_all_problems_of_an_agent_are_named_at_once(world: World) -> None:
    with pytest.raises(Invalid) as refused:
        agents.add_agent(world.ctx, OPERATOR, name=" ", temperature=3.0, max_tokens=1, colour="red")
    assert len(refused.value.problems) == 4


@pytest.mark.parametrize("placeholder", ["{text}", "{{ item }}", "{labels}"])
def test_a_variable_that_nothing_replaces_is_refused(world: World, placeholder: str) -> None:
    with pytest.raises(Invalid, match="would stand in the prompt as it is") as refused:
        agents.add_agent(
            world.ctx, OPERATOR, name="v", instruction=f"Label this: {placeholder} and {placeholder}"
        )
    assert str(refused.value).count(placeholder) == 1
    agents.add_agent(world.ctx, OPERATOR, name="v", instruction='Answer as {"label": 1}, never as {} or { }.')


def test_an_agent_does_not_change(world: World) -> None:
    first = agents.add_agent(world.ctx, OPERATOR, name="a", temperature=0.5)
    assert agents.add_agent(world.ctx, OPERATOR, name="a", temperature=0.5).id == first.id
    with pytest.raises(Conflict):
        agents.add_agent(world.ctx, OPERATOR, name="a", temperature=0.6)
    with pytest.raises(NotFound, match="built-in, language-model, a"):
        agents.find_agent(world.ctx, "b")


def test_a_cheap_call_says_whether_the_endpoint_answers(
    world: World, online: Context, loopback: Loopback
) -> None:
    assert asyncio.run(agents.check_agent(online, agents.DEFAULT)).said.endswith("answers, in a JSON schema")
    loopback.script[:] = ["401"]
    found = asyncio.run(agents.check_agent(online, agents.DEFAULT))
    assert not found.ok and found.said
    assert "OPENAI_BASE_URL" in asyncio.run(agents.check_agent(world.ctx, agents.DEFAULT)).said


def test_without_a_model_a_job_of_one_is_refused(world: World, tmp_path: Path) -> None:
    project, lead = prepared(world, tmp_path)
    with pytest.raises(Invalid, match="OPENAI_API_KEY"):
        preannotation.start(world.ctx, lead, project.id, agent=agents.DEFAULT)


def test_agents_are_listed_with_their_jobs_and_compared(
    world: World, online: Context, tmp_path: Path
) -> None:
    project, lead = prepared(world, tmp_path)
    agents.add_agent(online, lead, name="a", instruction="Be kind.\nBe short.", temperature=0.0)
    agents.add_agent(online, lead, name="b", instruction="Be kind.\nBe long.", temperature=0.0)
    job = preannotation.start(online, lead, project.id, agent="b", limit=1)
    assert [(row.name, jobs) for row, jobs in agents.agents_in_use(online)] == [("a", []), ("b", [job.id])]
    changed = [line for line in agents.agent_difference(online, "a", "b").splitlines() if line[0] in "+-"][2:]
    assert changed == ["-Be short.", "+Be long."]
    assert agents.agent_difference(online, "a", "a") == ""
