"""What a person does in a browser, as short steps."""

import re

from playwright.sync_api import Page, expect

__all__ = ["log_in", "open_item", "wait_for_item"]

PASSWORD = "milo-demo"


def log_in(page: Page, address: str, login: str, path: str = "/") -> None:
    page.goto(f"{address}/login?next={path.replace('?', '%3F').replace('&', '%26')}")
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", PASSWORD)
    page.click("button")


def wait_for_item(page: Page, *, other_than: str | None = None) -> str:
    """The external id of the item on screen, once it is another than the last one."""
    root = page.locator(".milo[data-item]")
    expect(root).to_be_visible(timeout=30_000)
    if other_than is not None:
        expect(root).not_to_have_attribute(
            "data-item", re.compile(f"^{re.escape(other_than)}$"), timeout=10_000
        )
    found = root.get_attribute("data-item")
    assert found is not None
    return found


def open_item(page: Page, address: str, login: str, project: int) -> str:
    log_in(page, address, login, f"/?project={project}")
    return wait_for_item(page)
