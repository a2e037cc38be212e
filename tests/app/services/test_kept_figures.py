"""Figures of ratings are kept as long as the data are the same, and no longer."""

from pathlib import Path

import pytest

from app.services import cohorts, metadata, projects, reports
from app.services.context import Kept
from app.services.disagreement import disagreement
from app.services.review import review
from app.services.sliced_agreement import ANSWERS, COHORT, keys_of, sliced_agreement
from app.services.slices import Sliced, Subject, figure_of
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


def grouped(world: World, project: ProjectRecord, by: str = "source") -> Sliced:
    subject = Subject("question", "verdict", "Good?", "human")
    return sliced_agreement(world.ctx, OPERATOR, project.id, subject=subject, by=by)


def alphas(found: Sliced) -> dict[str, int]:
    """Slice -> items that its alpha is of."""
    return {one.value: figure_of(one.figures, "alpha, nominal").n for one in found.slices}


def test_slices_are_kept_until_an_answer_or_a_known_label_comes(world: World, tmp_path: Path) -> None:
    project = world.project(overlap=2)
    rows = [{"id": f"i{n}", "text": f"t{n}", "source": "web" if n < 2 else "mail"} for n in range(4)]
    world.fill(project, rows, tmp_path)
    people = [world.member(project, login) for login in ("ann", "bob")]
    for person in people * 3:
        world.submit(person, world.next(person, project), verdict="good")
    first = grouped(world, project)
    assert grouped(world, project) is first and alphas(first) == {"web": 2, "mail": 1}
    assert figure_of(first.whole, "alpha, nominal").n == 3
    for person in people:
        world.submit(person, world.next(person, project), verdict="bad")
    second = grouped(world, project)
    assert alphas(second) == {"web": 2, "mail": 2}
    assert "right" not in [one.name for one in second.whole]
    world.fill(project, [{"id": "j", "text": "t", "source": "web", "gold": {"verdict": "good"}}], tmp_path)
    assert grouped(world, project) is not second
    for person in people:
        world.submit(person, world.next(person, project), verdict="good")
    assert figure_of(grouped(world, project).whole, "right").n == 2


def test_computed_metadata_change_slices_at_once(world: World, tmp_path: Path) -> None:
    project = world.project(overlap=2)
    rows = [{"id": f"i{n}", "text": "word " * (1 + n % 2), "words": "some"} for n in range(4)]
    world.fill(project, rows, tmp_path)
    people = [world.member(project, login) for login in ("ann", "bob")]
    for person in people * 4:
        world.submit(person, world.next(person, project), verdict="good")
    assert [(one.name, one.reason) for one in keys_of(world.ctx, OPERATOR, project.id)] == [
        ("words", "has one value")
    ]
    assert alphas(grouped(world, project, "words")) == {"some": 4}
    metadata.start_metadata(world.ctx, OPERATOR, project.id, name="words")
    assert alphas(grouped(world, project, "words")) == {"some": 4}  # nothing is computed yet
    assert set(world.do_calls()) == {"done"}
    assert [(one.name, one.reason) for one in keys_of(world.ctx, OPERATOR, project.id)] == [("words", None)]
    assert alphas(grouped(world, project, "words")) == {"1": 2, "2": 2}


def test_slices_by_cohort_follow_the_cohorts(world: World, tmp_path: Path) -> None:
    project = world.project(overlap=2)
    world.fill(project, [{"id": f"i{n}", "text": "t"} for n in range(3)], tmp_path)
    lead = world.member(project, "lead", "qa_lead")
    for person in [world.member(project, login) for login in ("ann", "bob")] * 3:
        world.submit(person, world.next(person, project), verdict="good")
    for logins, slices in ((["ann", "bob"], {"new": 3}), (["bob"], {"new": 0, "old": 0})):
        name = "new" if "ann" in logins else "old"
        cohorts.set_cohort(world.ctx, lead, project.id, logins=logins, cohort=name)
        assert alphas(grouped(world, project, COHORT)) == slices


def test_a_review_changes_the_slices_of_answers_at_once(world: World, tmp_path: Path) -> None:
    project = world.project()
    world.fill(project, [{"id": f"i{n}", "text": "t", "source": "web"} for n in range(2)], tmp_path)
    ann, lead = world.member(project, "ann"), world.member(project, "lead", "qa_lead")
    given = [world.submit(ann, world.next(ann, project), verdict="good") for _ in range(2)]
    for reviewed, one in enumerate(given, 1):
        review(
            world.ctx, lead, project.id, one.annotation_id, outcome="accepted", form_token=f"r{reviewed}", comment="",
        )  # fmt: skip
        found = sliced_agreement(world.ctx, OPERATOR, project.id, subject=ANSWERS, by="source")
        assert figure_of(found.whole, "accepted in review").n == reviewed
