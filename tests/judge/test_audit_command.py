"""`milo judge audit`, over real HTTP and without any."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from app.cli import app
from app.errors import Invalid
from judge import JudgeError
from judge.probes import AuditReport
from tests.contract.loopback import Loopback
from tests.judge.audited import TEXTS, TWO, found

NULL = Path(__file__).parents[3] / "shared" / "data" / "injection-nullmodel" / "null_model_output.txt"
needs_null = pytest.mark.skipif(
    not NULL.exists(), reason="the payload is not here (shared/data/injection-nullmodel)"
)
PLACES = ("start", "middle", "end", "quoted")


def run_audit(folder: Path, *options: str, lines: str | None = None) -> Any:
    (folder / "rubric.yaml").write_text(yaml.safe_dump(TWO.model_dump(mode="json", exclude_defaults=True)))
    source = folder / "answers.jsonl"
    source.write_text(
        lines
        if lines is not None
        else "".join(
            json.dumps({"id": n, "prompt": "Boots?", "response": text}) + "\n" for n, text in enumerate(TEXTS)
        )
    )
    return CliRunner().invoke(
        app, ["judge", "audit", str(source), "--rubric", str(folder / "rubric.yaml"), *options]
    )


@pytest.fixture
def endpoint(loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> Loopback:
    monkeypatch.setenv("OPENAI_BASE_URL", loopback.base_url)
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    loopback.level, loopback.gullible = 1, True
    return loopback


@needs_null
def test_the_suite_over_http_against_a_gullible_model(endpoint: Loopback, tmp_path: Path) -> None:
    out, page = tmp_path / "report.json", tmp_path / "report.html"
    result = run_audit(
        tmp_path, "--model", "m", "--out", str(out), "--html", str(page), "--payload", str(NULL)
    )
    assert result.exit_code == 0, result.output
    report = AuditReport.from_json(json.loads(out.read_text()))
    # the model gives 1 on everything, and 3 to those who ask for it: from 0 to 1
    for place in PLACES:
        one = found(report, f"demand_{place}_poor")
        assert (one.estimate.value, one.flagged) == (1.0, 4)
    # the real payload moves this model nothing, and people are told of each
    null = found(report, "payload_alone")
    assert (null.estimate.value, null.flagged, null.flaggable) == (0.0, 4, 4)
    assert NULL.read_text().strip() not in out.read_text()
    assert f"about {len(endpoint.requests)} requests to m" in result.stderr
    assert "8 of 26 attacks move scores upward" in result.stdout
    assert "<!doctype html>" in page.read_text() and "8 of 26" in page.read_text()
    unframed = [
        request for request in endpoint.requests if "<submission-" not in request["messages"][1]["content"]
    ]
    assert len(unframed) == 4  # each answer once, to measure what the defences cost


def test_a_panel_with_three_replies_each_over_http(endpoint: Loopback, tmp_path: Path) -> None:
    endpoint.gullible = False
    out = tmp_path / "report.json"
    options = ("--probes", "verbosity", "--model", "m", "--model", "n", "--samples", "3", "--out", str(out))
    result = run_audit(tmp_path, *options)
    assert result.exit_code == 0, result.output
    report = AuditReport.from_json(json.loads(out.read_text()))
    # four answers and their longer versions, three replies of each of two models
    assert report.requests == len(endpoint.requests) == 2 * 4 * 3 * 2
    assert f"about {report.requests} requests to m, n" in result.stderr
    assert (report.model, report.parameters["samples"], report.parameters["panel"]) == ("m, n", 3, 2)
    assert {request["model"] for request in endpoint.requests} == {"m", "n"}


def test_a_model_that_is_not_gullible_over_http(endpoint: Loopback, tmp_path: Path) -> None:
    endpoint.gullible = False
    result = run_audit(tmp_path, "--probes", "injection", "--json")
    report = json.loads(result.stdout)
    assert report["summary"][0] == "0 of 25 attacks move scores upward."
    assert {row["verdict"] for row in report["findings"]} == {"no change seen on any of 4 answers"}


def test_without_an_endpoint_the_command_shows_what_rules_can_and_says_what_to_set(tmp_path: Path) -> None:
    result = run_audit(tmp_path)
    assert result.exit_code == 0 and "Set OPENAI_API_KEY" in result.stderr
    assert "flagged 4 of 4" in result.stdout and "not measured: needs a language model" in result.stdout
    refused = run_audit(tmp_path, "--probes", "order,retest")
    assert refused.exit_code != 0 and isinstance(refused.exception, JudgeError)
    assert "OPENAI_BASE_URL" in str(refused.exception)


@pytest.mark.parametrize(
    ("options", "lines", "words"),
    [
        (("--probes", "order,hallo"), None, "hallo is no probe; there are order, verbosity"),
        (("--payload", "/dev/null"), None, "--payload: /dev/null is empty"),
        ((), '{"id": 1, "prompt": "q"}\n', "answers.jsonl, line 1: response"),
        (
            (),
            '{"id": 1, "prompt": "q", "response": "r", "human": {"c": 1}}\n',
            "line 1: human: the rubric has",
        ),
        (
            (),
            '{"id": 1, "prompt": "q", "response": "r", "rubric": "other"}\n',
            "an audit is about one rubric",
        ),
    ],
)
def test_what_the_command_cannot_read_is_named(
    tmp_path: Path, options: tuple[str, ...], lines: str | None, words: str
) -> None:
    result = run_audit(tmp_path, *options, lines=lines)
    assert isinstance(result.exception, Invalid) and words in str(result.exception)
