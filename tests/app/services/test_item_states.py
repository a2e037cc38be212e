"""The board and Adjudicate keep how items stand from visit to visit: they must never say anything else than looking at all anew."""

import random
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from app.errors import Invalid
from app.services import answering, decidable
from app.services.adjudication import decide
from app.services.adjudication_queue import Case, adjudication_queue
from app.services.assignment import next_task, open_task
from app.services.board import Board, board
from app.services.context import Kept
from app.services.projects import add_schema
from app.services.review_settings import change_review_settings
from db.engine import transaction
from db.models import Annotation
from db.store import board as store
from tests.app.services.reviewing import review_up_to_date
from tests.app.services.world import OPERATOR, SCHEMA, World

RULES = {"disagreement": 0.5, "judge_doubt": 1, "new_person": 0.3, "first_answers": 3, "floor": 0.2}


class Office:
    def __init__(self, world: World, folder: Path, **rules: float) -> None:
        self.world, self.ctx = world, world.ctx
        self.project = world.project(overlap=2, workplace={"review": rules or RULES})
        rows = [{"id": f"i{n}", "text": f"Text {n}."} for n in range(14)]
        world.fill(self.project, rows, folder)
        self.people = [world.member(self.project, login) for login in ("ann", "bob", "cay")]
        self.lead = world.member(self.project, "lead", "qa_lead")
        self.given: list[tuple[int, int, int]] = []
        """(place of the person, item, annotation), the newest revision of each."""
        self.forms = 0

    def seen(self) -> Board:
        return board(self.ctx, self.lead, self.project.id)

    def anew(self) -> Board:
        return board(replace(self.ctx, figures=Kept(10)), self.lead, self.project.id)

    def cases(self, *, anew: bool = False) -> list[Case]:
        ctx = replace(self.ctx, figures=Kept(10)) if anew else self.ctx
        return adjudication_queue(ctx, self.lead, self.project.id, include_own=True, texts=True)

    def answer(self, rng: random.Random) -> None:
        place = rng.randrange(3)
        task = next_task(self.ctx, self.people[place], self.project.id).task
        if task is None:
            return
        if rng.random() < 0.1:
            answering.skip(
                self.ctx, self.people[place], item_id=task.item.id, form_token=task.lease.form_token, reason="no idea"
            )  # fmt: skip
            return
        if rng.random() < 0.1:
            return  # held for now
        more = {"why": "Because."} if rng.random() < 0.3 else {}
        said = self.world.submit(
            self.people[place], task, verdict=rng.choice(["good", "good", "bad"]), **more
        )
        self._note(place, task.item.id, said.annotation_id)

    def revise(self, rng: random.Random) -> None:
        if self.given:
            place, item_id, _ = rng.choice(self.given)
            task = open_task(self.ctx, self.people[place], self.project.id, item_id)
            said = self.world.submit(self.people[place], task, verdict=rng.choice(["good", "bad"]))
            self._note(place, item_id, said.annotation_id)

    def _note(self, place: int, item_id: int, annotation_id: int) -> None:
        self.given = [row for row in self.given if row[:2] != (place, item_id)]
        self.given.append((place, item_id, annotation_id))

    def review(self, rng: random.Random) -> None:
        if not self.given:
            return
        self.forms += 1
        rejects = rng.random() < 0.5
        with suppress(Invalid):  # somebody else, where nobody else is left
            review_up_to_date(
                self.ctx,
                self.lead,
                self.project.id,
                rng.choice(self.given)[2],
                outcome="rejected" if rejects else "accepted",
                form_token=f"r{self.forms}",
                comment=f"Look again, {self.forms}.",
                requeue=rng.choice(["same", "other", "nobody"]) if rejects else None,
            )

    def decide(self, rng: random.Random) -> None:
        cases = [
            row
            for row in adjudication_queue(self.ctx, self.lead, self.project.id)
            if row.question == "verdict"
        ]
        if cases:
            self.forms += 1
            case = rng.choice(cases)
            if case.state == "waiting":
                decide(
                    self.ctx, self.lead, self.project.id, case.item_id, "verdict", value="good", reason="slip",
                    form_token=f"d{self.forms}",
                )  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_happens_the_kept_board_is_the_board_made_anew(
    world: World, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    office, rng = Office(world, tmp_path), random.Random(seed)
    for step in range(36):
        rng.choice([office.answer] * 5 + [office.revise, office.review, office.decide])(rng)
        if step % 3 == 2:
            kept = office.seen()
            assert kept == office.anew()
            assert office.cases() == office.cases(anew=True)
            with monkeypatch.context() as patched:
                patched.setattr(store, "quiet_annotations", lambda *_: [])
                assert kept == office.anew()  # nothing is quiet: every item is looked at by itself
    assert len({column.state for column in office.seen().columns if column.count}) >= 4


def test_cases_are_read_again_only_where_something_was_added(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = Office(world, tmp_path)
    for _ in range(2):
        for person, verdict in zip(office.people[:2], ("good", "bad"), strict=True):
            world.submit(person, world.next(person, office.project), verdict=verdict)
    first, second = office.cases()
    read: list[list[int]] = []
    look = decidable.look
    monkeypatch.setattr(
        decidable,
        "look",
        lambda session, project, schema, ids: read.append(list(ids)) or look(session, project, schema, ids),  # type: ignore[func-returns-value]
    )
    assert office.cases() == [first, second] and read == []
    task = open_task(office.ctx, office.people[1], office.project.id, first.item_id)
    world.submit(office.people[1], task, verdict="good")  # a second revision: what was said first stays
    kept = office.cases()
    assert read == [[first.item_id]] and kept == office.cases(anew=True)
    decide(
        office.ctx, office.lead, office.project.id, second.item_id, "verdict", value="good", reason="slip", form_token="d",
    )  # fmt: skip
    states = {case.item_id: case.state for case in office.cases()}
    assert states == {first.item_id: "waiting", second.item_id: "decided"}


def test_a_newer_version_of_an_item_is_no_case_any_more(world: World, tmp_path: Path) -> None:
    office = Office(world, tmp_path)
    for person, verdict in zip(office.people[:2], ("good", "bad"), strict=True):
        world.submit(person, world.next(person, office.project), verdict=verdict)
    (case,) = office.cases()
    world.fill(office.project, [{"id": case.external_id, "text": "Another text."}], tmp_path)
    assert office.cases() == []


def test_a_question_that_came_later_is_asked_of_kept_cases_too(world: World, tmp_path: Path) -> None:
    office = Office(world, tmp_path, disagreement=0, judge_doubt=0, new_person=0, floor=0)
    for person, verdict in zip(office.people[:2], ("good", "bad"), strict=True):
        world.submit(person, world.next(person, office.project), verdict=verdict)
    assert [case.question for case in office.cases()] == ["verdict"]
    more = (
        "  - {id: tone, type: choice, title: Tone, required: true, options: [{value: dry}, {value: warm}]}\n"
    )
    add_schema(office.ctx, OPERATOR, office.project.id, SCHEMA.rstrip() + "\n" + more)
    assert [case.question for case in office.cases()] == ["verdict", "tone"]


def test_other_rules_are_seen_at_once(world: World, tmp_path: Path) -> None:
    office = Office(world, tmp_path, disagreement=0, judge_doubt=0, new_person=0, floor=0)
    for person in office.people[:2]:
        world.submit(person, world.next(person, office.project), verdict="good")
    states = {column.state: column.count for column in office.seen().columns}
    assert (states["final"], states["in_review"], states["not_started"]) == (1, 0, 13)
    change_review_settings(
        office.ctx, office.lead, office.project.id, rules={"floor": 1.0}, requeue="same", hide_names=True
    )
    states = {column.state: column.count for column in office.seen().columns}
    assert (states["final"], states["in_review"]) == (0, 1)


def test_rows_that_went_away_make_everything_be_looked_at_again(world: World, tmp_path: Path) -> None:
    office = Office(world, tmp_path)
    before = office.seen()
    for person in office.people[:2]:
        world.submit(person, world.next(person, office.project), verdict="good")
    with transaction(office.ctx.engine) as session:
        now = store.marks_of(session, office.project.id)
        nothing = store.Marks(*(replace(now.annotations, rows=5, last=0) for _ in range(4)))
        assert store.changed_items(session, office.project.id, nothing, now) is None
        assert session.query(Annotation).count() == 2
    assert office.seen() != before and office.seen() == office.anew()


def test_a_column_names_its_first_items_only(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = Office(world, tmp_path)
    monkeypatch.setattr("app.services.board.MOST_LISTED", 3)
    (first, *_) = board(office.ctx, OPERATOR, office.project.id).columns
    assert (first.state, first.count, [item.external_id for item in first.items]) == (
        "not_started",
        14,
        ["i0", "i1", "i2"],
    )
