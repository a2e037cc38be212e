"""The verification table in a browser: keys, search, bulk, columns, and a server that goes away in the middle."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from app.services import accounts
from app.services.context import Actor
from app.services.intake import import_items
from app.services.projects import create_project
from app.settings import load_settings
from app.wiring import build_context, close_context
from db.engine import reading
from db.models import Annotation, Answer, Item, Verification
from tests.browser.conftest import running_milo
from tests.browser.steps import PASSWORD, log_in

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

SCHEMA = """
questions:
  - id: topic
    type: choice
    title: Topic
    options: [{value: shipping, label: Shipping}, {value: billing, label: Billing}, {value: other, label: Other}]
"""
TOPICS = ("shipping", "billing", "other")
COUNT = 250


def rows() -> list[dict[str, Any]]:
    return [
        {
            "id": f"t{n:03}",
            "text": f"Parcel {n} {'was late' if n % 5 == 0 else 'came in time'}",
            "metadata": {"length": n % 9},
            "suggestions": [
                {"question": "topic", "value": TOPICS[n % 3], "confidence": n % 100 / 100, "model": "m"}
            ],
        }
        for n in range(COUNT)
    ]


class Desk:
    """A project of its own for each test, in one running server."""

    def __init__(self, address: str, data: Path) -> None:
        self.address, self.data = address, data

    def project(self, name: str) -> int:
        ctx = build_context(load_settings(_env_file=None, data_dir=self.data))
        try:
            operator = Actor.operator()
            made = create_project(ctx, operator, name=name, schema_yaml=SCHEMA, guidelines="# G", settings={})
            path = self.data.parent / f"{name}.jsonl"
            path.write_text("".join(json.dumps(row) + "\n" for row in rows()), encoding="utf-8")
            import_items(ctx, operator, made.id, path)
            accounts.add_user(ctx, operator, login=name, name=name, password=PASSWORD, is_admin=False)
            accounts.give_role(ctx, operator, project_id=made.id, login=name, role="annotator")
            return made.id
        finally:
            close_context(ctx)

    def stored(self, project: int) -> dict[str, tuple[str, str, str]]:
        """External id -> (own label, outcome, via)."""
        ctx = build_context(load_settings(_env_file=None, data_dir=self.data))
        try:
            with reading(ctx.engine) as session:
                found = (
                    session.query(Item.external_id, Answer.value, Verification.outcome, Verification.via)
                    .join(Annotation, Annotation.item_id == Item.id)
                    .join(Answer, Answer.annotation_id == Annotation.id)
                    .join(Verification, Verification.annotation_id == Annotation.id)
                    .filter(Item.project_id == project)
                    .order_by(Annotation.id)
                )
                return {item: (value[0], outcome, via) for item, value, outcome, via in found}
        finally:
            close_context(ctx)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    data = tmp_path_factory.mktemp("verify") / "data"
    with running_milo("serve", "--no-worker", data_dir=data) as address:
        yield Desk(address, data)


def opened(page: Page, desk: Desk, name: str) -> int:
    project = desk.project(name)
    log_in(page, desk.address, name, f"/verify?project={project}")
    expect(line(page, "t000")).to_be_visible(timeout=30_000)
    return project


def line(page: Page, item: str) -> Locator:
    return page.locator(".milo-verify .body .line", has=page.get_by_text(item, exact=True))


def all_saved(page: Page) -> None:
    expect(page.locator(".milo-verify .saved")).to_have_text("all saved", timeout=15_000)


def test_keys_confirm_correct_and_undo(page: Page, desk: Desk) -> None:
    project = opened(page, desk, "keys")
    page.keyboard.press("Enter")  # t000: shipping, confirmed
    page.keyboard.press("3")  # t001: billing becomes other
    page.keyboard.press("2")  # t002: other becomes billing …
    page.keyboard.press("u")  # … and is taken back before it was sent
    page.keyboard.press("Enter")  # t002 after all
    expect(line(page, "t003")).to_have_class(re.compile("current"))
    all_saved(page)
    expect(line(page, "t001").locator(".state")).to_have_text("✎ corrected")
    assert desk.stored(project) == {
        "t000": ("shipping", "confirms", "table"),
        "t001": ("other", "corrects", "table"),
        "t002": ("other", "confirms", "table"),
    }
    page.reload()
    expect(line(page, "t000").locator("select")).to_have_value("shipping", timeout=30_000)
    expect(page.locator(".counted")).to_contain_text("3 of 250 verified")


def test_search_marks_words_and_bulk_says_what_was_not_looked_at(page: Page, desk: Desk) -> None:
    project = opened(page, desk, "bulk")
    page.keyboard.press("/")
    page.keyboard.type("late")
    expect(page.locator(".counted")).to_contain_text("50 shown", timeout=10_000)
    expect(page.locator(".cell-text mark").first).to_have_text("late")
    assert set(page.locator(".cell-text mark").all_inner_texts()) == {"late"}
    page.wait_for_timeout(1200)  # rows in view are counted by half seconds
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Select all shown").click()
    expect(page.locator(".counted")).to_contain_text("50 selected")
    page.get_by_role("button", name="With the selected …").click()
    expect(page.locator(".drawer .note")).to_contain_text("were never in view")
    page.get_by_role("button", name="Confirm the rest (50)").click()
    all_saved(page)
    stored = desk.stored(project)
    assert len(stored) == 50 and {(outcome, via) for _, outcome, via in stored.values()} == {
        ("confirms", "bulk")
    }


def test_the_item_opens_at_the_side_with_reasons_and_history(page: Page, desk: Desk) -> None:
    opened(page, desk, "side")
    line(page, "t001").dblclick()
    drawer = page.locator(".drawer")
    expect(drawer).to_contain_text("Parcel 1 came in time")
    expect(drawer).to_contain_text("Nothing yet.")
    drawer.get_by_role("radio", name="Shipping").click()
    drawer.get_by_role("button", name="Save and next").click()
    expect(drawer).to_contain_text("Parcel 2 came in time")
    all_saved(page)
    drawer.get_by_role("button", name="Previous").click()
    expect(drawer.locator(".history")).to_contain_text("corrected by side: Shipping")


def test_columns_are_chosen_and_kept(page: Page, desk: Desk) -> None:
    opened(page, desk, "columns")
    page.get_by_role("button", name="Columns").click()
    page.get_by_label("length", exact=True).check()
    page.get_by_label("Item", exact=True).uncheck()
    heads = page.locator(".milo-verify .head [role=columnheader]")
    expect(heads.filter(has_text="length")).to_be_visible()
    grip = page.get_by_role("separator", name="Width of State")
    before = grip.bounding_box()
    grip.press("ArrowRight")
    after = grip.bounding_box()
    assert before and after and after["x"] - before["x"] == 16
    page.wait_for_timeout(900)
    page.reload()
    expect(heads.filter(has_text="length")).to_be_visible(timeout=30_000)
    expect(heads.filter(has_text="Item")).to_have_count(0)
    page.locator(".head").get_by_role("button", name="length").click()
    page.locator(".head").get_by_role("button", name="length").click()
    expect(heads.filter(has_text="length")).to_have_attribute("aria-sort", "descending")


def test_what_the_server_did_not_get_is_kept_and_sent_later(browser: Browser, tmp_path: Path) -> None:
    data = tmp_path / "data"
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    with running_milo("serve", "--no-worker", data_dir=data) as address:
        desk = Desk(address, data)
        project = opened(page, desk, "away")
        page.route("**/api/verify/*/save", lambda route: route.abort())
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
        expect(page.locator(".milo-verify .saved")).to_contain_text("2 unsaved")
        page.wait_for_timeout(2500)
        assert desk.stored(project) == {}
        page.unroute("**/api/verify/*/save")
        page.evaluate("window.onbeforeunload = null")
        page.on("dialog", lambda dialog: dialog.accept())
        page.reload()  # the tab is gone; the choices are not
        all_saved(page)
        assert set(desk.stored(project)) == {"t000", "t001"}
        assert {outcome for _, outcome, _ in desk.stored(project).values()} == {"confirms"}
    context.close()
