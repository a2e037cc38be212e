"""Whether an agent still says what it said."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.errors import Invalid
from app.services import agents, stability, subsets
from app.services.stability import Stability
from judge.llm import ScriptedGateway
from judge.llm.scripted import Request
from tests.app.services.test_labelling_jobs import do_calls, labels, online, things
from tests.app.services.world import OPERATOR, World


def test_drift_is_measured_on_the_same_items_and_alarms_when_it_is_beyond_chance(
    world: World, tmp_path: Path
) -> None:
    project = world.project()
    world.fill(project, things(40), tmp_path)
    subsets.save_subset(world.ctx, OPERATOR, project.id, name="fixed", query="not id:i0")
    changed = ["thing 3", "thing 5", "thing 7", "thing 11", "thing 13", "thing 17", "thing 19", "thing 23"]

    def later(request: Request) -> dict[str, Any]:
        return labels("bad" if any(request.mentions(f'"{text}"') for text in changed) else "good")

    jobs = []
    for reply in (lambda _: labels("good"), lambda _: labels("good"), later):
        ctx = online(world, ScriptedGateway(reply))
        jobs.append(stability.start_probe(ctx, OPERATOR, project.id, agent=agents.DEFAULT, subset="fixed").id)
        do_calls(ctx)
    first = stability.first_job(world.ctx, project.id, agents.DEFAULT, "fixed")
    assert first is not None and first.id == jobs[0]
    same, drifted = (stability.measure_flips(ctx, OPERATOR, jobs[0], [job]) for job in jobs[1:])
    assert (same.compared, same.changed, same.alarming(0.05)) == (39, 0, False)
    assert (drifted.compared, drifted.changed, drifted.alarming(0.05)) == (39, 8, True)


def test_options_are_asked_in_other_orders(world: World, tmp_path: Path) -> None:
    project = world.project()
    world.fill(project, things(5), tmp_path)
    subsets.save_subset(world.ctx, OPERATOR, project.id, name="s", query="")
    gateway = ScriptedGateway(lambda _: labels("good"))
    ctx = replace(online(world, gateway))
    jobs = [
        stability.start_probe(ctx, OPERATOR, project.id, agent=agents.DEFAULT, subset="s", shuffle=seed)
        for seed in (None, 1, 2, 3, 4)
    ]
    do_calls(ctx)
    assert len(gateway.requests) == 25  # each order is a question of its own
    assert len({request.messages[0].text for request in gateway.requests}) == 2
    assert stability.measure_flips(ctx, OPERATOR, jobs[0].id, [job.id for job in jobs[1:]]).share == 0.0


def test_an_alarm_needs_more_than_a_few_items() -> None:
    assert not Stability(5, 1, (0.04, 0.62)).alarming(0.05)
    assert Stability(500, 100, (0.17, 0.24)).alarming(0.05)
    assert Stability(0, 0, (0.0, 1.0)).share is None


def test_what_is_meant_to_change_does_not_drift(world: World) -> None:
    with pytest.raises(Invalid, match="meant to change"):
        stability.start_probe(world.ctx, OPERATOR, 1, agent=agents.BUILT_IN, subset="s")
