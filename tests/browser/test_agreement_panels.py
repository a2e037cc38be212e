"""The Agreement page's panels in a browser: each computes when it is opened, and a cell leads to the items behind."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from app.services import accounts
from app.services.context import Actor
from app.services.intake import import_items, import_ratings
from app.services.projects import create_project
from app.settings import load_settings
from app.wiring import build_context, close_context
from tests.browser.conftest import running_milo
from tests.browser.steps import PASSWORD, log_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

SCHEMA = """
questions:
  - {id: tags, type: multi_choice, title: About, required: false, options: [{value: price}, {value: place}]}
  - {id: verdict, type: choice, title: Verdict, options: [{value: good}, {value: bad}]}
  - {id: why, type: text, title: Why, required: false}
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A project of 24 items in two languages, rated by ann and bob, who differ about the tags of item 5 alone."""
    folder: Path = tmp_path_factory.mktemp("panels")
    ctx = build_context(load_settings(_env_file=None, data_dir=folder / "data", database_url=None))
    operator = Actor.operator()
    accounts.add_user(ctx, operator, login="quinn", name="Quinn", password=PASSWORD, is_admin=False)
    project = create_project(ctx, operator, name="Panels", schema_yaml=SCHEMA, guidelines="")
    accounts.give_role(ctx, operator, project_id=project.id, login="quinn", role="qa_lead")
    items = [
        {"id": f"i{n:02d}", "text": f"text {n}", "language": "de" if n < 12 else "en"} for n in range(24)
    ]
    (folder / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in items))
    import_items(ctx, operator, project.id, folder / "items.jsonl")
    rows = [
        {
            "item": f"i{n:02d}",
            "rater": rater,
            "question": question,
            "value": (["price"] if n == 5 and rater == "bob" else ["price", "place"] if n % 2 else ["place"])
            if question == "tags"
            else ("good" if n % 2 else "bad"),
        }
        for n in range(24)
        for rater in ("ann", "bob")
        for question in ("tags", "verdict")
    ]
    (folder / "r.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    import_ratings(ctx, operator, project.id, folder / "r.jsonl")
    close_context(ctx)
    with running_milo("serve", "--no-worker", data_dir=folder / "data") as at:
        yield at


def panel(page: Page, name: str) -> Locator:
    found = page.locator("[data-testid=stExpander]").filter(has_text=name).first
    expect(found).to_be_visible(timeout=30_000)
    found.locator("summary").first.evaluate("element => element.click()")
    return found


def test_a_cell_of_the_matrix_leads_to_the_items_in_dispute(address: str, page: Page) -> None:
    log_in(page, address, "quinn", "/agreement")
    sets = panel(page, "Several labels, spans and preferences")
    expect(sets.get_by_text("They differ on 1 of 24 items")).to_be_visible(timeout=30_000)
    expect(sets.get_by_text("Why: not compared; free text has no labels")).to_be_visible()
    matrix = sets.locator("[data-testid=stDataFrame]").nth(1)
    # The chart above may still grow and push it down: not before everything stands.
    expect(page.locator("[data-testid=stSkeleton]")).to_have_count(0, timeout=30_000)
    expect(sets.get_by_text("Label by label")).to_be_visible()
    chosen = sets.get_by_text("ann and bob differ on 1 of 24 items")
    for _ in range(6):  # a canvas that is still being laid out takes a click elsewhere
        matrix.evaluate("element => element.scrollIntoView({block: 'center'})")
        page.wait_for_timeout(500)
        box = matrix.bounding_box()
        assert box is not None
        # The first row's last column.
        matrix.click(position={"x": box["width"] * 0.8, "y": 52}, force=True)
        with suppress(AssertionError):
            expect(chosen).to_be_visible(timeout=6_000)
            break
    expect(chosen).to_be_visible(timeout=1_000)
    sets.get_by_text("i05 · ").click()
    expect(sets.get_by_text("bob: price", exact=True)).to_be_visible()


def test_the_other_panels_answer_when_they_are_opened(address: str, page: Page) -> None:
    log_in(page, address, "quinn", "/agreement")
    expect(
        panel(page, "Any raters").get_by_text("48 ratings by 2 raters; 24 items with two or more")
    ).to_be_visible(timeout=30_000)
    slices = panel(page, "By language, group or other metadata")
    expect(slices.get_by_text("2 slices are compared at once")).to_be_visible(timeout=30_000)
    labels = panel(page, "Aggregated labels")
    expect(labels.get_by_text("24 items, 0 without a label")).to_be_visible(timeout=30_000)
    with page.expect_download() as started:
        labels.get_by_text("All 24 labels as CSV").evaluate("element => element.click()")
    text = Path(started.value.path()).read_text(encoding="utf-8-sig")
    assert text.startswith("item,question,label,tie,confidence") and "i05,verdict,good,False,1.0" in text
