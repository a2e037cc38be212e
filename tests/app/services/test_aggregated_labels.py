"""Labels out of people's answers, as the command and the pages get them."""

import json
from pathlib import Path

import pytest

from app.errors import Conflict, Invalid
from app.services import projects
from app.services.aggregated_labels import METHODS, aggregate_labels, voting_models
from app.services.intake import import_ratings
from db.records import ProjectRecord
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
    model = aggregate_labels(
        world.ctx, OPERATOR, project.id, question="verdict", method="dawid-skene", anyway=True
    )
    assert model.accuracy is not None and set(model.accuracy) == set(said)
    assert model.note is not None and "3 of 3 raters" in model.note


def test_what_does_not_exist_is_said(world: World) -> None:
    project = world.project()
    with pytest.raises(Invalid, match="vote, weighted-vote, dawid-skene, mace, glad"):
        aggregate_labels(world.ctx, OPERATOR, project.id, question="verdict", method="magic")
    with pytest.raises(Invalid, match="no ratings yet"):
        aggregate_labels(world.ctx, OPERATOR, project.id, question="verdict")


def rated(world: World, folder: Path, rows: list[tuple[str, str, str, str]], **gold: str) -> ProjectRecord:
    """Rows of item, rater, kind, value; `gold`: item -> label."""
    project = projects.create_ratings_project(world.ctx, OPERATOR, name="R")
    path = folder / "r.jsonl"
    with path.open("w") as file:
        for item, rater, kind, value in rows:
            row = {"item": item, "rater": rater, "rater_kind": kind, "question": "q", "value": value}
            file.write(json.dumps(row | ({"gold": gold[item]} if item in gold else {})) + "\n")
    import_ratings(world.ctx, OPERATOR, project.id, path)
    return project


@pytest.mark.parametrize("method", ["dawid-skene", "mace", "glad"])
def test_a_model_of_raters_is_refused_where_raters_have_few_ratings(
    world: World, tmp_path: Path, method: str
) -> None:
    # a has 20 ratings, b and c one each: one of three has enough.
    rows = [(str(n), "a", "human", "xy"[n % 2]) for n in range(20)]
    project = rated(world, tmp_path, [*rows, ("0", "b", "human", "x"), ("1", "c", "human", "x")])
    with pytest.raises(Conflict, match=r"only 1 of 3 raters have 20 or more \(median 1\)"):
        aggregate_labels(world.ctx, OPERATOR, project.id, question="q", method=method)
    found = aggregate_labels(world.ctx, OPERATOR, project.id, question="q", method=method, anyway=True)
    assert len(found.items) == 20 and found.note is not None and "2 of 3 raters" in found.note
    figures = {"dawid-skene": found.accuracy, "mace": found.competence, "glad": found.ability}
    assert {name for name, figure in figures.items() if figure is not None} == {method}


def test_the_weighted_vote_counts_who_was_right_on_known_items(world: World, tmp_path: Path) -> None:
    # On three known items a is right, b and c are wrong: skills (1/2 + 3)/4 = 7/8 and (1/2)/4 = 1/8.
    rows = [(item, rater, "human", "x" if rater == "a" else "y") for item in "123u" for rater in "abc"]
    project = rated(world, tmp_path, rows, **{"1": "x", "2": "x", "3": "x"})
    found = aggregate_labels(world.ctx, OPERATOR, project.id, question="q", method="weighted-vote")
    assert found.skill is not None
    assert {name: (one.right, one.n, one.skill) for name, one in found.skill.items()} == {
        "a": (3, 3, 7 / 8), "b": (0, 3, 1 / 8), "c": (0, 3, 1 / 8)
    }  # fmt: skip
    unknown = found.items[3]
    # x: 7/8 * 7/8 * 7/8 (b and c wrong), y: 1/8 * 1/8 * 1/8.
    assert unknown.label == "x" and unknown.shares == pytest.approx({"x": 343 / 344, "y": 1 / 344})
    plain = aggregate_labels(world.ctx, OPERATOR, project.id, question="q")
    assert plain.items[3].label == "y"
    assert (found.with_label["a"].count, found.with_label["b"].count) == (4, 0)


def test_without_a_known_item_the_weighted_vote_says_so(world: World, tmp_path: Path) -> None:
    project = rated(world, tmp_path, [("1", "a", "human", "x"), ("1", "b", "human", "y")])
    with pytest.raises(Conflict, match="0 items are known"):
        aggregate_labels(world.ctx, OPERATOR, project.id, question="q", method="weighted-vote")


def test_a_model_votes_only_when_chosen_and_its_runs_are_one_rater(world: World, tmp_path: Path) -> None:
    # Ten known items, all x; the person says x, the model says y twice of each and is wrong; on u they differ.
    known = {str(n): "x" for n in range(10)}
    people = [(item, "a", "human", "x") for item in [*known, "u"]]
    runs = [(item, "m", "model", "y") for item in [*known, "u"] for _ in range(2)]
    project = rated(world, tmp_path, [*people, *runs], **known)
    alone = aggregate_labels(world.ctx, OPERATOR, project.id, question="q", method="weighted-vote")
    assert (alone.models, alone.n_raters, alone.items[-1].n) == ((), 1, 1)
    assert voting_models(world.ctx, OPERATOR, project.id, "q") == ["m"]
    found = aggregate_labels(
        world.ctx, OPERATOR, project.id, question="q", method="weighted-vote", models=["m"]
    )
    assert (found.models, found.n_raters) == (("model m",), 2)
    assert found.skill is not None and found.skill["model m"].skill == pytest.approx(0.5 / 11)
    assert found.skill["model m"].n == 10  # items, not runs
    # Two runs weigh one rating together: (10.5/11)^2 against (.5/11)^2.
    right, wrong = (10.5 / 11) * (10.5 / 11), (0.5 / 11) * (0.5 / 11)
    assert found.items[-1].shares["x"] == pytest.approx(right / (right + wrong))
    with pytest.raises(Invalid, match="plain vote weighs nobody"):
        aggregate_labels(world.ctx, OPERATOR, project.id, question="q", models=["m"])
    with pytest.raises(Invalid, match="'n' has labelled nothing of 'q'; there are m"):
        aggregate_labels(world.ctx, OPERATOR, project.id, question="q", method="mace", models=["n"])


def test_a_model_that_nobody_checked_does_not_vote(world: World, tmp_path: Path) -> None:
    rows = [("1", "a", "human", "x"), ("1", "m", "model", "y"), ("2", "a", "human", "x")]
    project = rated(world, tmp_path, rows, **{"1": "x"})
    for method in METHODS[1:]:
        with pytest.raises(
            Conflict, match="model m has labelled 1 known items of the test part; 10 are needed"
        ):
            aggregate_labels(world.ctx, OPERATOR, project.id, question="q", method=method, models=["m"])


def test_right_on_known_items_is_held_out_where_the_method_learns_from_them(
    world: World, tmp_path: Path
) -> None:
    # Twenty known items. People say x; the model m says what is known. By vote all even ones are right.
    rows = [(str(n), rater, "human", "x") for n in range(20) for rater in "ab"]
    rows += [(str(n), "m", "model", "xy"[n % 2]) for n in range(20)]
    project = rated(world, tmp_path, rows, **{str(n): "xy"[n % 2] for n in range(20)})
    plain = aggregate_labels(world.ctx, OPERATOR, project.id, question="q")
    assert plain.on_gold is not None and plain.judgments is not None
    assert (plain.on_gold.n, plain.on_gold.right, plain.on_gold.held_out) == (20, 10, None)
    assert (plain.judgments.count, plain.judgments.n, plain.judgments.n_raters) == (20, 40, 2)
    clamped = aggregate_labels(
        world.ctx, OPERATOR, project.id, question="q", method="dawid-skene", models=["m"], anyway=True
    )
    assert clamped.on_gold is not None
    # Fixed to what is known all twenty would be right; held out, it is m's confusions that decide.
    assert clamped.on_gold.n == 20 and "in 5 parts" in str(clamped.on_gold.held_out)
    assert clamped.smoothing == 0.01


def test_smoothing_is_of_dawid_and_skene_and_not_below_0(world: World, tmp_path: Path) -> None:
    project = rated(world, tmp_path, [("1", "a", "human", "x")])
    with pytest.raises(Invalid, match=r"smoothing 0\.5 of vote"):
        aggregate_labels(world.ctx, OPERATOR, project.id, question="q", smoothing=0.5)
    for wrong in (-0.1, float("inf"), float("nan")):
        with pytest.raises(Invalid, match="by 0 or more"):
            aggregate_labels(
                world.ctx,
                OPERATOR,
                project.id,
                question="q",
                method="dawid-skene",
                smoothing=wrong,
                anyway=True,
            )


def test_known_items_hold_people_to_the_truth_where_somebody_asks(world: World, tmp_path: Path) -> None:
    """a and b always say x where c says y; ten items are known to be y: c is right, and the other items follow c."""
    said = {"a": "x", "b": "x", "c": "y"}
    rows = [(str(n), rater, "human", "xy"[n % 2] if n >= 20 else value) for n in range(40) for rater, value in said.items()]  # fmt: skip
    project = rated(world, tmp_path, rows, **{str(n): "y" for n in range(10)})

    def labels(method: str, **more: object) -> dict[str, str | None]:
        found = aggregate_labels(world.ctx, OPERATOR, project.id, question="q", method=method, **more)  # type: ignore[arg-type]
        assert found.clamped is bool(more.get("clamp"))
        return {one.item: one.label for one in found.items}

    free, held = labels("dawid-skene"), labels("dawid-skene", clamp=True)
    assert {free[str(n)] for n in range(20)} == {"x"}
    assert {held[str(n)] for n in range(20)} == {"y"}
    with pytest.raises(Invalid, match="vote learns no raters"):
        labels("vote", clamp=True)
    unknown = rated_again(world, tmp_path, rows)
    with pytest.raises(Invalid, match="no item has a known answer to 'q'"):
        aggregate_labels(world.ctx, OPERATOR, unknown.id, question="q", method="mace", clamp=True)


def rated_again(world: World, folder: Path, rows: list[tuple[str, str, str, str]]) -> ProjectRecord:
    project = projects.create_ratings_project(world.ctx, OPERATOR, name="Without gold")
    path = folder / "again.csv"
    lines = ["item,rater,question,value", *(f"{item},{rater},q,{value}" for item, rater, _, value in rows)]
    path.write_text("\n".join(lines) + "\n")
    import_ratings(world.ctx, OPERATOR, project.id, path)
    return project


def test_a_prior_of_right_answers_and_labels_that_nobody_gave(world: World, tmp_path: Path) -> None:
    rows = [(str(n), rater, "human", "xy"[n % 2]) for n in range(20) for rater in "ab"]
    project = rated(world, tmp_path, rows, **{"0": "z", "1": "y"})
    found = aggregate_labels(
        world.ctx, OPERATOR, project.id, question="q", method="dawid-skene", smoothing=1, diagonal=5
    )
    # Ten items of each label, both raters say it throughout. With r right, an item is what they say with probability
    # b = r^2/(r^2 + (1-r)^2), and r = (10 b + 1 + 5)/(10 + 2 + 5): r = .93868, b = .99575.
    assert found.diagonal == 5 and found.accuracy is not None
    assert found.accuracy == pytest.approx({"a": 0.93868, "b": 0.93868}, abs=1e-5)
    assert found.note == "1 known items have a label that nobody gave to any item: no method can find it"
    with pytest.raises(Invalid, match="only dawid-skene has that prior"):
        aggregate_labels(world.ctx, OPERATOR, project.id, question="q", method="mace", diagonal=1)
