"""The map of items: the same every time, coloured by people's majority, capped by a fixed lot, quick again."""

from pathlib import Path

import pytest

from app.agents import similarity
from app.errors import Invalid, NotAllowed
from app.services import item_map as maps
from app.services.item_map import NO_LABEL, TIED, item_map
from tests.app.services.world import OPERATOR, World

TEXTS = (
    "the dog barks at the cat", "a dog barks", "dog and cat", "taxes rise again", "new taxes on fuel", "fuel taxes"
)  # fmt: skip


def filled(world: World, folder: Path, *, count: int = 6) -> int:
    project = world.project(overlap=2)
    world.fill(project, [{"id": f"i{n}", "text": TEXTS[n % 6]} for n in range(count)], folder)
    for login, given in (("ann", ("good", "good", "bad")), ("bob", ("good", "bad", "bad"))):
        person = world.member(project, login)
        for verdict in given:
            world.submit(person, world.next(person, project), verdict=verdict)
    return project.id


def test_items_that_share_words_lie_together_and_always_at_the_same_place(
    world: World, tmp_path: Path
) -> None:
    found = item_map(world.ctx, OPERATOR, filled(world, tmp_path))
    place = {point.item: (point.x, point.y) for point in found.points}

    def apart(one: str, other: str) -> float:
        return float(sum((a - b) ** 2 for a, b in zip(place[one], place[other], strict=True)) ** 0.5)

    assert apart("i0", "i1") < apart("i0", "i4") and apart("i4", "i5") < apart("i1", "i5")
    assert found.kept is not None and 0 < found.kept < 1
    assert similarity.plane(TEXTS).points == similarity.plane(TEXTS).points


def test_colours_are_people_s_majority_ties_and_unlabelled_by_themselves(
    world: World, tmp_path: Path
) -> None:
    found = item_map(world.ctx, OPERATOR, filled(world, tmp_path))
    assert [point.label for point in found.points] == ["good", TIED, "bad", NO_LABEL, NO_LABEL, NO_LABEL]
    assert found.labels[-2:] == [TIED, NO_LABEL] and set(found.labels[:2]) == {"good", "bad"}
    with pytest.raises(Invalid):
        item_map(world.ctx, OPERATOR, 1, question="why")


def test_many_items_are_drawn_by_a_fixed_lot(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maps, "MOST_ITEMS", 5)
    project_id = filled(world, tmp_path, count=12)
    found = item_map(world.ctx, OPERATOR, project_id)
    assert (len(found.points), found.total) == (5, 12)
    world.ctx.figures.of(("map", project_id), "forget", lambda: None)
    assert item_map(world.ctx, OPERATOR, project_id).points == found.points


def test_places_are_computed_once_for_the_same_items(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project_id = filled(world, tmp_path)
    first = item_map(world.ctx, OPERATOR, project_id)

    def again(_texts: object) -> similarity.Plane:
        raise AssertionError("computed again")

    monkeypatch.setattr(maps, "plane", again)
    assert item_map(world.ctx, OPERATOR, project_id) == first


def test_alike_and_few_texts_have_a_plane_too() -> None:
    assert similarity.plane([]).points == []
    assert similarity.plane(["same", "same", "same"]) == similarity.Plane([(0.0, 0.0)] * 3, None)
    assert (
        similarity.plane(["a b", "c d", "a b"]).points[0] == similarity.plane(["a b", "c d", "a b"]).points[2]
    )
    assert len(similarity.plane(["", "", "x", "!"]).points) == 4
    assert len(similarity.plane(["", "a word", "another word"]).points) == 3


def test_the_words_of_items_are_for_those_who_may_read_them(world: World, tmp_path: Path) -> None:
    project = world.project()
    with pytest.raises(NotAllowed):
        item_map(world.ctx, world.member(project, "mia", "manager"), project.id)
