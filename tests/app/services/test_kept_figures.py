"""Figures of ratings are kept as long as the data are the same, and no longer."""

from pathlib import Path

import pytest

from app.services import projects, reports
from app.services.context import Kept
from app.services.disagreement import disagreement
from db.records import ProjectRecord
from tests.app.services.world import OPERATOR, SCHEMA, World


def test_a_further_rating_is_seen_at_once(world: World) -> None:
    project = projects.create_ratings_project(world.ctx, OPERATOR, name="R")
    world.rate(project, [("1", "a", "x"), ("1", "b", "x"), ("2", "a", "y"), ("2", "b", "y")])
    first = reports.agreement(world.ctx, OPERATOR, project.id).questions
    assert reports.agreement(world.ctx, OPERATOR, project.id).questions is first  # nothing is computed twice
    assert disputed(world, project) == []
    world.rate(project, [("3", "a", "x"), ("3", "b", "y")])
    (found,) = reports.agreement(world.ctx, OPERATOR, project.id).questions
    assert found.nominal.n_items == 3 and found.percent == pytest.approx(2 / 3)
    assert disputed(world, project) == ["3"]


def test_an_answer_is_seen_at_once(world: World, tmp_path: Path) -> None:
    project = world.project(overlap=2)
    world.fill(project, [{"id": "a", "text": "t"}, {"id": "b", "text": "u"}], tmp_path)
    ann, bob = world.member(project, "ann"), world.member(project, "bob")
    seen = []
    for person in (ann, bob, ann, bob):
        world.submit(person, world.next(person, project), verdict="good" if person is ann else "bad")
        (found,) = reports.agreement(world.ctx, OPERATOR, project.id).questions
        seen.append((found.nominal.n_ratings, len(disputed(world, project))))
    assert seen == [(1, 0), (2, 1), (3, 1), (4, 2)]


def test_another_title_is_seen_at_once(world: World) -> None:
    project = world.project()
    world.rate(project, [("1", "a", "good"), ("1", "b", "bad")])
    assert reports.agreement(world.ctx, OPERATOR, project.id).questions[0].title == "Good?"
    projects.add_schema(world.ctx, OPERATOR, project.id, SCHEMA.replace("Good?", "Fine?"))
    assert reports.agreement(world.ctx, OPERATOR, project.id).questions[0].title == "Fine?"


def test_a_changed_text_is_seen_at_once(world: World, tmp_path: Path) -> None:
    project = world.project()
    world.fill(project, [{"id": "1", "text": "old"}], tmp_path)
    world.rate(project, [("1", "a", "good"), ("1", "b", "bad")])
    for text in ("old", "new"):
        world.fill(project, [{"id": "1", "text": text}], tmp_path)
        found = disagreement(world.ctx, OPERATOR, project.id, question="verdict", rater_kind="human")
        assert [one.text for one in found.disputed] == [text]


def disputed(world: World, project: ProjectRecord) -> list[str]:
    found = disagreement(world.ctx, OPERATOR, project.id, question="verdict", rater_kind="human")
    return [one.item for one in found.disputed]


def test_the_results_used_longest_ago_make_room() -> None:
    kept, made = Kept(2), []

    def make(name: str, version: int = 1) -> str:
        return kept.of(name, version, lambda: made.append((name, version)) or name)  # type: ignore[func-returns-value]

    for name in ("a", "b", "a", "c", "a", "b"):
        assert make(name) == name
    assert made == [("a", 1), ("b", 1), ("c", 1), ("b", 1)]
    assert make("b", 2) == make("b", 2) == "b" and made[4:] == [("b", 2)]
