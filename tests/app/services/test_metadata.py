"""Metadata computed from the words of items."""

from pathlib import Path
from typing import Any

import pytest

from app.errors import Invalid, NotAllowed
from app.services import metadata, subsets
from db.engine import reading
from db.store import items
from tests.app.services.world import OPERATOR, World

ROWS: list[dict[str, Any]] = [
    {"id": "a", "text": "The weather is lovely in the park today #Sun #sea", "metadata": {"source": "x"}},
    {"id": "b", "text": "Das Wetter im Park ist heute wirklich schön", "metadata": {}},
]


def shout(texts: list[str]) -> list[str]:
    return [text.upper()[:3] for text in texts]


def one_too_few(texts: list[str]) -> list[str]:
    return texts[1:]


def test_columns_are_filled_beside_those_there_are(world: World, tmp_path: Path) -> None:
    project = world.project()
    world.fill(project, ROWS, tmp_path)
    for name in ("length", "words", "language", "hashtags", "embedding"):
        metadata.start_metadata(world.ctx, OPERATOR, project.id, name=name)
    own = f"{__name__}:shout"
    metadata.start_metadata(world.ctx, OPERATOR, project.id, name="loud", function=own, query="id:a")
    assert set(world.do_calls()) == {"done"}
    with reading(world.ctx.engine) as session:
        first, second = (items.item_by_external_id(session, project.id, name) for name in "ab")
    assert first is not None and second is not None
    embedding = first.meta["embedding"]
    assert dict(first.meta) == {
        "source": "x", "length": 49, "words": 10, "language": "en", "hashtags": ["sun", "sea"],
        "embedding": embedding, "loud": "THE",
    }  # fmt: skip
    assert second.meta["language"] == "de" and "loud" not in second.meta
    found = subsets.find_subset_items(world.ctx, OPERATOR, project.id, "meta.language=de meta.length>40")
    assert found == [second.id]


def test_a_function_that_does_not_fit_stores_nothing(world: World, tmp_path: Path) -> None:
    project = world.project()
    world.fill(project, ROWS, tmp_path)
    metadata.start_metadata(world.ctx, OPERATOR, project.id, name="odd", function=f"{__name__}:one_too_few")
    assert world.do_calls() == ["failed"]
    assert subsets.find_subset_items(world.ctx, OPERATOR, project.id, "has:meta.odd") == []


def test_what_cannot_be_computed_is_refused(world: World, tmp_path: Path) -> None:
    project = world.project()
    world.fill(project, ROWS, tmp_path)
    lead = world.member(project, "lead", "qa_lead")
    for name, function, problem in (
        ("mood", "", "no metadata 'mood'"),
        ("a b", "", "cannot be the name"),
        ("x", "no_such_module:f", "no function"),
        ("x", "json:nothing", "no function"),
    ):
        with pytest.raises(Invalid, match=problem):
            metadata.start_metadata(world.ctx, OPERATOR, project.id, name=name, function=function)
    with pytest.raises(NotAllowed):
        metadata.start_metadata(world.ctx, lead, project.id, name="x", function="os:getcwd")
    assert metadata.start_metadata(world.ctx, lead, project.id, name="words").spec["items"] == 2
