"""Confidences by a function of the operator's own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from app.errors import Invalid, NotAllowed
from app.services import agents, job_control, job_report, preannotation
from db.engine import reading
from db.models import Suggestion
from judge.llm import ScriptedGateway
from tests.app.services.test_labelling_jobs import do_calls, labels, online, things
from tests.app.services.world import OPERATOR, World

works = True


def by_words(reply: str, answers: Mapping[str, Any]) -> dict[str, float]:
    if not works:
        raise RuntimeError("out of order")
    return {"verdict": 0.25 if "Because" in reply else 0.75}


def test_its_confidence_is_stored_with_where_it_is_from(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = world.project()
    world.fill(project, things(3), tmp_path)
    agents.add_agent(
        world.ctx, OPERATOR, name="own", confidence="function", confidence_function=f"{__name__}:by_words"
    )
    gateway = ScriptedGateway(lambda _: labels("good", 0.9))
    ctx = online(world, gateway)
    monkeypatch.setattr(f"{__name__}.works", False)
    job = preannotation.start(ctx, OPERATOR, project.id, agent="own")
    do_calls(ctx)
    found = job_report.job_report(ctx, OPERATOR, job.id)
    assert found.state.job.paused == (
        f"the confidence function {__name__}:by_words fails: RuntimeError: out of order"
    )
    assert found.totals.suggestions == 0
    monkeypatch.setattr(f"{__name__}.works", True)
    job_control.resume_job(ctx, OPERATOR, job.id)
    do_calls(ctx)
    with reading(ctx.engine) as session:
        stored = [(row.confidence, row.confidence_source) for row in session.query(Suggestion)]
    assert stored == [(0.25, "function")] * 3


def test_only_the_command_line_names_one_and_it_must_be_there(world: World) -> None:
    admin = world.person("root", admin=True)
    own = {"confidence": "function", "confidence_function": f"{__name__}:by_words"}
    with pytest.raises(NotAllowed, match="command line"):
        agents.add_agent(world.ctx, admin, name="a", **own)
    for wrong, said in (
        ({"confidence_function": "json:nothing"}, "no function 'json:nothing'"),
        ({"confidence_function": ""}, "goes with confidence: function"),
        ({"confidence": "stated"}, "goes with confidence: function"),
    ):
        with pytest.raises(Invalid, match=said):
            agents.add_agent(world.ctx, OPERATOR, name="a", **own | wrong)
    assert agents.list_agents(world.ctx) == []
