import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app.clock import utc_now
from app.errors import NotAllowed
from app.services import agents, chat, draft_checks, endpoints, preannotation
from app.services.costs import CostReport, RoleCost, cost_report
from app.services.performing import perform
from app.services.projects import create_project
from app.services.rejudging import start_rejudging
from app.wiring import handlers
from db.engine import reading, transaction
from db.models import Call, Verdict
from db.store import verdicts
from judge.llm import ScriptedGateway, Usage
from rubrics import Rubric
from tests.app.services.test_labelling_jobs import do_calls
from tests.app.services.world import OPERATOR, SCHEMA, World
from tests.contract.loopback import fill
from tests.judge.making import criterion


def test_every_part_is_counted_once_and_priced(world: World, tmp_path: Path) -> None:
    def best(request: object) -> object:
        schema = request.reply.model_json_schema()  # type: ignore[attr-defined]
        return fill(schema, schema, "You", None)

    gateway = ScriptedGateway(best, stream=["Yes."], model="m", usage=Usage(1000, 100))  # type: ignore[arg-type]
    priced = world.ctx.settings.with_(model_input_usd_per_million=1.0, model_output_usd_per_million=10.0)
    ctx = replace(world.ctx, gateway=gateway, settings=priced)
    project = world.project()
    world.fill(project, [{"id": "a", "text": "t"}], tmp_path)
    ann, mara = world.member(project, "ann"), world.member(project, "mara", "manager")

    def work() -> None:
        with reading(ctx.engine) as session:
            waiting = [row.id for row in session.query(Call).filter(Call.status == "queued")]
        for call_id in waiting:
            asyncio.run(perform(ctx.engine, handlers(ctx), call_id))

    preannotation.start(ctx, OPERATOR, project.id, agent=agents.DEFAULT)
    work()
    world.ctx = ctx
    task = world.next(ann, project)

    async def talk() -> None:
        async for _ in chat.ask(ctx, ann, task.item.id, request_id="r", text="Well?", draft={}):
            pass

    asyncio.run(talk())
    asyncio.run(
        draft_checks.check_draft(ctx, ann, task.item.id, request_id="c", question="why", text="You see.")
    )
    world.submit(ann, task, verdict="good", why="You see.")
    work()
    report = cost_report(ctx, mara, project.id)
    # Each part asked once: 1000 tokens at 1 USD and 100 at 10 USD a million are 0.002 USD. The suggestion's call
    # answered two questions and is one call.
    assert [(role.role, role.calls, role.tokens) for role in report.roles] == [
        ("before", 1, 1100),
        ("beside", 1, 1100),
        ("after", 1, 1100),
        ("check", 1, 1100),
    ]
    assert [role.usd for role in report.roles] == [pytest.approx(0.002)] * 4
    assert report.answers == 1
    assert report.usd_per_answer == pytest.approx(0.008)
    without = replace(ctx, settings=world.ctx.settings.with_(model_input_usd_per_million=None))
    unpriced = {role.role: role.usd for role in cost_report(without, mara, project.id).roles}
    assert unpriced["after"] is None and unpriced["before"] == pytest.approx(0.002)
    with pytest.raises(NotAllowed):
        cost_report(ctx, ann, project.id)


def test_nothing_asked_is_no_cost_and_no_price(world: World) -> None:
    project = world.project()
    report = cost_report(world.ctx, OPERATOR, project.id)
    assert (report.usd, report.usd_per_answer, sum(role.calls for role in report.roles)) == (None, None, 0)


class Judged:
    """Answers judged by a model on a rubric of one rule and one criterion for it; 1000 and 100 tokens a request."""

    def __init__(self, world: World, folder: Path, model: str = "m", count: int = 2) -> None:
        def best(request: object) -> object:
            schema = request.reply.model_json_schema()  # type: ignore[attr-defined]
            return fill(schema, schema, "quality", None)

        rubric = Rubric(name="two", title="Two", criteria=(criterion("kind"), criterion("clear")))
        self.project = create_project(
            world.ctx, OPERATOR, name="J", schema_yaml=SCHEMA, guidelines="", rubric=rubric, settings={}
        )
        gateway = ScriptedGateway(best, model=model, usage=Usage(1000, 100))  # type: ignore[arg-type]
        self.ctx = replace(world.ctx, gateway=gateway)
        world.ctx = self.ctx
        world.fill(self.project, [{"id": f"i{n}", "text": "t"} for n in range(count)], folder)
        self.ann, self.mara = world.member(self.project, "ann"), world.member(self.project, "mara", "manager")
        for _ in range(count):
            world.submit(self.ann, world.next(self.ann, self.project), verdict="good", why="quality")
        do_calls(self.ctx)

    def price(self, model: str, day: datetime, per_million: float) -> None:
        endpoints.add_price(
            self.ctx,
            OPERATOR,
            model=model,
            valid_from=day,
            input_usd_per_million=per_million,
            output_usd_per_million=10 * per_million,
        )

    def report(self) -> CostReport:
        return cost_report(self.ctx, self.mara, self.project.id)

    def after(self) -> RoleCost:
        return next(role for role in self.report().roles if role.role == "after")


def test_verdicts_are_priced_by_their_model_and_day(world: World, tmp_path: Path) -> None:
    scene = Judged(world, tmp_path)
    assert scene.after().usd is None  # no price is no zero
    today = utc_now()
    scene.price("m", today - timedelta(days=30), 1.0)
    scene.price("m", today - timedelta(days=10), 2.0)
    scene.price("other", today - timedelta(days=30), 5.0)
    # 1000 tokens at 2 and 100 at 20 USD a million are .004 USD, twice.
    assert scene.after().usd == pytest.approx(0.008)
    with transaction(scene.ctx.engine) as session:
        first, second = session.query(Verdict).order_by(Verdict.id)
        first.created_at = today - timedelta(days=20)  # at the older price, .002
        second.model = "other-2026-01-01"  # 1000 at 5 and 100 at 50: .01
    assert scene.after().usd == pytest.approx(0.012)
    with transaction(scene.ctx.engine) as session:
        session.query(Verdict).order_by(Verdict.id.desc()).first().model = "unheard-of"  # type: ignore[union-attr]
    assert (scene.after().usd, scene.report().usd, scene.after().tokens) == (None, None, 2200)


def test_the_settings_price_serves_for_the_configured_model_only(world: World, tmp_path: Path) -> None:
    scene = Judged(world, tmp_path)
    prices = {"model_input_usd_per_million": 1.0, "model_output_usd_per_million": 10.0}
    scene.ctx = replace(scene.ctx, settings=scene.ctx.settings.with_(**prices))
    assert scene.after().usd == pytest.approx(0.004)
    with transaction(scene.ctx.engine) as session:
        session.query(Verdict).update({"model": "m-2026-01-01"})  # as the endpoint calls it
    assert scene.after().usd == pytest.approx(0.004)
    with transaction(scene.ctx.engine) as session:
        session.query(Verdict).update({"model": "mini"})
    assert scene.after().usd is None


def test_costs_outlive_the_raw_replies(world: World, tmp_path: Path) -> None:
    scene = Judged(world, tmp_path)
    before = scene.report()
    with transaction(scene.ctx.engine) as session:
        assert verdicts.forget_replies(session, before=utc_now() + timedelta(days=1)) == 2
    assert scene.report() == before and scene.after().calls == 2


def test_requests_for_each_answer_are_counted_and_compared_with_one_for_each_criterion(
    world: World, tmp_path: Path
) -> None:
    scene = Judged(world, tmp_path)
    (way,) = scene.report().judge
    assert (way.what, way.judged, way.requests, way.one_each, way.tokens) == ("answers", 2, 1.0, 2.0, 1100)
    assert scene.report().both_ways is None
    start_rejudging(scene.ctx, OPERATOR, scene.project.id, samples=1, together="one", limit=1)
    do_calls(scene.ctx)
    assert [(way.together, way.judged, way.requests) for way in scene.report().judge] == [
        ("all", 2, 1.0),
        ("one", 1, 2.0),
    ]
    both = scene.report().both_ways
    assert both is not None
    # One answer both ways: one request of 1100 tokens, and two.
    assert (both.answers, both.requests_together, both.requests_each) == (1, 1.0, 2.0)
    assert (both.tokens_together, both.tokens_each, both.usd_each) == (1100, 2200, None)


def test_rules_alone_cost_nothing_and_are_no_calls(world: World, tmp_path: Path) -> None:
    project = world.project()
    world.fill(project, [{"id": "a", "text": "t"}], tmp_path)
    ann = world.member(project, "ann")
    world.submit(ann, world.next(ann, project), verdict="good", why="Because.")
    do_calls(world.ctx)
    report = cost_report(world.ctx, OPERATOR, project.id)
    assert (report.judge, sum(role.calls for role in report.roles)) == ([], 0)
