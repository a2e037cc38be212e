"""The same submission through library, command and service gives the same verdict."""

import asyncio
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from app.cli import app
from judge import Judge, Submission
from judge.llm import OpenAIGateway
from judge.service import make_service
from rubrics import catalog
from tests.contract.loopback import Loopback, running_loopback

ROW = {
    "id": "7",
    "prompt": "Can I return boots?",
    "response": "You should have asked. Please return them within 60 days.",
    "context": "Returns within 60 days.",
    "reference": "Within 60 days.",
}


@pytest.fixture(scope="module")
def loopback() -> Iterator[Loopback]:
    with running_loopback() as running:
        yield running


async def through_library(loopback: Loopback) -> dict[str, Any]:
    gateway = OpenAIGateway("m", api_key="k", base_url=loopback.base_url)
    verdict = await Judge(catalog()["customer-answer"], gateway).score(Submission.from_json(ROW))
    await gateway.close()
    return verdict.to_json()


async def through_service(loopback: Loopback) -> dict[str, Any]:
    gateway = OpenAIGateway("m", api_key="k", base_url=loopback.base_url)
    service = make_service(
        rubrics=catalog, gateway=gateway, who=lambda t: "ann" if t == "good" else None, run=lambda work: work
    )
    transport = httpx2.ASGITransport(app=service)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        body = {"rubric": "customer-answer", "submissions": [ROW]}
        answer = await client.post("/judge", json=body, headers={"Authorization": "Bearer good"})
    await gateway.close()
    return dict(answer.json()["verdicts"][0])


def through_command(loopback: Loopback, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("OPENAI_BASE_URL", loopback.base_url)
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    source, out = folder / "in.jsonl.gz", folder / "out.jsonl"
    source.write_bytes(gzip.compress(json.dumps(ROW).encode() + b"\n"))
    result = CliRunner().invoke(
        app, ["judge", str(source), "--rubric", "customer-answer", "--model", "m", "--out", str(out)]
    )
    assert result.exit_code == 0, result.output
    return dict(json.loads(out.read_text()))


def test_three_doors_one_verdict(loopback: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = asyncio.run(through_library(loopback))
    assert library["status"] == "scored" and library["model"] == "m-2026"
    assert asyncio.run(through_service(loopback)) == library
    assert through_command(loopback, tmp_path, monkeypatch) == library


def call(path: str, **options: Any) -> httpx2.Response:
    async def run() -> httpx2.Response:
        service = make_service(
            rubrics=catalog, gateway=None, who=lambda t: "ann" if t == "good" else None, run=lambda work: work
        )
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=service), base_url="http://test"
        ) as client:
            return await client.request(options.pop("method", "GET"), path, **options)

    return asyncio.run(run())


AUTHORISED = {"Authorization": "Bearer good"}


def test_health_is_public_and_everything_else_wants_a_token() -> None:
    assert call("/health").json()["status"] == "ok"
    assert call("/rubrics").status_code == 401
    assert call("/rubrics", headers={"Authorization": "Bearer bad"}).status_code == 401
    assert "helpfulness" in [rubric["name"] for rubric in call("/rubrics", headers=AUTHORISED).json()]


def test_a_bad_request_says_which_submission_and_field() -> None:
    body = {"rubric": "helpfulness", "submissions": [ROW, {"id": "x", "prompt": "q"}]}
    answer = call("/judge", method="POST", json=body, headers=AUTHORISED)
    assert answer.status_code == 422 and "submissions[1]: response" in answer.text
    unknown = call("/judge", method="POST", json={"rubric": "none", "submissions": [ROW]}, headers=AUTHORISED)
    assert unknown.status_code == 422 and "no rubric 'none'" in unknown.text


def test_the_api_page_loads_nothing_from_outside() -> None:
    page = call("/docs").text
    assert "/judge" in page and "src=" not in page and "https://" not in page


class TestCommand:
    def invoke(self, lines: str, folder: Path, *options: str) -> Any:
        source = folder / "in.jsonl"
        source.write_text(lines)
        return CliRunner().invoke(app, ["judge", str(source), "--out", str(folder / "out.jsonl"), *options])

    def test_ids_and_order_stay_and_every_line_has_an_outcome(self, tmp_path: Path) -> None:
        rows = [ROW | {"id": str(n)} for n in (3, 1, 2)]
        result = self.invoke(
            "".join(json.dumps(row) + "\n" for row in rows), tmp_path, "--rubric", "customer-answer"
        )
        assert result.exit_code == 0
        out = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
        assert [row["id"] for row in out] == ["3", "1", "2"]
        assert {row["status"] for row in out} == {"scored"}

    def test_without_a_model_helpfulness_is_unscored_with_its_reason(self, tmp_path: Path) -> None:
        result = self.invoke(json.dumps(ROW), tmp_path)
        (row,) = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
        assert (result.exit_code, row["status"], row["total"], row["passed"]) == (0, "unscored", None, None)
        assert row["reason"] == "needs_language_model"

    def test_a_line_may_bring_its_own_prometheus_rubric(self, tmp_path: Path) -> None:
        own = "[Is it right?]\n" + "\n".join(f"Score {n}: level {n}" for n in range(1, 6))
        self.invoke(json.dumps(ROW | {"rubric": own}), tmp_path)
        assert json.loads((tmp_path / "out.jsonl").read_text())["rubric"]["name"].startswith("prometheus-")

    def test_a_bad_line_is_named_and_nothing_is_written(self, tmp_path: Path) -> None:
        result = self.invoke(json.dumps(ROW) + "\n{broken\n", tmp_path)
        assert result.exit_code != 0 and "line 2" in str(result.exception)
        assert not (tmp_path / "out.jsonl").exists()
