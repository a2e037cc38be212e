"""Many annotators at once: next item and submit over HTTP, as the Work page asks for them.

First without a pause (how much one process bears), then with a person's pause of five seconds. The floor in the
same run is the server's own health endpoint asked by as many clients: what HTTP costs here without any work.
Prints milliseconds, submits a second, the ratio to the floor, and how many items were given to two people.
"""

import argparse
import asyncio
import json
import random
import statistics
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from app.services import accounts
from app.services.context import Actor
from app.services.intake import import_items
from app.services.projects import create_project
from app.settings import load_settings
from app.wiring import build_context, close_context
from tests.browser.conftest import running_milo

SCHEMA = "questions: [{id: label, type: choice, title: T, options: [{value: a}, {value: b}]}]"
PASSWORD = "bench bench"
OPERATOR = Actor.operator()


@dataclass
class Seen:
    next_ms: list[float] = field(default_factory=list)
    submit_ms: list[float] = field(default_factory=list)
    items: list[int] = field(default_factory=list)
    errors: int = 0


def prepare(folder: Path, people: int, items: int) -> int:
    ctx = build_context(load_settings(_env_file=None, data_dir=folder / "data", database_url=None))
    project = create_project(ctx, OPERATOR, name="P", schema_yaml=SCHEMA, guidelines="")
    path = folder / "items.jsonl"
    path.write_text(
        "".join(json.dumps({"id": f"i{n}", "text": f"Text {n}. " * 20}) + "\n" for n in range(items))
    )
    import_items(ctx, OPERATOR, project.id, path)
    for number in range(people):
        accounts.add_user(
            ctx, OPERATOR, login=f"p{number}", name=f"P{number}", password=PASSWORD, is_admin=False
        )
        accounts.give_role(ctx, OPERATOR, project_id=project.id, login=f"p{number}", role="annotator")
    close_context(ctx)
    return project.id


async def annotate(client: httpx2.AsyncClient, project: int, until: float, pause: float, seen: Seen) -> None:
    if pause:
        await asyncio.sleep(random.uniform(0, pause))
    while time.monotonic() < until:
        began = time.perf_counter()
        answer = await client.post(f"/api/work/{project}/next")
        seen.next_ms.append((time.perf_counter() - began) * 1000)
        if answer.status_code != 200:
            seen.errors += 1
            continue
        task = answer.json()["task"]
        if task is None:
            return
        if pause:
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))
        began = time.perf_counter()
        body = {
            "item_id": task["item"]["id"],
            "form_token": task["form_token"],
            "answers": {"label": "a"},
        }
        done = await client.post("/api/work/submit", json=body)
        seen.submit_ms.append((time.perf_counter() - began) * 1000)
        if done.status_code == 200:
            seen.items.append(task["item"]["id"])
        else:
            seen.errors += 1


async def floor(address: str, people: int, seconds: float) -> list[float]:
    times: list[float] = []

    async def ask() -> None:
        async with httpx2.AsyncClient(base_url=address) as client:
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                began = time.perf_counter()
                await client.get("/v1/health")
                times.append((time.perf_counter() - began) * 1000)

    await asyncio.gather(*(ask() for _ in range(people)))
    return times


async def round_(address: str, project: int, people: int, seconds: float, pause: float) -> tuple[Seen, float]:
    seen = Seen()
    clients = [httpx2.AsyncClient(base_url=address, timeout=60) for _ in range(people)]
    # Everybody logs in first: hashing passwords is meant to be slow, and is no part of the figure.
    for number, client in enumerate(clients):
        await client.post("/login", data={"login": f"p{number}", "password": PASSWORD})
    began = time.monotonic()
    await asyncio.gather(*(annotate(client, project, began + seconds, pause, seen) for client in clients))
    took = time.monotonic() - began
    for client in clients:
        await client.aclose()
    return seen, took


def line(name: str, times: list[float]) -> str:
    ordered = sorted(times)
    return f"{name}: median {statistics.median(ordered):.1f} ms, p95 {ordered[int(len(ordered) * 0.95)]:.1f} ms (n = {len(ordered)})"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = prepare(folder, 100, 100_000)
        with running_milo("serve", "--no-worker", data_dir=folder / "data") as address:
            bare = asyncio.run(floor(address, 25, 5))
            print(line("floor, 25 clients asking for /v1/health", bare))
            for people, pause in ((25, 0.0), (50, 5.0), (100, 5.0)):
                seen, seconds = asyncio.run(round_(address, project, people, given.seconds, pause))
                twice = sum(count - 1 for count in Counter(seen.items).values())
                print(
                    f"{people} annotators, {f'a submit about every {pause:.0f} s' if pause else 'without pause'}:"
                )
                print("  " + line("next item", seen.next_ms))
                print("  " + line("submit", seen.submit_ms))
                ratio = statistics.median(seen.next_ms) / statistics.median(bare)
                print(
                    f"  {len(seen.items) / seconds:.1f} submits/s, {seen.errors} errors, {twice} items given twice, "
                    f"next item {ratio:.1f} times the floor"
                )


if __name__ == "__main__":
    main()
