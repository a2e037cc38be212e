"""Studies by command alone: what is printed is what the page shows, and what goes wrong is said in a line."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli import app
from app.errors import AppError
from app.samples.experiment import STUDY
from app.services import demo, reports
from app.services.context import Actor
from app.services.demo_study import study_sample
from app.services.study_report import study_report
from app.settings import load_settings
from app.wiring import build_context, close_context

PROJECT = study_sample().name
PLAN = """
question: Do suggestions save time here?
arms: [{name: none}, {name: suggestion, suggestion: at_once}]
design: per item
seed: 7
people: 8
outcome: {figure: time, words: Change of handling time with a suggestion.}
smallest_effect: -0.1
stop: {answers: 1000}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the demo in it."""
    made = tmp_path_factory.mktemp("studies")
    ctx = build_context(load_settings(_env_file=None, data_dir=made / "data", database_url=None))
    assert demo.seed(ctx)
    close_context(ctx)
    return made


def run(folder: Path, *arguments: str, monkeypatch: pytest.MonkeyPatch) -> str:
    for name in ("MILO_DATABASE_URL", "OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    result = CliRunner().invoke(app, ["studies", *arguments, "--data-dir", str(folder / "data")])
    if result.exception is not None and isinstance(result.exception, AppError):
        raise result.exception
    assert result.exit_code == 0, f"{result.output}\n{result.exception!r}"
    return result.stdout


def test_the_demo_s_study_as_a_report_and_as_a_page(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = json.loads(run(folder, "report", PROJECT, STUDY, "--json", monkeypatch=monkeypatch))
    ctx = build_context(load_settings(_env_file=None, data_dir=folder / "data", database_url=None))
    shown: dict[str, Any] = json.loads(
        json.dumps(
            reports.as_json(study_report(ctx, Actor.operator(), 4, STUDY)),
            default=lambda moment: moment.isoformat(),
        )
    )
    close_context(ctx)
    assert told.keys() == shown.keys()
    assert {name for name in told if told[name] != shown[name]} <= {"made_at"}
    assert (
        told["summary"].startswith("Simulated people, made up: Help saved")
        and told["simulated_answers"] == told["answers"] == 360
    )
    words = run(folder, "report", PROJECT, STUDY, monkeypatch=monkeypatch)
    assert told["summary"] in words and "note: 360 answers are of simulated people." in words
    run(folder, "decision", PROJECT, STUDY, "--out", str(folder / "d.html"), monkeypatch=monkeypatch)
    page = (folder / "d.html").read_text(encoding="utf-8")
    assert told["summary"] in page and told["hash"] in page and "Simulated people" in page


def test_a_study_from_its_plan_to_its_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = folder / "plan.yaml"
    plan.write_text(PLAN)
    comments = "Comment moderation"
    assert "no study yet" in run(folder, "list", comments, monkeypatch=monkeypatch)
    drafted = json.loads(run(folder, "define", comments, "S", str(plan), "--json", monkeypatch=monkeypatch))
    assert (drafted["state"], drafted["obstacles"]) == ("draft", []) and len(drafted["hash"]) == 64
    assert drafted["estimate"]["items_each"] == 125  # 1000 answers of eight people
    assert "running" in run(folder, "start", comments, "S", monkeypatch=monkeypatch)
    with pytest.raises(AppError, match="does not change any more"):
        plan.write_text(PLAN.replace("seed: 7", "seed: 8"))
        run(folder, "define", comments, "S", str(plan), monkeypatch=monkeypatch)
    (state,) = json.loads(run(folder, "list", comments, "--json", monkeypatch=monkeypatch))
    assert (state["name"], state["state"], state["hash"]) == ("S", "running", drafted["hash"])
    told = run(folder, "report", comments, "S", monkeypatch=monkeypatch)
    assert told.startswith("Nothing can be concluded yet: no answer has both an arm and a positive time.")
    with pytest.raises(AppError, match="say why it is stopped"):
        run(folder, "stop", comments, "S", monkeypatch=monkeypatch)
    assert "stopped" in run(
        folder, "stop", comments, "S", "--reason", "only a trial", monkeypatch=monkeypatch
    )
    told = run(folder, "report", comments, "S", monkeypatch=monkeypatch)
    assert "note: Stopped by operator: only a trial" in told


def test_what_is_missing_is_said_in_a_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AppError, match=r"no study 'T' in .*; there are: "):
        run(folder, "report", PROJECT, "T", monkeypatch=monkeypatch)
    with pytest.raises(AppError, match=r"ends in \.html"):
        run(folder, "decision", PROJECT, STUDY, "--out", "d.txt", monkeypatch=monkeypatch)
    plan = folder / "bare.yaml"
    plan.write_text(PLAN.replace("{name: none}", "{name: chat, chat: true}"))
    with pytest.raises(AppError, match="needs one control arm without any, named 'none'; every arm has help"):
        run(folder, "define", PROJECT, "U", str(plan), monkeypatch=monkeypatch)
