"""A study from its plan to the page to print, in a browser: a manager, four annotators in both arms, and help that is
really absent where it is withheld.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from app.services import accounts, answering, assignment, studies, telemetry
from app.services.context import Actor, Context
from app.services.intake import import_items
from app.services.projects import create_project
from app.services.telemetry import BrowserEvent
from app.settings import load_settings
from app.wiring import build_context, close_context
from db.engine import reading, transaction
from db.models import Annotation, Lease, Study, User, Visit
from rubrics import catalog
from tests.browser.conftest import running_milo
from tests.browser.steps import PASSWORD, log_in, wait_for_item

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

OPERATOR = Actor.operator()
SCHEMA = """
questions:
  - {id: verdict, type: choice, title: 'Good?', options: [{value: good, label: Good}, {value: bad, label: Bad}]}
  - {id: why, type: text, title: 'Why?', required: false, judged: true}
"""
PEOPLE = ("ann", "bob", "cleo", "dan")
SCRIPTED = ("eve", "finn")
"""Six people in all: fewer prove nothing."""
ITEMS = 8


@dataclass
class Site:
    address: str
    ctx: Context
    project: int


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Eight items with a suggestion and a known answer; six annotators, a manager; every kind of help is on."""
    folder = tmp_path_factory.mktemp("studies")
    ctx = build_context(load_settings(_env_file=None, data_dir=folder / "data", database_url=None))
    made = create_project(
        ctx, OPERATOR, name="Desk", schema_yaml=SCHEMA, guidelines="# Guide", rubric=catalog()["customer-answer"],
        settings={"overlap": 6},
    )  # fmt: skip
    path = folder / "rows.jsonl"
    known = {"suggestions": {"verdict": {"value": "good", "confidence": 0.9}}, "gold": {"verdict": "good"}}
    rows = [{"id": f"i{n}", "text": f"Text {n}."} | known for n in range(ITEMS)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    import_items(ctx, OPERATOR, made.id, path)
    for login in (*PEOPLE, *SCRIPTED, "mia"):
        accounts.add_user(ctx, OPERATOR, login=login, name=login, password=PASSWORD, is_admin=False)
        role = "manager" if login == "mia" else "annotator"
        accounts.give_role(ctx, OPERATOR, project_id=made.id, login=login, role=role)
    with running_milo("serve", data_dir=folder / "data") as address:
        yield Site(address, ctx, made.id)
    close_context(ctx)


def answer_all(site: Site, browser: Browser, login: str) -> list[bool]:
    """Every item answered by keys; whether a suggestion was on screen with each, in their order."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    work = context.new_page()
    log_in(work, site.address, login, f"/?project={site.project}")
    helped, last = [], None
    for number in range(ITEMS):
        last = wait_for_item(work, other_than=last)
        suggestion = work.locator("[data-suggestion=verdict]")
        expect(work.locator("[data-suggestion=verdict], .control")).to_be_visible()
        helped.append(suggestion.is_visible())
        if not helped[-1]:
            # What is withheld is said, and why; nothing is told of other items.
            expect(work.locator(".control")).to_have_text(
                "This item is shown without a suggestion, to measure what it changes."
            )
        work.locator("[data-option=good]").click()
        work.keyboard.press("Control+Enter")
        if number == ITEMS - 1:
            expect(work.locator(".milo[data-item]")).to_have_count(0, timeout=20_000)
    context.close()
    return helped


def answer_by_script(site: Site, login: str) -> None:
    """The same without a browser: the last answer wrong where no help was shown."""
    with reading(site.ctx.engine) as session:
        actor = Actor(session.query(User.id).filter(User.login == login).scalar(), login, login, False)
    for number in range(ITEMS):
        task = assignment.next_task(site.ctx, actor, site.project).task
        assert task is not None
        telemetry.record_events(
            site.ctx, actor, visit_key=task.lease.visit_key, tab="t", events=[BrowserEvent(1, "opened", 20, {})]
        )  # fmt: skip
        verdict = "bad" if number >= ITEMS - 2 and not task.suggestions else "good"
        answering.submit(
            site.ctx, actor, item_id=task.item.id, form_token=task.lease.form_token, answers={"verdict": verdict}
        )  # fmt: skip


def made_up_times(site: Site) -> None:
    """As if everybody had taken 30 s by their own factor, and a fifth less with help; and ended half an hour ago."""
    with transaction(site.ctx.engine) as session:
        arms = {(row.item_id, row.user_id): row.arm for row in session.query(Lease)}
        factor = {user_id: 1 + 0.1 * place for place, (user_id,) in enumerate(session.query(User.id))}
        for visit in session.query(Visit):
            helped = 0.8 if arms[visit.item_id, visit.user_id] == "suggestion" else 1.0
            visit.reading, visit.working, visit.chatting = 30 * factor[visit.user_id] * helped, 0.0, 0.0
        for row in session.query(Annotation):
            row.submitted_at -= timedelta(minutes=30)


def test_a_study_from_its_plan_to_the_page_to_print(
    site: Site, browser: Browser, page: Page, tmp_path: Path
) -> None:
    # The manager writes it down, asks what it will see, and starts it.
    log_in(page, site.address, "mia", f"/studies?project={site.project}")
    expect(page.get_by_text("No study yet.")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Write it down").click()
    expect(page.get_by_text("a study needs a name")).to_be_visible(timeout=15_000)
    page.get_by_role("textbox", name="Name").fill("First")
    page.get_by_role("textbox", name="What is to be decided?").fill("Do suggestions save time at the desk?")
    page.get_by_role("spinbutton", name="People planned").fill("6")
    page.get_by_role("spinbutton", name="Stops at answers").fill(str(6 * ITEMS))
    page.get_by_role("button", name="What will it see?").click()
    expect(page.get_by_text("with 8 items each, the planned people find a change of")).to_be_visible(
        timeout=15_000
    )
    page.get_by_role("button", name="Write it down").click()
    expect(page.get_by_text("SHA-256")).to_be_visible(timeout=15_000)
    with reading(site.ctx.engine) as session:
        study = session.query(Study).one()
        assert (study.state, study.created_by) == ("draft", "mia")
        hash_ = study.hash
    expect(page.get_by_text(hash_)).to_be_visible()
    page.get_by_role("button", name="Start it").click()
    expect(page.get_by_text("No item has been given out in it yet")).to_be_visible(timeout=15_000)
    expect(page.get_by_text("0 of 48 answers")).to_be_visible()

    for login in PEOPLE:
        helped = answer_all(site, browser, login)
        assert sum(helped) == ITEMS // 2, (login, helped)  # balanced within each person
    for login in SCRIPTED:
        answer_by_script(site, login)
    made_up_times(site)

    # The manager reads on one screen what came of it, and prints it.
    page.goto(f"{site.address}/studies?project={site.project}")
    verdict = page.get_by_text(
        re.compile(r"Help saved 20\.0% \[.*\] of the handling time.* on 6 people and 48 answers")
    )
    expect(verdict).to_be_in_viewport(timeout=60_000)
    expect(page.get_by_text("ended as its rule said")).to_be_in_viewport()
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Decision report").click()
    printed = tmp_path / "decision.html"
    downloading.value.save_as(printed)
    offline = browser.new_context(offline=True)
    sheet = offline.new_page()
    sheet.goto(printed.as_uri())
    expect(sheet.locator(".conclusion")).to_contain_text("Help saved 20.0%")
    expect(sheet.get_by_text(hash_)).to_be_visible()
    assert len(sheet.pdf(format="A4")) > 0
    offline.close()

    # Half an hour later a person is asked once how it was, away from the items, and may skip it.
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    mine = context.new_page()
    log_in(mine, site.address, "ann", f"/?project={site.project}")
    expect(mine.get_by_role("link", name="How was it?")).to_be_visible(timeout=30_000)
    mine.goto(f"{site.address}/my-work?project={site.project}")
    expect(mine.get_by_text("How was it?")).to_be_visible(timeout=30_000)
    mine.get_by_role("button", name="Send").click()
    expect(mine.get_by_text("choose a value, or skip the form")).to_be_visible(timeout=15_000)
    mine.get_by_role("radio", name="3", exact=True).first.click()
    mine.get_by_role("button", name="Send").click()
    expect(mine.get_by_text("How was it?")).to_have_count(0, timeout=15_000)
    context.close()
    page.reload()
    expect(page.get_by_text("1 forms, 0 skipped")).to_be_visible(timeout=30_000)
    expect(page.locator("[data-testid=stException]")).to_have_count(0)


def test_every_kind_of_help_is_absent_where_its_arm_withholds_it(
    site: Site, browser: Browser, page: Page
) -> None:
    """One arm for each kind of help, and one for all: on each item exactly the kinds of its arm are on screen and answer."""
    plan: dict[str, Any] = {
        "question": "Which kind of help saves time?",
        "arms": [
            {"name": "none"},
            {"name": "suggestion", "suggestion": "at_once"},
            {"name": "chat", "chat": True},
            {"name": "feedback", "feedback": True},
            {"name": "all", "suggestion": "at_once", "chat": True, "feedback": True},
        ],
        "design": "per item",
        "seed": 3,
        "people": 4,
        "outcome": {"figure": "time", "words": "Change of handling time with any help."},
        "smallest_effect": -0.1,
        "stop": {"answers": 1000},
    }
    studies.define_study(site.ctx, OPERATOR, site.project, name="Kinds", source=plan)
    studies.start_study(site.ctx, OPERATOR, site.project, "Kinds")
    log_in(page, site.address, "ann", f"/?project={site.project}")
    seen, last = set(), None
    for _ in range(5):  # the arms are permuted within runs of five
        last = wait_for_item(page, other_than=last)
        with reading(site.ctx.engine) as session:
            lease = next(
                row for row in session.query(Lease) if row.state == "held" and item_name(site, row.item_id) == last
            )  # fmt: skip
            item_id, arm = lease.item_id, lease.arm
        seen.add(arm)
        suggestion, chat, feedback = (arm in (kind, "all") for kind in ("suggestion", "chat", "feedback"))
        expect(page.locator("[data-suggestion=verdict]")).to_have_count(int(suggestion))
        expect(page.locator(".chat")).to_have_count(int(chat))
        check = page.locator("[data-action=check]")
        expect(check).to_be_enabled() if feedback else expect(check).to_be_disabled()
        # The screen could be got round: the server refuses as well.
        asked = {
            f"/api/work/items/{item_id}/suggestion": suggestion,
            f"/api/chat/{item_id}": chat,
            f"/api/work/items/{item_id}/check": feedback,
        }
        for path, given in asked.items():
            if not given:
                answer = page.request.post(
                    site.address + path,
                    data={"request_id": f"r{item_id}", "text": "Why?", "question": "why", "answers": {}},
                    headers={"Origin": site.address, "X-Requested-With": "milo"},
                )
                assert answer.status == 403, (arm, path, answer.status, answer.text())
                assert "to measure what" in answer.text()
        page.locator("[data-option=good]").click()
        page.locator("[data-question=why] textarea").fill("A reason that the judge can read well enough.")
        page.keyboard.press("Control+Enter")
    assert seen == {"none", "suggestion", "chat", "feedback", "all"}
    wait_for_item(page, other_than=last)
    # Verdicts come for all five answers and are kept back for three of them.
    counted = page.get_by_role("button", name=re.compile("Feedback .*2 new"))
    expect(counted).to_be_visible(timeout=60_000)
    shown = page.request.get(f"{site.address}/api/work/{site.project}/feedback").text()
    assert shown.count('"verdict_id"') == 2
    # Nothing that a browser is sent names an arm.
    setup = page.request.get(f"{site.address}/api/work/{site.project}/setup").text()
    assert '"arm"' not in shown + setup


def item_name(site: Site, item_id: int) -> str:
    from db.models import Item

    with reading(site.ctx.engine) as session:
        return str(session.get_one(Item, item_id).external_id)
