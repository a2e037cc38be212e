"""Verdicts on submitted answers: what happens while the model's endpoint is away, and what they cost."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.services import judging
from app.services.context import Actor, Context
from app.services.performing import perform
from app.wiring import handlers
from db.engine import reading
from db.models import Call
from db.records import ProjectRecord
from judge.llm import Failed, OpenAIGateway, ScriptedGateway
from tests.app.services.world import World
from tests.contract.loopback import Loopback


@pytest.fixture
def online(world: World, loopback: Loopback) -> Iterator[Context]:
    gateway = OpenAIGateway("m", api_key="k", base_url=loopback.base_url, first_wait_seconds=0.01)
    settings = world.ctx.settings.with_(model_input_usd_per_million=1.0, model_output_usd_per_million=2.0)
    yield replace(world.ctx, gateway=gateway, settings=settings)
    world.ctx.loop.submit(gateway.close()).result(10)


def submitted(ctx: Context, folder: Path) -> tuple[ProjectRecord, Actor]:
    world = World(ctx)
    project = world.project()
    ann = world.member(project, "ann")
    world.fill(project, [{"id": "a", "text": "boots"}], folder)
    world.submit(ann, world.next(ann, project), verdict="good", why="Because they were worn indoors.")
    return project, ann


def judge_once(ctx: Context, patience_seconds: float = 600) -> dict[str, Any]:
    """Do the one call, on the loop where the gateway's connections live; what it came to."""
    with reading(ctx.engine) as session:
        (call_id,) = [call.id for call in session.query(Call)]
    work = perform(ctx.engine, handlers(ctx), call_id, patience_seconds=patience_seconds)
    ctx.loop.submit(work).result(60)
    with reading(ctx.engine) as session:
        call = session.get(Call, call_id)
        assert call is not None
        return {
            name: getattr(call, name)
            for name in ("status", "outcome", "prompt_tokens", "completion_tokens", "cost_usd", "report")
        }


def reasons(ctx: Context, ann: Actor, project: ProjectRecord) -> list[str]:
    rows = judging.feedback(ctx, ann, project.id)
    return [one["reason"] for row in rows for one in row["criteria"] if one["level"] is None]


def test_a_verdict_has_its_tokens_and_its_cost(online: Context, tmp_path: Path) -> None:
    submitted(online, tmp_path)
    # 100 tokens at 1 USD a million and 20 at 2
    assert judge_once(online) == {
        "status": "done",
        "outcome": "ok",
        "prompt_tokens": 100,
        "completion_tokens": 20,
        "cost_usd": pytest.approx(140 / 1e6),
        "report": None,
    }


def test_an_endpoint_that_is_away_is_asked_again_before_anything_is_stored(
    online: Context, loopback: Loopback, tmp_path: Path
) -> None:
    project, ann = submitted(online, tmp_path)
    loopback.script[:] = ["503"] * 4  # the gateway's own tries
    assert judge_once(online)["outcome"] == "ok"
    (row,) = judging.feedback(online, ann, project.id)
    assert len(loopback.requests) == 5
    assert "unavailable" not in reasons(online, ann, project)
    assert row["model"] == "m-2026"


def test_when_patience_ends_the_verdict_is_stored_unscored_with_the_reason(
    online: Context, loopback: Loopback, tmp_path: Path
) -> None:
    project, ann = submitted(online, tmp_path)
    loopback.script[:] = ["503"] * 4
    found = judge_once(online, patience_seconds=0)
    assert (found["status"], found["outcome"], found["cost_usd"]) == ("done", "unavailable", None)
    assert found["report"]["attempts"] == [["unavailable: 503 scripted 503"] * 4]
    assert "unavailable" in reasons(online, ann, project)
    (row,) = judging.feedback(online, ann, project.id)
    assert any("503 scripted 503" in one["rationale"] for one in row["criteria"])


@pytest.mark.parametrize("fault", ["401", "context_length_exceeded", "refusal"])
def test_what_waiting_does_not_change_is_stored_at_once(
    online: Context, loopback: Loopback, tmp_path: Path, fault: str
) -> None:
    project, ann = submitted(online, tmp_path)
    loopback.script[:] = [fault]
    assert judge_once(online)["status"] == "done"
    assert len(loopback.requests) == 1
    assert reasons(online, ann, project)


@pytest.mark.parametrize(
    ("detail", "asked_again"),
    [
        ("429 slow down", True),
        ("408 late", True),
        ("the endpoint did not answer with JSON", True),
        ("413 too long", False),
    ],
)
def test_the_provider_s_words_say_whether_another_time_may_help(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, detail: str, asked_again: bool
) -> None:
    monkeypatch.setattr("app.services.performing._FIRST_WAIT", 0.0)
    failed = Failed("unavailable", detail, "m", None, ())

    def reply(request: Any) -> Any:
        if len(gateway.requests) == 1:
            return failed
        said = {"evidence": [], "rationale": "r", "level": 1, "suggestion": ""}
        return dict.fromkeys(request.reply.model_fields, said)

    gateway = ScriptedGateway(reply)
    ctx = replace(world.ctx, gateway=gateway)
    submitted(ctx, tmp_path)
    judge_once(ctx)
    assert (len(gateway.requests) == 2) is asked_again


def test_without_a_model_nothing_is_asked_and_nothing_costs(world: World, tmp_path: Path) -> None:
    submitted(world.ctx, tmp_path)
    found = judge_once(world.ctx)
    assert (found["status"], found["outcome"], found["prompt_tokens"]) == ("done", "ok", None)
