"""The same submission through library, command and service gives the same verdict."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from app.cli import app
from judge import Judge, Submission
from judge.http_page import page_of
from judge.llm import OpenAIGateway
from judge.remote import Order, RemoteJob
from judge.service import make_service
from rubrics import catalog
from tests.contract.loopback import Loopback

ROW = {
    "id": "7",
    "prompt": "Can I return boots?",
    "response": "You should have asked. Please return them within 60 days.",
    "context": "Returns within 60 days.",
    "reference": "Within 60 days.",
}


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


class NoJobs:
    """A keeper that is asked for nothing."""

    def start(self, caller: str, order: Order) -> int:
        raise AssertionError

    def state(self, caller: str, job_id: int, *, first: int, count: int) -> RemoteJob | None:
        raise AssertionError

    def cancel(self, caller: str, job_id: int) -> bool:
        raise AssertionError


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


def test_a_rubric_can_be_read_whole_and_sent_back(loopback: Loopback) -> None:
    shown = call("/rubrics/customer-answer", headers=AUTHORISED)
    known = {line["name"]: line["hash"] for line in call("/rubrics", headers=AUTHORISED).json()}
    assert shown.headers["ETag"] == f'"{known["customer-answer"]}"'
    own = judge_call({"rubric": shown.json(), "submissions": [ROW]})
    assert own.json() == judge_call({"rubric": "customer-answer", "submissions": [ROW]}).json()
    assert call("/rubrics/none", headers=AUTHORISED).status_code == 404
    assert call("/rubrics/customer-answer").status_code == 401


def test_a_body_that_is_too_large_is_refused_unread() -> None:
    read = []

    async def pieces(count: int) -> AsyncIterator[bytes]:
        for _ in range(count):
            read.append("")
            yield b" " * 2**20

    def sent(**options: Any) -> httpx2.Response:
        return call("/judge", method="POST", headers=options.pop("headers", AUTHORISED), **options)

    known = sent(content=b" " * (16 * 2**20 + 1))
    assert (known.status_code, "larger than 16 MiB" in known.json()["detail"]) == (413, True)
    assert sent(content=b" " * (16 * 2**20)).status_code == 422  # no JSON, but not too much of it
    # of unknown length: it is counted as it comes
    assert (sent(content=pieces(100)).status_code, len(read) < 20) == (413, True)
    read.clear()
    nobody = sent(content=pieces(3), headers={"Authorization": "Bearer bad"})
    assert (nobody.status_code, read) == (401, [])


def test_text_that_is_none_is_refused_by_field() -> None:
    body = json.dumps({"rubric": "helpfulness", "submissions": [ROW | {"response": "half \ud800"}]})
    answer = call("/judge", method="POST", content=body, headers=AUTHORISED)
    assert answer.status_code == 422


def test_everything_is_described_for_programs_and_people() -> None:
    service = make_service(
        rubrics=catalog, gateway=None, who=lambda _: None, run=lambda work: work, jobs=NoJobs()
    )
    described = service.openapi()
    assert {(method, path) for path, methods in described["paths"].items() for method in methods} == {
        ("get", "/health"),
        ("get", "/rubrics"),
        ("get", "/rubrics/{name}"),
        ("post", "/judge"),
        ("post", "/jobs"),
        ("get", "/jobs/{job_id}"),
        ("delete", "/jobs/{job_id}"),
    }
    page = page_of(described, "/v1")
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            assert f"{method.upper()} /v1{path}" in page and operation["summary"] in page
            good = next(answer for status, answer in operation["responses"].items() if status[0] == "2")
            assert good["content"]["application/json"]["schema"], path
    # a verdict is described field by field
    assert set(described["components"]["schemas"]["VerdictLine"]["properties"]) == {
        "id", "status", "reason", "criteria", "total", "passed", "rubric", "model", "usage", "flags",
    }  # fmt: skip


def judge_call(body: dict[str, Any], **headers: str) -> httpx2.Response:
    return call("/judge", method="POST", json=body, headers=AUTHORISED | headers)


@pytest.mark.parametrize("given", ["good", "Basic good", "Bearer", "Bearer ", "Bearer bad", ""])
def test_anything_but_a_known_bearer_token_is_nobody(given: str) -> None:
    answer = judge_call({"rubric": "helpfulness", "submissions": [ROW]}, Authorization=given)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"submissions": [ROW]}, "rubric"),
        ({"rubric": "helpfulness", "submissions": []}, "at least 1"),
        ({"rubric": "helpfulness", "submissions": [ROW] * 51}, "at most 50"),
        ({"rubric": "helpfulness", "submissions": [ROW], "extra": 1}, "extra"),
        ({"rubric": "helpfulness", "submissions": [ROW], "samples": 0}, "samples"),
        ({"rubric": "helpfulness", "submissions": [ROW], "samples": 21}, "samples"),
        ({"rubric": "helpfulness", "submissions": [ROW], "together": "two"}, "together"),
        ({"rubric": "helpfulness", "submissions": [ROW], "idempotency_key": ""}, "idempotency_key"),
        ({"rubric": "helpfulness", "submissions": [ROW], "idempotency_key": "a b"}, "idempotency_key"),
        ({"rubric": {"name": "mine"}, "submissions": [ROW]}, "title"),
        ({"rubric": {"criteria": "Right?", "score1_description": "no"}, "submissions": [ROW]}, "Prometheus"),
        (
            {"rubric": "[Q]\n" + "\n".join(f"Score {n}: x" for n in range(1, 6)), "submissions": [ROW]},
            "only 'Q'",
        ),
    ],
)
def test_what_cannot_be_judged_is_refused_with_what_is_wrong(body: dict[str, Any], words: str) -> None:
    answer = judge_call(body)
    assert (answer.status_code, words in answer.text) == (422, True)


def test_verdicts_come_in_the_order_of_the_submissions() -> None:
    rows = [ROW | {"id": str(n)} for n in (9, 2, 5)]
    answer = judge_call({"rubric": "customer-answer", "submissions": rows})
    assert [verdict["id"] for verdict in answer.json()["verdicts"]] == ["9", "2", "5"]


def test_a_rubric_may_come_with_the_request() -> None:
    own = catalog()["customer-answer"].model_dump(mode="json")
    sent = judge_call({"rubric": own, "submissions": [ROW]}).json()
    assert sent == judge_call({"rubric": "customer-answer", "submissions": [ROW]}).json()


def test_without_a_model_the_service_says_why_there_is_no_total() -> None:
    (verdict,) = judge_call({"rubric": "helpfulness", "submissions": [ROW]}).json()["verdicts"]
    assert (verdict["status"], verdict["reason"]) == ("unscored", "needs_language_model")
    assert call("/health").json()["model"] == "built-in checks"


def test_a_model_that_fails_is_a_verdict_and_no_error(loopback: Loopback) -> None:
    loopback.script[:] = ["refusal"]
    verdict = asyncio.run(through_service(loopback))
    # only the optional criteria of this rubric need a model: the total rests on the rules
    assert verdict["status"] == "scored"
    assert [row["reason"] for row in verdict["criteria"] if row["level"] is None] == ["refused", "refused"]


def test_the_descriptions_of_swagger_are_not_served() -> None:
    assert call("/redoc").status_code == 404
    assert set(call("/openapi.json").json()["paths"]) == {"/health", "/rubrics", "/rubrics/{name}", "/judge"}


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
