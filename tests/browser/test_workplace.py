"""The annotator's workplace in a browser: help before, beside and after, and nothing lost."""

import base64
import json
import re
import time
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from app.clock import utc_now
from app.services import accounts
from app.services.context import Actor, Context
from app.services.export import rows_of
from app.services.intake import import_items
from app.services.projects import create_project
from app.settings import load_settings
from app.wiring import build_context, close_context
from db.engine import reading, transaction
from db.models import Lease, Visit
from rubrics import catalog
from tests.browser.conftest import running_milo
from tests.browser.steps import PASSWORD, log_in, open_item, wait_for_item
from tests.contract.loopback import Loopback, running_loopback

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

OPERATOR = Actor.operator()
CHOICE = (
    "- {id: verdict, type: choice, title: 'Which?', options: [{value: good}, {value: bad}, {value: ugly}]}"
)
WRITE = "- {id: why, type: text, title: Write it, judged: true, required: false}"
MANY = ", ".join(f"{{value: option-{n:02}}}" for n in range(14))
SPAN = "- {id: names, type: span, title: Mark the names, options: [{value: person}, {value: place}], required: false}"
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
TEXT = "Ada Lovelace met Charles Babbage in London."


def rows(count: int, **columns: Any) -> list[dict[str, Any]]:
    return [{"id": f"i{n}", "text": f"Thing number {n}.", **columns} for n in range(count)]


def suggested(question: str, value: object, **more: Any) -> dict[str, Any]:
    return {"suggestions": {question: {"value": value, "confidence": 0.9, "model": "m", **more}}}


CHANCES = {f"option-{n:02}": (0.5 if n == 13 else 0.1 if n < 5 else 0.0) for n in range(14)}
FRUIT = [
    {
        "id": f"k{n}",
        "text": f"{'apple pear' if n % 2 else 'hammer nail'} {n}",
        "gold": {"verdict": ["good", "bad"][n % 2]},
    }
    for n in range(40)
]
PROJECTS: dict[str, tuple[str, list[dict[str, Any]], dict[str, Any]]] = {
    "Texts": (f"questions:\n{WRITE}\n{CHOICE}", rows(30), {}),
    "Reviewed": (f"questions:\n{CHOICE}", rows(3), {}),
    "First": (f"questions:\n{CHOICE}", rows(4, **suggested("verdict", "good")), {"workplace": {"suggestions": "after_answer"}}),
    "Many": (
        f"questions: [{{id: one, type: choice, title: 'Which one?', options: [{MANY}]}}]",
        rows(3, **suggested("one", "option-13", probabilities=CHANCES)),
        {},
    ),
    "Pairs": (
        "questions: [{id: better, type: pairwise, title: 'Which is better?'}]",
        [{"id": f"p{n}", "left": f"The cat sat on mat {n}.", "right": f"The dog sat on mat {n}."} for n in range(8)],
        {},
    ),
    "Spans": (
        f"questions:\n{SPAN}",
        [
            {"id": f"s{n}", "text": TEXT, **suggested("names", [{"start": 0, "end": 12, "label": "person"}, {"start": 36, "end": 42, "label": "place"}])}
            for n in range(3)
        ],
        {},
    ),
    "Live": (f"questions:\n{CHOICE}", [{"id": "new", "text": "an apple and a pear"}, *FRUIT], {}),
    "Sure": (f"questions:\n{CHOICE}", rows(3, **suggested("verdict", "bad")), {"workplace": {"preselect": {"verdict": 0.8}}}),
    "Capped": (f"questions:\n{WRITE}\n{CHOICE}", rows(2), {"workplace": {"turns_per_item": 1}}),
    "Sound": ("questions: [{id: heard, type: text, title: What is said, required: false}]", [{"id": "a1", "audio": "tone.wav"}, {"id": "a2", "image": "dot.png"}], {"workplace": {"break_minutes": 5}}),
    "Clock": (f"questions:\n{WRITE}\n{CHOICE}", rows(12), {"idle_seconds": 3}),
}  # fmt: skip


@dataclass
class Site:
    address: str
    ctx: Context
    ids: dict[str, int]
    model: Loopback

    def exported(self, project: str) -> list[dict[str, Any]]:
        with reading(self.ctx.engine) as session:
            return list(rows_of(self.ctx, session, self.ids[project], None))

    def visit_of(self, external_id: str, project: str) -> Visit:
        with reading(self.ctx.engine) as session:
            row = next(r for r in self.exported(project) if r["external_id"] == external_id)
            del row
            found = (
                session.query(Visit)
                .filter(Visit.project_id == self.ids[project])
                .order_by(Visit.id.desc())
                .all()
            )
            from db.models import Item

            return next(
                v for v in found if (i := session.get(Item, v.item_id)) and i.external_id == external_id
            )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("workplace")
    ctx = build_context(load_settings(_env_file=None, data_dir=folder / "data", database_url=None))
    ids = {}
    for login in ("ann", "lead", "mara"):
        accounts.add_user(ctx, OPERATOR, login=login, name=login, password=PASSWORD, is_admin=False)
    for name, (schema, items, settings) in PROJECTS.items():
        rubric = catalog()["customer-answer"]
        made = create_project(
            ctx, OPERATOR, name=name, schema_yaml=schema, guidelines="# Guide\n\n## Irony\n\nIrony is good.", rubric=rubric, settings=settings
        )  # fmt: skip
        path = folder / "rows.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in items))
        import_items(ctx, OPERATOR, made.id, path)
        ids[name] = made.id
        for login, role in (("ann", "annotator"), ("lead", "qa_lead"), ("mara", "manager")):
            accounts.give_role(ctx, OPERATOR, project_id=made.id, login=login, role=role)
    media = folder / "data" / "media"
    media.mkdir(parents=True, exist_ok=True)
    with wave.open(str(media / "tone.wav"), "wb") as sound:  # thirty silent seconds
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8000)
        sound.writeframes(b"\x80" * 8000 * 30)
    (media / "dot.png").write_bytes(base64.b64decode(DOT))
    with running_loopback() as model:
        environment = {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "k"}
        with running_milo("serve", data_dir=folder / "data", environment=environment) as address:
            yield Site(address, ctx, ids, model)
    close_context(ctx)


@pytest.fixture
def work(site: Site, page: Page) -> Iterator[Page]:
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    site.model.forget()
    yield page
    assert problems == []


def start(site: Site, page: Page, project: str, login: str = "ann") -> str:
    return open_item(page, site.address, login, site.ids[project])


def submit(page: Page, item: str) -> str:
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Enter")
    return wait_for_item(page, other_than=item)


def eventually(holds: Any, seconds: float = 15) -> Any:
    deadline = time.monotonic() + seconds
    while True:
        try:
            if found := holds():
                return found
        except StopIteration:
            pass  # what it looks for has not been reported yet
        assert time.monotonic() < deadline
        time.sleep(0.1)


class TestBefore:
    def test_a_suggestion_comes_after_the_own_answer_and_both_are_kept(self, site: Site, work: Page) -> None:
        item = start(site, work, "First")
        expect(work.locator(".suggestion")).to_have_count(0)
        assert "0.9" not in work.content()
        expect(work.get_by_role("button", name="Compare with the suggestion")).to_be_visible()
        work.keyboard.press("2")
        work.keyboard.press("Control+Enter")
        expect(work.locator("[data-suggestion=verdict] .value")).to_have_text("good")
        assert wait_for_item(work) == item
        work.keyboard.press("a")
        submit(work, item)
        row = eventually(lambda: [row for row in site.exported("First") if row["external_id"] == item])[0]
        assert (row["arm"], row["first_value"], row["value"], row["verification"]) == (
            "after_answer",
            "bad",
            "good",
            "confirms",
        )

    def test_many_options_stand_by_probability_and_the_unlikely_are_folded_away(
        self, site: Site, work: Page
    ) -> None:
        item = start(site, work, "Many")
        options = work.locator("[data-question=one] .option")
        expect(options.first).to_contain_text("option-13")
        expect(work.locator("[data-question=one] .option:visible")).to_have_count(6)
        work.keyboard.press("9")  # folded, and its key still works
        chosen = work.locator("[data-question=one] .option.on")
        expect(chosen).to_be_visible()
        work.keyboard.press("/")
        work.keyboard.type("option-12")
        work.keyboard.press("Enter")
        expect(chosen).to_have_attribute("data-option", "option-12")
        work.keyboard.press("Escape")
        submit(work, item)
        row = eventually(lambda: [row for row in site.exported("Many") if row["external_id"] == item])[0]
        assert row["value"] == "option-12" and row["shown_order"][0] == "option-13"

    def test_a_confident_suggestion_is_selected_and_one_key_rejects_it(self, site: Site, work: Page) -> None:
        start(site, work, "Sure")
        expect(work.locator("[data-option=bad]")).to_have_attribute("aria-checked", "true")
        work.keyboard.press("x")
        expect(work.locator("[data-option=bad]")).to_have_attribute("aria-checked", "false")
        expect(work.locator(".suggestion .taken")).to_have_text("rejected")

    def test_a_suggestion_that_was_asked_for_comes_while_the_work_goes_on(
        self, site: Site, work: Page
    ) -> None:
        start(site, work, "Live")
        work.keyboard.press("p")
        expect(work.locator(".ask")).to_contain_text("on its way")
        work.keyboard.press("1")
        chosen = work.locator("[data-option=good]")
        expect(chosen).to_have_attribute("aria-checked", "true")
        # The scripted model takes the last option; what the person chose meanwhile stays.
        expect(work.locator("[data-suggestion=verdict] .value")).to_have_text("ugly", timeout=40_000)
        expect(chosen).to_have_attribute("aria-checked", "true")

    def test_nothing_says_that_a_suggestion_may_be_planted(self, site: Site, work: Page) -> None:
        bodies: list[str] = []
        work.on("response", lambda answer: bodies.append(answer.url) if "/api/work/" in answer.url else None)
        start(site, work, "Sure")
        found = work.evaluate(
            f"fetch('/api/work/{site.ids['Sure']}/next', {{method: 'POST'}}).then((r) => r.text())"
        )
        assert "suggestions" in found and "planted" not in found


class TestBeside:
    def test_a_draft_goes_in_by_key_and_stays_marked_through_editing(self, site: Site, work: Page) -> None:
        item = start(site, work, "Texts")
        work.locator("[data-question=why] textarea").fill("")
        work.locator("[data-quick=draft]").click()
        expect(work.locator(".bubble-assistant .words").last).to_have_text("It rests on the guidelines.")
        expect(work.locator(".insert").last).to_be_visible()
        work.evaluate("document.activeElement.blur()")
        work.keyboard.press("i")
        area = work.locator("[data-question=why] textarea")
        expect(area).to_have_value("It rests on the guidelines.")
        work.keyboard.type(" So I say.")
        work.keyboard.press("Home")
        for _ in range(20):
            work.keyboard.press("ArrowRight")  # into the draft's last word
        work.keyboard.press("Backspace")
        expect(work.locator(".sources")).to_contain_text("assistant's draft")
        marked = work.locator(".backdrop .from-draft")
        assert marked.count() >= 1
        work.reload()
        wait_for_item(work)
        expect(work.locator(".backdrop .from-draft").first).to_be_attached()
        work.keyboard.press("Escape")
        work.keyboard.press("ArrowDown")
        work.keyboard.press("1")
        submit(work, item)
        row = eventually(
            lambda: [r for r in site.exported("Texts") if r["external_id"] == item and r["question"] == "why"]
        )[0]
        kept = "".join(
            row["value"][part["start"] : part["end"]]
            for part in row["provenance"]["ranges"]
            if part["source"] == "draft"
        )
        typed = "".join(
            row["value"][part["start"] : part["end"]]
            for part in row["provenance"]["ranges"]
            if part["source"] == "typed"
        )
        assert typed == " So I say." and len(kept) == 26
        assert row["draft_survival"] == pytest.approx(26 / 27)

    def test_a_paste_is_marked_as_one_and_undo_gives_words_their_source_back(
        self, site: Site, work: Page
    ) -> None:
        start(site, work, "Texts")
        work.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.address)
        area = work.locator("[data-question=why] textarea")
        area.fill("")
        area.click()
        work.keyboard.type("mine ")
        work.evaluate("navigator.clipboard.writeText('from elsewhere')")
        work.keyboard.press("Control+v")
        expect(area).to_have_value("mine from elsewhere")
        expect(work.locator(".backdrop .from-paste")).to_have_text("from elsewhere")
        work.keyboard.press("Control+a")
        work.keyboard.press("Delete")
        work.keyboard.press("Control+z")
        expect(area).to_have_value("mine from elsewhere")
        expect(work.locator(".backdrop .from-paste")).to_have_text("from elsewhere")

    def test_a_stream_is_stopped_and_shown_as_interrupted_after_a_reload(
        self, site: Site, work: Page
    ) -> None:
        start(site, work, "Texts")
        site.model.piece_seconds = 1.0
        work.keyboard.press("Escape")
        work.keyboard.press("t")
        work.keyboard.type("Well?")
        work.keyboard.press("Enter")
        last = work.locator(".bubble-assistant").last
        expect(last.locator(".words")).to_contain_text("It")
        work.get_by_role("button", name="Stop").click()
        expect(last.locator(".state")).to_have_text("interrupted", timeout=5_000)
        work.reload()
        wait_for_item(work)
        expect(work.locator(".bubble-assistant").last.locator(".state")).to_have_text("interrupted")

    def test_a_submit_during_a_stream_does_not_wait_for_it(self, site: Site, work: Page) -> None:
        item = start(site, work, "Texts")
        site.model.piece_seconds = 3.0
        work.keyboard.press("Escape")
        work.keyboard.press("t")
        work.keyboard.type("Well?")
        work.keyboard.press("Enter")
        expect(work.locator(".bubble-assistant .words").last).to_contain_text("It")
        work.keyboard.press("Escape")
        work.locator("[data-option=good]").click()
        began = time.monotonic()
        submit(work, item)
        assert time.monotonic() - began < 2.0  # the stream has more than ten seconds to go
        site.model.piece_seconds = 0.0

    def test_a_cap_is_said_and_ends_the_help_not_the_page(self, site: Site, work: Page) -> None:
        item = start(site, work, "Capped")
        work.keyboard.press("Escape")
        work.keyboard.press("t")
        work.keyboard.type("Well?")
        work.keyboard.press("Enter")
        expect(work.locator(".bubble-assistant .words").last).to_contain_text("guidelines.")
        work.reload()
        wait_for_item(work)
        expect(work.locator(".chat .notice")).to_contain_text("1 questions about an item")
        expect(work.get_by_role("button", name="Ask", exact=True)).to_be_disabled()
        work.locator("[data-option=good]").click()
        submit(work, item)


class TestAfter:
    def test_the_judge_reads_a_draft_before_it_is_submitted(self, site: Site, work: Page) -> None:
        start(site, work, "Texts")
        work.locator("[data-question=why] textarea").fill("You should have asked somebody else.")
        work.keyboard.press("Escape")
        work.keyboard.press("c")
        verdict = work.locator(".drawer .verdict")
        expect(verdict.locator("[data-criterion=no_blame] q")).to_have_text("You should have")
        expect(verdict.get_by_text("Dispute")).to_have_count(0)
        assert not [
            row for row in site.exported("Texts") if row["value"] == "You should have asked somebody else."
        ]

    def test_a_score_is_disputed_decided_and_the_answer_revised(
        self, site: Site, browser: Browser, work: Page
    ) -> None:
        item = start(site, work, "Texts")
        work.locator("[data-question=why] textarea").fill("You should have asked somebody at once about it.")
        work.keyboard.press("Escape")
        work.locator("[data-option=good]").click()
        submit(work, item)
        blamed = work.locator(".drawer .verdict", has_text=item).locator("[data-criterion=no_blame]").first

        def arrived() -> bool:
            work.keyboard.press("Escape")
            work.keyboard.press("f")
            work.wait_for_timeout(700)
            return blamed.count() > 0

        eventually(arrived, 40)
        blamed.get_by_text("Dispute", exact=True).click()
        blamed.get_by_label("Reason of the dispute").fill("It quotes the customer.")
        blamed.get_by_role("button", name="Send to the QA lead").click()
        expect(blamed.locator(".dispute")).to_contain_text("a QA lead will decide")

        other = browser.new_context().new_page()
        log_in(other, site.address, "lead", f"/disputes?project={site.ids['Texts']}")
        expect(other.get_by_text("It quotes the customer.")).to_be_visible(timeout=30_000)
        other.get_by_label(re.compile("Why. The annotator reads it")).fill("Right, it is a quotation.")
        other.locator("label", has_text=re.compile("^1: |^2: ")).first.click()
        other.get_by_role("button", name="Decide").click()
        expect(other.get_by_text("1 of 1 upheld")).to_be_visible(timeout=20_000)
        other.context.close()

        work.reload()
        wait_for_item(work)
        expect(work.get_by_role("button", name=re.compile("Feedback .1 new"))).to_be_visible(timeout=20_000)
        work.keyboard.press("Escape")
        work.keyboard.press("f")
        mine = work.locator(".drawer .verdict", has_text=item).first
        expect(mine.locator(".dispute.upheld")).to_contain_text("Right, it is a quotation.")
        mine.get_by_role("button", name="Revise this answer").click()
        expect(work.locator(".milo[data-item]")).to_have_attribute("data-item", item)
        expect(work.locator(".revision")).to_contain_text("revision 1")
        work.locator("[data-question=why] textarea").fill("Please ask somebody at once about it.")
        submit(work, item)
        eventually(
            lambda: [r for r in site.exported("Texts") if r["external_id"] == item and r["revision"] == 2]
        )

        work.goto(f"{site.address}/my-work?project={site.ids['Texts']}")
        expect(work.get_by_text("Rework", exact=True)).to_be_visible(timeout=30_000)


class TestThePage:
    def test_back_forward_and_deep_links_lead_to_items(self, site: Site, work: Page) -> None:
        first = start(site, work, "Texts")
        work.keyboard.press("Escape")
        work.locator("[data-option=good]").click()
        second = submit(work, first)
        link = work.url
        work.go_back()
        assert wait_for_item(work, other_than=second) == first
        work.go_forward()
        assert wait_for_item(work, other_than=first) == second
        work.goto(link)
        assert wait_for_item(work) == second

    def test_two_answers_stand_side_by_side_in_a_drawn_order_that_is_recorded(
        self, site: Site, work: Page
    ) -> None:
        item = start(site, work, "Pairs")
        order = set()
        for _ in range(8):
            left = work.locator(".pair .text").first.inner_text()
            side = "left" if "cat" in left else "right"
            order.add(side)
            work.get_by_label("Show what differs").check()
            expect(work.locator("mark.differs").first).to_have_text("cat" if side == "left" else "dog")
            work.keyboard.press("1")  # A, whichever that is
            work.keyboard.press("Control+Enter")
            row = eventually(
                lambda item=item: [r for r in site.exported("Pairs") if r["external_id"] == item]
            )[0]
            assert (row["value"], (row["shown_order"] or ["left"])[0]) == (side, side)
            if len(site.exported("Pairs")) == 8:
                break
            item = wait_for_item(work, other_than=item)
        # Eight draws are all alike once in 128 times; the draw is a hash, so that it is always the same one here.
        assert order <= {"left", "right"}

    def test_words_are_marked_by_keys_and_suggested_spans_taken_one_by_one(
        self, site: Site, work: Page
    ) -> None:
        item = start(site, work, "Spans")
        work.keyboard.press("Escape")
        rows_ = work.locator(".suggestion .spans li")
        expect(rows_).to_have_count(2)
        rows_.nth(1).get_by_role("button").click()  # London
        expect(work.locator("mark.span-1").first).to_have_text("London")
        work.evaluate("document.activeElement.blur(); window.getSelection().removeAllRanges()")
        for _ in range(4):
            work.keyboard.press("ArrowRight")  # Ada, Lovelace, met, Charles
        work.keyboard.press("Shift+ArrowRight")  # and Babbage
        work.keyboard.press("1")
        expect(work.locator(".question-span .spans li")).to_have_count(2)
        # Trim “Charles Babbage” to “Babbage” with the key-reachable buttons.
        work.locator(".question-span .spans li").first.get_by_label("A word less at the start").click()
        submit(work, item)
        row = eventually(lambda: [r for r in site.exported("Spans") if r["external_id"] == item])[0]
        assert [(TEXT[s["start"] : s["end"]], s["label"]) for s in row["value"]] == [
            ("Babbage", "person"),
            ("London", "place"),
        ]

    def test_keys_are_silent_while_typing_and_listed_on_a_sheet(self, site: Site, work: Page) -> None:
        item = start(site, work, "Texts")
        area = work.locator("[data-question=why] textarea")
        area.fill("")
        area.click()
        work.keyboard.type("skip 1 2 a b g x c ?")
        expect(area).to_have_value("skip 1 2 a b g x c ?")
        expect(work.locator(".drawer")).to_be_hidden()
        assert wait_for_item(work) == item
        work.keyboard.press("Escape")
        work.keyboard.press("?")
        expect(work.locator(".drawer .keys")).to_contain_text(
            "Put the assistant's last draft into the answer"
        )

    def test_sound_is_played_moved_and_sped_up_and_a_picture_zoomed_by_key(
        self, site: Site, work: Page
    ) -> None:
        start(site, work, "Sound")
        work.keyboard.press("Escape")
        sound = work.locator("audio")
        eventually(lambda: sound.evaluate("e => e.readyState") >= 1)
        work.keyboard.press(".")
        work.keyboard.press(">")
        assert sound.evaluate("e => [e.currentTime, e.playbackRate]") == [5, 1.25]
        work.keyboard.press(",")
        assert sound.evaluate("e => e.currentTime") == 0
        work.goto(f"{site.address}/?project={site.ids['Sound']}")
        item = wait_for_item(work)
        if item == "a1":
            submit(work, item)
        work.keyboard.press("Escape")
        work.keyboard.press("+")
        picture = work.locator(".picture img")
        assert "scale(1.4)" in str(picture.get_attribute("style"))
        work.keyboard.press("0")
        assert "scale" not in str(picture.get_attribute("style"))

    def test_after_a_long_stretch_a_break_is_suggested_once(self, site: Site, work: Page) -> None:
        work.add_init_script(
            """sessionStorage.setItem('milo-stretch', JSON.stringify(
                 { since: Date.now() - 6 * 60000, last: Date.now(), reminded: false }))"""
        )
        start(site, work, "Sound")
        work.keyboard.press("Escape")
        expect(work.locator(".message")).to_contain_text("A short break?")

    def test_text_size_stays_over_a_reload(self, site: Site, work: Page) -> None:
        start(site, work, "Texts")
        work.keyboard.press("Escape")
        work.keyboard.press("?")
        work.get_by_role("button", name="larger").click()
        before = work.locator(".item .text").evaluate("e => getComputedStyle(e).fontSize")
        work.reload()
        wait_for_item(work)
        assert work.locator(".item .text").evaluate("e => getComputedStyle(e).fontSize") == before == "24px"

    def test_a_phone_shows_everything_without_scrolling_sideways(self, site: Site, browser: Browser) -> None:
        context = browser.new_context(viewport={"width": 390, "height": 800})
        page = context.new_page()
        for project in ("Texts", "Pairs", "Spans"):
            try:
                start(site, page, project)
            except AssertionError:
                continue  # a project that is done by now
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
            expect(page.get_by_role("button", name=re.compile("Submit"))).to_be_in_viewport()
        context.close()

    def test_every_control_has_a_name_and_every_question_is_a_group(self, site: Site, work: Page) -> None:
        start(site, work, "Texts")
        nameless = work.evaluate(
            """() => [...document.querySelectorAll('.milo button, .milo input, .milo textarea')]
                 .filter((e) => !e.hidden && !(e.textContent.trim() || e.getAttribute('aria-label') || e.labels?.length || e.title))
                 .map((e) => e.outerHTML.slice(0, 120))"""
        )
        assert nameless == []
        expect(work.get_by_role("group", name="Write it")).to_be_visible()
        expect(work.get_by_role("radiogroup", name="Which?")).to_be_visible()


class TestNothingLost:
    def test_what_is_typed_and_submitted_offline_arrives(self, site: Site, work: Page) -> None:
        item = start(site, work, "Texts")
        context: BrowserContext = work.context
        context.set_offline(True)
        work.locator("[data-question=why] textarea").fill("Written in a tunnel.")
        expect(work.locator(".saved")).to_contain_text("offline")
        work.wait_for_timeout(4_000)
        context.set_offline(False)
        expect(work.locator(".saved")).to_have_text("saved", timeout=15_000)
        work.keyboard.press("Escape")
        work.locator("[data-option=good]").click()
        expect(work.locator(".saved")).to_have_text("saved", timeout=15_000)
        context.set_offline(True)
        work.keyboard.press("Control+Enter")
        wait_for_item(work, other_than=item)  # the next one was fetched ahead
        expect(work.locator(".message")).to_contain_text("kept here and sent again")
        work.wait_for_timeout(2_000)
        assert not [row for row in site.exported("Texts") if row["external_id"] == item]
        context.set_offline(False)
        found = eventually(lambda: [row for row in site.exported("Texts") if row["external_id"] == item], 30)
        assert {row["value"] for row in found} == {"Written in a tunnel.", "good"}

    def test_submitting_twice_is_once(self, site: Site, work: Page) -> None:
        item = start(site, work, "Texts")
        work.keyboard.press("Escape")
        work.locator("[data-option=good]").click()
        work.evaluate(
            """() => { for (let n = 0; n < 2; n += 1) document.dispatchEvent(
                 new KeyboardEvent('keydown', { key: 'Enter', ctrlKey: true, bubbles: true })); }"""
        )
        wait_for_item(work, other_than=item)
        eventually(lambda: [row for row in site.exported("Texts") if row["external_id"] == item])
        work.wait_for_timeout(500)
        mine = [row for row in site.exported("Texts") if row["external_id"] == item]
        assert {row["revision"] for row in mine} == {1}
        assert len({row["question"] for row in mine}) == len(mine)

    def test_an_answer_after_its_time_ran_out_is_kept_and_marked_late(self, site: Site, work: Page) -> None:
        item = start(site, work, "Texts")
        work.keyboard.press("Escape")
        work.locator("[data-option=bad]").click()
        now = utc_now()
        with transaction(site.ctx.engine) as session:
            lease = (
                session.query(Lease)
                .filter(Lease.project_id == site.ids["Texts"], Lease.state == "held")
                .order_by(Lease.id)
            )
            for row in lease:
                row.expires_at = now
        from app.services import assignment

        with reading(site.ctx.engine) as session:
            from db.store import people

            lead = people.user_by_login(session, "lead")
        assert lead is not None
        actor = Actor(lead.id, lead.login, lead.name, lead.is_admin)
        given = assignment.next_task(site.ctx, actor, site.ids["Texts"])
        assert given.task is not None and given.task.item.external_id == item
        submit(work, item)
        expect(work.locator(".message")).to_contain_text("marked as late", timeout=10_000)
        row = eventually(lambda: [row for row in site.exported("Texts") if row["external_id"] == item])[0]
        assert row["late"] is True


class TestTheLedger:
    def test_waiting_for_a_model_is_not_charged_to_the_person(self, site: Site, work: Page) -> None:
        item = start(site, work, "Clock")
        site.model.script[:] = ["slow:3"]
        work.keyboard.press("Escape")
        work.keyboard.press("t")
        work.keyboard.type("Well?")
        work.keyboard.press("Enter")
        expect(work.locator(".bubble-assistant .words").last).to_contain_text("guidelines.", timeout=15_000)
        work.keyboard.press("Escape")
        work.locator("[data-option=good]").click()
        submit(work, item)
        eventually(lambda: [row for row in site.exported("Clock") if row["external_id"] == item])
        # The three seconds begin with a key, which makes five working; what waits is never more than waited. The
        # last events may come after the submit.
        visit = eventually(
            lambda: (v := site.visit_of(item, "Clock")).waiting_model + v.working >= 3 and v.outcome and v
        )
        assert visit.waiting_model <= 4

    def test_a_still_person_is_idle_after_the_rule_and_the_parts_make_the_wall_time(
        self, site: Site, work: Page
    ) -> None:
        item = start(site, work, "Clock")
        work.keyboard.press("Escape")
        work.wait_for_timeout(9_000)  # the rule of this project is three seconds
        work.locator("[data-option=good]").click()
        submit(work, item)
        eventually(lambda: [row for row in site.exported("Clock") if row["external_id"] == item])
        visit = eventually(lambda: (v := site.visit_of(item, "Clock")).outcome and v)
        assert 4 <= visit.idle <= 8
        parts = (
            visit.reading,
            visit.working,
            visit.chatting,
            visit.waiting_model,
            visit.waiting_judge,
            visit.idle,
            visit.hidden,
        )
        assert sum(parts) == pytest.approx((visit.last_event_at - visit.opened_at).total_seconds(), abs=0.01)

    def test_a_clock_that_is_moved_changes_nothing(self, site: Site, work: Page) -> None:
        item = start(site, work, "Clock")
        work.evaluate("() => { const now = Date.now; Date.now = () => now() + 86400000; }")
        work.keyboard.press("Escape")
        work.locator("[data-option=good]").click()
        submit(work, item)
        eventually(lambda: [row for row in site.exported("Clock") if row["external_id"] == item])
        visit = eventually(lambda: (v := site.visit_of(item, "Clock")).outcome and v)
        assert (visit.last_event_at - visit.opened_at).total_seconds() < 30

    def test_the_time_a_judge_takes_on_a_draft_is_waiting_for_it(self, site: Site, work: Page) -> None:
        item = start(site, work, "Clock")
        work.locator("[data-question=why] textarea").fill("Ask somebody.")
        work.keyboard.press("Escape")
        work.wait_for_timeout(5_500)  # working ends five seconds after the last key
        site.model.script[:] = ["slow:4"]
        work.mouse.move(5, 5)
        work.get_by_role("button", name="Check").click()
        expect(work.locator(".drawer .verdict")).to_be_visible(timeout=15_000)
        work.keyboard.press("Escape")
        work.locator("[data-option=good]").click()
        submit(work, item)
        eventually(lambda: [row for row in site.exported("Clock") if row["external_id"] == item])
        # The last events may come after the submit.
        visit = eventually(lambda: (v := site.visit_of(item, "Clock")).waiting_judge >= 2 and v.outcome and v)
        assert visit.waiting_judge >= 2


def test_an_answer_is_reviewed_and_its_author_sees_it(site: Site, browser: Browser, work: Page) -> None:
    # A project of its own: what is rejected comes back first, also to whoever opens Work in another test.
    item = start(site, work, "Reviewed")
    work.keyboard.press("Escape")
    work.locator("[data-option=ugly]").click()
    submit(work, item)
    eventually(lambda: [row for row in site.exported("Reviewed") if row["external_id"] == item])
    lead = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    log_in(lead, site.address, "lead", f"/review?project={site.ids['Reviewed']}")
    comment = lead.get_by_label("Comment (needed to reject)")
    expect(comment).to_be_visible(timeout=30_000)
    lead.get_by_role("button", name="Reject").click()
    expect(lead.get_by_text("say why you reject it")).to_be_visible(timeout=15_000)
    comment.fill("Read the guide again.")
    lead.get_by_role("button", name="Reject").click()
    expect(lead.get_by_text("is rejected. It stands under “Reviewed”")).to_be_visible(timeout=20_000)
    lead.context.close()
    work.goto(f"{site.address}/my-work?project={site.ids['Reviewed']}")
    expect(work.get_by_text("Rework", exact=True)).to_be_visible(timeout=30_000)


def test_the_pages_of_the_workplace_open(site: Site, page: Page) -> None:
    project = site.ids["Texts"]
    for login, path, words in (
        ("ann", f"/my-work?project={project}", "Work on an item after its submit is rework"),
        ("lead", f"/questions?project={project}", "Questions"),
        ("lead", f"/disputes?project={project}", "Disputes"),
        ("lead", f"/jobs?project={project}", "Suggest labels"),
    ):
        log_in(page, site.address, login, path)
        expect(page.get_by_text(words).first).to_be_visible(timeout=30_000)
        expect(page.locator("[data-testid=stException]")).to_have_count(0)
        page.context.clear_cookies()
