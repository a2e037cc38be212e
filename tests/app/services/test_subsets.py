"""Subsets by query, saved, given to people and served first."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.errors import Conflict, Invalid, NotAllowed, NotFound
from app.services import subsets
from app.services.context import Actor
from db.engine import reading
from db.records import ProjectRecord
from db.store import items
from tests.app.services.world import OPERATOR, World

ROWS: list[dict[str, Any]] = [
    {"id": "a", "text": "The parcel came late", "metadata": {"language": "en", "length": 20}},
    {"id": "b", "text": "Refunded twice, LATE again", "metadata": {"language": "en", "length": 3}},
    {"id": "c", "text": "Das Paket kam nie an", "metadata": {"language": "de", "tags": ["x", "y"]}, "gold": {"verdict": "bad"}},
    {"id": "d", "text": "A refund, please", "metadata": {"length": "110"},
     "suggestions": [{"question": "verdict", "value": "good", "confidence": 0.6, "model": "m1"}]},
    {"id": "e", "text": "parcel lost late at night",
     "suggestions": [{"question": "verdict", "value": "bad", "confidence": 0.9, "model": "m2"}]},
]  # fmt: skip


@pytest.fixture
def project(world: World, tmp_path: Path) -> ProjectRecord:
    made = world.project(overlap=2)
    world.fill(made, ROWS, tmp_path)
    return made


def found(world: World, project: ProjectRecord, query: str) -> str:
    ids = subsets.find_subset_items(world.ctx, OPERATOR, project.id, query)
    with reading(world.ctx.engine) as session:
        return "".join(record.external_id for i in ids if (record := items.item_by_id(session, i)))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "abcde"),
        ("late", "abe"),
        ("/refund(ed)?/", "bd"),
        ("id:c,a,zzz", "ac"),
        ("meta.language=en", "ab"),
        ("meta.language!=en", "c"),  # only items that have the column can differ in it
        ("meta.length>=20", "ad"),  # 110 is larger than 20 as a number, smaller as a text
        ("meta.tags=y", "c"),
        ("has:meta.language", "abc"),
        ("not has:meta.language", "de"),
        ("gold:any", "c"),
        ("agent:m1", "d"),
        ("suggested:verdict=bad", "e"),
        ("confidence<0.9", "d"),
        ("confidence.verdict<=0.9", "de"),
        ("state:unverified", "de"),
        ("late minus meta.language=en", "e"),
        ("(late or refund) and not id:e", "abd"),
        ("similar:a~1", "e"),  # shares two words with a, b shares one
    ],
)
def test_what_a_query_finds(world: World, project: ProjectRecord, query: str, expected: str) -> None:
    assert found(world, project, query) == expected


def test_what_people_did_can_be_asked(world: World, project: ProjectRecord) -> None:
    ann, ben = world.member(project, "ann"), world.member(project, "ben")
    for person, verdict in ((ann, "good"), (ben, "bad")):
        task = world.next(person, project)
        world.submit(person, task, verdict=verdict)
    for person in (ann, ben):  # b
        world.submit(person, world.next(person, project), verdict="good")
    assert found(world, project, "by:ann") == "ab"
    assert found(world, project, "conflict:verdict") == "a"
    assert found(world, project, "conflict:any or by:ben") == "ab"
    assert found(world, project, "label:verdict=good") == "ab"
    assert found(world, project, "label:verdict=bad") == "a"


def test_verified_suggestions_by_what_became_of_them(world: World, project: ProjectRecord) -> None:
    ann = world.member(project, "ann")
    held: list[int] = []
    for _ in ROWS:
        task = world.next(ann, project, *held)
        held.append(task.item.id)
        if task.item.external_id in "de":
            world.submit(ann, task, verdict="good")
    assert found(world, project, "state:confirmed") == "d"
    assert found(world, project, "state:corrected") == "e"
    assert found(world, project, "state:verified") == "de"
    assert found(world, project, "state:unverified") == ""


def test_a_saved_subset_is_frozen(world: World, project: ProjectRecord, tmp_path: Path) -> None:
    _, count = subsets.save_subset(world.ctx, OPERATOR, project.id, name="late", query="late")
    assert count == 3
    world.fill(project, [{"id": "f", "text": "late as well"}], tmp_path)
    assert found(world, project, "late") == "abef" and found(world, project, "subset:late") == "abe"
    with pytest.raises(Conflict):
        subsets.save_subset(world.ctx, OPERATOR, project.id, name="late", query="refund")
    with pytest.raises(Invalid, match="finds no item"):
        subsets.save_subset(world.ctx, OPERATOR, project.id, name="none", query="zebra")
    with pytest.raises(Invalid, match="no saved subset"):
        found(world, project, "subset:early")


def test_a_pattern_that_never_ends_is_refused(world: World, project: ProjectRecord, tmp_path: Path) -> None:
    world.fill(project, [{"id": "long", "text": "a" * 40 + "!"}], tmp_path)
    with pytest.raises(Invalid, match="takes too long"):
        found(world, project, "/(a|aa|a?)+$/")


def test_assigned_items_are_served_first_the_earliest_due_before(
    world: World, project: ProjectRecord
) -> None:
    lead, ann = world.member(project, "lead", "qa_lead"), world.member(project, "ann")
    for name, query, day in (("later", "id:e", 20), ("soon", "id:d,c", 10)):
        subsets.save_subset(world.ctx, lead, project.id, name=name, query=query)
        due = datetime(2027, 1, day, tzinfo=UTC)
        for expected in (1, 0):  # the same again is nothing new
            given = subsets.assign_subset(
                world.ctx, lead, project.id, subset=name, logins=["ann"], task="annotate", due_at=due
            )
            assert given == expected
    order = []
    for _ in ROWS:
        task = world.next(ann, project)
        order.append(task.item.external_id)
        world.submit(ann, task, verdict="good")
    assert order == ["c", "d", "e", "a", "b"]
    rows = subsets.assignments(world.ctx, ann, project.id)
    assert [(row.subset, row.items, row.done) for row in rows] == [("soon", 2, 2), ("later", 1, 1)]


def test_who_may_not_is_named(world: World, project: ProjectRecord) -> None:
    ann = world.member(project, "ann")
    manager = world.member(project, "max", "manager")
    subsets.save_subset(world.ctx, OPERATOR, project.id, name="s", query="late")

    def give(actor: Actor, logins: list[str], task: subsets.Task) -> int:
        return subsets.assign_subset(world.ctx, actor, project.id, subset="s", logins=logins, task=task)

    with pytest.raises(Invalid) as refused:
        give(OPERATOR, ["ann", "max", "eve"], "review")
    assert refused.value.problems == (
        "ann: no role to review",
        "max: no role to review",
        "eve: no member of the project",
    )
    for person in (ann, manager):
        with pytest.raises(NotAllowed):
            give(person, ["ann"], "annotate")
    with pytest.raises(NotFound):
        subsets.assign_subset(world.ctx, OPERATOR, project.id, subset="t", logins=["ann"], task="verify")
    give(OPERATOR, ["ann"], "verify")
    (row,) = subsets.assignments(world.ctx, OPERATOR, project.id)
    assert not subsets.assignments(world.ctx, ann, project.id)[0].done
    assert subsets.unassign(world.ctx, OPERATOR, project.id, row.id)
    assert not subsets.assignments(world.ctx, OPERATOR, project.id)
