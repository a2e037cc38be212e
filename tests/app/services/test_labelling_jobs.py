"""Jobs of a language model: prepared, limited by money, paused, reported; and how good the agents are."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.errors import Conflict, Invalid, NotAllowed
from app.schema.workplace import Workplace
from app.services import (
    agent_quality,
    agents,
    endpoints,
    job_control,
    job_report,
    model_labelling,
    preannotation,
)
from app.services.context import Actor, Context
from app.services.examples import Pick, examples_for
from app.services.performing import perform
from app.services.projects import change_settings
from app.wiring import handlers
from db.engine import reading
from db.models import Call, Gold, Suggestion
from db.records import ProjectRecord
from db.store import items, subsets
from judge.llm import Failed, OpenAIGateway, ScriptedGateway
from judge.llm.scripted import Request
from tests.app.services.world import OPERATOR, World
from tests.contract.loopback import Loopback


def online(world: World, gateway: Any, **settings: Any) -> Context:
    prices = {"model_input_usd_per_million": 1.0, "model_output_usd_per_million": 2.0} | settings
    return replace(world.ctx, gateway=gateway, settings=world.ctx.settings.with_(**prices))


@pytest.fixture
def connected(world: World, loopback: Loopback) -> Iterator[Context]:
    gateway = OpenAIGateway("m", api_key="k", base_url=loopback.base_url, first_wait_seconds=0.01)
    ctx = online(world, gateway)
    yield ctx
    ctx.loop.submit(gateway.close()).result(10)


def do_calls(ctx: Context) -> None:
    while True:
        with reading(ctx.engine) as session:
            ids = [row.id for row in session.query(Call).filter(Call.status == "queued").order_by(Call.id)]
        if not ids:
            return
        for call_id in ids:
            ctx.loop.submit(perform(ctx.engine, handlers(ctx), call_id, patience_seconds=0.5)).result(60)


def labels(verdict: str, confidence: float = 0.8) -> dict[str, Any]:
    return {
        "q1": {"reasons": "Because.", "answer": verdict, "confidence": confidence},
        "q2": {"reasons": "", "answer": "", "confidence": 0.0},
    }


def filled(world: World, tmp_path: Path, rows: list[dict[str, Any]]) -> tuple[ProjectRecord, Actor]:
    project = world.project()
    world.fill(project, rows, tmp_path)
    return project, world.member(project, "lead", "qa_lead")


def things(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"id": f"i{n}", "text": f"thing {n}", **more} for n in range(count)]


def report(ctx: Context, actor: Actor, job_id: int) -> job_report.JobReport:
    return job_report.job_report(ctx, actor, job_id)


def test_what_is_empty_or_too_long_is_listed_before_any_call(world: World, tmp_path: Path) -> None:
    rows = [
        {"id": "a", "text": "short"},
        {"id": "b", "text": "long " * 4000},
        {"id": "c", "text": "short too"},
    ]
    project, lead = filled(world, tmp_path, rows)
    gateway = ScriptedGateway(lambda _: labels("good"))
    ctx = online(world, gateway)
    agents.add_agent(ctx, lead, name="small", max_prompt_tokens=4000)
    prepared = preannotation.prepare(ctx, lead, project.id, agent="small")
    assert (prepared.found, len(prepared.item_ids), prepared.too_long) == (3, 2, ["b"])
    assert prepared.prompt_tokens is not None and prepared.usd == pytest.approx(prepared.prompt_tokens / 1e6)
    job = preannotation.start(ctx, lead, project.id, agent="small")
    do_calls(ctx)
    assert len(gateway.requests) == 2
    assert job.spec["prepared"]["listed"]["too_long"] == ["b"]


def test_a_job_asks_about_what_its_query_finds(world: World, tmp_path: Path) -> None:
    project, lead = filled(world, tmp_path, things(4))
    gateway = ScriptedGateway(lambda _: labels("good"))
    ctx = online(world, gateway)
    job = preannotation.start(ctx, lead, project.id, agent=agents.DEFAULT, query="id:i1,i3")
    do_calls(ctx)
    assert len(gateway.requests) == 2 and job.spec["items"] == 2
    with pytest.raises(Invalid, match="no field"):
        preannotation.start(ctx, lead, project.id, agent=agents.DEFAULT, query="colour:red")


def test_a_dry_run_says_what_the_whole_would_cost(world: World, tmp_path: Path) -> None:
    project, lead = filled(world, tmp_path, things(20))
    ctx = online(
        world, ScriptedGateway(lambda _: labels("good"))
    )  # 10 and 5 tokens a call: 20 millionths USD
    job = preannotation.start(ctx, lead, project.id, agent=agents.DEFAULT, dry_run=5)
    do_calls(ctx)
    found = report(ctx, lead, job.id)
    assert found.totals.cost_usd == pytest.approx(5 * 20e-6)
    assert found.whole_usd == pytest.approx(20 * 20e-6)
    whole = preannotation.start(ctx, lead, project.id, agent=agents.DEFAULT)
    do_calls(ctx)
    assert report(ctx, lead, whole.id).totals.ended == 15  # the five are not asked about again


def test_a_budget_pauses_a_job_and_fails_nothing(world: World, tmp_path: Path) -> None:
    project, lead = filled(world, tmp_path, things(6))
    ctx = online(world, ScriptedGateway(lambda _: labels("good")))
    job = preannotation.start(ctx, lead, project.id, agent=agents.DEFAULT, budget_usd=41e-6)
    do_calls(ctx)
    found = report(ctx, lead, job.id)
    # The third call passes 41 millionths; the other three are put aside.
    assert found.state.counts == {"done": 3, "paused": 3} and "budget" in (found.state.job.paused or "")
    with pytest.raises(Invalid, match="are spent"):
        job_control.resume_job(ctx, lead, job.id)
    assert job_control.resume_job(ctx, lead, job.id, budget_usd=1.0) == 3
    do_calls(ctx)
    assert report(ctx, lead, job.id).state.counts == {"done": 6}


def test_a_budget_needs_a_price(world: World, tmp_path: Path) -> None:
    project, lead = filled(world, tmp_path, things(1))
    ctx = online(world, ScriptedGateway(), model_input_usd_per_million=None)
    with pytest.raises(Invalid, match="price of 'scripted'"):
        preannotation.start(ctx, lead, project.id, agent=agents.DEFAULT, budget_usd=1.0)


@pytest.mark.parametrize("fault", ["401", "403", "404", "insufficient_quota"])
def test_an_endpoint_that_refuses_everything_pauses_the_job_with_its_words(
    world: World, connected: Context, loopback: Loopback, tmp_path: Path, fault: str
) -> None:
    project, lead = filled(world, tmp_path, things(4))
    loopback.script[:] = ["ok", fault]
    job = preannotation.start(connected, lead, project.id, agent=agents.DEFAULT)
    do_calls(connected)
    found = report(connected, lead, job.id)
    assert found.state.counts == {"done": 1, "paused": 3}
    assert f"scripted {fault}" in (found.state.job.paused or "")
    assert job_control.resume_job(connected, lead, job.id) == 3
    do_calls(connected)
    assert report(connected, lead, job.id).state.counts == {"done": 4}


def test_a_request_that_the_endpoint_refuses_is_not_asked_again(
    world: World, connected: Context, loopback: Loopback, tmp_path: Path
) -> None:
    project, lead = filled(world, tmp_path, things(2))
    loopback.script[:] = ["context_length_exceeded"]
    job = preannotation.start(connected, lead, project.id, agent=agents.DEFAULT)
    do_calls(connected)
    assert len(loopback.requests) == 2
    assert [(f[0], f[1], f[3]) for f in report(connected, lead, job.id).failures] == [
        ("unavailable", 1, "unavailable: 400 scripted context_length_exceeded")
    ]


def test_a_job_can_be_put_aside_by_hand(world: World, tmp_path: Path) -> None:
    project, lead = filled(world, tmp_path, things(3))
    ctx = online(world, ScriptedGateway(lambda _: labels("good")))
    job = preannotation.start(ctx, lead, project.id, agent=agents.DEFAULT)
    job_control.pause_job(ctx, lead, job.id)
    do_calls(ctx)
    assert report(ctx, lead, job.id).state.counts == {"paused": 3}
    assert report(ctx, lead, job.id).state.job.paused == "paused by lead"
    job_control.resume_job(ctx, lead, job.id)
    do_calls(ctx)
    assert report(ctx, lead, job.id).state.counts == {"done": 3}


def test_answers_that_are_no_labels_are_counted_with_examples(world: World, tmp_path: Path) -> None:
    project, lead = filled(world, tmp_path, things(4))
    said = iter(["meh", "meh", "good", "so so"])

    def reply(_request: Request) -> Failed:
        raw = json.dumps(labels(next(said)))
        return Failed("invalid", "no reply of the wanted shape", "scripted", None, (), raw=raw)

    ctx = online(world, ScriptedGateway(reply))
    job = preannotation.start(ctx, lead, project.id, agent=agents.DEFAULT)
    do_calls(ctx)
    found = report(ctx, lead, job.id)
    assert found.state.counts == {"done": 1, "failed": 3}  # what fits of a reply is taken
    assert found.labels["verdict"] == [("good", 1)]


def test_labels_that_are_near_are_taken_where_the_job_allows_it(world: World, tmp_path: Path) -> None:
    project, lead = filled(world, tmp_path, things(2))
    said = iter(["goood", "meh"])
    ctx = online(world, ScriptedGateway(lambda _: labels(next(said))))
    job = preannotation.start(ctx, lead, project.id, agent=agents.DEFAULT, near=True)
    do_calls(ctx)
    found = report(ctx, lead, job.id)
    assert found.totals.near == 1 and found.labels["verdict"] == [("good", 1)]
    assert [(one.question, one.said, one.count) for one in found.invalid] == [("verdict", '"meh"', 1)]
    with reading(ctx.engine) as session:
        assert session.query(Suggestion).filter_by(question="verdict").one().near_match == "goood"


def test_a_large_job_is_laid_out_by_the_worker_once(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preannotation, "_AT_ONCE", 5)
    monkeypatch.setattr(preannotation, "_PER_TRANSACTION", 4)
    project, lead = filled(world, tmp_path, things(11))
    ctx = online(world, ScriptedGateway(lambda _: labels("good")))
    job = preannotation.start(ctx, lead, project.id, agent=agents.DEFAULT)
    assert report(ctx, lead, job.id).state.counts == {"queued": 1}
    with reading(ctx.engine) as session:
        (first,) = session.query(Call)
        spec, call_id = first.spec, first.id
    ctx.loop.submit(preannotation.lay_out(ctx, call_id, spec)).result(30)  # a worker that died before its end
    do_calls(ctx)
    assert report(ctx, lead, job.id).state.counts == {"done": 11}


def test_personal_data_stays_here_and_comes_back_in_the_reasons(world: World, tmp_path: Path) -> None:
    project, lead = filled(world, tmp_path, [{"id": "a", "text": "Write to ada@example.org today"}])
    change_settings(world.ctx, OPERATOR, project.id, workplace={"mask": ["email"]})
    reply = labels("good")
    reply["q1"]["reasons"] = "It names [EMAIL-1]."
    gateway = ScriptedGateway([reply])
    ctx = online(world, gateway)
    preannotation.start(ctx, lead, project.id, agent=agents.DEFAULT)
    do_calls(ctx)
    assert not gateway.requests[0].mentions("ada@example.org") and gateway.requests[0].mentions("[EMAIL-1]")
    with reading(ctx.engine) as session:
        row = session.query(Suggestion).one()
        assert (
            row.rationale == "It names ada@example.org."
            and row.details is not None
            and row.details["masked"] == 1
        )


def test_examples_are_of_the_training_split_and_never_the_item_itself(world: World, tmp_path: Path) -> None:
    rows = things(40, gold={"verdict": "good"})
    project, _ = filled(world, tmp_path, [*rows, {"id": "x", "text": "thing 3"}])
    with reading(world.ctx.engine) as session:
        splits = {f"thing {row.item_id}": row.split for row in session.query(Gold)}
        assert set(splits.values()) == {"train", "dev", "test"}
        ids = {row.item_id: row.split for row in session.query(Gold)}
        texts = {
            content["parts"][0]["text"]: ids[item]
            for item, content in items.contents(session, project.id)
            if item in ids
        }
        own = subsets.items_named(session, project.id, ["x"])["x"]
        picks: tuple[Pick, ...] = ("random", "similar", "diverse")
        for pick in picks:
            found = examples_for(session, project.id, own, count=32, pick=pick, seed="s")
            assert found and {texts[example.text] for example in found} == {"train"}
            assert "thing 3" not in {example.text for example in found}
            assert len({example.text for example in found}) == len(found)


def test_the_nearest_examples_come_first_and_people_s_verified_answers_count(
    world: World, tmp_path: Path
) -> None:
    project = world.project()
    suggestion = [{"question": "verdict", "value": "bad", "model": "m"}]
    rows: list[dict[str, Any]] = [
        {"id": "a", "text": "the parcel came late", "suggestions": suggestion},
        {"id": "b", "text": "a lovely day at sea", "suggestions": suggestion},
        {"id": "c", "text": "my parcel was late again"},
    ]
    world.fill(project, rows, tmp_path)
    ann = world.member(project, "ann")
    for _ in range(2):
        world.submit(ann, world.next(ann, project), verdict="good")
    with reading(world.ctx.engine) as session:
        own = subsets.items_named(session, project.id, ["c"])["c"]
        (found,) = examples_for(session, project.id, own, count=1, pick="similar", seed="s")
    assert (found.text, found.answers) == ("the parcel came late", {"verdict": "good"})


def test_prices_have_dates_and_earlier_calls_keep_theirs(world: World) -> None:
    new_year = datetime(2027, 1, 1, tzinfo=UTC)
    for start, price in ((datetime(2026, 1, 1, tzinfo=UTC), 1.0), (new_year, 4.0)):
        endpoints.add_price(
            world.ctx, OPERATOR, model="m", valid_from=start, input_usd_per_million=price, output_usd_per_million=2.0
        )  # fmt: skip
    with pytest.raises(Conflict):
        endpoints.add_price(
            world.ctx, OPERATOR, model="m", valid_from=new_year, input_usd_per_million=9, output_usd_per_million=9
        )  # fmt: skip
    with reading(world.ctx.engine) as session:
        known = endpoints.price_list(session, world.ctx.settings)
    day = timedelta(days=1)
    assert known.per_million("m-2026-08-01", new_year - day, own=False) == (1.0, 2.0)
    assert known.per_million("m", new_year + day, own=False) == (4.0, 2.0)
    assert known.per_million("mini", new_year, own=False) is None
    assert known.per_million("m", datetime(2025, 1, 1, tzinfo=UTC), own=True) is None
    with pytest.raises(NotAllowed):
        endpoints.set_limit(world.ctx, world.person("eve"), endpoints.Limit(8, None, None))


def test_limits_of_the_endpoint_are_kept(world: World) -> None:
    endpoints.set_limit(world.ctx, OPERATOR, endpoints.Limit(8, 50, 10.0))
    assert endpoints.read_limit(world.ctx) == endpoints.Limit(8, 50, 10.0)
    with pytest.raises(Invalid, match="a rate is"):
        endpoints.set_limit(world.ctx, OPERATOR, endpoints.Limit(8, 50, None))


def test_an_agent_is_measured_on_gold_and_kept_with_its_version(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_labelling, "_FRESH_SECONDS", 0.0)  # a worker sees new figures that much later
    rows = [
        {"id": f"i{n}", "text": f"thing {n}", "gold": {"verdict": "good" if n % 4 else "bad"}}
        for n in range(60)
    ]
    project, lead = filled(world, tmp_path, rows)
    gateway = ScriptedGateway(lambda request: labels("good", 0.9))
    ctx = online(world, gateway)
    preannotation.start(ctx, lead, project.id, agent=agents.DEFAULT)
    do_calls(ctx)
    agent_quality.measure_skills(ctx, lead, project.id)
    (row,) = agent_quality.agent_skills(ctx, lead, project.id)
    with reading(ctx.engine) as session:
        test = [gold.value[0] for gold in session.query(Gold).filter_by(split="test")]
    assert (row.agent, row.split, row.n) == (agents.DEFAULT, "test", len(test))
    good = test.count("good")
    assert row.figures["right"] == good
    labelled = {
        label: {name: one[name] for name in ("n", "precision", "recall")}
        for label, one in row.figures["labels"].items()
    }
    assert labelled == {
        "good": {"n": good, "precision": good / len(test), "recall": 1.0},
        "bad": {"n": len(test) - good, "precision": None, "recall": 0.0},
    }
    # Always "good" with the same confidence tells nothing from anything: one point, the diagonal.
    assert [row.figures["labels"][label]["area"] for label in ("good", "bad")] == [0.5, 0.5]
    assert len(agent_quality.measure_skills(ctx, lead, project.id)) == 1  # the same again is not kept twice
    # What it says next carries how often 0.9 was right on the other splits, about three in four.
    world.fill(project, [{"id": "new", "text": "new thing"}], tmp_path)
    preannotation.start(ctx, lead, project.id, agent=agents.DEFAULT)
    do_calls(ctx)
    with reading(ctx.engine) as session:
        newest = session.query(Suggestion).order_by(Suggestion.id.desc()).first()
        assert newest is not None and newest.confidence == 0.9
        assert newest.calibrated_confidence == pytest.approx(0.75, abs=0.1)


def test_two_jobs_side_by_side(world: World, tmp_path: Path) -> None:
    project, lead = filled(world, tmp_path, things(10))
    ctx = online(
        world, ScriptedGateway(lambda request: labels("bad" if request.mentions("thing 7") else "good"))
    )
    first = preannotation.start(ctx, lead, project.id, agent=agents.DEFAULT)
    do_calls(ctx)
    ctx = replace(ctx, gateway=ScriptedGateway(lambda _: labels("good")))
    again = preannotation.start(ctx, lead, project.id, agent=agents.DEFAULT, replicate=1)
    do_calls(ctx)
    (found,) = agent_quality.compare_jobs(ctx, lead, first.id, again.id)
    assert (found.question, found.n, found.same) == ("verdict", 10, 9)
    assert found.changed == [("i7", "bad", "good")] and found.right is None
    # The second asking measures the agent; annotators go on seeing what was suggested first.
    ann = world.member(project, "ann")
    held: list[int] = []
    for _ in range(8):
        task = world.next(ann, project, *held)
        held.append(task.item.id)
    assert task.item.external_id == "i7" and task.suggestions["verdict"].value == ["bad"]


def test_the_form_of_a_project_asks_for_every_setting_of_its_work_page() -> None:
    # What the form leaves out would fall back to its default at each save.
    source = (Path(__file__).parents[3] / "app" / "components" / "workplace_form.py").read_text()
    assert all(f'"{name}"' in source for name in Workplace.model_fields)
