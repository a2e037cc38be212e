"""Whether an agent still says what it said."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.analytics.intervals import wilson
from app.errors import Invalid, NotAllowed, NotFound
from app.schema.workplace import DriftCheck
from app.services import agents, drift_watch, model_labelling, preannotation, stability, subsets
from app.services.context import Context
from app.services.projects import add_guidelines, change_settings, describe, list_projects
from app.services.stability import Stability
from app.worker import Clock
from db.records import ProjectRecord
from judge.llm import ScriptedGateway
from judge.llm.scripted import Request
from tests.app.services.test_labelling_jobs import do_calls, labels, online, things
from tests.app.services.world import OPERATOR, World


def sample(world: World, tmp_path: Path, count: int = 40) -> ProjectRecord:
    project = world.project()
    world.fill(project, things(count), tmp_path)
    subsets.save_subset(world.ctx, OPERATOR, project.id, name="fixed", query="not id:i0")
    return project


def _always(answer: str) -> Callable[[Request], dict[str, Any]]:
    return lambda _: labels(answer)


def look(ctx: Context, project: ProjectRecord) -> int:
    job = stability.start_look(ctx, OPERATOR, project.id, agent=agents.DEFAULT, subset="fixed")
    do_calls(ctx)
    return job.id


def seen(ctx: Context, project: ProjectRecord) -> list[tuple[int, int] | None]:
    """(changed, compared) of each look."""
    return [
        (one.since_first.changed, one.since_first.compared) if one.since_first else None
        for one in stability.looks(ctx, OPERATOR, project.id, agents.DEFAULT, "fixed")
    ]


def test_drift_is_measured_on_the_same_items_and_alarms_when_it_is_beyond_chance(
    world: World, tmp_path: Path
) -> None:
    project = sample(world, tmp_path)
    changed = ["thing 3", "thing 5", "thing 7", "thing 11", "thing 13", "thing 17", "thing 19", "thing 23"]

    def later(request: Request) -> dict[str, Any]:
        return labels("bad" if any(request.mentions(f'"{text}"') for text in changed) else "good")

    for reply in (lambda _: labels("good"), lambda _: labels("good"), later):
        ctx = online(world, ScriptedGateway(reply))
        look(ctx, project)
    assert seen(ctx, project) == [None, (0, 39), (8, 39)]
    same, drifted = (
        one.since_first
        for one in stability.looks(ctx, OPERATOR, project.id, agents.DEFAULT, "fixed")
        if one.since_first
    )
    assert not same.alarming(0.05) and drifted.alarming(0.05)


def test_a_look_asks_anew_what_the_agent_has_said_before(world: World, tmp_path: Path) -> None:
    project = sample(world, tmp_path, 4)
    gateway = ScriptedGateway(lambda _: labels("good"))
    ctx = online(world, gateway)
    preannotation.start(ctx, OPERATOR, project.id, agent=agents.DEFAULT, query="subset:fixed")
    do_calls(ctx)
    look(ctx, project)
    look(ctx, project)
    assert len(gateway.requests) == 9
    assert seen(ctx, project) == [None, (0, 3)]


def test_another_prompt_is_no_drift(world: World, tmp_path: Path) -> None:
    project = sample(world, tmp_path, 4)
    for answer, guidelines in (("good", ""), ("bad", "Be strict."), ("bad", "Be strict.")):
        ctx = online(world, ScriptedGateway(_always(answer)))
        if guidelines:
            add_guidelines(world.ctx, OPERATOR, project.id, guidelines)
            model_labelling._settings.clear()  # else a call uses for five seconds what another one read
        look(ctx, project)
    found = stability.looks(ctx, OPERATOR, project.id, agents.DEFAULT, "fixed")
    assert [one.same_prompt for one in found] == [False, True, True]
    assert seen(ctx, project) == [None, None, (0, 3)]


def test_options_are_asked_in_other_orders(world: World, tmp_path: Path) -> None:
    project = sample(world, tmp_path, 6)
    gateway = ScriptedGateway(lambda _: labels("good"))
    ctx = online(world, gateway)
    first = look(ctx, project)
    for _ in range(2):  # asked for twice, done once
        jobs = stability.start_variations(
            ctx, OPERATOR, project.id, agent=agents.DEFAULT, subset="fixed", by="options", times=4
        )
        do_calls(ctx)
    assert len(gateway.requests) == 25  # each order is a question of its own
    assert len({request.messages[0].text for request in gateway.requests}) == 2
    assert stability.measure_flips(ctx, OPERATOR, first, [job.id for job in jobs]).compared == 0
    assert seen(ctx, project) == [None]  # no look


def test_the_prompt_is_put_in_other_words(world: World, tmp_path: Path) -> None:
    project = sample(world, tmp_path, 11)

    def reply(request: Request) -> dict[str, Any]:
        return labels("bad" if "one or two sentences that quote" in request.messages[0].text else "good")

    gateway = ScriptedGateway(reply)
    ctx = online(world, gateway)
    first = look(ctx, project)
    jobs = stability.start_variations(
        ctx, OPERATOR, project.id, agent=agents.DEFAULT, subset="fixed", by="wording", times=9
    )
    do_calls(ctx)
    assert len(jobs) == 2  # there are three wordings in all
    assert len({request.messages[0].text for request in gateway.requests}) == 3
    found = stability.measure_flips(ctx, OPERATOR, first, [job.id for job in jobs])
    assert (found.changed, found.compared) == (20, 20)
    assert found.interval == wilson(10, 10)  # ten answers that flip twice are no twenty


def test_examples_stand_in_other_orders(world: World, tmp_path: Path) -> None:
    project = world.project()
    rows = things(4) + [
        {"id": f"g{number}", "text": f"known {number}", "gold": {"verdict": "good"}} for number in range(30)
    ]
    world.fill(project, rows, tmp_path)
    subsets.save_subset(world.ctx, OPERATOR, project.id, name="fixed", query="id:i0")
    agents.add_agent(world.ctx, OPERATOR, name="few-shot", examples=4, pick="random")
    gateway = ScriptedGateway(lambda _: labels("good"))
    ctx = online(world, gateway)
    stability.start_look(ctx, OPERATOR, project.id, agent="few-shot", subset="fixed")
    stability.start_variations(
        ctx, OPERATOR, project.id, agent="few-shot", subset="fixed", by="examples", times=3
    )
    do_calls(ctx)
    prompts = [request.messages[0].text for request in gateway.requests]
    assert len(prompts) == 4 and len(set(prompts)) > 1
    assert len({"".join(sorted(prompt)) for prompt in prompts}) == 1  # the same examples, in another order
    with pytest.raises(Invalid, match="fewer than two examples"):
        stability.start_variations(
            ctx, OPERATOR, project.id, agent=agents.DEFAULT, subset="fixed", by="examples", times=1
        )


def test_an_alarm_needs_more_than_a_few_items() -> None:
    assert not Stability(5, 1, (0.04, 0.62)).alarming(0.05)
    assert Stability(500, 100, (0.17, 0.24)).alarming(0.05)
    assert Stability(0, 0, (0.0, 1.0)).share is None


def test_what_is_meant_to_change_does_not_drift(world: World) -> None:
    with pytest.raises(Invalid, match="meant to change"):
        stability.start_look(world.ctx, OPERATOR, 1, agent=agents.BUILT_IN, subset="s")


class TestByTheClock:
    NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def test_each_period_has_one_look_whoever_asks(self, world: World, tmp_path: Path) -> None:
        project = sample(world, tmp_path, 4)
        ctx = online(world, ScriptedGateway(lambda _: labels("good")))
        drift_watch.watch(ctx, OPERATOR, project.id, agent=agents.DEFAULT, subset="fixed", every_hours=6)
        first = drift_watch.ask_due(ctx, now=self.NOON)
        assert len(first) == 1 == len(set(first))
        assert drift_watch.ask_due(ctx, now=self.NOON + timedelta(hours=5, minutes=59)) == first
        # Known without a look at the project: without a model a new look could not even be prepared.
        assert drift_watch.ask_due(replace(ctx, gateway=None), now=self.NOON) == first
        do_calls(ctx)
        second = drift_watch.ask_due(ctx, now=self.NOON + timedelta(hours=6))
        do_calls(ctx)
        assert second != first
        (one,) = drift_watch.watched(ctx, OPERATOR, project.id)
        assert [entry.job.id for entry in one.looks] == [*first, *second] and one.alarm is None

    def test_an_alarm_names_the_look(self, world: World, tmp_path: Path) -> None:
        project = sample(world, tmp_path)
        for number, answer in enumerate(("good", "good", "bad")):
            ctx = online(world, ScriptedGateway(_always(answer)))
            drift_watch.watch(ctx, OPERATOR, project.id, agent=agents.DEFAULT, subset="fixed")
            (job,) = drift_watch.ask_due(ctx, now=self.NOON + timedelta(days=number))
            do_calls(ctx)
        (one,) = drift_watch.watched(ctx, OPERATOR, project.id)
        assert one.alarm is not None and one.alarm.job.id == job
        assert one.alarm.since_first is not None and one.alarm.since_first.share == 1.0

    def test_a_worker_without_a_model_says_so_and_tries_again(
        self, world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        project = sample(world, tmp_path, 4)
        ctx = online(world, ScriptedGateway(lambda _: labels("good")))
        drift_watch.watch(ctx, OPERATOR, project.id, agent=agents.DEFAULT, subset="fixed")
        with caplog.at_level(logging.WARNING):
            assert drift_watch.ask_due(replace(ctx, gateway=None), now=self.NOON) == []
        assert "no language model is configured" in caplog.text
        assert len(drift_watch.ask_due(ctx, now=self.NOON)) == 1

    def test_the_workers_clock_asks(self, world: World, tmp_path: Path) -> None:
        project = sample(world, tmp_path, 4)
        ctx = online(world, ScriptedGateway(lambda _: labels("good")))
        ctx.jobs.prepare()
        drift_watch.watch(ctx, OPERATOR, project.id, agent=agents.DEFAULT, subset="fixed")
        Clock(ctx).once()
        assert len(stability.looks(ctx, OPERATOR, project.id, agents.DEFAULT, "fixed")) == 1

    def test_what_cannot_be_asked_is_refused(self, world: World, tmp_path: Path) -> None:
        project = sample(world, tmp_path, 4)

        def watch(**check: Any) -> DriftCheck:
            return drift_watch.watch(
                world.ctx, OPERATOR, project.id, **{"agent": agents.DEFAULT, "subset": "fixed"} | check
            )

        with pytest.raises(NotFound, match="no saved subset 'other'"):
            watch(subset="other")
        with pytest.raises(NotFound, match="no agent 'nobody'"):
            watch(agent="nobody")
        with pytest.raises(Invalid, match="meant to change"):
            watch(agent=agents.BUILT_IN)
        with pytest.raises(Invalid, match="every_hours"):
            watch(every_hours=0)
        annotator = world.member(project, "ann", "annotator")
        with pytest.raises(NotAllowed):
            drift_watch.watch(world.ctx, annotator, project.id, agent=agents.DEFAULT, subset="fixed")
        assert drift_watch.watched(world.ctx, OPERATOR, project.id) == []

    def test_looks_and_flips_are_for_those_who_start_jobs(self, world: World, tmp_path: Path) -> None:
        project = sample(world, tmp_path, 4)
        annotator = world.member(project, "ann", "annotator")
        for ask in (stability.looks, stability.flips):
            with pytest.raises(NotAllowed):
                ask(world.ctx, annotator, project.id, agents.DEFAULT, "fixed")

    def test_a_check_is_replaced_and_ended_and_other_settings_stay(
        self, world: World, tmp_path: Path
    ) -> None:
        project = sample(world, tmp_path, 4)
        change_settings(world.ctx, OPERATOR, project.id, workplace={"break_minutes": 50})
        for hours in (24, 12):
            drift_watch.watch(
                world.ctx, OPERATOR, project.id, agent=agents.DEFAULT, subset="fixed", every_hours=hours
            )
        (one,) = drift_watch.watched(world.ctx, OPERATOR, project.id)
        assert (one.check.every_hours, one.check.alarm_above, one.looks) == (12, 0.05, [])
        for _ in range(2):
            drift_watch.unwatch(world.ctx, OPERATOR, project.id, agents.DEFAULT, "fixed")
        (project, _), *_ = list_projects(world.ctx, OPERATOR)
        assert describe(world.ctx, OPERATOR, project.id).project.workplace == {"break_minutes": 50}
