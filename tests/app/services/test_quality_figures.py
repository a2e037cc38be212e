"""Labels, overlap and contributions of a project, as the page and the command get them."""

from pathlib import Path
from typing import Any

import pytest

from app.errors import NotAllowed
from app.services import assignment
from app.services.context import Actor
from app.services.contributions import contributions
from app.services.label_distribution import label_distribution
from app.services.progress import overlap_progress, project_progress
from app.services.projects import create_ratings_project
from app.services.review import review
from db.engine import transaction
from db.models import Item, Suggestion
from db.records import ProjectRecord
from tests.app.services.world import OPERATOR, World


class Team:
    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.ctx = world, world.ctx
        self.project: ProjectRecord = world.project(overlap=2)
        rows: list[dict[str, Any]] = [{"id": f"i{n}", "text": f"Text {n}."} for n in range(5)]
        rows[2] |= {"gold": {"verdict": "bad"}}
        rows[0] |= {"gold": {"verdict": "bad"}}
        world.fill(self.project, rows, folder)
        self.ann, self.bob = world.member(self.project, "ann"), world.member(self.project, "bob")
        self.lead = world.member(self.project, "lead", "qa_lead")
        self.annotations: dict[tuple[str, str], int] = {}

    def say(self, person: Actor, *verdicts: str) -> None:
        for verdict in verdicts:
            task = self.world.next(person, self.project)
            done = self.world.submit(person, task, verdict=verdict)
            self.annotations[person.login, task.item.external_id] = done.annotation_id

    def reject(self, login: str, item: str, requeue: str) -> None:
        review(
            self.ctx,
            self.lead,
            self.project.id,
            self.annotations[login, item],
            outcome="rejected",
            form_token=f"{login}-{item}",
            comment="Look again.",
            requeue=requeue,  # type: ignore[arg-type]
        )

    def overlap(self) -> list[tuple[int, int, int]]:
        found = overlap_progress(self.ctx, self.lead, self.project.id)
        return [(row.answers, row.items, row.through) for row in found.rows]


@pytest.fixture
def team(world: World, tmp_path: Path) -> Team:
    return Team(world, tmp_path)


def test_items_stand_by_the_answers_that_they_have(team: Team) -> None:
    assert team.overlap() == [(0, 5, 0), (1, 0, 0), (2, 0, 0)]
    team.say(team.ann, "good", "good", "bad")
    team.say(team.bob, "good", "bad")
    assert team.overlap() == [(0, 2, 0), (1, 1, 0), (2, 2, 2)]


def test_a_returned_item_is_not_complete(team: Team) -> None:
    team.say(team.ann, "good")
    team.say(team.bob, "good")
    team.ctx.counts.forget(team.project.id)
    assert assignment.progress(team.ctx, team.ann, team.project.id).complete == 1
    team.reject("bob", "i0", "same")
    team.ctx.counts.forget(team.project.id)
    assert assignment.progress(team.ctx, team.ann, team.project.id).complete == 0
    assert assignment.progress(team.ctx, team.bob, team.project.id).done_by_me == 0
    assert team.overlap() == [(0, 4, 0), (1, 1, 0), (2, 0, 0)]
    found = project_progress(team.ctx, team.lead, team.project.id)
    assert (found.counts.returned, found.counts.wanted) == (1, 8)
    team.say(team.bob, "good")  # what came back is served first
    team.ctx.counts.forget(team.project.id)
    assert assignment.progress(team.ctx, team.bob, team.project.id).complete == 1
    assert assignment.progress(team.ctx, team.bob, team.project.id).done_by_me == 1
    assert team.overlap() == [(0, 4, 0), (1, 0, 0), (2, 1, 1)]


def test_a_rejected_answer_that_nobody_is_asked_for_again_counts_for_nothing(team: Team) -> None:
    team.say(team.ann, "good")
    team.say(team.bob, "good")
    team.reject("bob", "i0", "nobody")
    assert team.overlap()[1] == (1, 1, 1)  # one answer counts, and no more is wanted


def test_labels_by_vote_stand_beside_suggestions(team: Team) -> None:
    team.say(team.ann, "good", "good", "bad")
    team.say(team.bob, "good", "bad")  # i0 good, i1 tie, i2 bad, two items without
    with transaction(team.ctx.engine) as session:
        items = session.query(Item).order_by(Item.position).all()
        for place, value in enumerate(("good", "good", "bad")):
            for version in (1, 2):  # only the newest counts
                said = "bad" if version == 1 else value
                session.add(
                    Suggestion(
                        item_id=items[place].id, question="verdict", value=[said], examples=[], model="m",
                        model_version=str(version), created_at=items[0].created_at,
                    )
                )  # fmt: skip
                session.flush()
    people, model = label_distribution(team.ctx, team.lead, team.project.id)
    assert (people.source, people.suggested, people.without) == ("people", False, 2)
    assert [(one.label, one.items.count) for one in people.labels.labels] == [("bad", 1), ("good", 1)]
    assert (people.labels.ties.count, people.labels.n_items) == (1, 3)
    assert (model.source, model.suggested, model.without) == ("m", True, 2)
    assert [(one.label, one.items.count, one.items.n) for one in model.labels.labels] == [("bad", 1, 3), ("good", 2, 3)]  # fmt: skip


def test_each_person_s_part(team: Team) -> None:
    team.say(team.ann, "good", "good", "bad")
    team.say(team.bob, "good", "bad")
    found = contributions(team.ctx, team.lead, team.project.id)
    assert [(one.login, one.answers, one.share) for one in found.people] == [("ann", 3, 0.6), ("bob", 2, 0.4)]
    # In common: i0 equal, i1 not.
    beside = found.people[0].with_others["verdict"]
    assert (beside.ratings, beside.items, beside.equal) == (3, 2, 0.5)
    # The answer is known of i0 (bad) and i2 (bad): ann said good and bad, bob good.
    assert [(one.gold["verdict"].count, one.gold["verdict"].n) for one in found.people] == [(1, 2), (0, 1)]
    with pytest.raises(NotAllowed):
        contributions(team.ctx, team.ann, team.project.id)


def test_imported_ratings_have_the_same_figures(world: World) -> None:
    project = create_ratings_project(world.ctx, OPERATOR, name="R")
    rows = [("x", "ann", "good"), ("x", "bob", "bad"), ("y", "ann", "good")]
    world.rate(project, rows)
    world.rate(project, [("x", "gpt", "bad")], kind="model")
    people, models = label_distribution(world.ctx, OPERATOR, project.id)
    assert (people.source, people.labels.ties.count, people.without) == ("people", 1, None)
    assert (models.source, models.labels.labels[0].label) == ("models", "bad")
    found = contributions(world.ctx, OPERATOR, project.id)
    assert [(one.login, one.answers) for one in found.people] == [("ann", 2), ("bob", 1)]
    assert found.people[0].with_others["verdict"].equal == 0.0
