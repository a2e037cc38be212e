import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from app.errors import NotAllowed
from app.services import agents, chat, draft_checks, preannotation
from app.services.costs import cost_report
from app.services.performing import perform
from app.wiring import handlers
from db.engine import reading
from db.models import Call
from judge.llm import ScriptedGateway, Usage
from tests.app.services.world import OPERATOR, World
from tests.contract.loopback import fill


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
