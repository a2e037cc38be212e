"""Judged answers a second, beside a bare client and a plain instructor client at the same endpoint in the same run.

    python benchmarks/judged_answers.py [--answers 2000] [--latency 0.1 1.0] [--rounds 3]

All three have 64 requests in flight, ask the same messages for the same schema and run in the same process, one after
the other; the endpoint is a process of its own that reads little and answers what it answered before, so that it is no
bottleneck. The bare client (aiohttp) sends bodies that were made beforehand and reads the reply as JSON: nothing is
checked. The plain instructor client is `instructor.from_openai(AsyncOpenAI(...))` with the reply model handed over at
each call. Each ratio is the median over the rounds of a ratio within one round, since the machine's pace changes.

Also printed: processor time an answer, and requests and tokens an answer with all criteria in one request beside one
request a criterion. Tokens are bytes on the wire divided by four.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp
import instructor
from aiohttp import web
from openai import AsyncOpenAI

from judge import Judge, Submission, score_many
from judge.llm import OpenAIGateway, Usage
from judge.prompting import build_messages, reply_model
from judge.scorer import Together
from rubrics import catalog

T = TypeVar("T")

IN_FLIGHT = 64
RUBRIC = catalog()["helpfulness"]
ASKED = tuple(criterion for criterion in RUBRIC.criteria if criterion.check is None)
ANSWER = (
    "Yes, you can return the boots within 60 days, as long as they were worn indoors only. Log in, open the order, "
    "choose “Return” and print the label; the parcel shop at the station takes it until eight in the evening. "
    "The money is back on your card about five working days after the parcel has reached us. "
)


def submissions(count: int) -> Iterator[Submission]:
    for number in range(count):
        yield Submission(
            str(number),
            f"Order {number}: can I return boots that I have worn?",
            f"{ANSWER}Order {number}. " * 3,
        )


# ---------------------------------------------------------------------- the endpoint


def completion(body: bytes) -> bytes:
    """A fitting reply: the best level of each criterion that is asked for, with words of the answer."""
    request = json.loads(body)
    tools = request.get("tools")
    schema = (
        tools[0]["function"]["parameters"] if tools else request["response_format"]["json_schema"]["schema"]
    )
    reply = {
        name: {
            "evidence": ["you can return the boots within 60 days"],
            "rationale": "“you can return the boots within 60 days” answers what was asked and says until when.",
            "level": max(schema["$defs"][part["$ref"].split("/")[-1]]["properties"]["level"]["enum"]),
            "suggestion": "",
        }
        for name, part in schema["properties"].items()
    }
    text = json.dumps(reply, ensure_ascii=False)
    message: dict[str, object] = {"role": "assistant", "content": text, "refusal": None}
    if tools:
        call = {"name": tools[0]["function"]["name"], "arguments": text}
        message |= {"content": None, "tool_calls": [{"id": "t", "type": "function", "function": call}]}
    usage = {"prompt_tokens": len(body) // 4, "completion_tokens": len(text) // 4, "total_tokens": 0}
    return json.dumps(
        {
            "id": "c",
            "object": "chat.completion",
            "created": 1,
            "model": "m",
            "choices": [{"index": 0, "finish_reason": "tool_calls" if tools else "stop", "message": message}],
            "usage": usage,
        }
    ).encode()


def serve(latency: float) -> None:
    known: dict[bytes, bytes] = {}
    requests = 0

    async def chat(request: web.Request) -> web.Response:
        nonlocal requests
        requests += 1
        body = await request.read()
        # What is asked for stands after these words: reading each body whole would make the endpoint the bottleneck.
        place = body.rindex(b"Criteria to judge: ")
        asked = body[place : body.index(b".", place)] + body[-200:]
        answer = known.get(asked) or known.setdefault(asked, completion(body))
        await asyncio.sleep(latency)
        return web.Response(body=answer, content_type="application/json")

    async def count(_request: web.Request) -> web.Response:
        return web.Response(text=str(requests))

    async def run() -> None:
        application = web.Application()
        application.add_routes([web.post("/v1/chat/completions", chat), web.get("/requests", count)])
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
        await asyncio.Event().wait()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run())


@contextlib.contextmanager
def endpoint(latency: float) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, __file__, "--serve", str(latency)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": "."},
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        process.stdout.close()


# ---------------------------------------------------------------------- the three clients

Way = Callable[[str, int], Coroutine[Any, Any, float]]
"""(endpoint, answers) -> seconds; connections are open and models wrapped before the clock starts."""


async def bare(url: str, count: int) -> float:
    schema = instructor.response_schema(reply_model(ASKED)).model_json_schema()
    shape = {"type": "json_schema", "json_schema": {"name": "Judgement", "schema": schema, "strict": True}}
    fixed = {"model": "m", "max_completion_tokens": 2048, "response_format": shape}
    bodies = [
        json.dumps(
            fixed | {"messages": [{"role": m.role, "content": m.text} for m in messages]}, ensure_ascii=False
        ).encode()
        for messages in (build_messages(RUBRIC, ASKED, one, seed=1) for one in submissions(count))
    ]
    headers = {"Content-Type": "application/json", "Authorization": "Bearer k"}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=IN_FLIGHT)) as session:

        async def one(body: bytes) -> None:
            address = f"{url}/v1/chat/completions"
            async with session.post(address, data=body, headers=headers) as response:
                found = json.loads(await response.read())
                json.loads(found["choices"][0]["message"]["content"])

        return await pace(one, bodies)


async def plain(url: str, count: int) -> float:
    model = reply_model(ASKED)
    client = instructor.from_openai(
        AsyncOpenAI(api_key="k", base_url=f"{url}/v1"), mode=instructor.Mode.JSON_SCHEMA
    )

    async def one(submission: Submission) -> None:
        await client.chat.completions.create(
            model="m",
            messages=[
                {"role": m.role, "content": m.text}  # type: ignore[misc]
                for m in build_messages(RUBRIC, ASKED, submission, seed=1)
            ],
            response_model=model,
            max_completion_tokens=2048,
        )

    try:
        return await pace(one, list(submissions(count)))
    finally:
        await client.close()


async def judged(url: str, count: int) -> float:
    gateway = OpenAIGateway("m", api_key="k", base_url=f"{url}/v1")
    judge = Judge(RUBRIC, gateway)

    async def run(rows: list[Submission]) -> None:
        async for verdict in score_many(judge, rows, in_flight=IN_FLIGHT):
            assert verdict.total is not None, verdict.reason

    try:
        rows = list(submissions(count))
        await run(rows[: 2 * IN_FLIGHT])
        started = time.perf_counter()
        await run(rows)
        return time.perf_counter() - started
    finally:
        await gateway.close()


async def pace(one: Callable[[T], Awaitable[None]], rows: list[T]) -> float:
    gate = asyncio.Semaphore(IN_FLIGHT)

    async def within(row: T) -> None:
        async with gate:
            await one(row)

    await asyncio.gather(*map(within, rows[: 2 * IN_FLIGHT]))
    started = time.perf_counter()
    await asyncio.gather(*map(within, rows))
    return time.perf_counter() - started


@dataclass(frozen=True, slots=True)
class Pace:
    per_second: float
    cpu_milliseconds: float
    """Of this process, an answer."""


def measured(way: Way, url: str, count: int) -> Pace:
    cpu = time.process_time()
    seconds = asyncio.run(way(url, count))
    warm = min(count, 2 * IN_FLIGHT)
    return Pace(count / seconds, 1000 * (time.process_time() - cpu) / (count + warm))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--answers", type=int, help="per client and round; by default some ten seconds' worth"
    )
    parser.add_argument("--latency", type=float, nargs="*", default=[0.1, 1.0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve is not None:
        serve(options.serve)
        return
    for latency in options.latency:
        count = options.answers or max(4 * IN_FLIGHT, int(min(500, IN_FLIGHT / latency) * 8))
        print(f"latency {latency:g} s, {count} answers, {IN_FLIGHT} in flight, {options.rounds} rounds")
        rounds: list[dict[str, Pace]] = []
        with endpoint(latency) as url:
            for _ in range(options.rounds):
                rounds.append({way.__name__: measured(way, url, count) for way in (bare, judged, plain)})
        for name, words in (("bare", "bare client"), ("judged", "judge"), ("plain", "plain instructor")):
            each = [one[name] for one in rounds]
            ratio = statistics.median(one[name].per_second / one["bare"].per_second for one in rounds)
            print(
                f"  {words:<17} {statistics.median(p.per_second for p in each):7.1f}/s, ratio {ratio:.2f}, "
                f"{statistics.median(p.cpu_milliseconds for p in each):.2f} ms CPU an answer"
            )
        times = statistics.median(one["judged"].per_second / one["plain"].per_second for one in rounds)
        print(f"  the judge over the plain instructor client: {times:.2f}")
    calls_and_tokens()


def calls_and_tokens(count: int = 128) -> None:
    """What an answer costs with all criteria in one request, and with one request each."""
    print(f"{len(ASKED)} criteria that a model judges, {count} answers")
    whole: tuple[float, float] | None = None
    for together, words in (("all", "all in one request"), ("one", "one request each")):
        with endpoint(0.01) as url:
            usages = asyncio.run(_usages(url, count, together))  # type: ignore[arg-type]
            with urllib.request.urlopen(f"{url}/requests") as answer:
                requests = int(answer.read()) / count
        tokens = sum(usage.prompt_tokens + usage.completion_tokens for usage in usages) / count
        whole = whole or (requests, tokens)
        print(
            f"  {words:<18} {requests:.2f} requests and {tokens:.0f} tokens an answer "
            f"({requests / whole[0]:.1f} and {tokens / whole[1]:.1f} times)"
        )


async def _usages(url: str, count: int, together: Together) -> list[Usage]:
    gateway = OpenAIGateway("m", api_key="k", base_url=f"{url}/v1")
    judge = Judge(RUBRIC, gateway, together=together)
    try:
        return [verdict.usage async for verdict in score_many(judge, submissions(count)) if verdict.usage]
    finally:
        await gateway.close()


if __name__ == "__main__":
    main()
