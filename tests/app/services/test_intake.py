import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from app.errors import Conflict, Invalid, NotAllowed
from app.services import projects
from app.services.intake import import_items, import_ratings
from db.engine import reading
from db.models import Gold, Item, Rating, RubricVersion, Suggestion
from tests.app.services.world import OPERATOR, World

PROMETHEUS = Path(__file__).parents[4] / "shared" / "data" / "prometheus" / "direct_assessment.jsonl.gz"


def count(world: World, table: Any) -> int:
    with reading(world.ctx.engine) as session:
        return int(session.query(table).count())


def test_a_bad_row_stores_nothing_and_the_first_ten_are_named(world: World, tmp_path: Path) -> None:
    project = world.project()
    rows: list[dict[str, Any]] = [
        {"id": "good", "text": "fine"},
        *({"id": f"b{n}", "text": "x", "gold": {"verdict": "purple"}} for n in range(12)),
    ]
    with pytest.raises(Invalid) as refused:
        world.fill(project, rows, tmp_path)
    first, *named = refused.value.problems
    assert "12 of 13 rows" in first and "2 more" in first
    assert len(named) == 10 and named[0].startswith("line 2, gold.verdict: 'purple' is not one of good, bad")
    assert count(world, Item) == 0


def test_the_same_file_again_changes_nothing(world: World, tmp_path: Path) -> None:
    project = world.project()
    rows = [{"id": "a", "text": "one"}, {"id": "b", "text": "two"}]
    world.fill(project, rows, tmp_path)
    again = world.fill(project, rows, tmp_path)
    assert (again.added, again.unchanged, again.new_versions) == (0, 2, 0)
    assert count(world, Item) == 2


def test_a_changed_content_is_a_new_version_and_old_answers_keep_theirs(world: World, tmp_path: Path) -> None:
    project = world.project()
    world.fill(project, [{"id": "a", "text": "one"}], tmp_path)
    ann = world.member(project, "ann")
    old = world.next(ann, project)
    report = world.fill(project, [{"id": "a", "text": "one, corrected"}], tmp_path)
    assert report.new_versions == 1
    world.submit(ann, old, verdict="good")  # still theirs to finish
    new = world.next(ann, project)
    assert (new.item.version, new.item.external_id, new.item.id != old.item.id) == (2, "a", True)


def test_duplicate_contents_are_reported(world: World, tmp_path: Path) -> None:
    project = world.project()
    report = world.fill(project, [{"id": "a", "text": "same"}, {"id": "b", "text": "same"}], tmp_path)
    assert (report.added, report.duplicate_count, report.duplicates) == (2, 1, [("b", "a")])
    later = world.fill(project, [{"id": "c", "text": "same"}], tmp_path)
    assert later.duplicate_count == 1


def test_a_dry_run_stores_nothing(world: World, tmp_path: Path) -> None:
    project = world.project()
    path = tmp_path / "r.jsonl"
    path.write_text('{"id": "a", "text": "one"}\n')
    assert import_items(world.ctx, OPERATOR, project.id, path, dry_run=True).added == 1
    assert count(world, Item) == 0


def test_suggestions_and_gold_come_with_their_items(world: World, tmp_path: Path) -> None:
    project = world.project()
    row = {
        "id": "a",
        "text": "t",
        "gold": {"verdict": "bad"},
        "suggestions": [
            {"question": "verdict", "value": "good", "confidence": 0.8, "model": "m", "version": "7"}
        ],
    }
    report = world.fill(project, [row], tmp_path)
    assert (report.suggestions, report.gold) == (1, 1)
    with reading(world.ctx.engine) as session:
        suggestion, gold = session.query(Suggestion).one(), session.query(Gold).one()
        assert (
            suggestion.value,
            suggestion.confidence,
            suggestion.confidence_source,
            suggestion.model_version,
        ) == (["good"], 0.8, "imported", "7")
        assert gold.value == ["bad"]


def test_only_those_who_configure_a_project_import_into_it(world: World, tmp_path: Path) -> None:
    project = world.project()
    ann = world.member(project, "ann")
    path = tmp_path / "r.jsonl"
    path.write_text('{"text": "x"}\n')
    with pytest.raises(NotAllowed):
        import_items(world.ctx, ann, project.id, path)


def test_ratings_come_in_once(world: World, tmp_path: Path) -> None:
    project = projects.create_ratings_project(world.ctx, OPERATOR, name="R")
    path = tmp_path / "r.csv"
    path.write_text(
        "item,rater,question,value,seconds,arm,order,gold\n1,a,q,3,2.5,none,0,3\n1,b,q,4,,suggestion,1,\n"
    )
    assert import_ratings(world.ctx, OPERATOR, project.id, path).rows == 2
    with reading(world.ctx.engine) as session:
        first, second = session.query(Rating).order_by(Rating.id)
        assert (first.number, first.seconds, first.arm, first.position, first.gold) == (
            3.0,
            2.5,
            "none",
            0,
            "3",
        )
        assert (second.seconds, second.gold) == (None, None)
    with pytest.raises(Conflict, match="already"):
        import_ratings(world.ctx, OPERATOR, project.id, path)


def test_a_bad_rating_stores_nothing(world: World, tmp_path: Path) -> None:
    project = projects.create_ratings_project(world.ctx, OPERATOR, name="R")
    path = tmp_path / "r.csv"
    path.write_text("item,rater,question,value,seconds\n1,a,q,3,1\n1,b,q,4,soon\n")
    with pytest.raises(Invalid, match="line 3, seconds"):
        import_ratings(world.ctx, OPERATOR, project.id, path)
    assert count(world, Rating) == 0


@pytest.mark.skipif(not PROMETHEUS.exists(), reason="the Prometheus data set is not beside this checkout")
def test_the_prometheus_set_comes_in_whole_each_item_with_its_own_rubric(world: World) -> None:
    project = world.project()
    report = import_items(world.ctx, OPERATOR, project.id, PROMETHEUS)
    assert (report.rows, report.added) == (640, 640)
    assert count(world, RubricVersion) == 117 + 1  # and the project's own
    with gzip.open(PROMETHEUS, "rt") as file:
        rows = [json.loads(line) for line in file]
    with reading(world.ctx.engine) as session:
        items = session.query(Item).order_by(Item.position).all()
    for row, item in zip(rows, items, strict=True):
        texts = {part["name"]: part["text"] for part in item.content["parts"]}
        assert (texts["prompt"], texts["response"], item.content["reference"]) == (
            row["instruction"],
            row["response"],
            row["reference"],
        )
