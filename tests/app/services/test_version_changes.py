"""Agreement before and after a version of guidelines, schema or rubric, as the page and the command get it."""

from pathlib import Path

import pytest

from app.errors import NotAllowed
from app.services import assignment, projects
from app.services.reports import as_json
from app.services.version_changes import CANNOT_SHOW, VersionChange, version_changes
from db.engine import reading, transaction
from db.models import Answer
from db.records import ProjectRecord
from db.store import human_scores
from db.store import projects as project_store
from rubrics import Rubric, rubric_hash
from tests.app.services.world import OPERATOR, SCHEMA, World
from tests.judge.making import criterion

LETTERS = {"A": "good", "B": "bad"}


class Team:
    """ann and bob answer the same items, one after the other."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.ctx = world, world.ctx
        self.project: ProjectRecord = world.project(overlap=2)
        world.fill(self.project, [{"id": f"i{n}", "text": f"Text {n}."} for n in range(12)], folder)
        self.people = [world.member(self.project, login) for login in ("ann", "bob")]
        self.lead = world.member(self.project, "lead", "qa_lead")
        self.ids: list[int] = []

    def answer(self, *items: str) -> None:
        """Each text is an item: what ann says and what bob says."""
        for item in items:
            for person, letter in zip(self.people, item, strict=True):
                task = self.world.next(person, self.project)
                self.world.submit(person, task, verdict=LETTERS[letter], why="Because.")
            self.ids.append(task.item.id)

    def answer_again(self, place: int, item: str) -> None:
        for person, letter in zip(self.people, item, strict=True):
            task = assignment.open_task(self.ctx, person, self.project.id, self.ids[place])
            self.world.submit(person, task, verdict=LETTERS[letter], why="Because.")

    def changes(self) -> list[VersionChange]:
        return version_changes(self.ctx, self.lead, self.project.id)


@pytest.fixture
def team(world: World, tmp_path: Path) -> Team:
    return Team(world, tmp_path)


def test_without_a_second_version_there_is_no_change(team: Team) -> None:
    team.answer("AA", "AB")
    assert team.changes() == []


def test_a_new_version_of_the_guidelines_has_agreement_before_and_after(team: Team) -> None:
    # AA AB BB BA: alpha .125; AA AA BB BB: alpha 1 (tests/app/analytics/test_before_after.py).
    team.answer("AA", "AB", "BB", "BA")
    projects.add_guidelines(team.ctx, OPERATOR, team.project.id, "# Guidelines\n\nIrony is bad.")
    assert team.changes() == []  # nobody has answered under it
    team.answer("AA", "AA", "BB", "BB")
    (change,) = team.changes()
    assert (change.what, change.before.number, change.after.number) == ("guidelines", 1, 2)
    assert change.after.hash.startswith("sha256:") and change.after.hash != change.before.hash
    (verdict,) = change.questions
    assert verdict.all_items.before.value == pytest.approx(0.125)
    assert verdict.all_items.difference == pytest.approx(0.875)
    assert (verdict.all_items.before.n_items, verdict.all_items.after.n_items) == (4, 4)
    assert verdict.same_items is None
    assert change.cannot_show == [CANNOT_SHOW]


def test_items_answered_again_are_compared_with_themselves(team: Team) -> None:
    team.answer("AA", "AB", "BB", "BA")
    projects.add_guidelines(team.ctx, OPERATOR, team.project.id, "# New")
    team.answer_again(1, "AA")
    team.answer_again(3, "BB")
    (change,) = team.changes()
    (verdict,) = change.questions
    # First submissions only: nothing new was answered after the change.
    assert verdict.all_items.reason == "after: no item has two ratings"
    assert verdict.same_items is not None
    # The two items again, AB and BA before: D_o = 4/4 = 1, D_e = (16 - 8)/(4*3) = 2/3, alpha = -.5. After AA, BB: 1.
    assert verdict.same_items.before.value == pytest.approx(-0.5)
    assert verdict.same_items.difference == pytest.approx(1.5)
    assert (verdict.same_items.common, verdict.revised) == (2, 4)


def test_two_changes_at_once_are_said_to_be_inseparable(team: Team) -> None:
    team.answer("AA", "AB")
    projects.add_guidelines(team.ctx, OPERATOR, team.project.id, "# New")
    projects.add_schema(
        team.ctx, OPERATOR, team.project.id, SCHEMA.replace("{value: bad}", "{value: bad}, {value: odd}")
    )
    team.answer("AA", "BB")
    found = {change.what: change for change in team.changes()}
    assert set(found) == {"guidelines", "schema"}
    assert "cannot be told apart" in found["guidelines"].cannot_show[1]
    assert found["schema"].questions[0].note.startswith("its labels or its scale changed")
    assert found["guidelines"].questions[0].note == ""


def test_a_version_of_a_rubric_is_compared_by_people_s_scores(team: Team) -> None:
    team.answer("AA", "AB", "BB", "BA")
    with transaction(team.ctx.engine) as session:
        ids = [row.id for row in session.query(Answer).filter(Answer.question == "why").order_by(Answer.id)]
        versions = []
        for number in (1, 2):
            rubric = Rubric(name="tone", title="Tone", version=number, criteria=(criterion("kind"),))
            versions.append(
                project_store.add_rubric(
                    session,
                    name="tone",
                    version=number,
                    hash=rubric_hash(rubric),
                    document=rubric.model_dump(mode="json"),
                    now=team.project.created_at,
                )
            )
        # Levels 1 and 3 as A and B of above: before AA AB BB BA, after all alike; the last one chosen for its value.
        given = [("AA", "AA"), ("AB", "AA"), ("BB", "BB"), ("BA", "BB")]
        for answer_id, sides in zip(ids, given, strict=False):
            for record, side in zip(versions, sides, strict=True):
                for person, letter in zip(team.people, side, strict=True):
                    human_scores.add_scores(
                        session,
                        answer_id=answer_id,
                        rubric_version_id=record.id,
                        user_id=person.user_id or 0,
                        levels={"kind": {"A": 1, "B": 3}[letter]},
                        drawn="lot",
                        now=team.project.created_at,
                    )
        human_scores.add_scores(
            session,
            answer_id=ids[4],
            rubric_version_id=versions[1].id,
            user_id=team.people[0].user_id or 0,
            levels={"kind": 2},
            drawn="value",
            now=team.project.created_at,
        )
    (change,) = team.changes()
    assert (change.what, change.before.name, change.before.number, change.after.number) == (
        "rubric",
        "tone",
        1,
        2,
    )
    assert change.left_out == 1
    (kind,) = change.questions
    assert kind.metric == "ordinal"
    # Two values only: any metric is the nominal one.
    assert kind.all_items.before.value == pytest.approx(0.125)
    assert kind.all_items.difference == pytest.approx(0.875)
    assert kind.same_items is not None and kind.same_items.common == 4


def test_versions_are_for_those_who_see_quality(team: Team) -> None:
    with pytest.raises(NotAllowed):
        version_changes(team.ctx, team.people[0], team.project.id)


def test_changes_are_plain_data(team: Team) -> None:
    team.answer("AA", "AB", "BB", "BA")
    projects.add_guidelines(team.ctx, OPERATOR, team.project.id, "# New")
    team.answer("AA", "BB")
    (row,) = as_json(team.changes())
    assert row["questions"][0]["all_items"]["difference"] == pytest.approx(0.875)
    with reading(team.ctx.engine) as session:
        assert project_store.list_guidelines(session, team.project.id)[0].number == 2
