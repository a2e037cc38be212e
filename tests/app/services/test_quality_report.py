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
from app.services.review import review
from app.services.review_queue import review_queue
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


def test_many_raters_make_no_endless_table_and_the_others_are_counted(world: World) -> None:
    project = create_ratings_project(world.ctx, OPERATOR, name="R")
    world.rate(
        project, [(f"i{item}", f"r{n:02d}", str((item * n) % 3)) for n in range(40) for item in range(12)]
    )
    found = quality_report(world.ctx, OPERATOR, project.id)
    page = quality_page(found)
    assert "30 of 40 rows, most answers first; 10 more stand in the JSON." in page
    # 40 * 39 / 2 = 780 pairs; those who gave one value throughout (n divisible by 3) have none among themselves.
    undefined = sum(pair.kappa is None for pair in found.agreement.questions[0].pairs)
    assert f"30 of {780 - undefined} rows, the lowest first; {750 - undefined} more" in page
    for words in (
        "Fleiss",
        "Brennan-Prediger",
        "interval",
        "ratio",
        "ICC(2,1)",
        f"MILO {found.milo}",
        "Signature",
    ):
        assert words in page, words


def test_what_stands_as_unknown_in_the_page_is_named_at_its_head(world: World, tmp_path: Path) -> None:
    """No report may say that everything is known while a cell below says unknown."""
    work = quality_report(world.ctx, OPERATOR, answered(world, tmp_path))
    said = "\n".join(work.unknown)
    assert "no answer has been judged" in said
    assert "Every figure that this report asks for" not in quality_page(work)
    ratings = create_ratings_project(world.ctx, OPERATOR, name="R")
    world.rate(ratings, [(str(n), rater, str(n % 2)) for n in range(4) for rater in ("ann", "bob")])
    table = quality_report(world.ctx, OPERATOR, ratings.id)
    assert any("imported table does not say" in one for one in table.unknown)
    assert not any("judged" in one for one in table.unknown)


def test_suggestions_without_a_stored_agent_have_no_hash_and_that_is_said(
    world: World, tmp_path: Path
) -> None:
    project = world.project()
    rows: list[dict[str, object]] = [
        {
            "id": f"i{n}",
            "text": "t",
            "suggestions": {"verdict": {"value": "good", "model": "m", "version": "3"}},
        }
        for n in range(3)
    ]
    world.fill(project, rows, tmp_path)
    said = quality_report(world.ctx, OPERATOR, project.id).unknown
    assert any("configuration 3 suggestions of m 3 were made" in one for one in said), said


def test_a_reviewer_whom_nobody_looked_at_again_is_named(world: World, tmp_path: Path) -> None:
    project_id = answered(world, tmp_path)
    lead = world.person("lee", admin=True)
    case = review_queue(world.ctx, lead, project_id).cases[0]
    review(world.ctx, lead, project_id, case.annotation.id, outcome="accepted", form_token="once")
    found = quality_report(world.ctx, OPERATOR, project_id)
    assert "Whether reviews of lee hold: nobody else has decided on those answers later." in found.unknown
    assert "How long a decision takes: no time of review or adjudication is recorded." in found.unknown


def test_only_hashes_break_inside_a_word(world: World, tmp_path: Path) -> None:
    page = quality_page(quality_report(world.ctx, OPERATOR, answered(world, tmp_path)))
    assert page.count("overflow-wrap:anywhere") == 1 and "code{font-size:12px;overflow-wrap:anywhere}" in page
    assert re.search(r"<td><code>sha256:[0-9a-f]{64}</code></td>", page)
