"""Time, reports, export and pre-annotation: from what people did to the numbers of the pages."""

import json
import time
from pathlib import Path

import pandas as pd
import pytest

from app.errors import Invalid, NotFound
from app.samples import load_sample
from app.services import preannotation, reports, telemetry
from app.services.export import export_answers
from app.services.handling_time import time_report
from app.services.telemetry import BrowserEvent
from db.engine import reading
from db.models import Suggestion
from tests.app.services.world import OPERATOR, World


def event(seq: int, kind: str, ago: float) -> BrowserEvent:
    return BrowserEvent(seq, kind, ago, {})


class TestTime:
    def test_events_become_a_visit_with_its_ledger(self, world: World, tmp_path: Path) -> None:
        project = world.project()
        world.fill(project, [{"id": "a", "text": "t"}], tmp_path)
        ann = world.member(project, "ann")
        task = world.next(ann, project)
        batch = [event(1, "opened", 20), event(2, "key", 10), event(3, "heartbeat", 0)]
        visit = telemetry.record_events(world.ctx, ann, visit_key=task.lease.visit_key, tab="t", events=batch)
        # 10 s reading, 5 s working after the key, 5 s reading
        assert (round(visit.reading), round(visit.working), round(visit.idle)) == (15, 5, 0)

    def test_a_repeated_batch_and_a_second_tab_count_once(self, world: World, tmp_path: Path) -> None:
        project = world.project()
        world.fill(project, [{"id": "a", "text": "t"}], tmp_path)
        ann = world.member(project, "ann")
        key = world.next(ann, project).lease.visit_key
        batch = [event(1, "opened", 20), event(2, "heartbeat", 10), event(3, "heartbeat", 0)]
        begun = time.monotonic()
        for tab in ("one", "one", "two"):
            visit = telemetry.record_events(world.ctx, ann, visit_key=key, tab=tab, events=batch)
        # Twenty seconds once, and what the calls themselves took; twice would be forty.
        assert 19.5 <= visit.reading + visit.working <= 20.5 + time.monotonic() - begun
        assert visit.tabs == 2

    def test_coming_back_after_the_idle_rule_is_a_new_visit(self, world: World, tmp_path: Path) -> None:
        project = world.project(idle_seconds=60)
        world.fill(project, [{"id": "a", "text": "t"}], tmp_path)
        ann = world.member(project, "ann")
        key = world.next(ann, project).lease.visit_key
        first = telemetry.record_events(
            world.ctx, ann, visit_key=key, tab="t", events=[event(1, "opened", 500), event(2, "closed", 490)]
        )
        again = telemetry.record_events(
            world.ctx, ann, visit_key=key, tab="t", events=[event(3, "opened", 5), event(4, "heartbeat", 0)]
        )
        assert again.id != first.id
        assert len(telemetry.own_visits(world.ctx, ann, project.id)) == 2

    def test_nobody_reports_on_anothers_visit(self, world: World, tmp_path: Path) -> None:
        project = world.project()
        world.fill(project, [{"id": "a", "text": "t"}], tmp_path)
        ann, bob = world.member(project, "ann"), world.member(project, "bob")
        key = world.next(ann, project).lease.visit_key
        with pytest.raises(NotFound):
            telemetry.record_events(world.ctx, bob, visit_key=key, tab="t", events=[event(1, "opened", 1)])
        with pytest.raises(Invalid, match="not known"):
            telemetry.record_events(world.ctx, ann, visit_key=key, tab="t", events=[event(1, "rm -rf", 1)])


def two_people(world: World, tmp_path: Path) -> int:
    """Four items answered by two people who agree on three: gg, gg, bb, gb; all shown a suggestion `good`."""
    project = world.project(overlap=2)
    rows = [
        {"id": f"i{n}", "text": f"t{n}", "gold": {"verdict": "good"}, "suggestions": {"verdict": "good"}}
        for n in range(4)
    ]
    world.fill(project, rows, tmp_path)
    ann, bob = world.member(project, "ann"), world.member(project, "bob")
    for person, values in ((ann, "ggbg"), (bob, "ggbb")):
        for value in values:
            task = world.next(person, project)
            batch = [event(1, "opened", 10), event(2, "key", 0)]
            telemetry.record_events(world.ctx, person, visit_key=task.lease.visit_key, tab="t", events=batch)
            world.submit(person, task, verdict={"g": "good", "b": "bad"}[value])
    return project.id


def test_the_reports_count_what_was_answered(world: World, tmp_path: Path) -> None:
    project_id = two_people(world, tmp_path)
    (question,) = reports.agreement(world.ctx, OPERATOR, project_id).questions
    # gg gg bb gb: o_gg = 4, o_bb = 2, o_gb = o_bg = 1; n = 8, n_g = 5, n_b = 3
    # D_o = 2/8, D_e = 2*5*3/(8*7), alpha = 1 - (1/4)/(30/56)
    assert question.nominal.value == pytest.approx(1 - (1 / 4) / (30 / 56))
    assert question.percent == 0.75
    time = time_report(world.ctx, OPERATOR, project_id)
    assert (time.n, time.effect.change) == (8, None)
    assert time.effect.reason is not None and "no control arm" in time.effect.reason
    assert [(quality.n, quality.value) for quality in time.quality] == [(8, 5 / 8)]
    assert time.arms[0].median == pytest.approx(10, abs=0.5)


@pytest.mark.parametrize("format_", ["jsonl", "csv", "parquet"])
def test_the_export_has_one_row_per_answer_and_person(world: World, tmp_path: Path, format_: str) -> None:
    project_id = two_people(world, tmp_path)
    out = tmp_path / f"o.{format_}"
    assert export_answers(world.ctx, OPERATOR, project_id, out, format=format_) == 8
    assert (
        export_answers(world.ctx, OPERATOR, project_id, tmp_path / "c", format=format_, only="confirmed") == 5
    )
    assert (
        export_answers(world.ctx, OPERATOR, project_id, tmp_path / "d", format=format_, only="corrected") == 3
    )
    assert export_answers(world.ctx, OPERATOR, project_id, tmp_path / "p", format=format_, only="passed") == 0
    if format_ == "jsonl":
        row = json.loads(out.read_text().splitlines()[0])
        assert (row["producer"], row["external_id"], row["value"], row["arm"]) == (
            "ann",
            "i0",
            "good",
            "suggestion",
        )
        assert (row["suggestion_value"], row["verification"], row["gold"]) == ("good", "confirms", "good")
        assert row["handling_seconds"] == pytest.approx(10, abs=0.5)
    if format_ == "parquet":
        assert pd.read_parquet(out)["producer"].tolist() == ["ann"] * 4 + ["bob"] * 4


class TestPreannotation:
    def test_too_few_verified_labels_are_refused_with_their_number(
        self, world: World, tmp_path: Path
    ) -> None:
        project = world.project()
        world.fill(project, [{"id": "a", "text": "t", "gold": {"verdict": "good"}}], tmp_path)
        with pytest.raises(Invalid, match="at least 20"):
            preannotation.start(world.ctx, OPERATOR, project.id)

    def test_a_job_puts_a_suggestion_with_reasons_beside_every_item(
        self, world: World, tmp_path: Path
    ) -> None:
        project = world.project()
        comments = [
            row for row in load_sample("comments").items if row["gold"]["verdict"] in ("spam", "constructive")
        ]
        rows = [
            {
                "id": row["id"],
                "text": row["text"],
                "gold": {"verdict": "bad" if row["gold"]["verdict"] == "spam" else "good"},
            }
            for row in comments
        ]
        world.fill(
            project, [*rows, {"id": "new", "text": "Win a free voucher now, click the link"}], tmp_path
        )
        job = preannotation.start(world.ctx, OPERATOR, project.id)
        assert world.do_calls() == ["done"]
        state = preannotation.job_state(world.ctx, OPERATOR, job.id)
        assert state is not None and state.finished and state.counts == {"done": 1}
        with reading(world.ctx.engine) as session:
            found = session.query(Suggestion).all()
            assert len(found) == 33 and all(row.builtin and 0 <= (row.confidence or 0) <= 1 for row in found)
            newest = found[-1]
            assert newest.value == ["bad"] and newest.examples and "similar verified" in newest.rationale
