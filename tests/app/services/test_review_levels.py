"""Levels in review: pre-filled by a proven judge only, recorded as accepted or changed, and never a blind score."""

from pathlib import Path

import pytest

from app.errors import Invalid
from app.schema.workplace import ReviewRules
from app.services import judge_gate
from app.services.blind_scoring import next_to_score
from app.services.judge_quality import judge_quality
from app.services.review import review
from app.services.review_case import ReviewCase
from app.services.review_levels import GivenLevel, prefilling
from db.engine import reading
from db.models import Review
from tests.app.services.reviewing import cases_of
from tests.app.services.test_trust import Scene
from tests.app.services.world import World

ALL = ReviewRules(floor=1.0)


def cases(scene: Scene) -> list[ReviewCase]:
    judge_gate._known.clear()
    return cases_of(scene.ctx, scene.lead, scene.project.id, rules=ALL)


def of_quality(scene: Scene, quality: int) -> ReviewCase:
    """The next case whose answer is of this quality: that is the judge's level too."""
    return next(case for case in cases(scene) if case.answers[-1].value == [f"quality {quality}"])


def decide(scene: Scene, case: ReviewCase, *levels: GivenLevel) -> None:
    review(
        scene.ctx,
        scene.lead,
        scene.project.id,
        case.annotation.id,
        outcome="accepted",
        form_token=f"form-{case.annotation.id}",
        levels=levels,
    )


def given(case: ReviewCase, level: int) -> GivenLevel:
    (field,) = case.levels
    return GivenLevel(field.answer_id, field.verdict_id, field.criterion, level, field.prefilled)


def test_a_closed_gate_fills_nothing_in_and_an_open_one_says_that_it_did(
    world: World, tmp_path: Path
) -> None:
    scene = Scene(world, tmp_path)
    (field,) = cases(scene)[0].levels
    assert (field.judge, field.prefilled) == (1, False)  # the first answer is of quality 1
    scene.score(30)
    (field,) = cases(scene)[0].levels
    assert (field.judge, field.prefilled, field.gate and field.gate.state) == (1, True, "proven")


def test_a_judge_that_people_contradict_is_never_filled_in(world: World, tmp_path: Path) -> None:
    scene = Scene(world, tmp_path, milder=2)
    scene.score(40)
    assert not any(field.prefilled for case in cases(scene) for field in case.levels)


def test_accepted_and_changed_levels_are_kept_and_shown_beside_blind_ones(
    world: World, tmp_path: Path
) -> None:
    scene = Scene(world, tmp_path)
    for quality, level in ((1, 1), (2, 3)):  # the gate still closed
        case = of_quality(scene, quality)
        decide(scene, case, given(case, level))
    scene.score(30)
    for quality, level in ((3, 3), (1, 2)):  # accepted, changed
        case = of_quality(scene, quality)
        decide(scene, case, given(case, level))
    decide(scene, of_quality(scene, 2))  # says nothing
    with reading(scene.ctx.engine) as session:
        kept = [row.levels for row in session.query(Review).order_by(Review.id)]
    assert [[(r["level"], r["judge"], r["prefilled"]) for r in levels] for levels in kept] == [
        [(1, 1, False)],
        [(3, 2, False)],
        [(3, 3, True)],
        [(2, 1, True)],
        [],
    ]
    (row,) = prefilling(scene.ctx, scene.lead, scene.project.id)
    assert [(share.count, share.n) for share in (row.prefilled, row.beside, row.blind)] == [
        (1, 2),
        (1, 2),
        (30, 30),
    ]
    # They are no blind scores.
    assert judge_quality(scene.ctx, scene.lead, scene.project.id)[0].with_people.n == 30


def test_who_has_reviewed_an_answer_scores_it_blind_no_more(world: World, tmp_path: Path) -> None:
    scene = Scene(world, tmp_path, count=2)
    other = world.member(scene.project, "other", "qa_lead")
    first = next_to_score(scene.ctx, scene.lead, scene.project.id)
    assert first is not None and first.left == 2
    case = next(c for c in cases(scene) if c.answers[-1].id == first.answer_id)
    decide(scene, case)
    left = next_to_score(scene.ctx, scene.lead, scene.project.id)
    assert left is not None and (left.left, left.answer_id != first.answer_id) == (1, True)
    theirs = next_to_score(scene.ctx, other, scene.project.id)
    assert theirs is not None and theirs.left == 2


def test_a_level_of_elsewhere_is_refused_and_nothing_is_stored(world: World, tmp_path: Path) -> None:
    scene = Scene(world, tmp_path, count=2)
    one, other = cases(scene)
    for wrong, words in (
        (given(one, 9), "none of the rubric"),
        (given(other, 1), "not on this answer"),
        (GivenLevel(given(one, 1).answer_id, given(one, 1).verdict_id, "x", 1, False), "none of the rubric"),
    ):
        with pytest.raises(Invalid, match=words):
            decide(scene, one, wrong)
    with reading(scene.ctx.engine) as session:
        assert session.query(Review).count() == 0
