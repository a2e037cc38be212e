from pathlib import Path

import pandas as pd
import pytest

from app.analytics.agreement import confusions, entropy_of
from app.errors import NotAllowed
from app.services.disagreement import disagreement
from tests.app.services.world import World


def ratings(*rows: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["item", "rater", "value"])


def test_entropy_is_highest_where_raters_are_split_evenly() -> None:
    table = ratings(
        ("a", "1", "x"), ("a", "2", "x"), ("a", "3", "x"),
        ("b", "1", "x"), ("b", "2", "y"),
        ("c", "1", "x"), ("c", "2", "x"), ("c", "3", "x"), ("c", "4", "y"),
    )  # fmt: skip
    found = entropy_of(table)
    # a: 0. b: 1 bit. c: -(3/4 log2 3/4 + 1/4 log2 1/4) = .311 + .5 = .811.
    assert found.to_dict() == pytest.approx({"a": 0.0, "b": 1.0, "c": 0.8112781})


def test_confusions_count_pairs_of_ratings_of_one_item() -> None:
    table = ratings(
        ("a", "1", "x"), ("a", "2", "x"), ("a", "3", "y"),  # x against y twice
        ("b", "1", "y"), ("b", "2", "x"), ("b", "3", "z"),  # each against each once
        ("c", "1", "x"), ("c", "2", "x"),
    )  # fmt: skip
    rows = confusions(table).to_dict("records")
    assert rows == [
        {"one": "x", "other": "y", "pairs": 3, "items": 2},
        {"one": "x", "other": "z", "pairs": 1, "items": 1},
        {"one": "y", "other": "z", "pairs": 1, "items": 1},
    ]


def test_a_pair_leads_to_the_items_on_which_these_two_differ(world: World, tmp_path: Path) -> None:
    project = world.project(overlap=3)
    world.fill(project, [{"id": f"i{n}", "text": f"text {n}"} for n in range(4)], tmp_path)
    given = {"ann": "gggg", "bob": "gbgg", "cay": "gbbg"}
    for login, letters in given.items():
        person = world.member(project, login)
        for letter in letters:
            task = world.next(person, project)
            world.submit(person, task, verdict={"g": "good", "b": "bad"}[letter])
    lead = world.member(project, "lead", "qa_lead")

    def found(pair: tuple[str, str] | None = None) -> list[tuple[str, str]]:
        result = disagreement(world.ctx, lead, project.id, question="verdict", rater_kind="human", pair=pair)
        return [(entry.item, entry.text) for entry in result.disputed]

    assert sorted(found()) == [("i1", "text 1"), ("i2", "text 2")]
    assert found(("ann", "bob")) == [("i1", "text 1")]
    assert found(("bob", "cay")) == [("i2", "text 2")]
    whole = disagreement(world.ctx, lead, project.id, question="verdict", rater_kind="human")
    # i1 has one good against two bad, i2 two good against one bad: two pairs each.
    assert [(c.one, c.other, c.pairs, c.items) for c in whole.confusions] == [("bad", "good", 4, 2)]
    assert (whole.n_disputed, whole.n_items) == (2, 4)


def test_a_manager_sees_the_figures_and_not_the_answers(world: World) -> None:
    project = world.project()
    mara = world.member(project, "mara", "manager")
    with pytest.raises(NotAllowed, match="read the answers"):
        disagreement(world.ctx, mara, project.id, question="verdict", rater_kind="human")
