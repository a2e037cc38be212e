"""From the key that submits to the next item in the page, in headless Chromium, SQLite.

10,000 items of a paragraph and two questions; `--heavy` takes 100,000 items, 20 questions and 20,000 characters.

As a person does it: choose by key, submit by key, 50 times, with a second between so that the next item is fetched
ahead, and 50 times without a pause. DOM is when the next item is in the document, paint two frames later. Beside
them, in the same run, the bare round trip of one submit and one next item over HTTP: what any page pays that
waits for the server before it shows the next item. Last, what the page holds in memory, and what the record of
time costs while somebody types.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx2
from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM, ROOT, running_milo

SUBMITS = 50
SCHEMA = """
questions:
  - id: label
    type: choice
    title: What is it?
    options: [{value: a}, {value: b}, {value: c}, {value: d}, {value: e}, {value: f}]
  - {id: note, type: text, title: Note, required: false}
"""
WATCH = """
() => {
  const root = document.querySelector('.milo');
  window.times = [];
  window.addEventListener('keydown', (event) => { if (event.key === 'Enter' && event.ctrlKey) window.pressed = performance.now(); }, true);
  new MutationObserver(() => {
    const dom = performance.now() - window.pressed;
    requestAnimationFrame(() => requestAnimationFrame(() => window.times.push([dom, performance.now() - window.pressed])));
  }).observe(root, {attributes: true, attributeFilter: ['data-item']});
}
"""


def command(data: Path, *arguments: str) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MILO_", "OPENAI_"))}
    full = [sys.executable, "-m", "app.cli", *arguments, "--data-dir", str(data)]
    subprocess.run(
        full, check=True, cwd=data.parent, env=clean | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL
    )


def prepare(folder: Path, *, heavy: bool) -> Path:
    data = folder / "data"
    more = "".join(
        f"  - {{id: q{n}, type: rating, title: Question {n}, required: false}}\n"
        for n in range(18 if heavy else 0)
    )
    (folder / "schema.yaml").write_text(SCHEMA + more)
    # 76 characters a sentence: a paragraph, or 20,000 characters.
    text = "The committee met again and the minutes say little about what was decided. " * (
        264 if heavy else 12
    )
    with (folder / "items.jsonl").open("w") as file:
        for number in range(100_000 if heavy else 10_000):
            suggestion = {"label": {"value": "b", "confidence": 0.7, "model": "m", "rationale": "Says so."}}
            file.write(
                json.dumps({"id": f"i-{number}", "text": f"{number}. {text}", "suggestions": suggestion})
                + "\n"
            )
    command(data, "project", "create", "P", "--schema", str(folder / "schema.yaml"))
    command(data, "import", "P", str(folder / "items.jsonl"))
    command(data, "user", "add", "ann", "--password", "long enough")
    command(data, "user", "role", "ann", "P", "annotator")
    return data


def label(page: Page, pause: float) -> tuple[list[float], list[float]]:
    page.evaluate("window.times = []")
    for done in range(SUBMITS):
        page.keyboard.press("2")
        page.keyboard.press("Control+Enter")
        while page.evaluate("window.times.length") <= done:
            time.sleep(0.005)
        if pause:
            time.sleep(pause)
    dom, paint = zip(*page.evaluate("window.times"), strict=True)
    return sorted(dom), sorted(paint)


def round_trip(address: str) -> list[float]:
    times = []
    with httpx2.Client(base_url=address) as client:
        client.post("/login", data={"login": "ann", "password": "long enough"})
        task = client.post("/api/work/1/next").json()["task"]
        for _ in range(SUBMITS):
            started = time.perf_counter()
            body = {
                "item_id": task["item"]["id"],
                "form_token": task["form_token"],
                "answers": {"label": "b"},
            }
            client.post("/api/work/submit", json=body).raise_for_status()
            task = client.post("/api/work/1/next").json()["task"]
            times.append(1000 * (time.perf_counter() - started))
    return sorted(times)


def costs(page: Page) -> tuple[float, float]:
    """(megabytes of the page's heap, share of a core that telemetry takes during ten seconds of typing)."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    held = session.send("Runtime.getHeapUsage")["usedSize"] / 1e6
    page.locator("textarea").first.click()
    session.send("Profiler.enable")
    session.send("Profiler.start")
    began = time.monotonic()
    while time.monotonic() - began < 10:
        page.keyboard.type("abcde ", delay=120)
    profile = session.send("Profiler.stop")["profile"]
    took = time.monotonic() - began
    nodes = {node["id"]: node["callFrame"]["url"] for node in profile["nodes"]}
    ours = sum(
        delta
        for sample, delta in zip(profile["samples"], profile["timeDeltas"], strict=True)
        if nodes[sample].endswith("telemetry.js")
    )
    return held, ours / 1e6 / took


def line(name: str, times: list[float]) -> str:
    return (
        f"{name:<44} median {statistics.median(times):6.1f} ms   p95 {times[int(0.95 * len(times))]:6.1f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--heavy", action="store_true", help="100,000 items, 20 questions, 20,000 characters")
    heavy = parser.parse_args().heavy
    with tempfile.TemporaryDirectory() as name:
        data = prepare(Path(name), heavy=heavy)
        with running_milo("serve", data_dir=data) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(f"{address}/login")
            page.fill("input[name=login]", "ann")
            page.fill("input[name=password]", "long enough")
            page.click("button")
            page.wait_for_selector(".milo[data-item]")
            page.evaluate(WATCH)
            time.sleep(1)
            dom, paint = label(page, pause=1.0)
            rushed, rushed_paint = label(page, pause=0.0)
            held, share = costs(page)
            browser.close()
            bare = round_trip(address)
        print(line("submit to next in the document", dom))
        print(line("submit to next painted", paint))
        print(line("without a pause: in the document", rushed))
        print(line("without a pause: painted", rushed_paint))
        print(line("bare submit and next over HTTP", bare))
        print(
            f"painted over bare round trip (median): {statistics.median(paint) / statistics.median(bare):.2f}"
        )
        print(f"the page holds {held:.1f} MB; the record of time takes {share:.2%} of a core while typing")


if __name__ == "__main__":
    main()
