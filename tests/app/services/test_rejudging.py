"""Judging again under another rubric: earlier verdicts stay, and what changed is compared, also beside people."""

from datetime import timedelta
from pathlib import Path

import pytest

from app.clock import utc_now
from app.errors import Invalid, NotFound
from app.services import disputes, judge_gate
from app.services.judge_corrections import corrections
from app.services.judge_quality import judge_quality
from app.services.judge_standing import judged_queue
from app.services.judging import feedback
from app.services.projects import set_rubric, store_rubric
from app.services.rejudging import compare_versions, start_rejudging
from db.engine import reading, transaction
from db.models import Project, Verdict
from db.store import verdicts
from judge.llm import ScriptedGateway
from judge.prompting import ONE_BY_ONE
from rubrics import Rubric
from tests.app.services.test_labelling_jobs import do_calls
from tests.app.services.test_trust import Scene
from tests.app.services.world import OPERATOR, World
from tests.judge.making import criterion


def put_in_force(scene: Scene, rubric: Rubric) -> tuple[int, int]:
    """(version before, version after)."""
    with transaction(scene.ctx.engine) as session:
        after = store_rubric(session, rubric).id
        project = session.query(Project).filter_by(id=scene.project.id).one()
        before = project.rubric_version_id
        project.rubric_version_id = after
    assert before is not None
    return before, after


def test_a_changed_rubric_never_rewrites_old_scores_and_shows_whether_agreement_rose(
    world: World, tmp_path: Path
) -> None:
    scene = Scene(world, tmp_path, milder=1, count=32)
    scene.score(32)
    scene.milder = 0  # the wording of the new version makes the judge as strict as people are
    reworded = Rubric(
        name="tone",
        title="Tone",
        version=2,
        pass_mark=0.3,
        criteria=(criterion("kind", question="Is it really kind?"),),
    )
    before, after = put_in_force(scene, reworded)
    job = start_rejudging(scene.ctx, scene.lead, scene.project.id, samples=1)
    do_calls(scene.ctx)
    with reading(scene.ctx.engine) as session:
        assert session.query(Verdict).filter_by(rubric_version_id=before).count() == 32
        assert session.query(Verdict).filter_by(rubric_version_id=after).count() == 32
    (found,) = compare_versions(scene.ctx, scene.lead, scene.project.id, before, after)
    # Levels 1, 2, 3 in turn over 32 answers: 11 + 11 + 10. Before, 1 and 2 were one too high; 3 stays.
    assert (found.n, found.same) == (32, 10)
    assert found.change == pytest.approx(-22 / 32)
    assert found.people_after.kappa == 1.0
    assert found.people_before.kappa is not None and found.people_before.kappa < 0.8
    again = start_rejudging(scene.ctx, scene.lead, scene.project.id, samples=1)
    assert scene.ctx.jobs.progress(again.id) == {}  # the same question is not asked again
    assert job.id != again.id
    assert feedback(scene.ctx, scene.ann, scene.project.id)[0]["rubric"]["version"] == 2


def test_three_replies_in_a_batch_are_kept(world: World, tmp_path: Path) -> None:
    scene = Scene(world, tmp_path, count=3)
    start_rejudging(scene.ctx, scene.lead, scene.project.id)
    do_calls(scene.ctx)
    newest = feedback(scene.ctx, scene.ann, scene.project.id)[0]["criteria"][0]
    assert (len(newest["samples"]), newest["score_method"]) == (3, "mean_of_samples")


def test_without_a_rubric_there_is_nothing_to_judge_on(world: World, tmp_path: Path) -> None:
    scene = Scene(world, tmp_path, count=1)
    with pytest.raises(NotFound, match="judged nothing"):
        compare_versions(scene.ctx, scene.lead, scene.project.id, 1, 999)
    set_rubric(scene.ctx, OPERATOR, scene.project.id, None)
    with pytest.raises(Invalid, match="no rubric"):
        start_rejudging(scene.ctx, scene.lead, scene.project.id)


def test_raw_replies_go_after_their_time_and_verdicts_stay(world: World, tmp_path: Path) -> None:
    scene = Scene(world, tmp_path, count=2)
    with transaction(scene.ctx.engine) as session:
        assert verdicts.forget_replies(session, before=utc_now() - timedelta(days=1)) == 0
        assert verdicts.forget_replies(session, before=utc_now() + timedelta(days=1)) == 2
    with reading(scene.ctx.engine) as session:
        assert [(row.raw, row.status) for row in session.query(Verdict)] == [(None, "scored")] * 2


def test_a_correction_becomes_an_example_that_is_never_shown_for_its_own_answer(
    world: World, tmp_path: Path
) -> None:
    scene = Scene(world, tmp_path, milder=1, count=12)
    rows = feedback(scene.ctx, scene.ann, scene.project.id)
    verdict = next(row for row in rows if row["response"] == "quality 1")  # judged 2
    disputes.open_dispute(scene.ctx, scene.ann, verdict["verdict_id"], criterion="kind", reason="It is poor.")
    dispute = disputes.list_disputes(scene.ctx, scene.lead, scene.project.id)[0].dispute
    disputes.decide_dispute(scene.ctx, scene.lead, scene.project.id, dispute.id, level=1, decision="Right.")
    (found,) = corrections(scene.ctx, scene.lead, scene.project.id)
    assert (found.criterion, found.level, found.judged, found.source) == ("kind", 1, 2, "dispute")
    levels: list[dict[str, object]] = [
        {"value": n, "label": f"L{n}", "description": f"level {n}"} for n in (1, 2, 3)
    ]
    levels[0]["examples"] = [found.text]
    shown = Rubric(
        name="tone", title="Tone", version=2, pass_mark=0.3, criteria=(criterion("kind", levels=levels),)
    )
    before, after = put_in_force(scene, shown)
    start_rejudging(scene.ctx, scene.lead, scene.project.id, samples=1)
    do_calls(scene.ctx)
    assert isinstance(scene.ctx.gateway, ScriptedGateway)
    for request in scene.ctx.gateway.requests[12:]:
        own = f'"answer": "{found.text}"' in request.messages[1].text
        assert ("for example" in request.messages[0].text) is not own
    (row,) = compare_versions(scene.ctx, scene.lead, scene.project.id, before, after)
    assert row.n == 8  # twelve, without the four whose text is the example


def test_judging_one_criterion_at_a_time_is_another_judge_that_has_proven_nothing(
    world: World, tmp_path: Path
) -> None:
    scene = Scene(world, tmp_path)
    scene.score(40)
    assert judged_queue(scene.ctx, scene.lead, scene.project.id).counts == {"passed": 26, "below": 14}
    start_rejudging(scene.ctx, scene.lead, scene.project.id, samples=1, together="one", limit=6)
    do_calls(scene.ctx)
    judge_gate._known.clear()
    # Of the first six answers, levels 1, 2, 3 in turn, four are above the mark: their newest verdict is by a judge
    # beside which people have six scores. The others stand as they did.
    counts = judged_queue(scene.ctx, scene.lead, scene.project.id).counts
    assert counts == {"passed": 22, "below": 14, "unproven": 4}
    rows = {row.judge: row for row in judge_quality(scene.ctx, scene.lead, scene.project.id)}
    assert [(row.state, row.newest, row.gate.n) for _, row in sorted(rows.items())] == [
        ("proven", True, 40),
        ("advisory", False, 6),
    ]
    assert all(
        row["criteria"][0]["gate"] != "proven"
        for row in feedback(scene.ctx, scene.ann, scene.project.id)
        if row["prompt_version"] == ONE_BY_ONE
    )
