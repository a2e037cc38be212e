"""The quality report: every figure with what it rests on, what is unknown said so, the page self-contained and escaped."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import app
from app.errors import NotAllowed
from app.services.projects import create_project, create_ratings_project
from app.services.quality_page import quality_page
from app.services.quality_report import quality_report
from app.services.reports import as_json
from tests.app.services.world import OPERATOR, SCHEMA, World

EVIL = "<script>alert(1)</script>"


def answered(world: World, folder: Path) -> int:
    """Two people, three items: equal, equal, not; what is known of the first one is that it is good."""
    project = create_project(
        world.ctx,
        OPERATOR,
        name=f"P {EVIL}",
        schema_yaml=SCHEMA.replace("Good?", f"Good {EVIL}?"),
        guidelines="",
        rubric=None,
        settings={"overlap": 2, "problem": f"About {EVIL}"},
    )
    rows: list[dict[str, object]] = [{"id": f"i{n}", "text": EVIL} for n in range(3)]
    rows[0] |= {"gold": {"verdict": "good"}}
    world.fill(project, rows, folder)
    for login, given in (("ann", ("good", "bad", "good")), ("bob", ("good", "bad", "bad"))):
        person = world.member(project, login)
        for verdict in given:
            world.submit(person, world.next(person, project), verdict=verdict)
    return project.id


def test_the_report_holds_what_the_pages_show(world: World, tmp_path: Path) -> None:
    found = quality_report(world.ctx, OPERATOR, answered(world, tmp_path))
    (verdict,) = found.agreement.questions
    # good/good, bad/bad, good/bad: n = 6, good 3, bad 3; D_o = 2/6, D_e = (36 - 18)/(6*5) = .6, alpha = 1 - .3333/.6
    assert verdict.nominal.value == pytest.approx(1 - (2 / 6) / 0.6)
    assert found.progress is not None and found.progress.through == 3
    assert found.labels[0].labels.ties.count == 1
    assert [one.gold["verdict"].count for one in found.contributions.people] == [1, 1]
    assert found.versions.schema is not None and found.versions.schema.hash.startswith("sha256:")
    json.dumps(as_json(found), default=str)


def test_what_is_not_known_is_said_and_never_a_number(world: World, tmp_path: Path) -> None:
    found = quality_report(world.ctx, OPERATOR, answered(world, tmp_path))
    said = " ".join(found.unknown)
    for words in (
        "no target",
        "no two versions",
        "nothing has been reviewed",
        "nothing has been adjudicated",
    ):
        assert words in said
    assert "known answer" not in said
    page = quality_page(found)
    assert "Time of decisions is unknown." in page and "No answer has been judged." in page


def test_the_page_loads_nothing_and_escapes_what_people_wrote(world: World, tmp_path: Path) -> None:
    page = quality_page(quality_report(world.ctx, OPERATOR, answered(world, tmp_path)))
    assert EVIL not in page and "<script" not in page
    assert page.count("&lt;script&gt;") >= 4  # title, heading, problem, question
    assert not re.search(r"(src|href)\s*=|url\(|@import", page)
    assert page.startswith("<!doctype html>") and "default-src 'none'" in page


def test_the_command_prints_json_and_writes_the_page(world: World, tmp_path: Path) -> None:
    answered(world, tmp_path)
    runner = CliRunner(env={"MILO_DATABASE_URL": world.ctx.engine.url.render_as_string(hide_password=False)})
    target = tmp_path / "quality.html"
    done = runner.invoke(app, ["report", "quality", f"P {EVIL}", "--json", "--html", str(target)])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["agreement"]["questions"][0]["nominal"]["n_items"] == 3
    assert {
        "changes",
        "labels",
        "progress",
        "contributions",
        "criteria",
        "judge",
        "reviewers",
        "unknown",
    } <= set(found)
    assert "Krippendorff" in target.read_text(encoding="utf-8")
    words = runner.invoke(app, ["report", "quality", f"P {EVIL}"]).stdout
    assert "unknown: Whether agreement is enough" in words and "3 of 3 items want no more" in words


def test_imported_ratings_and_an_empty_project_have_a_report_too(world: World, tmp_path: Path) -> None:
    ratings = create_ratings_project(world.ctx, OPERATOR, name="R")
    world.rate(ratings, [("x", "ann", "1"), ("x", "bob", "2")])
    found = quality_report(world.ctx, OPERATOR, ratings.id)
    assert found.progress is None and found.versions.schema is None
    assert "Krippendorff" in quality_page(found)
    empty = quality_report(world.ctx, OPERATOR, world.project("Empty").id)
    assert empty.unknown[0].startswith("Agreement: nobody has answered")
    assert "unknown" in quality_page(empty)


def test_the_report_is_for_leads_and_managers(world: World, tmp_path: Path) -> None:
    project = world.project()
    with pytest.raises(NotAllowed):
        quality_report(world.ctx, world.member(project, "ann"), project.id)
    assert quality_report(world.ctx, world.member(project, "mia", "manager"), project.id).project == "P"
