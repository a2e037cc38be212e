import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli.rubrics import app
from app.errors import Invalid
from rubrics import RubricError, dump_rubric, parse_rubric
from tests.rubrics.making import criterion, rubric

FIVE = rubric(criterion("score", labels=("1", "2", "3", "4", "5")))
WARNED = rubric(criterion("a", question="Is it clear and correct?"))


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_warnings_pass_unless_strict_and_errors_never_do(tmp_path: Path) -> None:
    clean = written(tmp_path, "clean.yaml", dump_rubric(FIVE))
    warned = written(tmp_path, "warned.yaml", dump_rubric(WARNED))
    broken = written(tmp_path, "broken.yaml", "name: x\n")
    assert run("lint", clean).exit_code == 0
    assert run("lint", clean, warned).exit_code == 0
    assert run("lint", "--strict", warned).exit_code == 1
    assert run("lint", clean, broken).exit_code == 1
    assert f"{warned}:7: warning double_barrelled: asks two things" in run("lint", warned).output


def test_findings_as_json_have_file_line_and_what_to_do(tmp_path: Path) -> None:
    warned = written(tmp_path, "warned.yaml", dump_rubric(WARNED))
    result = run("lint", "--json", "--strict", warned)
    (row,) = json.loads(result.output)
    assert result.exit_code == 1
    assert (row["kind"], row["severity"], row["line"], row["criterion"]) == (
        "double_barrelled",
        "warning",
        7,
        "a",
    )
    assert row["file"] == str(warned) and row["what"] and row["do"] == "make two criteria of it"


def test_a_file_that_is_not_there_is_no_clean_one(tmp_path: Path) -> None:
    with pytest.raises(RubricError, match="cannot be read"):
        run("lint", tmp_path / "none.yaml")


def test_converting_there_and_back_gives_the_same_criterion(tmp_path: Path) -> None:
    ours, theirs, again = (tmp_path / name for name in ("ours.yaml", "theirs.json", "again.yaml"))
    ours.write_text(dump_rubric(FIVE), encoding="utf-8")
    result = run("convert", ours, "--to", "prometheus", "--out", theirs)
    assert "not in the result: name, version, title, criterion ids" in result.stderr
    assert json.loads(theirs.read_text())["score5_description"] == "It is 5 by 5 steps."
    run("convert", theirs, "--out", again)
    assert parse_rubric(again.read_text(encoding="utf-8")).criteria == FIVE.criteria
    assert run("convert", theirs, "--from", "prometheus").stdout == again.read_text(encoding="utf-8")


def test_a_grader_names_the_model_that_is_asked_for(tmp_path: Path) -> None:
    ours = written(tmp_path, "ours.yaml", dump_rubric(FIVE))
    assert json.loads(run("convert", ours, "--to", "openai-score", "--model", "m-1").stdout)["model"] == "m-1"


def test_what_cannot_be_converted_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    ours = written(tmp_path, "ours.yaml", dump_rubric(FIVE))
    out = tmp_path / "out.json"
    with pytest.raises(RubricError, match="adds up points"):
        run("convert", ours, "--to", "healthbench", "--out", out)
    with pytest.raises(Invalid, match="no format 'yaml'"):
        run("convert", ours, "--to", "yaml", "--out", out)
    with pytest.raises(Invalid, match="say with --to"):
        run("convert", ours, "--out", out)
    with pytest.raises(Invalid, match="not both"):
        run("convert", ours, "--from", "prometheus", "--to", "healthbench", "--out", out)
    assert not out.exists()
