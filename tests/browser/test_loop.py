"""The whole loop in a browser: prediction, answer, chat, feedback, time."""

import re

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.steps import log_in, open_item, wait_for_item

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

COMMENTS, PICTURES, CUSTOMERS = 1, 2, 3
ANSWER = "You should have asked. Please bring the product to a shop or register the repair online; it takes about 3 weeks. We will write to you as soon as it is ready."


def test_keys_alone_label_an_item_and_the_next_one_is_there(page: Page, demo: str) -> None:
    first = open_item(page, demo, "anna", COMMENTS)
    expect(page.locator("[data-suggestion=verdict], .control")).to_be_visible()
    page.keyboard.press("2")
    expect(page.locator("[data-option=off_topic]")).to_have_attribute("aria-checked", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("3")
    page.keyboard.press("Control+Enter")
    wait_for_item(page, other_than=first)
    expect(page.locator(".progress span")).to_contain_text(re.compile(r"[1-9]\d* by you"))


def test_a_written_answer_is_judged_and_the_feedback_quotes_it(page: Page, demo: str) -> None:
    first = open_item(page, demo, "anna", CUSTOMERS)
    page.keyboard.type(ANSWER)
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("4")
    page.keyboard.press("Control+Enter")
    wait_for_item(page, other_than=first)
    expect(page.get_by_role("button", name=re.compile("Feedback .*new"))).to_be_visible(timeout=30_000)
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    verdict = page.locator(".verdict").first
    expect(verdict.locator("[data-criterion=no_blame] q")).to_have_text("You should have")
    expect(verdict.locator("mark").first).to_be_visible()
    expect(verdict.locator("[data-criterion=tone]")).to_contain_text("OPENAI_API_KEY")


def test_a_missing_answer_is_asked_for_and_nothing_is_sent(page: Page, demo: str) -> None:
    item = open_item(page, demo, "quinn", CUSTOMERS)
    page.locator("[data-question=answer] textarea").fill("")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-question=answer] .problem")).to_have_text("needs an answer")
    assert wait_for_item(page) == item


def test_a_killed_tab_loses_nothing_typed_two_seconds_ago(browser: Browser, demo: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    item = open_item(page, demo, "quinn", CUSTOMERS)
    page.locator("[data-question=answer] textarea").fill("Half a sentence that must not be")
    page.wait_for_timeout(2000)
    page.close(run_before_unload=False)
    again = context.new_page()
    again.goto(f"{demo}/?project={CUSTOMERS}")
    assert wait_for_item(again) == item
    expect(again.locator("[data-question=answer] textarea")).to_have_value("Half a sentence that must not be")
    context.close()


def test_a_second_tab_does_not_overwrite_unseen(browser: Browser, demo: str) -> None:
    context = browser.new_context()
    first, second = context.new_page(), context.new_page()
    item = open_item(first, demo, "quinn", PICTURES)
    second.goto(f"{demo}/?project={PICTURES}")
    assert wait_for_item(second) == item
    first.locator("[data-question=answer] textarea").fill("from the first")
    expect(first.locator(".saved")).to_have_text("saved")
    second.locator("[data-question=answer] textarea").fill("from the second")
    expect(second.locator(".message")).to_contain_text("Nothing was overwritten", timeout=10_000)
    second.get_by_role("button", name="Take the other one").click()
    expect(second.locator("[data-question=answer] textarea")).to_have_value("from the first")
    context.close()


def test_the_assistant_streams_a_quotation_and_survives_a_reload(page: Page, demo: str) -> None:
    open_item(page, demo, "quinn", COMMENTS)
    page.keyboard.press("t")
    page.keyboard.type("How is irony judged?")
    page.keyboard.press("Enter")
    quote = page.locator(".bubble-assistant blockquote").last
    expect(quote).to_contain_text("Irony is judged by what it says about people")
    page.reload()
    wait_for_item(page)
    expect(page.locator(".bubble-assistant blockquote").last).to_contain_text("Irony is judged")


def test_a_picture_is_shown(page: Page, demo: str) -> None:
    open_item(page, demo, "anna", PICTURES)
    image = page.locator(".part-image img")
    expect(image).to_be_visible()
    page.wait_for_function("document.querySelector('.part-image img').naturalWidth === 640")


def test_skipping_wants_a_reason_and_shows_the_next(page: Page, demo: str) -> None:
    item = open_item(page, demo, "anna", PICTURES)
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    page.keyboard.type("cannot read it")
    page.keyboard.press("Enter")
    wait_for_item(page, other_than=item)


def test_my_work_shows_own_answers_and_time(page: Page, demo: str) -> None:
    log_in(page, demo, "anna", f"/my-work?project={CUSTOMERS}")
    expect(page.get_by_text("Handling time is reading + working + chatting")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("Handling time", exact=True)).to_be_visible()


@pytest.mark.parametrize(
    ("login", "path", "words"),
    [
        ("quinn", "/agreement?project=3", "People agree least on"),
        ("quinn", "/agreement?project=3", "Unscored is counted"),
        ("quinn", "/agreement?project=1", "differ on"),
        ("quinn", "/review?project=1", "answers wait"),
        ("quinn", "/adjudicate?project=1", "settled in review"),
        ("mara", "/time?project=1", "Ratio of geometric means"),
        ("mara", "/agreement?project=1", "What people answered is read by QA leads"),
        ("mara", "/", "the share of items that have all the answers they want"),
        ("quinn", "/overview", "the share of items that have all the answers they want"),
        ("quinn", "/items?project=1", "comment-001"),
        ("quinn", "/jobs?project=1", "built-in learns from items"),
        ("mara", "/export?project=1", "One row per answer and person"),
        ("admin", "/projects?project=1", "Idle after seconds"),
        ("admin", "/people", "Roles and cohorts in a project"),
        ("anna", "/work?project=1", "What is this comment?"),
        ("anna", "/account", "API tokens"),
    ],
)
def test_every_page_opens_for_the_role_it_is_for(
    page: Page, demo: str, login: str, path: str, words: str
) -> None:
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    log_in(page, demo, login, path)
    expect(page.get_by_text(words).first).to_be_visible(timeout=30_000)
    expect(page.get_by_text("Page not found")).to_have_count(0)
    expect(page.locator("[data-testid=stException], [data-testid=stAlertContentError]")).to_have_count(0)
    assert problems == []


def test_a_disputed_item_is_read_side_by_side(page: Page, demo: str) -> None:
    log_in(page, demo, "quinn", "/agreement?project=1")
    disputed = page.locator("[data-testid=stExpander]").filter(has_text="comment-019").first
    expect(disputed).to_be_visible(timeout=30_000)
    disputed.locator("summary").click()
    disputed.get_by_role("button", name="Side by side").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(re.compile(r"\d+ s · 0 chat messages"))).to_have_count(3, timeout=30_000)
    expect(dialog.get_by_text("saw the suggestion").first).to_be_visible()


def test_a_page_of_another_role_is_not_there(page: Page, demo: str) -> None:
    log_in(page, demo, "anna", "/people")
    wait_for_item(page)
    expect(page.get_by_text("Add an account")).to_have_count(0)


def test_signing_out_ends_the_session(page: Page, demo: str) -> None:
    log_in(page, demo, "mara", "/account")
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/login"))
    page.goto(f"{demo}/time")
    expect(page).to_have_url(re.compile("/login"))


class TestTheGate:
    def test_nothing_is_served_without_a_login(self, demo: str) -> None:
        for path in ("/api/work/1/setup", "/api/media/1/image", "/_stcore/host-config"):
            assert httpx2.get(demo + path).status_code == 401, path
        assert httpx2.get(demo + "/projects").status_code == 303
        assert httpx2.get(demo + "/v1/rubrics").status_code == 401
        assert httpx2.get(demo + "/v1/health").status_code == 200

    def test_a_client_cannot_say_who_it_is(self, demo: str) -> None:
        assert (
            httpx2.get(
                demo + "/api/work/1/setup", headers={"X-Milo-Login": "admin", "X-Milo-User": "x"}
            ).status_code
            == 401
        )

    def test_requests_from_other_sites_are_refused(self, demo: str) -> None:
        with httpx2.Client() as client:
            client.post(f"{demo}/login", data={"login": "anna", "password": "milo-demo"})
            evil = {"Origin": "https://evil.example"}
            assert client.post(f"{demo}/api/work/1/next", headers=evil).status_code == 403
            assert (
                client.post(f"{demo}/login", data={"login": "a", "password": "b"}, headers=evil).status_code
                == 403
            )

    def test_the_login_leads_to_our_own_pages_only(self, demo: str) -> None:
        for next_ in ("https://evil.example", "//evil.example", "/\\evil.example"):
            answer = httpx2.post(
                f"{demo}/login", data={"login": "anna", "password": "milo-demo", "next": next_}
            )
            assert answer.headers["location"] == "/"

    def test_the_cookie_is_out_of_reach_of_scripts(self, demo: str) -> None:
        answer = httpx2.post(f"{demo}/login", data={"login": "anna", "password": "milo-demo"})
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie and "samesite=lax" in cookie
        assert "default-src 'self'" in answer.headers["content-security-policy"]

    def test_a_page_that_begins_with_a_chart_asks_for_the_code_of_charts_at_once(self, demo: str) -> None:
        with httpx2.Client() as client:
            client.post(f"{demo}/login", data={"login": "quinn", "password": "milo-demo"})
            page = client.get(f"{demo}/agreement")
            assert int(page.headers["content-length"]) and "etag" not in page.headers
            script, code = re.findall(r'src="(/assets/[^"?]+)\?([^"]+)"', page.text)[0]
            assert f'<link rel="modulepreload" crossorigin href="{code}">' in page.text
            assert [client.get(demo + path).status_code for path in (script, code)] == [200, 200]
            assert "ahead.js" not in client.get(f"{demo}/").text

    def test_another_persons_item_is_not_found(self, demo: str) -> None:
        with httpx2.Client() as client:
            client.post(f"{demo}/login", data={"login": "anna", "password": "milo-demo"})
            assert client.get(f"{demo}/api/media/1/image").status_code in (403, 404)
            assert client.get(f"{demo}/api/chat/1").status_code == 404
            assert client.post(f"{demo}/api/work/1/items/1").status_code == 404

    def test_too_many_wrong_passwords_are_slowed_down(self, demo: str) -> None:
        codes = [
            httpx2.post(f"{demo}/login", data={"login": "mallory", "password": "no"}).status_code
            for _ in range(9)
        ]
        assert codes[-1] == 429
