"""Feedback says what people would give: calibrated where that was measured, the raw score always beside it."""

from pathlib import Path
from typing import Any

import pytest

from app.services import judge_calibrated
from app.services.judging import feedback
from db.engine import transaction
from db.models import Verdict
from tests.app.services.test_trust import Scene
from tests.app.services.world import World


def told(scene: Scene, quality: int) -> dict[str, Any]:
    """The only criterion of the newest verdict on an answer of this quality."""
    judge_calibrated._known.clear()
    rows = feedback(scene.ctx, scene.ann, scene.project.id)
    return dict(next(row for row in rows if row["response"] == f"quality {quality}")["criteria"][0])


def test_below_twenty_scores_feedback_is_uncalibrated_and_shows_the_raw_score(
    world: World, tmp_path: Path
) -> None:
    scene = Scene(world, tmp_path, milder=1)
    assert (told(scene, 1)["confidence"], told(scene, 1)["calibrated"]) == (None, None)
    scene.score(19)
    said = told(scene, 1)
    assert (said["confidence"]["n"], said["confidence"]["share"], said["score"]) == (19, None, 2)


def test_from_twenty_on_it_says_what_people_would_give_and_how_near_they_were(
    world: World, tmp_path: Path
) -> None:
    scene = Scene(world, tmp_path, milder=1)  # the judge gives 2, 3, 3 where people give 1, 2, 3
    scene.score(40)
    low, high = told(scene, 1), told(scene, 3)
    assert (low["level"], high["level"]) == (2, 3)
    # A third of people's scores are 1, and the judge's lowest third is its 2: calibrated it lies well below 2.
    assert low["calibrated"] == pytest.approx(1.1, abs=0.15)
    assert low["calibrated"] < high["calibrated"] < 3
    # It is off by one at most.
    assert (low["confidence"]["share"], low["confidence"]["n"]) == (1.0, 40)
    assert low["confidence"]["interval"][0] == pytest.approx(0.912, abs=0.001)  # Wilson: 40 / (40 + 1.96^2)


def test_another_version_of_the_judge_is_uncalibrated_again(world: World, tmp_path: Path) -> None:
    scene = Scene(world, tmp_path)
    scene.score(25)
    assert told(scene, 1)["confidence"]["share"] == 1.0
    with transaction(scene.ctx.engine) as session:
        newest = session.query(Verdict).order_by(Verdict.id.desc()).first()
        assert newest is not None
        newest.model = "another"
    judge_calibrated._known.clear()
    row = feedback(scene.ctx, scene.ann, scene.project.id)[0]
    # At most the one score beside this very verdict is known of it.
    assert row["model"] == "another" and row["criteria"][0]["calibrated"] is None
    assert (row["criteria"][0]["confidence"] or {"share": None})["share"] is None
