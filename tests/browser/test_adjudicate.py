"""Several answers, one decision: in a browser, from the case to the board, the export and the annotator."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, TimeoutError, expect

from app.services import accounts, answering, assignment
from app.services.context import Actor, Context
from app.services.export import rows_of
from app.services.intake import import_items
from app.services.projects import create_project
from app.services.review import review
from app.settings import load_settings
from app.wiring import build_context, close_context
from db.engine import reading
from db.models import Adjudication, Annotation, Item
from db.store import people
from tests.browser.conftest import running_milo
from tests.browser.steps import PASSWORD, log_in, wait_for_item

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

OPERATOR = Actor.operator()
SCHEMA = """
questions:
  - {id: verdict, type: choice, title: 'Good?', options: [{value: good, label: Good}, {value: bad, label: Bad}]}
  - {id: why, type: text, title: 'Why?', required: false}
"""
SPANS = """
questions:
  - {id: ent, type: span, title: 'Names', part: text, options: [{value: PER, label: Person}, {value: LOC, label: Place}]}
"""
NOTHING_DRAWN = {"disagreement": 0, "judge_doubt": 0, "new_person": 0, "floor": 0}
TEXTS = ("The last bus <b>leaves</b> too early.", "The last bus leaves too late.")


@dataclass
class Site:
    address: str
    ctx: Context
    project: int

    def actor(self, login: str) -> Actor:
        with reading(self.ctx.engine) as session:
            user = people.user_by_login(session, login)
        assert user is not None
        return Actor(user.id, login, login, False)

    def exported(self) -> list[dict[str, Any]]:
        with reading(self.ctx.engine) as session:
            return list(rows_of(self.ctx, session, self.project, "adjudicated"))


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Two people differ on i0 and i1 (there also in words) and agree on i2; nobody has i3."""
    folder = tmp_path_factory.mktemp("adjudicate")
    ctx = build_context(load_settings(_env_file=None, data_dir=folder / "data", database_url=None))
    made = create_project(
        ctx, OPERATOR, name="Desk", schema_yaml=SCHEMA, guidelines="# Guide",
        settings={"overlap": 2, "judge_on": False, "workplace": {"review": NOTHING_DRAWN}},
    )  # fmt: skip
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps({"id": f"i{n}", "text": f"Text {n}."}) + "\n" for n in range(4)))
    import_items(ctx, OPERATOR, made.id, path)
    roles = {"ann": "annotator", "bob": "annotator", "lead": "qa_lead"}
    given = {"ann": ("good", "good", "good"), "bob": ("bad", "bad", "good")}
    for number, (login, role) in enumerate(roles.items()):
        user = accounts.add_user(ctx, OPERATOR, login=login, name=login, password=PASSWORD, is_admin=False)
        accounts.give_role(ctx, OPERATOR, project_id=made.id, login=login, role=role)
        actor = Actor(user.id, login, login, False)
        for place, verdict in enumerate(given.get(login, ())):
            task = assignment.next_task(ctx, actor, made.id).task
            assert task is not None
            words = {"why": TEXTS[number]} if place == 1 else {}
            answering.submit(
                ctx, actor, item_id=task.item.id, form_token=task.lease.form_token, answers={"verdict": verdict, **words}
            )  # fmt: skip
    with running_milo("serve", "--no-worker", data_dir=folder / "data") as address:
        yield Site(address, ctx, made.id)
    close_context(ctx)


def open_cases(site: Site, page: Page) -> None:
    log_in(page, site.address, "lead", f"/adjudicate?project={site.project}")
    expect(page.get_by_text("Why do they differ?")).to_be_visible(timeout=60_000)


def take(page: Page, letter: str) -> None:
    page.get_by_role("button", name=f"Take {letter}").click()


def test_a_case_is_decided_by_two_keys_and_stands_in_board_export_and_my_work(
    site: Site, browser: Browser, page: Page
) -> None:
    open_cases(site, page)
    # The texts of i1 differ too: whoever writes freely always differs, so that they are a case only when asked for.
    expect(page.get_by_text("2 waiting · 0 settled in review · 0 decided")).to_be_visible()
    # Who answered is hidden until it is asked for.
    expect(page.get_by_text("ann", exact=True)).to_have_count(0)
    expect(page.get_by_role("heading", name="i0")).to_be_visible()
    take(page, "A")
    expect(page.get_by_text("Say first why the answers differ")).to_be_visible(timeout=15_000)
    page.keyboard.press("g")
    expect(page.get_by_text("needed for “guideline gap”")).to_be_visible(timeout=15_000)
    page.keyboard.press("1")
    expect(page.get_by_text("Say in a comment what it is")).to_be_visible(timeout=15_000)
    page.keyboard.press("s")
    expect(page.get_by_text("needed for “guideline gap”")).to_have_count(0, timeout=15_000)
    page.keyboard.press("2")
    expect(page.get_by_text("1 waiting · 0 settled in review · 1 decided")).to_be_visible(timeout=15_000)
    with reading(site.ctx.engine) as session:
        (row,) = session.query(Adjudication)
        decided, reason, seconds = row.value[0], row.reason, row.seconds
    assert reason == "slip" and seconds is not None and seconds > 0

    page.get_by_role("tab", name="Board").click()
    column = page.locator(".st-key-column-adjudicated")
    expect(column.get_by_role("link", name="i0")).to_be_visible(timeout=15_000)
    expect(column.get_by_text("25% of 4")).to_be_visible()
    column.get_by_role("button", name="List all").click()
    expect(page.get_by_text("Adjudicated: 1 item")).to_be_visible(timeout=15_000)
    page.get_by_role("tab", name="Figures").click()
    expect(page.get_by_text("1 decided case")).to_be_visible(timeout=15_000)

    rows = site.exported()
    assert {(r["external_id"], r["final"], r["final_by"], r["final_note"]) for r in rows} == {
        ("i0", decided, "lead", "slip")
    }
    page.goto(f"{site.address}/export?project={site.project}")
    expect(page.get_by_text("final_source", exact=False).first).to_be_visible(timeout=30_000)

    annotator = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    log_in(annotator, site.address, "ann", f"/my-work?project={site.project}")
    table = annotator.get_by_test_id("stDataFrame").first
    expect(table).to_be_visible(timeout=30_000)
    # Newest first: i2, i1, i0. A cell of the first column selects its row.
    table.click(position={"x": 15, "y": 35 + 35 * 2 + 17})
    expect(annotator.get_by_text("Decided over all answers to")).to_be_visible(timeout=15_000)
    annotator.context.close()


def test_texts_are_marked_where_they_differ_and_a_decision_is_undone_by_a_new_one(
    site: Site, page: Page
) -> None:
    open_cases(site, page)
    page.get_by_role("combobox", name="Question").click()
    page.get_by_role("option", name="Why?").click()
    expect(page.get_by_role("heading", name="i1")).to_be_visible(timeout=15_000)
    # Markup in an answer is text, and what only one of the two has is marked.
    expect(page.get_by_text("<b>")).to_be_visible()
    marks = page.locator(".milo-difference ins").all_inner_texts()
    assert {"late", "early"} <= {word for mark in marks for word in mark.replace("<", " ").split()}
    page.get_by_text("Another value").click()
    page.get_by_role("textbox", name="Why?").fill("The last bus leaves at nine.")
    page.get_by_role("button", name="Ambiguous").click()
    page.get_by_role("button", name="Decide for this value").click()
    expect(page.get_by_text("Nothing is waiting here")).to_be_visible(timeout=15_000)
    page.get_by_role("radio", name="decided", exact=True).click()
    expect(page.get_by_text("The last bus leaves at nine.")).to_be_visible(timeout=15_000)
    page.get_by_role("button", name="Two right").click()
    take(page, "B")
    expect(page.get_by_text("Before that")).to_be_visible(timeout=15_000)
    with reading(site.ctx.engine) as session:
        first, second = session.query(Adjudication).order_by(Adjudication.id)
        assert (first.reason, second.reason, second.replaces) == ("ambiguous", "two_right", first.id)


def test_a_rejected_answer_that_goes_to_nobody_is_labelled_from_the_board(site: Site, page: Page) -> None:
    lead = site.actor("lead")
    with reading(site.ctx.engine) as session:
        given = [(row.id, row.item_id) for row in session.query(Annotation).order_by(Annotation.id)]
        (last,) = (row.id for row in session.query(Item) if row.external_id == "i2")
    for annotation, item in given:
        if item == last:
            review(
                site.ctx, lead, site.project, annotation,
                outcome="rejected", comment="Neither.", requeue="nobody", form_token=f"n{annotation}",
            )  # fmt: skip
    open_cases(site, page)
    page.get_by_role("tab", name="Board").click()
    column = page.locator(".st-key-column-undecided")
    expect(column.get_by_role("link", name="i2")).to_be_visible(timeout=15_000)
    expect(column.get_by_text("rejected, and goes to nobody")).to_be_visible()
    page.goto(f"{site.address}/adjudicate?project={site.project}&case={last}")
    expect(page.get_by_text("No label follows: rejected, and goes to nobody")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Ambiguous").click()
    for _ in range(6):  # the reason draws the case again, which closes a list that was opened meanwhile
        page.get_by_role("combobox", name="Good?").click()
        with suppress(TimeoutError):
            page.get_by_role("option", name="Bad").click(timeout=3_000)
            break
    page.get_by_role("button", name="Decide for this value").click()
    expect(page.get_by_text("1 decided")).to_be_visible(timeout=15_000)
    with reading(site.ctx.engine) as session:
        assert [row.value for row in session.query(Adjudication)] == [["bad"]]


def test_spans_of_two_people_become_one_answer(site: Site, page: Page, tmp_path: Path) -> None:
    made = create_project(
        site.ctx, OPERATOR, name="Spans", schema_yaml=SPANS, guidelines="# Guide", settings={"overlap": 2, "judge_on": False}
    )  # fmt: skip
    path = tmp_path / "spans.jsonl"
    path.write_text(json.dumps({"id": "s0", "text": "Alice went to Paris. Bob left, and Bob wrote."}) + "\n")
    import_items(site.ctx, OPERATOR, made.id, path)
    alice, paris = {"start": 0, "end": 5, "label": "PER"}, {"start": 14, "end": 19, "label": "LOC"}
    for login, spans in (("ann", [alice]), ("bob", [alice | {"label": "LOC"}, paris])):
        accounts.give_role(site.ctx, OPERATOR, project_id=made.id, login=login, role="annotator")
        task = assignment.next_task(site.ctx, site.actor(login), made.id).task
        assert task is not None
        answering.submit(
            site.ctx, site.actor(login), item_id=task.item.id, form_token=task.lease.form_token, answers={"ent": spans}
        )  # fmt: skip
    accounts.give_role(site.ctx, OPERATOR, project_id=made.id, login="lead", role="qa_lead")
    log_in(page, site.address, "lead", f"/adjudicate?project={made.id}")
    table = page.get_by_test_id("stDataFrame").last
    expect(table).to_be_visible(timeout=60_000)
    # Rows in the order of the text: Alice as place (bob), Alice as person (ann), Paris as place (bob). Nothing is ticked.
    for row in (1, 2):
        table.click(position={"x": 30, "y": 35 + 35 * row + 17})
        page.keyboard.press("Space")
    page.wait_for_timeout(1_000)
    # Nobody marked Bob, who stands there twice: what was ticked stays ticked when he is added.
    words = page.get_by_role("textbox", name="Words to mark")
    words.fill("bob")
    page.get_by_role("combobox", name="Their label").click()
    page.get_by_role("option", name="Person").click()
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("“bob” is not in the text, but “Bob” is")).to_be_visible(timeout=15_000)
    words.fill("Bob")
    words.blur()
    page.get_by_role("combobox", name="They stand 2 times").click(timeout=15_000)
    page.get_by_role("option", name="2: … Paris. Bob left, and [Bob] wrote.").click()
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("button", name="Remove “Bob”")).to_be_visible(timeout=15_000)
    expect(words).to_have_value("")
    page.get_by_role("button", name="Slip").click()
    page.get_by_role("button", name="Decide for the ticked spans").click()
    expect(page.get_by_text("1 decided")).to_be_visible(timeout=15_000)
    bob = {"start": 35, "end": 38, "label": "PER"}
    with reading(site.ctx.engine) as session:
        (row_,) = session.query(Adjudication)
        assert row_.value == [[alice, paris, bob]] and row_.answer_id is None


def test_a_rejected_answer_comes_back_to_its_author_with_the_comment_on_the_question(
    site: Site, browser: Browser, page: Page
) -> None:
    log_in(page, site.address, "lead", f"/review?project={site.project}")
    page.get_by_text("Rules of this project").click(timeout=60_000)
    page.get_by_label("First answers of a person").fill("1")
    # Everybody's first answer is looked at: the share is drawn to its end.
    slider = page.get_by_role("slider", name="… of these look at").nth(1)
    slider.focus()
    slider.press("End")
    page.get_by_role("button", name="Save the rules").click()
    expect(page.get_by_text("2 answers wait")).to_be_visible(timeout=20_000)
    # Both answers to i0 wait, in an order drawn by lot.
    page.get_by_text("Show who answered").click()
    heading = page.get_by_role("heading", name="i0 · answered by")
    expect(heading).not_to_contain_text("somebody", timeout=15_000)
    if "bob" in heading.inner_text():
        page.get_by_role("button", name="Skip").click()
        expect(heading).to_contain_text("ann", timeout=15_000)
    page.get_by_text("Comments on single answers").click()
    page.get_by_role("textbox", name="Good?").fill("Think of the late shift.")
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_text("1 answer waits")).to_be_visible(timeout=20_000)

    # Work gives it to ann before anything new.
    work = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    log_in(work, site.address, "ann", f"/?project={site.project}")
    assert wait_for_item(work) == "i0"
    expect(work.get_by_text("A reviewer did not accept your answer")).to_be_visible()
    expect(work.locator("[data-question=verdict] .reviewed")).to_have_text(
        "Reviewer: Think of the late shift."
    )
    work.locator("[data-option=bad]").click()
    work.keyboard.press("Control+Enter")
    assert wait_for_item(work, other_than="i0") == "i3"
    work.context.close()
    page.reload()
    expect(page.get_by_text("revised after a review", exact=True)).to_be_visible(timeout=30_000)


def test_a_project_without_answers_says_what_to_do(site: Site, page: Page) -> None:
    empty = create_project(site.ctx, OPERATOR, name="Empty", schema_yaml=SCHEMA, guidelines="# Guide")
    accounts.give_role(site.ctx, OPERATOR, project_id=empty.id, login="lead", role="qa_lead")
    log_in(page, site.address, "lead", f"/adjudicate?project={empty.id}")
    expect(page.get_by_text("No answers differ yet")).to_be_visible(timeout=60_000)
    page.get_by_role("tab", name="Board").click()
    expect(page.get_by_text("This project has no items yet")).to_be_visible(timeout=15_000)
    page.get_by_role("tab", name="Figures").click()
    expect(page.get_by_text("Nothing is decided yet")).to_be_visible(timeout=15_000)
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
