"""The project as a whole, in the browser: charts to take along, the map that opens items, the report."""

import csv
import io
import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import log_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

NO_ERROR = "[data-testid=stException]"


def opened(page: Page, tab: str) -> None:
    page.get_by_role("tab", name=tab, exact=True).click()


def test_figures_of_the_project_can_be_read_and_taken_along(page: Page, demo: str) -> None:
    log_in(page, demo, "quinn", "/agreement?project=1")
    expect(page.get_by_text("The project as a whole")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("Sources stand beside each other and are never mixed.")).to_be_visible(
        timeout=30_000
    )
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Data (CSV)").last.click()
    rows = list(csv.reader(io.StringIO(Path(waiting.value.path()).read_text(encoding="utf-8-sig"))))
    assert rows[0][0] == "series" and any(row[1] == "tie: no label" for row in rows)
    opened(page, "Before and after a version")
    expect(page.get_by_text("There is no control:")).to_be_visible(timeout=30_000)
    opened(page, "How far it is")
    expect(page.get_by_text("Answers wanted an item")).to_be_visible(timeout=30_000)
    opened(page, "People")
    expect(page.get_by_text("Beside the others, and beside known answers")).to_be_visible(timeout=30_000)
    opened(page, "Report")
    page.get_by_role("button", name="Write the report").click()
    with page.expect_download(timeout=60_000) as waiting:
        page.get_by_role("button", name="Page (HTML)").click(timeout=60_000)
    assert "Krippendorff" in Path(waiting.value.path()).read_text(encoding="utf-8")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Figures (JSON)").click()
    assert json.loads(Path(waiting.value.path()).read_text())["agreement"]["questions"]
    assert page.locator(NO_ERROR).count() == 0


def test_a_click_on_the_map_opens_the_item(page: Page, demo: str) -> None:
    log_in(page, demo, "quinn", "/agreement?project=1")
    expect(page.get_by_text("The project as a whole")).to_be_visible(timeout=30_000)
    opened(page, "Map")
    expect(page.get_by_text("These two dimensions keep")).to_be_visible(timeout=30_000)
    mark = page.locator(".scatterlayer .trace").last.locator(".point").first
    mark.scroll_into_view_if_needed()
    mark.click(force=True)
    link = page.get_by_role("link", name="Everything about this item").last
    expect(link).to_be_visible(timeout=15_000)
    assert "/items?project=1&find=" in (link.get_attribute("href") or "")


def test_the_lead_sees_the_worst_criterion_and_reads_the_answers_behind_it(page: Page, demo: str) -> None:
    log_in(page, demo, "quinn", "/agreement?project=3")
    expect(page.get_by_text("People agree least on")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("answers with two scores or more")).to_be_visible()
    first = page.locator("[data-testid=stExpander]").filter(has_text="question-").first
    first.locator("summary").click()
    expect(first.get_by_role("link", name="Everything about this item")).to_be_visible()
    rubric = page.get_by_role("link", name="Mend the rubric")
    assert "/rubrics?project=3" in (rubric.get_attribute("href") or "")
