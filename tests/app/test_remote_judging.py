"""Answers that programs send to be judged in the background, over HTTP and by the worker, on both databases."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from app.clock import utc_now
from app.services import accounts, agents, job_control, preannotation, remote_calls, remote_judging
from app.services.context import Context
from app.services.performing import perform
from app.services.retention import Forgotten, forget_old_texts
from app.wiring import handlers
from db.engine import Engine, is_sqlite, reading, transaction
from db.models import Call, Job, RemoteSubmission, RemoteVerdict
from db.store import calls
from judge.llm import Failed, OpenAIGateway, ScriptedGateway
from judge.remote import Limits
from judge.service import make_service
from rubrics import catalog
from tests.app.services.world import OPERATOR, World
from tests.contract.loopback import Loopback
from tests.judge.test_doors import ROW, through_command, through_library

RUBRIC = "customer-answer"


def row(number: int, **parts: Any) -> dict[str, Any]:
    return {
        "id": f"s{number}",
        "prompt": "Can I return boots?",
        "response": f"Please return them within 60 days, order {number}.",
        "context": "Returns within 60 days.",
        "reference": "Within 60 days.",
        **parts,
    }


class Client:
    """Somebody's program."""

    def __init__(self, ctx: Context, secret: str, limits: Limits | None = None) -> None:
        self._service = make_service(
            rubrics=catalog,
            gateway=ctx.gateway,
            who=lambda token: actor.login if (actor := accounts.actor_of_token(ctx, token)) else None,
            run=ctx.loop.run,
            jobs=remote_judging.RemoteJudging(ctx),
            limits=limits,
        )
        self._headers = {"Authorization": f"Bearer {secret}"}

    def call(self, method: str, path: str, **options: Any) -> httpx2.Response:
        async def run() -> httpx2.Response:
            transport = httpx2.ASGITransport(app=self._service)
            async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(method, path, headers=self._headers, **options)

        return asyncio.run(run())

    def start(self, count: int, path: str = "/jobs", **body: Any) -> httpx2.Response:
        rows = [row(number) for number in range(count)]
        return self.call("POST", path, json={"rubric": RUBRIC, "submissions": rows, **body})

    def job(self, job_id: int, **query: Any) -> dict[str, Any]:
        answer = self.call("GET", f"/jobs/{job_id}", params=query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


def client_of(ctx: Context, login: str, limits: Limits | None = None, *, admin: bool = False) -> Client:
    person = World(ctx).person(login, admin=admin)
    secret, _ = accounts.issue_token(ctx, person, name="t", days=1)
    return Client(ctx, secret, limits)


@pytest.fixture
def online(world: World, loopback: Loopback) -> Iterator[Context]:
    gateway = OpenAIGateway("m", api_key="k", base_url=loopback.base_url, first_wait_seconds=0.01)
    settings = world.ctx.settings.with_(model_input_usd_per_million=1.0, model_output_usd_per_million=2.0)
    yield replace(world.ctx, gateway=gateway, settings=settings)
    world.ctx.loop.submit(gateway.close()).result(10)


def do_calls(ctx: Context, count: int | None = None, patience_seconds: float = 600) -> None:
    """Do queued calls as a worker would, the first `count` of them, until there is none."""
    while True:
        with reading(ctx.engine) as session:
            found = session.query(Call).filter(Call.status == "queued").order_by(Call.created_at, Call.id)
            ids = [call.id for call in found][:count]
        for call_id in ids:
            work = perform(ctx.engine, handlers(ctx), call_id, patience_seconds=patience_seconds)
            ctx.loop.submit(work).result(60)
        if not ids or count is not None:
            return


def stored(engine: Engine) -> tuple[int, int, int]:
    """(jobs, submissions, verdicts)."""
    with reading(engine) as session:
        return (
            session.query(Job).count(),
            session.query(RemoteSubmission).count(),
            session.query(RemoteVerdict).count(),
        )


def test_a_job_gives_the_verdicts_of_the_synchronous_door_in_the_same_order(online: Context) -> None:
    ann = client_of(online, "ann")
    accepted = ann.start(3, samples=1)
    job_id = accepted.json()["id"]
    assert (accepted.status_code, accepted.headers["Location"]) == (202, f"/v1/jobs/{job_id}")
    assert accepted.json() == {"id": job_id, "address": f"/v1/jobs/{job_id}", "submissions": 3}
    waiting = ann.job(job_id)
    assert (waiting["status"], waiting["counts"]["queued"]) == ("queued", 3)
    assert waiting["verdicts"] == [{"id": f"s{n}", "status": "waiting"} for n in range(3)]
    do_calls(online)
    finished = ann.job(job_id)
    assert (finished["status"], finished["counts"]["done"]) == ("finished", 3)
    assert finished["verdicts"] == ann.start(3, "/judge").json()["verdicts"]
    # three requests of 100 and 20 tokens, at 1 and 2 USD a million
    assert (finished["prompt_tokens"], finished["completion_tokens"]) == (300, 60)
    assert finished["cost_usd"] == pytest.approx(3 * (100 + 40) / 1e6)


def test_four_doors_one_verdict(
    online: Context, loopback: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = asyncio.run(through_library(loopback))
    assert through_command(loopback, tmp_path, monkeypatch) == library
    ann = client_of(online, "ann")
    body = {"rubric": RUBRIC, "submissions": [ROW], "samples": 1}
    assert ann.call("POST", "/judge", json=body).json()["verdicts"] == [library]
    job_id = ann.call("POST", "/jobs", json=body).json()["id"]
    do_calls(online)
    assert ann.job(job_id)["verdicts"] == [library]


def test_part_of_the_verdicts_can_be_read_before_the_others_exist(online: Context) -> None:
    ann = client_of(online, "ann")
    job_id = ann.start(5).json()["id"]
    do_calls(online, count=2)
    some = ann.job(job_id)
    assert (some["status"], some["counts"]["done"], some["counts"]["queued"]) == ("running", 2, 3)
    assert sorted(line["status"] for line in some["verdicts"]) == ["scored"] * 2 + ["waiting"] * 3
    assert [line["id"] for line in some["verdicts"]] == [f"s{n}" for n in range(5)]
    page = ann.job(job_id, **{"from": 1, "limit": 2})
    assert ([line["id"] for line in page["verdicts"]], page["next"]) == (["s1", "s2"], 3)
    last = ann.job(job_id, **{"from": 3, "limit": 2})
    assert ([line["id"] for line in last["verdicts"]], last["next"]) == (["s3", "s4"], None)
    assert ann.call("GET", f"/jobs/{job_id}", params={"limit": 1001}).status_code == 422


def test_a_job_asks_three_times_and_the_caller_may_ask_otherwise(online: Context, loopback: Loopback) -> None:
    ann = client_of(online, "ann")
    for body, requests in (({}, 3), ({"samples": 2}, 2), ({"samples": 1, "together": "one"}, 2)):
        loopback.requests.clear()
        ann.start(1, **body)
        do_calls(online)
        assert len(loopback.requests) == requests, body  # two of the rubric's criteria need a model


def test_the_synchronous_door_takes_samples_too(online: Context, loopback: Loopback) -> None:
    ann = client_of(online, "ann")
    (verdict,) = ann.start(1, "/judge", samples=3).json()["verdicts"]
    assert len(loopback.requests) == 3
    assert {len(one["samples"]) for one in verdict["criteria"] if one["score_method"] != "rule"} == {3}


def test_more_than_may_be_waited_for_become_a_job(online: Context) -> None:
    ann = client_of(online, "ann", Limits(at_once=2, in_a_job=4))
    assert ann.start(2, "/judge").status_code == 200
    accepted = ann.start(3, "/judge")
    assert (accepted.status_code, accepted.json()["submissions"]) == (202, 3)
    assert ann.job(accepted.json()["id"])["samples"] == 3
    for path in ("/judge", "/jobs"):
        refused = ann.start(5, path)
        assert (refused.status_code, "at most 4" in refused.text) == (422, True)
    assert stored(online.engine)[:2] == (1, 3)


def test_the_same_key_gives_the_same_job_and_another_request_is_refused(online: Context) -> None:
    ann, ben = client_of(online, "ann"), client_of(online, "ben")
    first = ann.start(2, idempotency_key="monday")
    again = ann.start(2, idempotency_key="monday")
    assert (again.status_code, again.json()) == (202, first.json())
    other = ann.start(3, idempotency_key="monday")
    assert (other.status_code, "'monday'" in other.text) == (409, True)
    assert ben.start(2, idempotency_key="monday").json()["id"] != first.json()["id"]
    assert stored(online.engine) == (2, 4, 0)


def test_two_requests_with_one_key_at_a_time_are_one_job(online: Context) -> None:
    ann = client_of(online, "ann")
    order = {"rubric": RUBRIC, "submissions": [row(1)], "idempotency_key": "k"}

    async def both() -> list[int]:
        transport = httpx2.ASGITransport(app=ann._service)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            asked = [client.post("/jobs", json=order, headers=ann._headers) for _ in range(6)]
            return [answer.json()["id"] for answer in await asyncio.gather(*asked)]

    assert len(set(asyncio.run(both()))) == 1
    assert stored(online.engine)[0] == 1


def test_anybody_else_s_job_is_not_there(online: Context) -> None:
    ann, ben, root = client_of(online, "ann"), client_of(online, "ben"), client_of(online, "root", admin=True)
    job_id = ann.start(1).json()["id"]
    for method in ("GET", "DELETE"):
        assert ben.call(method, f"/jobs/{job_id}").status_code == 404
        assert ben.call(method, "/jobs/999").status_code == 404
    assert ann.job(job_id)["status"] == "queued"
    assert root.job(job_id)["submissions"] == 1
    assert ann.call("GET", f"/jobs/{2**63}").status_code == 422


def test_a_job_of_a_project_is_no_job_of_the_service(world: World, online: Context) -> None:
    root = client_of(online, "root", admin=True)
    project = world.project()
    with transaction(online.engine) as session:
        job = calls.add_job(
            session,
            project_id=project.id,
            kind="preannotate",
            agent_id=None,
            spec={},
            started_by="root",
            now=utc_now(),
        )
    assert root.call("GET", f"/jobs/{job.id}").status_code == 404
    assert root.call("DELETE", f"/jobs/{job.id}").status_code == 404


def test_a_cancelled_job_judges_no_more_and_keeps_what_it_has(online: Context, loopback: Loopback) -> None:
    ann = client_of(online, "ann")
    job_id = ann.start(4, samples=1).json()["id"]
    do_calls(online, count=1)
    cancelled = ann.call("DELETE", f"/jobs/{job_id}").json()
    assert (cancelled["status"], cancelled["counts"]["cancelled"]) == ("finished", 3)
    assert ann.call("DELETE", f"/jobs/{job_id}").json() == cancelled
    do_calls(online)
    assert len(loopback.requests) == 1
    lines = ann.job(job_id)["verdicts"]
    assert sorted(line["status"] for line in lines) == ["scored", "unscored", "unscored", "unscored"]
    left = next(line for line in lines if line["status"] == "unscored")
    assert (left["reason"], left["total"], left["usage"]) == ("cancelled", None, None)
    assert {one["reason"] for one in left["criteria"]} == {"cancelled"}


def test_too_many_waiting_are_refused_with_a_time_to_come_back(online: Context) -> None:
    ctx = replace(online, settings=online.settings.with_(judge_waiting_submissions=51))
    ann, ben = client_of(ctx, "ann"), client_of(ctx, "ben")
    job_id = ann.start(50).json()["id"]
    refused = ann.start(2)
    assert (refused.status_code, refused.headers["Retry-After"]) == (
        429,
        "60",
    )  # nothing ended lately: a minute
    assert "50 submissions of yours are waiting" in refused.json()["detail"]
    assert ann.start(1).status_code == 202
    assert ben.start(50).status_code == 202
    ann.call("DELETE", f"/jobs/{job_id}")
    # fifty ended in the last minute; with one waiting there is room again
    assert ann.start(50).status_code == 202
    soon = ann.start(5)
    assert (soon.status_code, soon.headers["Retry-After"]) == (429, "6")  # five at fifty a minute


def test_an_endpoint_that_is_away_is_asked_again(online: Context, loopback: Loopback) -> None:
    ann = client_of(online, "ann")
    job_id = ann.start(1, samples=1).json()["id"]
    loopback.script[:] = ["503"] * 4  # the gateway's own tries
    do_calls(online)
    job = ann.job(job_id)
    assert (job["counts"]["done"], job["verdicts"][0]["status"]) == (1, "scored")
    assert len(loopback.requests) == 5


def test_when_patience_ends_the_call_fails_and_can_be_retried(online: Context, loopback: Loopback) -> None:
    ann = client_of(online, "ann")
    job_id = ann.start(1, samples=1).json()["id"]
    loopback.script[:] = ["503"] * 4
    do_calls(online, patience_seconds=0)
    job = ann.job(job_id)
    (line,) = job["verdicts"]
    assert (job["status"], job["counts"]["failed"]) == ("finished", 1)
    assert (line["id"], line["status"], line["reason"], line["total"]) == (
        "s0",
        "unscored",
        "unavailable",
        None,
    )
    assert "503 scripted 503" in line["criteria"][0]["rationale"]
    assert line["rubric"] == job["rubric"]
    job_control.retry_job(online, OPERATOR, job_id)
    do_calls(online)
    assert ann.job(job_id)["verdicts"][0]["status"] == "scored"


def test_an_endpoint_that_refuses_everything_pauses_the_job_until_it_is_resumed(
    online: Context, loopback: Loopback
) -> None:
    ann = client_of(online, "ann")
    job_id = ann.start(3, samples=1).json()["id"]
    loopback.script[:] = ["401"]
    do_calls(online, count=1)
    do_calls(online)
    paused = ann.job(job_id)
    assert (paused["status"], paused["paused"]) == ("paused", "the endpoint refuses: 401 scripted 401")
    assert (paused["counts"]["paused"], len(loopback.requests)) == (3, 1)
    job_control.resume_job(online, OPERATOR, job_id)
    do_calls(online)
    assert ann.job(job_id)["counts"]["done"] == 3


@pytest.mark.parametrize("fault", ["refusal", "filtered", "context_length_exceeded"])
def test_what_the_model_will_not_judge_is_an_unscored_verdict_as_at_the_other_doors(
    online: Context, loopback: Loopback, fault: str
) -> None:
    ann = client_of(online, "ann")
    job_id = ann.start(1, samples=1).json()["id"]
    loopback.script[:] = [fault]
    do_calls(online)
    loopback.script[:] = [fault]
    job = ann.job(job_id)
    assert job["counts"]["done"] == 1
    assert job["verdicts"] == ann.start(1, "/judge").json()["verdicts"]


def test_tokens_of_tries_that_came_to_nothing_are_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two samples: the first is answered (10 and 5 tokens) and the endpoint goes away before the second, in each of
    # the two parts of a rubric asked one criterion at a time; then all is well. A verdict that lacks a criterion is
    # tried again as a whole, and what was paid for is paid for.
    asked: list[str] = []
    away = Failed("unavailable", "503 away", "m", None, ())

    def reply(request: Any) -> Any:
        asked.append("")
        name = next(iter(request.reply.model_fields))
        said = {"evidence": [], "rationale": "r", "level": 1, "suggestion": ""}
        return away if len(asked) == 2 else {name: said}

    ctx = replace(world.ctx, gateway=ScriptedGateway(reply))
    ann = client_of(ctx, "ann")
    job_id = ann.start(1, samples=1, together="one").json()["id"]
    monkeypatch.setattr("app.services.performing._FIRST_WAIT", 0.0)
    do_calls(ctx)
    # four requests, of which one brought nothing: 3 x 10 and 3 x 5
    assert len(asked) == 4
    job = ann.job(job_id)
    assert (job["prompt_tokens"], job["completion_tokens"], job["counts"]["done"]) == (30, 15, 1)
    assert (job["cost_usd"], job["calls_without_price"]) == (None, 1)


def test_without_a_model_jobs_are_judged_by_rules(world: World) -> None:
    ann = client_of(world.ctx, "ann")
    job_id = ann.start(2).json()["id"]
    do_calls(world.ctx)
    job = ann.job(job_id)
    assert (job["model"], job["cost_usd"], job["prompt_tokens"]) == ("built-in checks", 0, 0)
    assert job["verdicts"] == ann.start(2, "/judge").json()["verdicts"]


def test_a_worker_without_a_model_pauses_a_job_that_wants_one(online: Context) -> None:
    ann = client_of(online, "ann")
    job_id = ann.start(1).json()["id"]
    do_calls(replace(online, gateway=None))
    assert "no language model is configured" in ann.job(job_id)["paused"]


def test_a_large_job_is_laid_out_by_the_worker(online: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_judging, "_PER_TRANSACTION", 4)
    ann = client_of(online, "ann")
    job_id = ann.start(11, samples=1).json()["id"]
    waiting = ann.job(job_id)
    assert (waiting["status"], waiting["counts"]["queued"], len(waiting["verdicts"])) == ("queued", 11, 11)
    with reading(online.engine) as session:
        (only,) = session.query(Call)
        call_id, spec = only.id, dict(only.spec)
    online.loop.submit(remote_calls.lay_out(online, call_id, spec)).result(
        30
    )  # a worker that died before its end
    assert ann.job(job_id)["counts"]["queued"] == 11
    do_calls(online)
    finished = ann.job(job_id)
    assert (finished["status"], finished["counts"]["done"]) == ("finished", 11)
    assert [line["id"] for line in finished["verdicts"]] == [f"s{n}" for n in range(11)]
    assert stored(online.engine) == (1, 11, 11)


def test_a_large_job_that_is_cancelled_before_it_is_laid_out_asks_nothing(
    online: Context, loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_judging, "_PER_TRANSACTION", 4)
    ctx = replace(online, settings=online.settings.with_(judge_waiting_submissions=51))
    ann = client_of(ctx, "ann")
    job_id = ann.start(51).json()["id"]
    with reading(ctx.engine) as session:
        (only,) = session.query(Call)
        call_id, spec = only.id, dict(only.spec)
    assert ann.start(1).status_code == 429
    cancelled = ann.call("DELETE", f"/jobs/{job_id}").json()
    assert (cancelled["status"], cancelled["counts"]["cancelled"]) == ("finished", 51)
    ctx.loop.submit(remote_calls.lay_out(ctx, call_id, spec)).result(30)
    do_calls(ctx)
    assert loopback.requests == []
    assert {line["reason"] for line in ann.job(job_id)["verdicts"]} == {"cancelled"}
    assert ann.start(51).status_code == 202  # nothing of the old one waits


def test_text_that_a_document_cannot_hold_comes_back_as_it_was(online: Context) -> None:
    own = catalog()[RUBRIC].model_dump(mode="json") | {"title": "Held \x00 by a rubric"}
    rows = [row(1, id="\x00", response="A NUL \x00 and an astral 😀.")]
    ann = client_of(online, "ann")
    body = {"rubric": own, "submissions": rows, "samples": 1}
    job_id = ann.call("POST", "/jobs", json=body).json()["id"]
    assert ann.job(job_id)["verdicts"] == [{"id": "\x00", "status": "waiting"}]
    do_calls(online)
    assert ann.job(job_id)["verdicts"] == ann.call("POST", "/judge", json=body).json()["verdicts"]


def test_operators_see_jobs_of_programs_and_others_their_own(online: Context) -> None:
    ann = client_of(online, "ann")
    job_id = ann.start(1).json()["id"]
    other = World(online).person("ben")
    assert [one.job.id for one in remote_judging.list_remote_jobs(online, OPERATOR)] == [job_id]
    assert remote_judging.list_remote_jobs(online, other) == []
    assert job_control.cancel_job(online, OPERATOR, job_id) == 1


def test_jobs_of_programs_are_in_no_project(world: World, online: Context) -> None:
    project = world.project()
    client_of(online, "ann").start(1)
    assert preannotation.list_jobs(online, OPERATOR, project.id) == []
    assert agents.agents_in_use(online) == []


# ---------------------------------------------------------------------- a real worker


@contextmanager
def worker(url: str, endpoint: str, folder: Path, name: str) -> Iterator[subprocess.Popen[bytes]]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("OPENAI")} | {
        "MILO_DATABASE_URL": url,
        "MILO_DATA_DIR": str(folder / "data"),
        "MILO_WORKER_ID": name,
        "MILO_WORKER_DEAD_SECONDS": "3",
        "MILO_MODEL": "m",
        "OPENAI_BASE_URL": endpoint,
        "OPENAI_API_KEY": "k",
    }
    process = subprocess.Popen([sys.executable, "-m", "app.cli", "work"], env=environment)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(timeout=20)


def until(holds: Callable[[], bool], seconds: float, otherwise: Callable[[], object]) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.05)


@pytest.mark.slow
def test_bodies_and_replies_go_after_their_time_and_verdicts_stay(online: Context) -> None:
    keeping = replace(online, settings=online.settings.with_(keep_replies_days=30))
    ann = client_of(online, "ann")
    done = ann.start(2, samples=1).json()["id"]
    do_calls(online)
    waiting = ann.start(1, samples=1).json()["id"]
    before = ann.job(done)["verdicts"]
    assert forget_old_texts(keeping) == Forgotten(0, 0)  # all of it is new
    long_ago = utc_now() - timedelta(days=31)
    with transaction(online.engine) as session:
        session.query(Call).filter_by(job_id=done).update({"finished_at": long_ago})
        session.query(Job).update({"created_at": long_ago})
        session.query(RemoteVerdict).update({"created_at": long_ago})
    assert forget_old_texts(online) == Forgotten(0, 0)  # for ever, unless the setting says otherwise
    assert forget_old_texts(keeping) == Forgotten(0, 2)
    assert ann.job(done)["verdicts"] == before
    with reading(online.engine) as session:
        kept = {(row.job_id, row.document is None) for row in session.query(RemoteSubmission)}
        assert kept == {(done, True), (waiting, False)}  # what waits is still to be judged
        assert [row.raw for row in session.query(RemoteVerdict)] == [None, None]
    assert forget_old_texts(keeping) == Forgotten(0, 0)
    do_calls(online)
    assert ann.job(waiting)["verdicts"][0]["status"] == "scored"


def test_a_job_that_was_cancelled_before_it_was_laid_out_loses_its_bodies_too(
    online: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_judging, "_PER_TRANSACTION", 2)
    keeping = replace(online, settings=online.settings.with_(keep_replies_days=30))
    ann = client_of(online, "ann")
    job_id = ann.start(5, samples=1).json()["id"]
    ann.call("DELETE", f"/jobs/{job_id}")
    with transaction(online.engine) as session:
        session.query(Job).update({"created_at": utc_now() - timedelta(days=31)})
    assert forget_old_texts(keeping) == Forgotten(0, 5)


def test_a_worker_that_is_killed_loses_and_doubles_nothing(
    online: Context, loopback: Loopback, tmp_path: Path
) -> None:
    ann, count = client_of(online, "ann"), 8
    online.jobs.prepare()
    url = online.engine.url.render_as_string(hide_password=False)
    job_id = ann.start(count, samples=1).json()["id"]
    # The first half is answered at once, the other half keeps the first worker waiting until it is killed.
    loopback.script[:] = ["ok"] * (count // 2) + ["slow:30"] * (count // 2)
    with worker(url, loopback.base_url, tmp_path, "first") as first:
        until(
            lambda: len(loopback.requests) == count and ann.job(job_id)["counts"]["done"] == count // 2,
            60,
            lambda: (len(loopback.requests), ann.job(job_id)),
        )
        first.send_signal(signal.SIGKILL)
        first.wait()
    half = ann.job(job_id)
    assert [line["status"] for line in half["verdicts"]].count("scored") == count // 2
    with worker(url, loopback.base_url, tmp_path, "first" if is_sqlite(online.engine) else "second"):
        until(lambda: ann.job(job_id)["status"] == "finished", 60, lambda: ann.job(job_id))
    finished = ann.job(job_id)
    assert stored(online.engine) == (1, count, count)
    assert len(loopback.requests) == count + count // 2  # what was finished was not asked for again
    assert finished["prompt_tokens"] == 100 * count
    assert finished["verdicts"] == ann.start(count, "/judge").json()["verdicts"]
