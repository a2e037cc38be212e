"""Audits of the judge are kept with a project, once, and only by those who decide."""

import asyncio
from datetime import UTC, datetime

import pytest

from app.errors import Invalid, NotAllowed
from app.services.judge_audits import keep_audit, kept_audits
from judge.llm import ScriptedGateway
from judge.probes import Row, audit_report
from tests.app.services.world import World
from tests.judge.making import criterion, rubric, said


def test_a_report_is_kept_once_and_comes_back_whole(world: World) -> None:
    project = world.project()
    lead, ann = world.member(project, "lead", "qa_lead"), world.member(project, "ann")
    judged = rubric(criterion("a"))
    rows = [Row.from_json({"id": n, "prompt": "q", "response": f"Answer {n}."}, judged) for n in range(3)]
    gateway = ScriptedGateway(lambda _: {"a": said(2)})
    report = asyncio.run(
        audit_report(rows, judged, gateway, at=datetime(2026, 11, 21, tzinfo=UTC), probes=["retest"])
    )
    for _ in range(2):
        keep_audit(world.ctx, lead, project.id, report.to_json())
    (kept,) = kept_audits(world.ctx, lead, project.id)
    assert kept.report == report
    assert kept.added_by == "lead"
    with pytest.raises(Invalid, match="no report of an audit"):
        keep_audit(world.ctx, lead, project.id, {})
    with pytest.raises(NotAllowed):
        keep_audit(world.ctx, ann, project.id, report.to_json())
