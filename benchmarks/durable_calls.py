"""Calls a second through the durable queue, beside a bare asyncio client at the same endpoint in the same run.

    python benchmarks/durable_calls.py [--items 2000] [--latency 0.2 1.0] [--database-url postgresql://…]

The endpoint and the worker are processes of their own. The ratio is stored calls a second over what the bare client
gets answered a second, both with 64 in flight. Also printed: processor time and memory of the worker, and how long
10,000 calls take to enqueue.
"""

import argparse
import asyncio
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp

from app.services import agents, preannotation
from app.services.context import Actor, Context
from app.services.intake import import_items
from app.services.projects import create_project
from app.settings import load_settings
from app.wiring import build_context, close_context
from db.engine import open_engine
from db.migrate import upgrade
from judge.llm import OpenAIGateway

IN_FLIGHT = 64
OPERATOR = Actor.operator()
SCHEMA = "questions: [{id: q, type: choice, title: Q, options: [{value: a}, {value: b}]}]"


@contextmanager
def endpoint(latency: float) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "tests/contract/loopback.py", "--port", "0", "--latency", str(latency)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": "."},
    )
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    try:
        yield line.split("=", 1)[1]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


async def bare(url: str, count: int) -> float:
    """Answers a second of a plain client."""
    body = {
        "model": "m",
        "messages": [{"role": "user", "content": "hello"}],
        "response_format": {
            "type": "json_schema",
            "json_schema": {
                "name": "r",
                "schema": {"type": "object", "properties": {"q": {"enum": ["a", "b"]}}},
            },
        },
    }
    gate = asyncio.Semaphore(IN_FLIGHT)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=IN_FLIGHT)) as session:

        async def one() -> None:
            async with gate, session.post(f"{url}/chat/completions", json=body) as response:
                json.loads(await response.read())

        started = time.perf_counter()
        await asyncio.gather(*(one() for _ in range(count)))
        return count / (time.perf_counter() - started)


def prepared(folder: Path, url: str, count: int, database: str | None) -> Context:
    settings = load_settings(_env_file=None, data_dir=folder, database_url=database)
    if database:
        engine = open_engine(settings.url)
        upgrade(engine)
        engine.dispose()
    ctx = build_context(settings)
    name = f"bench-{time.time_ns()}"
    project = create_project(ctx, OPERATOR, name=name, schema_yaml=SCHEMA, guidelines="", settings={})
    path = folder / "items.jsonl"
    path.write_text("".join(json.dumps({"id": f"i{n}", "text": f"thing {n}"}) + "\n" for n in range(count)))
    import_items(ctx, OPERATOR, project.id, path)
    gateway = OpenAIGateway("gpt-5-mini", api_key="k", base_url=url)
    started = time.perf_counter()
    preannotation.start(replace(ctx, gateway=gateway), OPERATOR, project.id, agent=agents.DEFAULT)
    print(f"  enqueueing {count} calls: the page waits {time.perf_counter() - started:.2f} s")
    return ctx


def durable(folder: Path, url: str, count: int, database: str | None) -> tuple[float, float, float]:
    """(stored calls a second, CPU seconds of the worker, its memory in MiB)."""
    ctx = prepared(folder, url, count, database)
    environment = {**os.environ, "OPENAI_BASE_URL": url, "OPENAI_API_KEY": "k"}
    if database:
        environment["MILO_DATABASE_URL"] = database
    job = preannotation.list_jobs(ctx, OPERATOR, _project(ctx))[0].job.id
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    worker = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "work", "--data-dir", str(folder)], env=environment
    )
    try:
        first, begun = 0, 0.0
        while True:
            done = ctx.jobs.progress(job).get("done", 0)
            if not begun and done >= count // 20:  # starting up is not the queue's pace
                first, begun = done, time.perf_counter()
            if done >= count:
                break
            time.sleep(0.05)
        pace = (count - first) / (time.perf_counter() - begun)
        status = Path(f"/proc/{worker.pid}/status").read_text()
        memory = int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024
    finally:
        worker.terminate()
        worker.wait(20)
        close_context(ctx)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return pace, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, memory


def _project(ctx: Context) -> int:
    from app.services.projects import list_projects

    return max(project.id for project, _ in list_projects(ctx, OPERATOR))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=2_000)
    parser.add_argument("--latency", type=float, nargs="*", default=[0.2, 1.0])
    parser.add_argument("--database-url")
    parser.add_argument("--enqueue", type=int, default=0)
    options = parser.parse_args()
    for latency in options.latency:
        with endpoint(latency) as url, tempfile.TemporaryDirectory() as folder:
            print(f"latency {latency:g} s, {options.items} items, {IN_FLIGHT} in flight")
            plain = asyncio.run(bare(url, options.items))
            pace, cpu, memory = durable(Path(folder), url, options.items, options.database_url)
            print(
                f"  bare client {plain:.1f}/s; durable {pace:.1f}/s, ratio {pace / plain:.2f}; "
                f"worker {1000 * cpu / options.items:.1f} ms CPU a call, {memory:.0f} MiB"
            )
    if options.enqueue:
        with tempfile.TemporaryDirectory() as folder:
            close_context(
                prepared(Path(folder), "http://127.0.0.1:9/v1", options.enqueue, options.database_url)
            )


if __name__ == "__main__":
    main()
