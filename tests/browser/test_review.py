"""The Review page in a browser: Enter never decides, edits are not dropped, decisions are made again, appeals arrive."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from app.services import accounts, answering, assignment
from app.services.context import Actor, Context
from app.services.intake import import_items
from app.services.projects import create_project
from app.services.review import review
from app.settings import load_settings
from app.wiring import build_context, close_context
from db.engine import reading
from db.models import Annotation, Review
from db.store import reviews
from tests.app.services.reviewing import cases_of
from tests.browser.conftest import running_milo
from tests.browser.steps import PASSWORD, log_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

OPERATOR = Actor.operator()
SCHEMA = """
questions:
  - {id: verdict, type: choice, title: 'Good?', options: [{value: good, label: Good one}, {value: bad, label: Bad one}]}
  - {id: stars, type: rating, title: 'Stars', min: 1, max: 5, required: false}
  - {id: ent, type: span, title: 'Names', part: text, required: false, options: [{value: PER, label: Person}]}
  - {id: why, type: text, title: 'Why?', required: false}
"""
EVERYTHING = {"disagreement": 0, "judge_doubt": 0, "new_person": 0, "floor": 1, "second_look": 0}


@dataclass
class Site:
    address: str
    ctx: Context
    project: int
    people: dict[str, Actor]

    def stored(self) -> list[tuple[str, str, int | None]]:
        with reading(self.ctx.engine) as session:
            return [
                (row.outcome, row.comment, row.replaces) for row in session.query(Review).order_by(Review.id)
            ]


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Ann answered three items; lead and second review everything."""
    folder = tmp_path_factory.mktemp("review")
    ctx = build_context(load_settings(_env_file=None, data_dir=folder / "data", database_url=None))
    made = create_project(
        ctx, OPERATOR, name="Desk", schema_yaml=SCHEMA, guidelines="# Guide\n\nSarcasm is bad.",
        settings={"overlap": 1, "judge_on": False, "workplace": {"review": EVERYTHING}},
    )  # fmt: skip
    path = folder / "rows.jsonl"
    path.write_text(
        "".join(json.dumps({"id": f"i{n}", "text": f"Alice wrote {n}."}) + "\n" for n in range(3))
    )
    import_items(ctx, OPERATOR, made.id, path)
    people = {}
    for login, role in (("ann", "annotator"), ("lead", "qa_lead"), ("second", "qa_lead")):
        user = accounts.add_user(ctx, OPERATOR, login=login, name=login, password=PASSWORD, is_admin=False)
        accounts.give_role(ctx, OPERATOR, project_id=made.id, login=login, role=role)
        people[login] = Actor(user.id, login, login, False)
    for _ in range(3):
        task = assignment.next_task(ctx, people["ann"], made.id).task
        assert task is not None
        answering.submit(
            ctx, people["ann"], item_id=task.item.id, form_token=task.lease.form_token,
            answers={"verdict": "good", "stars": 3, "why": "Kind.", "ent": [{"start": 0, "end": 5, "label": "PER"}]},
        )  # fmt: skip
    with running_milo("serve", "--no-worker", data_dir=folder / "data") as address:
        yield Site(address, ctx, made.id, people)
    close_context(ctx)


def open_review(site: Site, page: Page, login: str = "lead") -> None:
    log_in(page, site.address, login, f"/review?project={site.project}")
    expect(page.get_by_role("button", name="Accept Shortcut A", exact=True)).to_be_visible(timeout=90_000)


def test_a_day_of_review(site: Site, browser: Browser, page: Page) -> None:
    open_review(site, page)
    expect(page.get_by_text("3 answers wait")).to_be_visible()
    # Words, no values: the spans with the text that they mark.
    expect(page.get_by_text("“Alice” PER")).to_be_visible()
    # Enter in a comment on an answer and in a number decides nothing.
    page.get_by_text("Comments on single answers").click()
    comment = page.get_by_role("textbox", name="Good?")
    comment.fill("see rule 3")
    comment.press("Enter")
    stars = page.get_by_role("spinbutton", name="Stars")
    stars.fill("5")
    stars.press("Enter")
    words = page.get_by_role("textbox", name="Why?").first
    words.press("Control+Enter")
    page.wait_for_timeout(1_500)
    assert site.stored() == []

    # What was edited is not dropped by accepting.
    page.get_by_role("button", name="Accept Shortcut A", exact=True).click()
    expect(page.get_by_text("you changed “Stars”")).to_be_visible(timeout=20_000)
    assert site.stored() == []
    stars.fill("3")
    page.get_by_role("heading", name="answered by").click()
    page.keyboard.press("a")
    expect(page.get_by_text("is accepted. It stands under “Reviewed”")).to_be_visible(timeout=20_000)
    expect(page.get_by_text("2 answers wait")).to_be_visible(timeout=20_000)
    assert site.stored() == [("accepted", "", None)]

    # A slip is decided again from the list.
    page.get_by_role("tab", name="Reviewed").click()
    table = page.get_by_test_id("stDataFrame").first
    expect(table).to_be_visible(timeout=20_000)
    table.click(position={"x": 15, "y": 35 + 17})
    expect(page.get_by_text("Revision 1 was")).to_be_visible(timeout=20_000)
    page.get_by_role("textbox", name="Comment (needed to reject").fill("Sarcasm, after all.")
    page.get_by_role("button", name="Reject Shortcut X", exact=True).click()
    expect(page.get_by_text("is rejected. It stands under “Reviewed”")).to_be_visible(timeout=20_000)
    assert [(outcome, comment) for outcome, comment, _ in site.stored()] == [
        ("accepted", ""),
        ("rejected", "Sarcasm, after all."),
    ]
    assert site.stored()[1][2] is not None

    # The figures say why there is no share, and names only where they are asked for.
    page.get_by_role("tab", name="Figures").click()
    expect(page.get_by_text("This project hides who answered")).to_be_visible(timeout=20_000)

    # The author disagrees; a reviewer who has not seen the answer gets it first.
    ann = browser.new_context(viewport={"width": 1280, "height": 1000}).new_page()
    log_in(ann, site.address, "ann", f"/my-work?project={site.project}")
    answers = ann.get_by_test_id("stDataFrame").first
    expect(answers).to_be_visible(timeout=60_000)
    with reading(site.ctx.engine) as session:
        found, _ = reviews.list_reviews(session, site.project, by=None, not_of=0, offset=0, limit=1)
        given = [row.id for row in session.query(Annotation).order_by(Annotation.id.desc())]
    # Newest first. A cell of the first column selects its row.
    place = given.index(found[0][1].id)
    answers.click(position={"x": 15, "y": 35 + 35 * place + 17})
    ann.get_by_role("textbox", name="I disagree with this rejection").fill(
        "The guide says nothing of praise."
    )
    ann.get_by_role("button", name="I disagree").click()
    expect(ann.get_by_text("A reviewer decides.")).to_be_visible(timeout=20_000)
    ann.context.close()
    second = browser.new_context(viewport={"width": 1280, "height": 1000}).new_page()
    open_review(site, second, "second")
    expect(second.get_by_text("its author disagrees with the rejection")).to_be_visible()
    expect(second.get_by_text("The guide says nothing of praise.")).to_be_visible()
    second.keyboard.press("s")
    expect(second.get_by_text("1 skipped, they come last")).to_be_visible(timeout=20_000)
    second.context.close()


def test_the_slower_of_two_reviewers_is_told(site: Site, page: Page) -> None:
    open_review(site, page)
    (case, *_) = cases_of(site.ctx, site.people["lead"], site.project)
    assert review(
        site.ctx,
        site.people["second"],
        site.project,
        case.annotation.id,
        outcome="accepted",
        form_token="other",
    )
    page.get_by_role("button", name="Accept Shortcut A", exact=True).click()
    expect(page.get_by_text("second reviewed this answer meanwhile (accepted)")).to_be_visible(timeout=20_000)
