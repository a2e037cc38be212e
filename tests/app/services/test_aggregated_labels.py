"""Labels out of people's answers, as the command and the pages get them."""

from pathlib import Path

import pytest

from app.errors import Invalid
from app.services.aggregated_labels import aggregate_labels
from tests.app.services.world import OPERATOR, World


def test_people_s_first_answers_are_aggregated(world: World, tmp_path: Path) -> None:
    project = world.project(overlap=3)
    world.fill(project, [{"id": "a", "text": "t"}, {"id": "b", "text": "u"}], tmp_path)
    said = {"ann": ("good", "good"), "bob": ("good", "bad"), "cem": ("bad",)}
    for login, verdicts in said.items():
        person = world.member(project, login)
        for verdict in verdicts:
            world.submit(person, world.next(person, project), verdict=verdict)
    found = aggregate_labels(world.ctx, OPERATOR, project.id, question=None)
    assert [(one.item, one.label, one.n) for one in found.items] == [("a", "good", 3), ("b", None, 2)]
    model = aggregate_labels(world.ctx, OPERATOR, project.id, question="verdict", method="dawid-skene")
    assert model.accuracy is not None and set(model.accuracy) == set(said)
    assert model.note is not None and "3 of 3 raters" in model.note


def test_what_does_not_exist_is_said(world: World) -> None:
    project = world.project()
    with pytest.raises(Invalid, match="vote, dawid-skene"):
        aggregate_labels(world.ctx, OPERATOR, project.id, question="verdict", method="magic")
    with pytest.raises(Invalid, match="of none"):
        aggregate_labels(world.ctx, OPERATOR, project.id, question="verdict")
