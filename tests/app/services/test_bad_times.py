"""Times that cannot carry a claim about help: what a manager reads at the top of Handling time instead of one."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.services import projects
from app.services.handling_time import TimeReport, time_report
from app.services.intake import import_ratings
from app.services.time_table import figures_csv
from tests.app.services.world import OPERATOR, World

Row = dict[str, Any]


def rows(people: int, *, items: int = 6) -> list[Row]:
    """Everybody answers every item, every other one with help and then in exactly four fifths of the time."""
    return [
        {
            "item": f"i{item}", "rater": f"p{person}", "question": "q", "value": "x", "order": item,
            "arm": "suggestion" if (person + item) % 2 else "none",
            "seconds": 30 * (1 + person / 10) * (1 + item / 5) * (0.8 if (person + item) % 2 else 1.0),
        }
        for person in range(people)
        for item in range(items)
    ]  # fmt: skip


def report(world: World, folder: Path, found: list[Row]) -> TimeReport:
    project = projects.create_ratings_project(world.ctx, OPERATOR, name="R")
    path = folder / "times.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in found))
    import_ratings(world.ctx, OPERATOR, project.id, path)
    return time_report(world.ctx, OPERATOR, project.id)


def each(**values: Any) -> Callable[[list[Row]], list[Row]]:
    return lambda found: [row | values for row in found]


def split_by_person(found: list[Row]) -> list[Row]:
    return [row | {"arm": "none" if row["rater"] in ("p0", "p2", "p4") else "suggestion"} for row in found]


@pytest.mark.parametrize(
    ("people", "change", "said"),
    [
        (6, each(arm="suggestion"), "there is no control arm: every item was shown with help"),
        (6, each(arm="none"), "no answer was given with help"),
        (1, each(), "one annotator only: the spread between people is unknown"),
        (5, each(), "5 people are too few"),
        (6, split_by_person, "arms and people are confounded: nobody worked in both arms"),
        (6, each(seconds=0.0), "no answer has both an arm and a positive time"),
    ],
    ids=["no control arm", "no help", "one annotator", "five annotators", "confounded", "zero seconds"],
)
def test_nothing_is_claimed_and_the_reason_is_told(
    world: World, tmp_path: Path, people: int, change: Callable[[list[Row]], list[Row]], said: str
) -> None:
    found = report(world, tmp_path, change(rows(people)))
    assert found.summary.startswith("What help changes cannot be said") and said in found.summary
    assert "saved" not in found.summary


def test_six_people_with_a_control_are_a_claim_with_quality_said_to_be_unknown(
    world: World, tmp_path: Path
) -> None:
    found = report(world, tmp_path, rows(6))
    assert found.summary.startswith("Help saved 20.0% [")
    assert "on 6 people and 36 answers" in found.summary
    assert "not known (no answer could be compared with a known one)" in found.summary
    # These seconds were not measured here, so no rule of this clock is claimed for them.
    assert "how they were measured is not known" in found.definition and found.idle_seconds is None


def test_zero_and_negative_seconds_are_counted_and_change_nothing(world: World, tmp_path: Path) -> None:
    given = rows(6)
    given[3]["seconds"], given[10]["seconds"] = 0.0, -7.5
    found = report(world, tmp_path, given)
    assert (found.left_out, found.n, found.effect.n) == (2, 34, 34)
    assert found.effect.change == pytest.approx(-0.2)


def test_a_visit_of_fourteen_hours_is_told_and_not_cut(world: World, tmp_path: Path) -> None:
    given = rows(6)
    given[0]["seconds"] = 14 * 3600.0
    found = report(world, tmp_path, given)
    assert found.outliers.n == 1
    capped = found.outliers.effect.change
    assert capped is not None and found.effect.change is not None
    assert abs(capped + 0.2) < abs(found.effect.change + 0.2)
    assert b"outliers capped" in figures_csv(found)
