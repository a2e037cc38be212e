"""The search for a better prompt: the same gold for every variant, within a budget, kept out of everybody's sight."""

from pathlib import Path
from typing import Any

import pytest

from app.errors import Invalid, NotFound
from app.services import agents, prompt_search
from app.services.context import Context
from app.services.prompt_search import Variant, keep_variant, search_result, start_search
from db.engine import reading
from db.models import Gold, Suggestion
from db.records import ProjectRecord
from judge.llm import Failed, ScriptedGateway
from judge.llm.scripted import Request
from tests.app.services.test_labelling_jobs import do_calls, labels, online, things
from tests.app.services.world import OPERATOR, World

BETTER = "You weigh every word."


@pytest.fixture
def project(world: World, tmp_path: Path) -> ProjectRecord:
    found = world.project()
    world.fill(found, things(60, gold={"verdict": "good"}), tmp_path)
    return found


def on_dev(ctx: Context) -> int:
    with reading(ctx.engine) as session:
        return session.query(Gold).filter(Gold.split == "dev").count()


def by_number(ctx: Context, job: int) -> dict[int, Variant]:
    return {row.number: row for row in search_result(ctx, OPERATOR, job).variants}


def test_every_variant_answers_the_same_gold_for_tuning_and_the_better_one_leads(
    world: World, project: ProjectRecord
) -> None:
    gateway = ScriptedGateway(lambda request: labels("good" if request.mentions(BETTER) else "bad"))
    ctx = online(world, gateway)
    job = start_search(
        ctx, OPERATOR, project.id, agent=agents.DEFAULT, varied={"instruction": [BETTER]}, items=1000
    )
    do_calls(ctx)
    n = on_dev(ctx)
    assert len(gateway.requests) == 2 * n
    found = search_result(ctx, OPERATOR, job.id)
    assert [row.number for row in found.variants] == [1, 0]
    winner, own = found.variants
    assert (winner.right, winner.n, own.right, own.n) == (n, n, 0, n)
    assert (winner.better, winner.worse) == (n, 0)
    assert winner.p == pytest.approx(2 * 0.5**n)  # all n went one way
    assert own.p is None  # it is not compared with itself
    with reading(ctx.engine) as session:
        assert session.query(Suggestion).count() == 0  # measurements are no suggestions


def test_a_failed_call_is_an_answer_that_is_not_right(world: World, project: ProjectRecord) -> None:
    def reply(request: Request) -> Any:
        return Failed("refused", "no", "m", None, ()) if request.mentions(BETTER) else labels("good")

    ctx = online(world, ScriptedGateway(reply))
    job = start_search(
        ctx, OPERATOR, project.id, agent=agents.DEFAULT, varied={"instruction": [BETTER]}, items=5
    )
    do_calls(ctx)
    rows = by_number(ctx, job.id)
    assert (rows[0].right, rows[0].n) == (5, 5)
    assert (rows[1].right, rows[1].n, rows[1].worse) == (0, 5, 5)


def test_all_combinations_are_tried_but_for_those_that_make_no_difference(
    world: World, project: ProjectRecord
) -> None:
    ctx = online(world, ScriptedGateway(lambda _: labels("good")))
    varied: dict[str, list[Any]] = {"prompt_language": ["de"], "examples": [0, 2], "pick": ["random"]}
    job = start_search(ctx, OPERATOR, project.id, agent=agents.DEFAULT, varied=varied, items=1)
    # 2 languages x (no example, 2 similar, 2 random)
    assert len(job.spec["variants"]) == 6
    assert job.spec["variants"][0] == {}
    do_calls(ctx)
    assert len(by_number(ctx, job.id)) == 6


def test_what_cannot_be_compared_is_refused(world: World, project: ProjectRecord, tmp_path: Path) -> None:
    ctx = online(world, ScriptedGateway(lambda _: labels("good")), model_input_usd_per_million=None)
    cases: list[tuple[dict[str, list[Any]], str]] = [
        ({}, "nothing to compare"),
        ({"seed": [1]}, "cannot be varied"),
        ({"temperature": [9.0]}, "temperature"),
        ({"temperature": [n / 100 for n in range(70)]}, "the most are 64"),
    ]
    for varied, said in cases:
        with pytest.raises(Invalid, match=said):
            start_search(ctx, OPERATOR, project.id, agent=agents.DEFAULT, varied=varied)
    with pytest.raises(Invalid, match="needs the price"):
        start_search(ctx, OPERATOR, project.id, agent=agents.DEFAULT, varied={"examples": [2]}, budget_usd=1)
    bare = world.project("bare")
    world.fill(bare, things(3), tmp_path)
    with pytest.raises(Invalid, match="no gold for tuning"):
        start_search(ctx, OPERATOR, bare.id, agent=agents.DEFAULT, varied={"examples": [2]})


def test_the_budget_ends_the_search_and_what_was_answered_is_compared(
    world: World, project: ProjectRecord
) -> None:
    ctx = online(world, ScriptedGateway(lambda _: labels("good")), model_input_usd_per_million=1e6)
    job = start_search(
        ctx, OPERATOR, project.id, agent=agents.DEFAULT, varied={"examples": [2]}, items=10, budget_usd=1e-6
    )
    do_calls(ctx)
    found = search_result(ctx, OPERATOR, job.id)
    assert "budget" in (found.state.job.paused or "")
    assert sum(row.n for row in found.variants) == 1


def test_a_variant_becomes_an_agent(world: World, project: ProjectRecord) -> None:
    ctx = online(world, ScriptedGateway(lambda _: labels("good")))
    job = start_search(
        ctx, OPERATOR, project.id, agent=agents.DEFAULT, varied={"prompt_form": ["markdown"]}, items=1
    )
    keep_variant(ctx, OPERATOR, job.id, 1, name="in markdown")
    assert agents.find_agent(ctx, "in markdown")[1].prompt_form == "markdown"
    with pytest.raises(NotFound, match="variants 0 to 1"):
        keep_variant(ctx, OPERATOR, job.id, 2, name="x")
    assert prompt_search.in_words({"prompt_form": "markdown"}) == "prompt form: markdown"
