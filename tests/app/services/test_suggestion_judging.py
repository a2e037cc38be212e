"""Suggestions judged in a job: what is judged, what it orders and finds, and that it stays out of people's figures."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.errors import Invalid, NotAllowed
from app.schema import parse_schema
from app.services import job_control, job_report, judging, suggestion_judging, verification, verification_list
from app.services.context import Actor, Context
from app.services.export_suggestions import SUGGESTION_COLUMNS, suggestion_rows
from app.services.judge_standing import judged_queue
from app.services.projects import change_settings, create_project, set_rubric
from app.services.score_history import score_history
from app.services.subsets import find_subset_items
from app.services.suggestion_judging import start_judging_suggestions, suggestion_figures
from app.services.verification_list import Filters
from db import frames
from db.engine import reading
from db.models import Verdict
from db.records import ProjectRecord
from db.store.suggestion_verdicts import SuggestionToJudge
from judge.llm import Failed, ScriptedGateway
from judge.llm.scripted import Request
from rubrics import Rubric
from tests.app.services.test_labelling_jobs import do_calls
from tests.app.services.world import OPERATOR, SCHEMA, World
from tests.judge.making import criterion


def suggested(number: int, level: int, **more: Any) -> dict[str, Any]:
    """An item with a suggested text that says its level, and a label without a reason."""
    return {
        "id": f"i{number}",
        "text": f"thing {number}",
        "suggestions": [
            {"question": "verdict", "value": "good", "confidence": 0.5, "model": "m"},
            {"question": "why", "value": f"quality {level}", "confidence": 0.5, "model": "m", **more},
        ],
    }


class Scene:
    def __init__(self, world: World, folder: Path, levels: list[int]) -> None:
        rubric = Rubric(name="tone", title="Tone", pass_mark=0.5, criteria=(criterion("kind"),))
        self.project: ProjectRecord = create_project(
            world.ctx, OPERATOR, name="P", schema_yaml=SCHEMA, guidelines="", rubric=rubric, settings={}
        )
        self.world = world
        self.gateway = ScriptedGateway(self.reply, model="j")
        prices = {"model_input_usd_per_million": 1.0, "model_output_usd_per_million": 2.0}
        self.ctx: Context = replace(
            world.ctx, gateway=self.gateway, settings=world.ctx.settings.with_(**prices)
        )
        rows = [suggested(number, level) for number, level in enumerate(levels)]
        world.fill(self.project, rows, folder)
        self.ann: Actor = world.member(self.project, "ann")
        self.lead: Actor = world.member(self.project, "lead", "qa_lead")
        self.failure: Failed | None = None

    def reply(self, request: Request) -> dict[str, object] | Failed:
        if self.failure is not None:
            return self.failure
        text = request.messages[1].text
        level = next((level for level in (1, 2, 3) if f"quality {level}" in text), 3)
        return {
            "kind": {
                "evidence": [f"quality {level}"] if "quality" in text else [],
                "rationale": "Because.",
                "level": level,
                "suggestion": "",
            }
        }

    def judge(self, **more: Any) -> int:
        job = start_judging_suggestions(self.ctx, self.lead, self.project.id, **{"samples": 1, **more})
        do_calls(self.ctx)
        return job.id

    def found(self, query: str) -> list[int]:
        return find_subset_items(self.ctx, self.lead, self.project.id, query)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification_list, "_JUDGED_SECONDS", 0.0)


def test_suggested_texts_are_judged_as_answers_are_and_the_low_ones_go_to_a_person(
    world: World, tmp_path: Path
) -> None:
    scene = Scene(world, tmp_path, [3, 1, 2])
    job = scene.judge()
    # Totals 1, 0 and .5 at a pass mark of .5; the labels have no rationale and are not judged.
    figures = suggestion_figures(scene.ctx, scene.lead, scene.project.id)
    assert (figures.counts, figures.below[:2]) == ({"below": 1, "passed": 2}, (1, 3))
    assert [(row.external_id, row.total, row.model, row.judge) for row in figures.rows] == [
        ("i1", 0.0, "m", "j")
    ]
    assert len(scene.gateway.requests) == 3
    every = scene.found("")
    assert scene.found("judge:below") == [every[1]]
    assert scene.found("judge:passed") == [every[0], every[2]]
    assert scene.found("judge:any minus judge:passed") == [every[1]]
    assert scene.found("judge:unscored or judge:flagged") == []
    with reading(scene.ctx.engine) as session:
        rows = session.query(Verdict).all()
        assert {(row.answer_id, row.usage["requests"], row.simulated) for row in rows} == {(None, 1, False)}
    report = job_report.job_report(scene.ctx, scene.lead, job)
    assert report.state.counts == {"done": 3}
    # Ten tokens at 1 and five at 2 USD a million, three times.
    assert report.state.job.spent_usd == pytest.approx(3 * 20e-6)


def test_verdicts_on_suggestions_are_in_no_figure_about_people(world: World, tmp_path: Path) -> None:
    scene = Scene(world, tmp_path, [3, 1])
    scene.judge()
    scene.world.ctx = scene.ctx
    task = world.next(scene.ann, scene.project)
    world.submit(scene.ann, task, verdict="good", why="quality 2")
    do_calls(scene.ctx)
    assert [row["total"] for row in judging.feedback(scene.ctx, scene.ann, scene.project.id)] == [0.5]
    assert sum(judged_queue(scene.ctx, scene.lead, scene.project.id).counts.values()) == 1
    assert list(score_history(scene.ctx, scene.lead, scene.project.id)["n"]) == [1]
    with reading(scene.ctx.engine) as session:
        assert list(frames.criterion_levels(session, scene.project.id)["level"]) == [2]
    # And the answer's verdict is none of a suggestion.
    assert suggestion_figures(scene.ctx, scene.lead, scene.project.id).judged == 2


def test_the_export_of_suggestions_holds_what_the_judge_said(world: World, tmp_path: Path) -> None:
    scene = Scene(world, tmp_path, [3, 1])
    scene.judge()
    with reading(scene.ctx.engine) as session:
        rows = {
            (row["external_id"], row["question"]): row for row in suggestion_rows(session, scene.project.id)
        }
    assert [
        (rows["i1", name]["judge_total"], rows["i1", name]["judge_passed"], rows["i1", name]["judge_model"])
        for name in ("why", "verdict")
    ] == [(0.0, False, "j"), (None, None, None)]
    assert set(SUGGESTION_COLUMNS) == set(rows["i0", "why"])


def test_nothing_is_judged_twice_and_other_replies_are_another_question(world: World, tmp_path: Path) -> None:
    scene = Scene(world, tmp_path, [3, 1])
    scene.judge()
    again = scene.judge()
    assert scene.ctx.jobs.progress(again) == {} and len(scene.gateway.requests) == 2
    scene.judge(samples=2)
    assert len(scene.gateway.requests) == 2 + 4
    assert suggestion_figures(scene.ctx, scene.lead, scene.project.id).judged == 2  # the newest counts


def test_labels_are_judged_with_their_rationale_and_alone_only_where_the_project_wants_it(
    world: World, tmp_path: Path
) -> None:
    scene = Scene(world, tmp_path, [3])
    with_reason = suggested(7, 3)
    with_reason["suggestions"][0]["rationale"] = "It is praised, quality 1."
    world.fill(scene.project, [with_reason], tmp_path)
    scene.judge()
    read = [request.messages[1].text for request in scene.gateway.requests]
    assert sum('"answer": "Good? good\\n\\nIt is praised, quality 1."' in text for text in read) == 1
    assert len(read) == 3
    change_settings(scene.ctx, OPERATOR, scene.project.id, workplace={"judge_suggestions": "all"})
    scene.judge()
    assert (
        len(scene.gateway.requests) == 4
        and '"answer": "Good? good"' in scene.gateway.requests[3].messages[1].text
    )
    change_settings(scene.ctx, OPERATOR, scene.project.id, workplace={"judge_suggestions": "no"})
    with pytest.raises(Invalid, match="switches it on"):
        scene.judge()


def test_badly_judged_suggestions_are_verified_first(world: World, tmp_path: Path) -> None:
    scene = Scene(world, tmp_path, [3, 1, 2])

    def order(actor: Actor, **filters: Any) -> list[tuple[str, Any]]:
        page = verification.list_rows(
            scene.ctx, actor, scene.project.id, question="why", filters=Filters(sort="priority", **filters)
        )
        return [(row["external_id"], row["judge"]) for row in page.rows]

    assert [name for name, _ in order(scene.ann)] == ["i0", "i1", "i2"]
    scene.judge()
    # All are half in doubt: .25. With the judge .7 * .25 + .3 * (1 - total): i0 .175, i1 .475, i2 .325.
    assert [name for name, _ in order(scene.lead)] == ["i1", "i2", "i0"]
    assert order(scene.lead)[0][1] == {"total": 0.0, "passed": False, "flags": []}
    # Who judges for themselves is led by it and not told.
    assert order(scene.ann) == [("i1", None), ("i2", None), ("i0", None)]
    with pytest.raises(Invalid, match="judge"):
        order(scene.ann, query="judge:below")
    with pytest.raises(Invalid, match="read everybody's"):
        verification.list_rows(
            scene.ctx, scene.ann, scene.project.id, question="why", filters=Filters(sort="judge")
        )
    page = verification.list_rows(
        scene.ctx, scene.lead, scene.project.id, question="why", filters=Filters(sort="judge")
    )
    assert [row["external_id"] for row in page.rows] == ["i1", "i2", "i0"]
    row = page.rows[0]
    seen = verification.item_details(
        scene.ctx, scene.lead, scene.project.id, row["item_id"], row["suggestion_id"]
    )
    assert (seen["verdict"]["total"], seen["verdict"]["criteria"][0]["level_label"]) == (0.0, "L1")
    assert verification.table_setup(scene.ctx, scene.lead, scene.project.id)["judged"]


def test_a_budget_pauses_the_job_and_needs_a_price(world: World, tmp_path: Path) -> None:
    scene = Scene(world, tmp_path, [3, 1, 2])
    job = scene.judge(budget_usd=21e-6)
    assert scene.ctx.jobs.progress(job) == {"done": 2, "paused": 1}
    job_control.resume_job(scene.ctx, scene.lead, job, budget_usd=1.0)
    do_calls(scene.ctx)
    assert scene.ctx.jobs.progress(job) == {"done": 3}
    scene.ctx = replace(scene.ctx, settings=world.ctx.settings)
    with pytest.raises(Invalid, match="needs the price"):
        scene.judge(budget_usd=1.0)


def test_an_endpoint_that_refuses_everything_pauses_and_no_verdict_is_made_up(
    world: World, tmp_path: Path
) -> None:
    scene = Scene(world, tmp_path, [3])
    scene.failure = Failed("unavailable", "401 no such key", "j", None, (), shut=True)
    job = scene.judge()
    assert scene.ctx.jobs.progress(job) == {"paused": 1}
    assert suggestion_figures(scene.ctx, scene.lead, scene.project.id).judged == 0
    scene.failure = Failed("refused", "I will not.", "j", None, ())
    job_control.resume_job(scene.ctx, scene.lead, job)
    do_calls(scene.ctx)
    assert suggestion_figures(scene.ctx, scene.lead, scene.project.id).counts == {"unscored": 1}
    assert len(scene.found("judge:unscored")) == 1


def test_without_the_endpoint_that_was_asked_for_a_worker_pauses_the_job(
    world: World, tmp_path: Path
) -> None:
    scene = Scene(world, tmp_path, [3])
    job = start_judging_suggestions(scene.ctx, scene.lead, scene.project.id)
    do_calls(replace(scene.ctx, gateway=None))
    assert scene.ctx.jobs.progress(job.id) == {"paused": 1}


def test_what_cannot_be_judged_says_why(world: World, tmp_path: Path) -> None:
    scene = Scene(world, tmp_path, [3])
    with pytest.raises(Invalid, match="of 'nobody' to judge"):
        scene.judge(agent="nobody")
    assert scene.ctx.jobs.progress(scene.judge(agent="m")) == {"done": 1}
    with pytest.raises(NotAllowed):
        start_judging_suggestions(scene.ctx, scene.ann, scene.project.id)
    with pytest.raises(Invalid, match="from 1 to 20"):
        scene.judge(samples=0)
    set_rubric(scene.ctx, OPERATOR, scene.project.id, None)
    with pytest.raises(Invalid, match="no rubric"):
        scene.judge()


def test_a_suggested_span_is_read_with_its_words() -> None:
    schema = parse_schema(
        "questions:\n  - {id: names, type: span, title: 'Names?', options: [{value: ORG}, {value: PER}]}\n"
    )
    value = [{"start": 0, "end": 4, "label": "ORG"}, {"start": 11, "end": 14, "label": "PER"}]
    content = {"parts": [{"kind": "text", "name": "text", "text": "Acme hires Bob."}]}
    row = SuggestionToJudge(1, 1, "names", value, "", None)
    assert suggestion_judging.words_of(schema, row, content, bare=True) == "Names? ORG “Acme”, PER “Bob”"
