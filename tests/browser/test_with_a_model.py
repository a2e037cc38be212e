"""The loop with a language model behind real HTTP, on a public set when it is there, and with hostile text."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import ROOT, running_milo
from tests.browser.steps import PASSWORD, wait_for_item
from tests.contract.loopback import Loopback, running_loopback

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PROMETHEUS = Path(__file__).parents[3] / "shared" / "data" / "prometheus" / "direct_assessment.jsonl.gz"
SCHEMA = """
questions:
  - {id: answer, type: text, title: Write a better response, judged: true, max_chars: 20000}
"""
HOSTILE = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'> [link](javascript:alert(1)) {{ 7*7 }}"


def milo(data: Path, *arguments: str) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MILO_", "OPENAI_"))}
    subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments, "--data-dir", str(data)],
        check=True,
        capture_output=True,
        cwd=data.parent,
        env=clean | {"PYTHONPATH": str(ROOT)},
    )


@pytest.fixture(scope="module")
def model() -> Iterator[Loopback]:
    with running_loopback() as running:
        running.piece_seconds = 0.15
        yield running


@pytest.fixture(scope="module")
def served(model: Loopback, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("model")
    data = folder / "data"
    (folder / "schema.yaml").write_text(SCHEMA)
    (folder / "guide.md").write_text('# Guide\n\nWrite well. <b onclick="window.hacked=1">raw</b>')
    rows = [
        {"id": "hostile", "prompt": HOSTILE, "note": HOSTILE},
        {"id": "gone", "image": "not/there.png", "prompt": "What is it?"},
    ]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    project = [
        "--schema",
        str(folder / "schema.yaml"),
        "--guidelines",
        str(folder / "guide.md"),
        "--rubric",
        "helpfulness",
    ]
    for name in ("Markup", "Chat"):  # one each, so that the tests do not care which comes first
        milo(data, "project", "create", name, *project)
        milo(data, "import", name, str(folder / "rows.jsonl"))
    milo(data, "project", "create", "Prometheus", *project)
    if PROMETHEUS.exists():
        milo(data, "import", "Prometheus", str(PROMETHEUS))
    milo(data, "user", "add", "ann", "--password", PASSWORD)
    for name in ("Markup", "Chat", "Prometheus"):
        milo(data, "user", "role", "ann", name, "annotator")
    environment = {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "k", "MILO_MODEL": "loop"}
    with running_milo("serve", data_dir=data, environment=environment) as address:
        yield address


@pytest.fixture
def ann(browser: Browser, served: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(f"{served}/login")
    page.fill("input[name=login]", "ann")
    page.fill("input[name=password]", PASSWORD)
    page.click("button")
    yield page
    context.close()


def test_markup_in_items_and_guidelines_is_shown_and_never_run(ann: Page, served: str) -> None:
    ann.goto(f"{served}/?project=1")
    wait_for_item(ann)
    expect(ann.locator(".part-text .text").first).to_have_text(HOSTILE)
    ann.keyboard.press("Escape")
    ann.keyboard.press("g")
    expect(ann.locator(".guidelines")).to_contain_text('<b onclick="window.hacked=1">raw</b>')
    ann.goto(f"{served}/my-work?project=1")
    assert ann.evaluate("window.hacked") is None


def test_a_chat_streams_and_a_submit_does_not_wait_for_it(ann: Page, served: str, model: Loopback) -> None:
    ann.goto(f"{served}/?project=2")
    first = wait_for_item(ann)
    ann.locator("[data-question=answer] textarea").fill("A finished answer to it.")
    ann.keyboard.press("Escape")
    ann.keyboard.press("t")
    ann.keyboard.type("Is this right?")
    ann.keyboard.press("Enter")
    expect(ann.locator(".bubble-assistant .words")).to_contain_text("It")
    ann.locator("[data-action=submit]").click()
    wait_for_item(ann, other_than=first)
    expect(ann.locator(".missing")).to_contain_text("cannot be shown")
    asked = [body for body in model.requests if body.get("stream")]
    assert HOSTILE in json.dumps(asked[-1], ensure_ascii=False).replace('\\\\"', '"').replace('\\"', '"')


@pytest.mark.skipif(not PROMETHEUS.exists(), reason="the Prometheus data set is not beside this checkout")
@pytest.mark.slow
def test_twenty_real_responses_are_rewritten_and_judged_each_on_its_own_rubric(
    ann: Page, served: str
) -> None:
    ann.goto(f"{served}/?project=3")
    item = wait_for_item(ann)
    for number in range(20):
        prompt = ann.locator("[data-part=prompt] .text").inner_text()
        assert len(prompt) > 20
        ann.locator("[data-question=answer] textarea").fill(f"Answer {number}: {prompt[:200]}")
        ann.keyboard.press("Control+Enter")
        if number < 19:
            item = wait_for_item(ann, other_than=item)
    expect(ann.get_by_role("button", name=re.compile("Feedback"))).to_contain_text("20 new", timeout=60_000)
    feedback = ann.evaluate("fetch('/api/work/3/feedback').then((answer) => answer.json())")["feedback"]
    assert len(feedback) == 20
    assert {verdict["status"] for verdict in feedback} == {"scored"}
    assert {verdict["model"] for verdict in feedback} == {"loop-2026"}
    for verdict in feedback:
        (score,) = verdict["criteria"]
        (evidence,) = score["evidence"]
        assert (
            evidence["verified"]
            and verdict["response"][evidence["start"] : evidence["end"]] == evidence["quote"]
        )


@pytest.mark.skipif(not PROMETHEUS.exists(), reason="the Prometheus data set is not beside this checkout")
@pytest.mark.slow
def test_every_item_of_the_set_opens_whole(ann: Page, served: str) -> None:
    """All 640 through the endpoint that the page uses; each text as long as in the file."""
    import gzip

    with gzip.open(PROMETHEUS, "rt") as file:
        wanted = {f"row-{n}": json.loads(line) for n, line in enumerate(file, 1)}
    seen = ann.evaluate(
        """async () => {
          const held = [], seen = [];
          for (;;) {
            const found = await (await fetch(`/api/work/3/next?held=${held.join(",")}`, {method: "POST"})).json();
            if (!found.task) return seen;
            held.push(found.task.item.id);
            seen.push([found.task.item.external_id, ...found.task.item.parts.map((part) => part.text)]);
          }
        }"""
    )
    assert len(seen) >= 600  # the rest is answered or held by the test before
    for external_id, prompt, response, *_ in seen:
        assert (prompt, response) == (wanted[external_id]["instruction"], wanted[external_id]["response"])
