"""The form after a sitting: asked once, when the sitting has ended, and told in means that name nobody."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app.clock import utc_now
from app.errors import Invalid, NotAllowed, NotFound
from app.samples.experience import experience_form
from app.schema.experience import form_hash, parse_experience
from app.services.context import Actor
from app.services.experience import MIXED, pending_sitting, say_experience, summarise
from db.engine import reading, transaction
from db.models import Annotation
from db.records import ProjectRecord
from db.store.experiences import experiences_of
from db.study_records import ExperienceRecord
from tests.app.services.studying import answered, filled, started
from tests.app.services.world import World

NOW = datetime(2026, 3, 1, 12, tzinfo=utc_now().tzinfo)


def sitting_of(
    world: World, project: ProjectRecord, person: Actor, count: int, *, ended: timedelta
) -> datetime:
    """`count` answers a minute apart, the last one so long ago; returns when the first was given."""
    before = len(submits(world, person))
    for _ in range(count):
        answered(world, person, project)
    last = utc_now() - ended
    with transaction(world.ctx.engine) as session:
        own = session.query(Annotation).filter(Annotation.user_id == person.user_id).order_by(Annotation.id)
        rows = own.all()[before:]
        for number, row in enumerate(rows):
            row.submitted_at = last - timedelta(minutes=count - 1 - number)
    return submits(world, person)[before]


def submits(world: World, person: Actor) -> list[datetime]:
    with reading(world.ctx.engine) as session:
        own = session.query(Annotation.submitted_at).filter(Annotation.user_id == person.user_id)
        return [moment for (moment,) in own.order_by(Annotation.id)]


@pytest.fixture
def studied(world: World, tmp_path: Path) -> tuple[World, ProjectRecord, Actor]:
    project = filled(world, tmp_path, 30)
    started(world, project, design="crossover", block=10)
    return world, project, world.member(project, "ann")


def test_a_sitting_is_asked_about_when_it_has_ended_and_once(
    studied: tuple[World, ProjectRecord, Actor],
) -> None:
    world, project, ann = studied
    began = sitting_of(world, project, ann, 6, ended=timedelta(minutes=20))
    sitting = pending_sitting(world.ctx, ann, project.id)
    assert sitting is not None and (sitting.began_at, sitting.n) == (began, 6)
    assert sum(sitting.arms.values()) == 6 and len(sitting.arms) == 1 and sitting.study_id is not None
    answers = {"workload": 3, "satisfaction": 5}
    assert say_experience(world.ctx, ann, project.id, began, answers) is True
    assert say_experience(world.ctx, ann, project.id, began, {"workload": 7}) is False  # a second click
    assert pending_sitting(world.ctx, ann, project.id) is None
    with reading(world.ctx.engine) as session:
        (stored,) = experiences_of(session, project.id, study_id=sitting.study_id)
    assert (stored.answers, stored.form) == (answers, form_hash(experience_form()))


@pytest.mark.parametrize(
    ("count", "ended"),
    [(6, timedelta(minutes=5)), (4, timedelta(minutes=20)), (6, timedelta(hours=21))],
    ids=["still going on", "too short to ask", "too long ago"],
)
def test_when_nothing_is_asked(
    studied: tuple[World, ProjectRecord, Actor], count: int, ended: timedelta
) -> None:
    world, project, ann = studied
    sitting_of(world, project, ann, count, ended=ended)
    assert pending_sitting(world.ctx, ann, project.id) is None


def test_nothing_is_asked_where_no_help_was_at_stake(world: World, tmp_path: Path) -> None:
    project = filled(world, tmp_path, 6, preannotation_on=False)
    ann = world.member(project, "ann")
    sitting_of(world, project, ann, 6, ended=timedelta(minutes=20))
    assert pending_sitting(world.ctx, ann, project.id) is None


def test_a_long_pause_makes_two_sittings(studied: tuple[World, ProjectRecord, Actor]) -> None:
    world, project, ann = studied
    sitting_of(world, project, ann, 5, ended=timedelta(hours=3))
    second = sitting_of(world, project, ann, 7, ended=timedelta(minutes=15))
    sitting = pending_sitting(world.ctx, ann, project.id)
    assert sitting is not None and (sitting.began_at, sitting.n) == (second, 7)


def test_it_can_be_skipped_and_is_not_asked_again(studied: tuple[World, ProjectRecord, Actor]) -> None:
    world, project, ann = studied
    began = sitting_of(world, project, ann, 5, ended=timedelta(minutes=15))
    assert say_experience(world.ctx, ann, project.id, began, None)
    assert pending_sitting(world.ctx, ann, project.id) is None
    with reading(world.ctx.engine) as session:
        found = summarise(experiences_of(session, project.id))
    assert (found.answered, found.skipped, found.figures) == (0, 1, [])


def test_what_does_not_fit_is_refused(studied: tuple[World, ProjectRecord, Actor]) -> None:
    world, project, ann = studied
    began = sitting_of(world, project, ann, 5, ended=timedelta(minutes=15))
    for answers, words in (
        ({"workload": 8}, "from 1 to 7"),
        ({"mood": 3}, "no such question"),
        ({}, "choose a value"),
    ):
        with pytest.raises(Invalid, match=words):
            say_experience(world.ctx, ann, project.id, began, answers)
    with pytest.raises(NotFound, match="no sitting of yours"):
        say_experience(world.ctx, ann, project.id, began - timedelta(seconds=1), {"workload": 3})
    bob = world.member(project, "bob")
    with pytest.raises(NotFound):
        say_experience(world.ctx, bob, project.id, began, {"workload": 3})
    with pytest.raises(NotAllowed):
        say_experience(world.ctx, world.member(project, "mia", "manager"), project.id, began, {"workload": 3})


def test_nobody_is_asked_about_help_that_they_did_not_have(
    studied: tuple[World, ProjectRecord, Actor],
) -> None:
    world, project, ann = studied
    people = [ann, world.member(project, "bob")]  # the second to join begins with the other arm
    begins = [sitting_of(world, project, person, 6, ended=timedelta(minutes=20)) for person in people]
    helped = []
    for person, began in zip(people, begins, strict=True):
        sitting = pending_sitting(world.ctx, person, project.id)
        assert sitting is not None
        helped.append(sitting.helped)
        if sitting.helped:
            assert say_experience(world.ctx, person, project.id, began, {"workload": 3, "trust": 4})
        else:
            with pytest.raises(Invalid, match="usefulness, trust: there was no help"):
                say_experience(world.ctx, person, project.id, began, {"workload": 3, "trust": 4})
            assert say_experience(world.ctx, person, project.id, began, {"workload": 3})
    assert sorted(helped) == [False, True]


def said(user: int, arms: dict[str, int], answers: dict[str, int] | None, form: str = "") -> ExperienceRecord:
    return ExperienceRecord(0, user, 1, form or form_hash(experience_form()), NOW, NOW, arms, answers, NOW)


def test_everybody_counts_once_and_few_are_not_told() -> None:
    helped, mostly = {"chat": 10}, {"chat": 8, "none": 2}
    found = summarise(
        [
            said(1, helped, {"workload": 2}), said(1, helped, {"workload": 4}),  # 3 for this person
            said(2, mostly, {"workload": 5}), said(3, helped, {"workload": 7}),
            said(4, {"none": 3, "chat": 3}, {"workload": 1}),
            said(5, {"none": 9}, {"workload": 1}), said(6, {"none": 9}, {"workload": 2}),
            said(7, helped, None), said(8, helped, {"workload": 1}, form="an earlier wording"),
        ]
    )  # fmt: skip
    by_arm = {one.arm: one for one in found.figures}
    assert list(by_arm) == ["none", "chat", MIXED]
    chat = by_arm["chat"]
    # Means of the three people: 3, 5 and 7. Standard deviation 2, t on 2 degrees of freedom 4.302653: 5 +- 4.968.
    assert (chat.n, chat.n_raters, chat.mean) == (4, 3, 5.0)
    assert chat.low == pytest.approx(5 - 4.302653 * 2 / 3**0.5, abs=1e-5) and chat.high == pytest.approx(
        9.968, abs=1e-3
    )
    assert (by_arm["none"].n_raters, by_arm["none"].mean) == (2, None)
    assert (found.answered, found.skipped, found.other_forms) == (7, 1, 1)


def test_the_form_is_data() -> None:
    form = experience_form()
    assert [question.id for question in form.questions] == [
        "workload", "satisfaction", "engagement", "usefulness", "trust",
    ]  # fmt: skip
    assert (form.min, form.max) == (1, 7)
    with pytest.raises(Invalid, match="two values or more"):
        parse_experience(
            "{title: T, intro: I, min: 1, max: 1, questions: [{id: a, title: A, low: l, high: h}]}"
        )
    with pytest.raises(Invalid, match="is empty"):
        parse_experience("")
