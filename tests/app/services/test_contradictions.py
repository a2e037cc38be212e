"""Two people's answers to one item, compared in a job: which pairs, once each, and where what was found is seen."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.errors import Invalid, NotAllowed
from app.services import adjudication_queue, assignment, job_control
from app.services.assignment import Task
from app.services.context import Actor, Context
from app.services.contradictions import contradictions_of, start_comparing
from app.services.projects import set_rubric
from db.engine import reading
from db.models import Contradiction, Verdict
from db.records import ProjectRecord
from judge.llm import Failed, OpenAIGateway, ScriptedGateway
from judge.llm.scripted import Request
from tests.app.services.test_labelling_jobs import do_calls
from tests.app.services.world import OPERATOR, World
from tests.contract.loopback import Loopback


class Scene:
    """Two people on three items: one pair contradicts (by a "not"), one agrees, one says the same words."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.project: ProjectRecord = world.project(overlap=2)
        set_rubric(world.ctx, OPERATOR, self.project.id, None)  # nothing else asks the model
        world.fill(self.project, [{"id": f"i{n}", "text": f"t{n}"} for n in range(3)], folder)
        self.ann, self.ben = world.member(self.project, "ann"), world.member(self.project, "ben")
        self.lead = world.member(self.project, "lead", "qa_lead")
        self.failure: Failed | None = None
        self.gateway = ScriptedGateway(self.reply, model="j")
        prices = {"model_input_usd_per_million": 1.0, "model_output_usd_per_million": 2.0}
        self.ctx: Context = replace(
            world.ctx, gateway=self.gateway, settings=world.ctx.settings.with_(**prices)
        )
        self.tasks: dict[tuple[str, str], Task] = {}
        for actor, texts in (
            (self.ann, ["It was sent.", "It is blue.", "Same  words."]),
            (self.ben, ["It was not sent.", "It is a blue car.", "Same words."]),
        ):
            for text in texts:
                task = world.next(actor, self.project)
                self.tasks[actor.login, task.item.external_id] = task
                world.submit(actor, task, verdict="good", why=text)

    def reply(self, request: Request) -> dict[str, object] | Failed:
        if self.failure is not None:
            return self.failure
        body = request.messages[1].text
        shown = json.loads(body[body.index("{") : body.rindex("}") + 1])
        differ = ("not" in shown["A"]) != ("not" in shown["B"])
        return {
            "quotes_from_a": [shown["A"]] if differ else [],
            "quotes_from_b": [shown["B"]] if differ else [],
            "why": "Sent or not." if differ else "",
            "contradict": differ,
        }

    def compare(self, **more: Any) -> int:
        job = start_comparing(self.ctx, self.lead, self.project.id, **more)
        do_calls(self.ctx)
        return job.id

    def revise(self, actor: Actor, item: str, text: str) -> None:
        item_id = self.tasks[actor.login, item].item.id
        reopened = assignment.open_task(self.world.ctx, actor, self.project.id, item_id)
        self.world.submit(actor, reopened, verdict="good", why=text)


def test_contradictions_are_found_counted_and_quoted_from_both(world: World, tmp_path: Path) -> None:
    scene = Scene(world, tmp_path)
    job = scene.compare()
    # Two pairs are sent: the one that contradicts in both orders, the other once. Equal words are not sent.
    assert scene.ctx.jobs.progress(job) == {"done": 2} and len(scene.gateway.requests) == 3
    found = contradictions_of(scene.ctx, scene.lead, scene.project.id)
    assert (found.counts, found.share[:2]) == ({"contradict": 1, "agree": 1}, (1, 2))
    (row,) = found.rows
    assert (row.external_id, row.first_login, row.second_login, row.why) == (
        "i0",
        "ann",
        "ben",
        "Sent or not.",
    )
    assert row.quotes["first"] == [{"quote": "It was sent.", "start": 0, "end": 12, "found": "own"}]
    assert row.quotes["second"][0]["quote"] == "It was not sent."
    with reading(scene.ctx.engine) as session:
        assert session.query(Verdict).count() == 0
        stored = session.query(Contradiction).filter_by(outcome="contradict").one()
        assert (stored.model, stored.usage) == (
            "j",
            {"prompt_tokens": 20, "completion_tokens": 10, "requests": 2},
        )
        assert stored.raw is not None and stored.prompt_version


def test_adjudication_shows_it_as_a_reason_and_first(world: World, tmp_path: Path) -> None:
    scene = Scene(world, tmp_path)
    scene.compare()
    queue = adjudication_queue.adjudication_queue(scene.ctx, scene.lead, scene.project.id)
    assert (queue[0].external_id, queue[0].contradictions) == ("i0", 1)
    assert sum(entry.contradictions for entry in queue) == 1


def test_a_pair_is_compared_once_and_a_changed_answer_is_another_pair(world: World, tmp_path: Path) -> None:
    scene = Scene(world, tmp_path)
    scene.compare()
    assert scene.ctx.jobs.progress(scene.compare()) == {} and len(scene.gateway.requests) == 3
    scene.revise(scene.ben, "i0", "It was sent on Monday.")
    # The old pair stands no more; the new one is not compared yet.
    assert contradictions_of(scene.ctx, scene.lead, scene.project.id).counts == {"agree": 1}
    scene.compare()
    assert contradictions_of(scene.ctx, scene.lead, scene.project.id).counts == {"agree": 2}
    assert len(scene.gateway.requests) == 4


def test_a_budget_and_a_refusing_endpoint_pause_the_job(world: World, tmp_path: Path) -> None:
    scene = Scene(world, tmp_path)
    scene.failure = Failed("unavailable", "401 no such key", "j", None, (), shut=True)
    job = scene.compare()
    assert scene.ctx.jobs.progress(job) == {"paused": 2}
    assert contradictions_of(scene.ctx, scene.lead, scene.project.id).counts == {}
    scene.failure = None
    job_control.resume_job(scene.ctx, scene.lead, job)
    do_calls(scene.ctx)
    assert scene.ctx.jobs.progress(job) == {"done": 2}
    scene.ctx = replace(scene.ctx, settings=world.ctx.settings)
    with pytest.raises(Invalid, match="needs the price"):
        scene.compare(budget_usd=1.0)


def test_a_refusal_is_unscored_and_no_agreement(world: World, tmp_path: Path) -> None:
    scene = Scene(world, tmp_path)
    scene.failure = Failed("refused", "I will not.", "j", None, ())
    scene.compare()
    found = contradictions_of(scene.ctx, scene.lead, scene.project.id)
    assert (found.counts, found.share) == ({"unscored": 2}, (0, 0, None))


def test_what_cannot_be_compared_says_why(world: World, tmp_path: Path) -> None:
    scene = Scene(world, tmp_path)
    with pytest.raises(Invalid, match="language model"):
        start_comparing(world.ctx, scene.lead, scene.project.id)
    with pytest.raises(NotAllowed):
        start_comparing(scene.ctx, scene.ann, scene.project.id)
    with pytest.raises(NotAllowed):
        contradictions_of(scene.ctx, scene.ann, scene.project.id)
    empty = world.project("Q")
    with pytest.raises(Invalid, match="two people's answers"):
        start_comparing(scene.ctx, OPERATOR, empty.id)


@pytest.fixture
def gateway(world: World, loopback: Loopback) -> Iterator[OpenAIGateway]:
    made = OpenAIGateway("m", api_key="k", base_url=loopback.base_url, first_wait_seconds=0.01)
    yield made
    world.ctx.loop.submit(made.close()).result(10)


def test_over_http_with_an_endpoint_that_is_away_for_a_while(
    world: World, tmp_path: Path, loopback: Loopback, gateway: OpenAIGateway
) -> None:
    scene = Scene(world, tmp_path)
    scene.ctx = replace(scene.ctx, gateway=gateway)
    loopback.script[:] = ["503", "garbage"]
    scene.compare()
    assert contradictions_of(scene.ctx, scene.lead, scene.project.id).counts == {"contradict": 1, "agree": 1}
