"""Fifty paragraphs of a published study, with its own suggestions, labelled in a browser by a script."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from app.services import accounts
from app.services.context import Actor, Context
from app.services.export import rows_of
from app.services.intake import import_items
from app.services.projects import create_project
from app.settings import load_settings
from app.wiring import build_context, close_context
from db.engine import reading
from tests.browser.conftest import running_milo
from tests.browser.steps import PASSWORD, log_in, wait_for_item

STUDY = Path(__file__).parents[3] / "shared" / "data" / "greinacher2017"
PARAGRAPHS = 50
LABELS = ("PER", "COM")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.skipif(
        not STUDY.exists(), reason="the study's data are not here (shared/data/greinacher2017)"
    ),
]

Spans = list[dict[str, Any]]


def offsets(text: str) -> list[tuple[int, int]]:
    """Where each blank-separated token stands, in characters."""
    out, at = [], 0
    for token in text.split(" "):
        out.append((at, at + len(token)))
        at += len(token) + 1
    return out


def characters(rows: pd.DataFrame, text: str) -> Spans:
    """Token spans of the file as character spans, in order and without repeats."""
    at = offsets(text)
    found = {
        (at[int(row["start"])][0], at[int(row["end"]) - 1][1], str(row["label"]))
        for row in rows.to_dict("records")
    }
    return [{"start": start, "end": end, "label": label} for start, end, label in sorted(found)]


def study() -> tuple[list[dict[str, Any]], dict[str, Spans]]:
    """(items with what was suggested to one subject, what that subject marked in the end).

    The subject is the first of those whose suggestions were made nine-tenths right.
    """
    texts = pd.read_csv(STUDY / "texts.csv").head(PARAGRAPHS)
    spans = pd.read_csv(STUDY / "spans.csv", dtype={"subject": str})
    visits = pd.read_csv(STUDY / "paragraphs.csv", dtype={"subject": str})
    someone = visits[visits["level"] == 90]["subject"].iloc[0]
    own = spans[(spans["subject"] == someone) & spans["label"].isin(LABELS)]
    items: list[dict[str, Any]] = []
    answers: dict[str, Spans] = {}
    for row in texts.to_dict("records"):
        name, text = f"{row['doc']}/{row['paragraph']}", str(row["text"])
        here = own[(own["doc"] == row["doc"]) & (own["paragraph"] == row["paragraph"])]
        answers[name] = characters(here[here["source"] == "subject"], text)
        item: dict[str, Any] = {"id": name, "text": text}
        if suggested := characters(here[here["source"] == "suggestion"], text):
            item["suggestions"] = {"names": {"value": suggested, "model": "study"}}
        items.append(item)
    return items, answers


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Context, int, dict[str, Spans]]]:
    folder = tmp_path_factory.mktemp("study")
    items, answers = study()
    ctx = build_context(load_settings(_env_file=None, data_dir=folder / "data", database_url=None))
    options = ", ".join(f"{{value: {label}}}" for label in LABELS)
    schema = f"questions: [{{id: names, type: span, title: Names, required: false, options: [{options}]}}]"
    project = create_project(ctx, Actor.operator(), name="Study", schema_yaml=schema, guidelines="")
    path = folder / "items.jsonl"
    path.write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")
    assert import_items(ctx, Actor.operator(), project.id, path).added == PARAGRAPHS
    accounts.add_user(ctx, Actor.operator(), login="ann", name="Ann", password=PASSWORD, is_admin=False)
    accounts.give_role(ctx, Actor.operator(), project_id=project.id, login="ann", role="annotator")
    with running_milo("serve", "--no-worker", data_dir=folder / "data") as address:
        yield address, ctx, project.id, answers
    close_context(ctx)


SELECT = """([start, end]) => {
  const box = document.querySelector('.milo [data-text=text]');
  const place = (offset) => {
    const walker = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
    let left = offset;
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const points = [...node.data];
      if (left <= points.length) return [node, points.slice(0, left).join('').length];
      left -= points.length;
    }
  };
  window.getSelection().setBaseAndExtent(...place(start), ...place(end));
}"""


def label(page: Page, wanted: Spans) -> int:
    """Mark what is wanted, taking over suggested spans where they fit; returns how many were taken over."""
    taken = 0
    suggested = page.locator(".suggestion .spans li")
    offered = page.evaluate(
        """() => [...document.querySelectorAll('.suggestion .spans li')].map((row) => [row.querySelector('span').textContent, row.querySelector('small').textContent])"""
    )
    text = page.locator(".item [data-text=text]").inner_text()
    done = []
    for span in wanted:
        row = [text[span["start"] : span["end"]], span["label"]]
        # A text that occurs twice is marked by hand: the row does not say which of them it is.
        if offered.count(row) == 1 and text.count(str(row[0])) == 1:
            suggested.nth(offered.index(row)).get_by_role("button").click()
            done.append(span)
            taken += 1
    page.keyboard.press("Escape")
    for span in wanted:
        if span not in done:
            page.evaluate(SELECT, [span["start"], span["end"]])
            page.keyboard.press(str(LABELS.index(span["label"]) + 1))
    expect(page.locator(".question-span .spans li")).to_have_count(len(wanted))
    return taken


def test_the_export_equals_what_the_script_marked(
    site: tuple[str, Context, int, dict[str, Spans]], page: Page
) -> None:
    address, ctx, project, answers = site
    log_in(page, address, "ann", f"/?project={project}")
    item, taken = wait_for_item(page), 0
    for number in range(PARAGRAPHS):
        taken += label(page, answers[item])
        page.keyboard.press("Control+Enter")
        if number + 1 < PARAGRAPHS:
            item = wait_for_item(page, other_than=item)
    expect(page.get_by_role("heading", name="All done")).to_be_visible(timeout=20_000)
    with reading(ctx.engine) as session:
        rows = list(rows_of(ctx, session, project, None))
    exported = {row["external_id"]: row["value"] or [] for row in rows}
    assert exported == answers
    assert taken > 0 and any(answers.values())
