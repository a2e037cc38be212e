"""The Rubrics page in a browser: a draft typed, mended, tried and published; files of other systems; a reload."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from app.services import accounts
from app.services.projects import describe
from app.services.rubric_editing import publish
from app.settings import load_settings
from app.wiring import build_context, close_context
from db.engine import reading
from db.models import Annotation, Answer, Project, RubricVersion, Verdict
from rubrics import catalog, dump_rubric
from tests.app.services.world import OPERATOR, World
from tests.browser.conftest import running_milo
from tests.browser.steps import PASSWORD, log_in

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

HOSTILE = "<img src=x onerror='window.hacked = 1'> [link](javascript:alert(1)) **bold**"


class Desk:
    """A project of its own for each test, with three judged answers, in one running server."""

    def __init__(self, address: str, data: Path) -> None:
        self.address, self.data = address, data

    def project(self, name: str) -> int:
        ctx = build_context(load_settings(_env_file=None, data_dir=self.data))
        try:
            world = World(ctx)
            made = world.project(name)
            world.fill(
                made, [{"id": f"i{n}", "text": f"Where is parcel {n}?"} for n in range(3)], self.data.parent
            )
            ann = world.member(made, f"ann-{name}")
            for number in range(3):
                task = world.next(ann, made)
                world.submit(ann, task, verdict="good", why=f"Please write to us about parcel {number}.")
            # The browser's event loop runs in this thread; the judge needs one of its own.
            with ThreadPoolExecutor(1) as pool:
                pool.submit(world.do_calls).result()
            accounts.add_user(ctx, OPERATOR, login=name, name=name, password=PASSWORD, is_admin=False)
            accounts.give_role(ctx, OPERATOR, project_id=made.id, login=name, role="qa_lead")
            return made.id
        finally:
            close_context(ctx)

    def publish(self, project: int, name: str) -> None:
        """Somebody else puts a rubric of this name in force."""
        ctx = build_context(load_settings(_env_file=None, data_dir=self.data))
        try:
            record = describe(ctx, OPERATOR, project).rubric
            text = dump_rubric(catalog()["clarity"].model_copy(update={"name": name}))
            publish(ctx, OPERATOR, project, text, over=record.id if record else None)
        finally:
            close_context(ctx)

    def stored(self, project: int) -> tuple[tuple[str, int] | None, int]:
        """Name and version of the rubric in force, and how many verdicts the project has."""
        ctx = build_context(load_settings(_env_file=None, data_dir=self.data))
        try:
            with reading(ctx.engine) as session:
                row = (
                    session.query(RubricVersion.name, RubricVersion.version)
                    .join(Project, Project.rubric_version_id == RubricVersion.id)
                    .filter(Project.id == project)
                    .first()
                )
                verdicts = (
                    session.query(Verdict)
                    .join(Answer, Answer.id == Verdict.answer_id)
                    .join(Annotation, Annotation.id == Answer.annotation_id)
                    .filter(Annotation.project_id == project)
                )
                return (row[0], row[1]) if row else None, verdicts.count()
        finally:
            close_context(ctx)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    data = tmp_path_factory.mktemp("rubrics") / "data"
    with running_milo("serve", "--no-worker", data_dir=data) as address:
        yield Desk(address, data)


def opened(page: Page, desk: Desk, name: str, tab: str) -> int:
    project = desk.project(name)
    log_in(page, desk.address, name, f"/rubrics?project={project}")
    page.get_by_role("tab", name=tab).click(timeout=30_000)
    return project


def editor(page: Page) -> Locator:
    field = page.get_by_role("textbox", name="Rubric in YAML")
    expect(field).to_be_visible(timeout=20_000)
    return field


def retyped(field: Locator, **words: str) -> None:
    """Some words of the text replaced by others; the keys say which."""
    text = field.input_value()
    for pattern, new in (
        (r"(?m)^name: .*$", f"name: {words['name']}" if "name" in words else None),
        (r"(?m)(- id: tone\n    question: ).*$", f"\\g<1>{words['tone']}" if "tone" in words else None),
    ):
        if new is not None:
            text, changed = re.subn(pattern, new, text, count=1)
            assert changed == 1, pattern
    field.fill(text)


def test_a_draft_is_typed_mended_tried_and_published(page: Page, desk: Desk) -> None:
    project = opened(page, desk, "ours", "Versions")
    before = desk.stored(project)
    assert before == (("customer-answer", 1), 3)
    page.get_by_role("button", name="Edit a copy").click()
    field = editor(page)
    publish = page.get_by_role("button", name="Publish and put in force")

    retyped(field, tone="Is it clear and correct?")
    expect(page.get_by_text("asks two things at once (clear and correct)")).to_be_visible(timeout=10_000)
    line = field.input_value().splitlines().index("    question: Is it clear and correct?") + 1
    expect(page.locator(".milo-editor .line.warning")).to_have_attribute("data-number", str(line))
    expect(page.get_by_text("The name is that of a rubric of the catalogue")).to_be_visible()
    expect(publish).to_be_disabled()

    retyped(field, name="ours", tone="Does it sound like one person writing to another?")
    expect(page.get_by_text("No findings.")).to_be_visible(timeout=10_000)
    asked = "Does it sound like one person writing to another?"
    expect(page.get_by_role("tabpanel", name="What people see").get_by_text(asked)).to_be_visible()
    page.get_by_role("tab", name="What the judge is asked").click()
    expect(page.get_by_role("tabpanel", name="What the judge is asked").get_by_text(asked)).to_be_visible()

    page.get_by_role("tab", name="Try it").click()
    page.get_by_role("button", name="Draw by lot").click()
    expect(page.get_by_text("i0, ann-ours")).to_be_visible(timeout=10_000)
    page.get_by_role("button", name="Try", exact=True).click()
    expect(page.get_by_text("n = 3: it shows how the draft reads")).to_be_visible(timeout=20_000)
    expect(page.get_by_text("In force, as stored ·").first).to_be_visible()
    assert desk.stored(project) == before  # nothing was kept

    expect(publish).to_be_enabled()
    publish.click()
    expect(page.get_by_text("In force is ours version 1.")).to_be_visible(timeout=20_000)
    assert desk.stored(project) == (("ours", 1), 3)

    page.get_by_role("tab", name="Compare").click()
    expect(page.get_by_text("They have the same content.")).to_be_visible(timeout=10_000)
    page.get_by_role("combobox", name="Compare").click()
    page.get_by_role("option", name=re.compile("customer-answer version 1")).click()
    expect(page.get_by_text("name: customer-answer → ours")).to_be_visible(timeout=10_000)
    expect(page.get_by_text(f"+    question: {asked}")).to_be_visible()


def test_what_is_no_rubric_is_shown_at_its_line_while_typing(page: Page, desk: Desk) -> None:
    opened(page, desk, "typed", "Edit and try")
    field = editor(page)
    field.click()
    page.keyboard.press("Control+Home")
    page.keyboard.press("End")
    page.keyboard.type("\nwieght: 3")
    expect(page.get_by_text("wieght: Extra inputs are not permitted")).to_be_visible(timeout=10_000)
    expect(page.locator(".milo-editor .line.error")).to_have_attribute("data-number", "2")
    expect(page.get_by_role("button", name="Publish and put in force")).to_be_disabled()
    for _ in range(len("wieght: 3")):
        page.keyboard.press("Backspace")
    expect(page.get_by_text("No findings.")).to_be_visible(timeout=10_000)


def test_an_unpublished_draft_survives_a_reload(page: Page, desk: Desk) -> None:
    opened(page, desk, "reload", "Edit and try")
    retyped(editor(page), name="kept")
    expect(page.get_by_text("No findings.")).to_be_visible(timeout=10_000)
    page.reload()
    page.get_by_role("tab", name="Edit and try").click(timeout=30_000)
    expect(editor(page)).to_have_value(re.compile("^name: customer-answer$", re.MULTILINE))
    page.get_by_role("button", name="Bring it back").click()
    expect(editor(page)).to_have_value(re.compile("^name: kept$", re.MULTILINE))
    page.get_by_role("button", name="Publish and put in force").click()
    expect(page.get_by_text("In force is kept version 1.")).to_be_visible(timeout=20_000)
    page.reload()
    page.get_by_role("tab", name="Edit and try").click(timeout=30_000)
    expect(editor(page)).to_have_value(re.compile("^name: kept$", re.MULTILINE))
    expect(page.get_by_role("button", name="Bring it back")).to_have_count(0)


def test_who_was_overtaken_is_told_and_publishes_knowingly(page: Page, desk: Desk) -> None:
    project = opened(page, desk, "slow", "Edit and try")
    retyped(editor(page), name="slower")
    expect(page.get_by_text("No findings.")).to_be_visible(timeout=10_000)
    desk.publish(project, "faster")
    button = page.get_by_role("button", name="Publish and put in force")
    button.click()
    expect(page.get_by_text("somebody else has put faster version 1 in force")).to_be_visible(timeout=10_000)
    assert desk.stored(project)[0] == ("faster", 1)
    button.click()
    expect(page.get_by_text("In force is slower version 1.")).to_be_visible(timeout=20_000)
    assert desk.stored(project)[0] == ("slower", 1)


def test_a_file_of_another_system_is_read_and_written_and_its_text_stays_text(
    page: Page, desk: Desk, tmp_path: Path
) -> None:
    opened(page, desk, "files", "Edit and try")
    editor(page)
    items = [
        {"criterion": f"Names the parcel. {HOSTILE}", "points": 5, "tags": ["axis:accuracy"]},
        {"criterion": "Blames the reader.", "points": -3, "tags": []},
    ]
    path = tmp_path / "line.jsonl"
    path.write_text(json.dumps({"rubrics": items, "prompt": []}) + "\n", encoding="utf-8")
    page.get_by_text("Begin with a file").click()
    page.locator("input[type=file]").set_input_files(path)
    expect(page.get_by_text("line.jsonl")).to_be_visible(timeout=10_000)
    page.get_by_role("button", name="Read", exact=True).click()
    expect(
        page.get_by_text("Read line.jsonl as HealthBench. Not in it: prompt (about the item).")
    ).to_be_visible(timeout=10_000)
    expect(editor(page)).to_have_value(re.compile("^aggregation: points$", re.MULTILINE))
    seen = page.get_by_role("tabpanel", name="What people see")
    expect(seen.get_by_text(f"Names the parcel. {HOSTILE}")).to_be_visible()
    page.get_by_role("tab", name="Export").click()
    expect(page.get_by_text("Does not fit:").first).to_be_visible(timeout=10_000)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download").nth(1).click()
    assert json.loads(waiting.value.path().read_text(encoding="utf-8")) == {"rubrics": items}
    assert page.evaluate("window.hacked") is None


def test_saving_the_settings_keeps_a_rubric_of_the_projects_own(page: Page, desk: Desk) -> None:
    project = desk.project("settings")
    desk.publish(project, "our-clarity")
    ctx = build_context(load_settings(_env_file=None, data_dir=desk.data))
    try:
        accounts.add_user(ctx, OPERATOR, login="root", name="root", password=PASSWORD, is_admin=True)
    finally:
        close_context(ctx)
    log_in(page, desk.address, "root", f"/projects?project={project}")
    expect(page.get_by_role("combobox", name="Rubric", exact=True)).to_have_value(
        "our-clarity", timeout=30_000
    )
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_text("Saved.")).to_be_visible(timeout=20_000)
    assert desk.stored(project)[0] == ("our-clarity", 1)
