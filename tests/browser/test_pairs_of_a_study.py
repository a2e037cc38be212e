"""A published set of 999 comparisons: its own verdicts and a model's beside them, fifty verified in the browser.

What the pages say equals what pandas computes from the export alone.
"""

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from app.services import accounts, agent_quality, agents, preannotation
from app.services.context import Actor, Context
from app.services.export_suggestions import export_suggestions
from app.services.intake import import_items
from app.services.projects import create_project
from app.settings import load_settings
from app.wiring import build_context, close_context
from judge.llm import OpenAIGateway
from tests.browser.conftest import running_milo
from tests.browser.steps import PASSWORD, log_in
from tests.contract.loopback import Loopback, running_loopback

STUDY = Path(__file__).parents[3] / "shared" / "data" / "pandalm" / "data"
OPERATOR = Actor.operator()
SIDES = {"0": "tie", "Tie": "tie", "1": "left", "2": "right"}
VERIFIED = 50

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not STUDY.exists(), reason="the study's data are not here (shared/data/pandalm)"),
]


def comparisons() -> list[dict[str, Any]]:
    asked = json.loads((STUDY / "testset-v1.json").read_text())
    said = {row["idx"]: row for row in json.loads((STUDY / "gpt-3.5-turbo-testset-v1.json").read_text())}
    rows = []
    for row in asked:
        people = [row["annotator1"], row["annotator2"], row["annotator3"]]
        item: dict[str, Any] = {
            "id": f"p{row['idx']}",
            "parts": [
                {
                    "name": "request",
                    "kind": "text",
                    "text": f"{row['instruction']}\n\n{row['input']}".strip(),
                },
                {"name": "left", "kind": "text", "text": str(row["response1"]) or "(empty)"},
                {"name": "right", "kind": "text", "text": str(row["response2"]) or "(empty)"},
            ],
            "gold": {"better": SIDES[str(Counter(people).most_common(1)[0][0])]},
            "metadata": {"application": row.get("motivation_app") or ""},
        }
        verdict = said[row["idx"]]
        if str(verdict["gpt_result"]) in SIDES:
            item["suggestions"] = {
                "better": {
                    "value": SIDES[str(verdict["gpt_result"])],
                    "rationale": str(verdict.get("gpt_reason") or ""),
                    "model": "gpt-3.5-turbo",
                }
            }
        rows.append(item)
    return rows


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Loopback]:
    with running_loopback() as state:
        state.latency = 0.2
        yield state


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory, endpoint: Loopback) -> Iterator[tuple[Context, Path]]:
    folder = tmp_path_factory.mktemp("pairs")
    ctx = build_context(load_settings(_env_file=None, data_dir=folder / "data", database_url=None))
    gateway = OpenAIGateway("gpt-5-mini", api_key="k", base_url=endpoint.base_url)
    yield replace(ctx, gateway=gateway), folder
    close_context(ctx)


def kill_worker(server_log: str) -> None:
    """Kill the supervised child of the server that serves this data folder."""
    found = subprocess.run(["pgrep", "-f", f"app.cli work.*{server_log}"], capture_output=True, text=True)
    pids = [int(pid) for pid in found.stdout.split()]
    assert pids, "no worker is running"
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def test_the_pages_say_what_the_export_says(
    context: tuple[Context, Path], endpoint: Loopback, page: Page
) -> None:
    ctx, folder = context
    schema = "questions: [{id: better, type: pairwise, title: Which answer is better}]"
    project = create_project(ctx, OPERATOR, name="Pairs", schema_yaml=schema, guidelines="", settings={})
    items = comparisons()
    report = import_items(ctx, OPERATOR, project.id, write(folder / "pairs.jsonl", items))
    assert (report.added, report.gold) == (999, 999)
    accounts.add_user(ctx, OPERATOR, login="vera", name="Vera", password=PASSWORD, is_admin=False)
    accounts.give_role(ctx, OPERATOR, project_id=project.id, login="vera", role="annotator")
    environment = {"OPENAI_BASE_URL": endpoint.base_url, "OPENAI_API_KEY": "k"}
    with running_milo("serve", data_dir=folder / "data", environment=environment) as address:
        job = preannotation.start(ctx, OPERATOR, project.id, agent=agents.DEFAULT)
        for share in (0.2, 0.5):
            _until(lambda share=share: ctx.jobs.progress(job.id).get("done", 0) > share * 999)
            kill_worker(str(folder / "data"))
        _until(lambda: ctx.jobs.progress(job.id) == {"done": 999})
        _verify(page, address, project.id, items)
    figures = {row.model: row.figures for row in agent_quality.measure_skills(ctx, OPERATOR, project.id)}
    out = folder / "suggestions.jsonl"
    assert export_suggestions(ctx, OPERATOR, project.id, out, format="jsonl") == 999 + sum(
        "suggestions" in item for item in items
    )
    table = pd.read_json(out, lines=True)
    # Nothing lost, nothing twice: one suggestion of the job for each item.
    ours = table[table["job"] == job.id]
    assert len(ours) == ours["external_id"].nunique() == 999
    for model, rows in table.groupby("model"):
        shown = figures[str(model)]["all_gold"]
        assert (shown["n"], shown["right"]) == (len(rows), int((rows["value"] == rows["gold"]).sum()))
    study = table[table["model"] == "gpt-3.5-turbo"]
    # Published: .698 against the majority of the three people; what is no verdict counts as wrong there.
    assert round((study["value"] == study["gold"]).sum() / 999, 3) == 0.698
    checked = study[study["verification"].notna()]
    gold = {item["id"]: item["gold"]["better"] for item in items}
    expected = Counter(
        "confirms" if row.value == gold[row.external_id] else "corrects" for row in checked.itertuples()
    )
    assert len(checked) == VERIFIED and Counter(checked["verification"]) == expected
    assert set(expected) == {"confirms", "corrects"}


def _verify(page: Page, address: str, project: int, items: list[dict[str, Any]]) -> None:
    """Give each of the first fifty the label that the three people gave it, by keys."""
    log_in(page, address, "vera", f"/verify?project={project}")
    body = page.locator(".milo-verify .body")
    page.get_by_label("Model", exact=True).select_option("gpt-3.5-turbo")
    items = [item for item in items if "suggestions" in item]
    expect(page.locator(".counted")).to_contain_text(f"{len(items)} shown")
    expect(body.locator(".line.current")).to_contain_text(items[0]["id"], timeout=30_000)
    model = "tie"
    for item in items[:VERIFIED]:
        expect(body.locator(".line.current")).to_contain_text(item["id"])
        model = body.locator(".line.current .model").inner_text().strip()
        wanted = item["gold"]["better"]
        page.keyboard.press("Enter" if model == wanted else str(["left", "right", "tie"].index(wanted) + 1))
    expect(page.locator(".milo-verify .saved")).to_have_text("all saved", timeout=20_000)
    expect(page.locator(".counted")).to_contain_text(f"{VERIFIED} of {len(items)} verified")


def _until(holds: Any, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_the_built_in_classifier_on_the_texts_of_the_study(context: tuple[Context, Path]) -> None:
    ctx, folder = context
    rows = comparisons()
    common = [
        name for name, _ in Counter(row["metadata"]["application"] for row in rows).most_common(9) if name
    ][:8]
    chosen = [row for row in rows if row["metadata"]["application"] in common]
    options = ", ".join(f"{{value: {json.dumps(name)}}}" for name in common)
    project = create_project(
        ctx,
        OPERATOR,
        name="Applications",
        schema_yaml=f"questions: [{{id: app, type: choice, title: Application, options: [{options}]}}]",
        guidelines="",
        settings={},
    )
    texts = [
        {"id": row["id"], "text": row["parts"][0]["text"], "gold": {"app": row["metadata"]["application"]}}
        for row in chosen
    ]
    import_items(ctx, OPERATOR, project.id, write(folder / "apps.jsonl", texts))
    assert 300 <= len(texts) <= 400
    with running_milo("serve", data_dir=folder / "data"):
        job = preannotation.start(ctx, OPERATOR, project.id)
        _until(lambda: ctx.jobs.progress(job.id).get("done", 0) == sum(ctx.jobs.progress(job.id).values()))
    (row,) = agent_quality.measure_skills(ctx, OPERATOR, project.id)
    out = folder / "apps-suggestions.jsonl"
    export_suggestions(ctx, OPERATOR, project.id, out, format="jsonl")
    table = pd.read_json(out, lines=True)
    held_out = table[table["gold_split"] == "test"]
    assert (row.n, row.figures["right"]) == (
        len(held_out),
        int((held_out["value"] == held_out["gold"]).sum()),
    )
    assert row.figures["all_gold"]["right"] == int((table["value"] == table["gold"]).sum())
    # Far above the most frequent label, with predictions that had not seen the item.
    assert (
        row.figures["all_gold"]["right"] / len(table) > table["gold"].value_counts(normalize=True).max() + 0.2
    )
