"""From the model's first token to the same token on the screen, in headless Chromium, beside a plain HTTP client.

The model is the suite's loopback server, which notes when the first piece of a stream leaves. The page notes when
its bubble changes; both run on this machine's clock. Thirty questions are asked, so that the last ones stand in a
conversation of sixty turns. The floor: a bare HTTP client reading the same endpoint of the server.
"""

import json
import statistics
import tempfile
import time
from pathlib import Path

import httpx2
from playwright.sync_api import sync_playwright

from app.services import accounts
from app.services.context import Actor
from app.services.intake import import_items
from app.services.projects import create_project
from app.settings import load_settings
from app.wiring import build_context, close_context
from tests.browser.conftest import ARGUMENTS, CHROMIUM, running_milo
from tests.browser.steps import PASSWORD, open_item
from tests.contract.loopback import running_loopback

ASKED = 30
SCHEMA = "questions: [{id: why, type: text, title: Why, required: false}]"
WATCH = """() => {
  window.seen = [];
  const log = document.querySelector('.chat .log');
  new MutationObserver(() => {
    const last = log.querySelector('.bubble-assistant:last-child .words');
    if (last && last.textContent.startsWith('It') && !last.dataset.seen) {
      last.dataset.seen = '1';
      window.seen.push((performance.timeOrigin + performance.now()) / 1000);
    }
  }).observe(log, { childList: true, subtree: true, characterData: true });
}"""


def prepare(folder: Path) -> int:
    ctx = build_context(load_settings(_env_file=None, data_dir=folder / "data", database_url=None))
    operator = Actor.operator()
    project = create_project(ctx, operator, name="P", schema_yaml=SCHEMA, guidelines="# G\n\nBe kind.")
    path = folder / "items.jsonl"
    path.write_text("".join(json.dumps({"id": f"i{n}", "text": "Some text."}) + "\n" for n in range(4)))
    import_items(ctx, operator, project.id, path)
    for login in ("ann", "bob"):
        accounts.add_user(ctx, operator, login=login, name=login, password=PASSWORD, is_admin=False)
        accounts.give_role(ctx, operator, project_id=project.id, login=login, role="annotator")
    close_context(ctx)
    return project.id


def bare(address: str, project: int) -> list[float]:
    """When the first piece arrived at a client that does nothing with it, once per question."""
    arrived = []
    with httpx2.Client(base_url=address) as client:
        client.post("/login", data={"login": "bob", "password": PASSWORD})
        item = client.post(f"/api/work/{project}/next").json()["task"]["item"]["id"]
        for number in range(ASKED):
            body = {"request_id": f"r{number}", "text": "Well?", "answers": {}}
            with client.stream("POST", f"/api/chat/{item}", json=body) as answer:
                moment = None
                for chunk in answer.iter_text():
                    if moment is None and "event: piece" in chunk:
                        moment = time.time()
            assert moment is not None, "no piece came"
            arrived.append(moment)
    return arrived


def line(name: str, milliseconds: list[float]) -> str:
    ordered = sorted(milliseconds)
    return f"{name:<46} median {statistics.median(ordered):6.1f} ms   p95 {ordered[int(0.95 * len(ordered))]:6.1f} ms"


def main() -> None:
    with tempfile.TemporaryDirectory() as name, running_loopback() as model:
        folder = Path(name)
        project = prepare(folder)
        environment = {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "k"}
        with (
            running_milo(
                "serve", "--no-worker", data_dir=folder / "data", environment=environment
            ) as address,
            sync_playwright() as playwright,
        ):
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            open_item(page, address, "ann", project)
            page.wait_for_timeout(800)
            page.evaluate(WATCH)
            question = page.get_by_label("Question to the assistant")
            for number in range(ASKED):
                question.fill("Well?")
                question.press("Enter")
                while page.evaluate("window.seen.length") <= number:
                    time.sleep(0.01)
                page.wait_for_timeout(150)
            seen = page.evaluate("window.seen")
            turns = page.locator(".bubble").count()
            browser.close()
            shown = [1000 * (b - a) for a, b in zip(model.first_pieces, seen, strict=True)]
            model.forget()
            plain = [1000 * (b - a) for a, b in zip(model.first_pieces, bare(address, project), strict=True)]
    print(line("model's first token to the screen", shown))
    print(line(f"the last ten, in a conversation of {turns} turns", shown[-10:]))
    print(line("model's first token to a bare HTTP client", plain))
    print(f"screen over bare client (median): {statistics.median(shown) / statistics.median(plain):.1f}")


if __name__ == "__main__":
    main()
