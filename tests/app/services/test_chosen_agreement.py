"""Agreement of chosen raters, periods and parts of the items, by hand."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.errors import Invalid, NotAllowed
from app.services import projects
from app.services.chosen_agreement import RaterChoice, chosen_agreement, raters_of
from app.services.intake import import_ratings
from app.services.sliced_agreement import keys_of, sliced_agreement, subjects_of
from app.services.slices import Subject, figure_of
from db.records import ProjectRecord
from tests.app.services.world import OPERATOR, World

DAY, NEXT = "2026-03-01T23:59:00Z", "2026-03-02T00:00:00Z"


def imported(world: World, folder: Path, rows: list[dict[str, Any]]) -> ProjectRecord:
    project = projects.create_ratings_project(world.ctx, OPERATOR, name="R")
    path = folder / "r.jsonl"
    path.write_text("".join(json.dumps({"question": "q", **row}) + "\n" for row in rows))
    import_ratings(world.ctx, OPERATOR, project.id, path)
    return project


def rows_of(values: str, rater: str, **more: Any) -> list[dict[str, Any]]:
    """One letter an item; a dot is no rating."""
    return [
        {"item": str(number), "rater": rater, "value": value, **more}
        for number, value in enumerate(values)
        if value != "."
    ]


def test_a_period_holds_both_of_its_days_and_counts_what_it_leaves_out(world: World, tmp_path: Path) -> None:
    rows = [
        *({**row, "created_at": DAY if row["item"] < "2" else NEXT} for rater in ("a", "b")
          for row in rows_of("xyxx" if rater == "a" else "xyyy", rater)),
        {"item": "9", "rater": "a", "value": "x"},
    ]  # fmt: skip
    project = imported(world, tmp_path, rows)
    first = date(2026, 3, 1)
    choice = RaterChoice("q", since=first, until=first)
    found = chosen_agreement(world.ctx, OPERATOR, project.id, choice)
    assert (found.nominal.value, found.percent, found.nominal.n_ratings) == (1.0, 1.0, 4)
    assert found.left_out == {"of an unknown day": 1, "outside the period": 4}
    later = chosen_agreement(world.ctx, OPERATOR, project.id, RaterChoice("q", since=date(2026, 3, 2)))
    assert (later.percent, later.nominal.n_items) == (0.0, 2)
    with pytest.raises(Invalid, match="ends on 2026-03-01 before it begins"):
        chosen_agreement(
            world.ctx, OPERATOR, project.id, RaterChoice("q", since=date(2026, 3, 2), until=first)
        )


def test_kinds_are_mixed_only_when_asked_and_a_shared_name_is_two_raters(
    world: World, tmp_path: Path
) -> None:
    rows = [
        *rows_of("xyxy", "a"), *rows_of("xyxx", "b"), *rows_of("xyxy", "c"),
        *rows_of("xyyx", "a", rater_kind="model"),
    ]  # fmt: skip
    project = imported(world, tmp_path, rows)
    assert raters_of(world.ctx, OPERATOR, project.id, "q") == {"human": ["a", "b", "c"], "model": ["a"]}
    people = chosen_agreement(world.ctx, OPERATOR, project.id, RaterChoice("q"))
    assert (people.mixed, people.nominal.n_raters, people.left_out) == (
        False,
        3,
        {"of raters of another kind": 4},
    )
    pair = chosen_agreement(world.ctx, OPERATOR, project.id, RaterChoice("q", raters=("a", "b")))
    # 3 of 4 equal; a gives x twice, b three times: chance (2*3 + 2*1)/16 = 1/2, kappa (3/4 - 1/2)/(1/2).
    assert [(one.rater_a, one.rater_b, one.kappa) for one in pair.pairs] == [("a", "b", 0.5)]
    # x: n = 2, 0, 2, 1 of 2. Said again: (2 + 2 + 0)/5.
    assert {one.label: one.specific for one in pair.by_label} == pytest.approx({"x": 4 / 5, "y": 2 / 3})
    both = chosen_agreement(
        world.ctx, OPERATOR, project.id, RaterChoice("q", kinds=("human", "model"), raters=("a",))
    )
    assert both.mixed and [(one.rater_a, one.rater_b, one.agree) for one in both.pairs] == [
        ("human a", "model a", 2)
    ]


def test_what_cannot_be_chosen_is_said(world: World, tmp_path: Path) -> None:
    project = imported(world, tmp_path, rows_of("xy", "a"))
    for choice, said in (
        (RaterChoice("none"), "'none' has no ratings"),
        (RaterChoice("q", raters=("zoe",)), "rater 'zoe' has not rated 'q'"),
        (RaterChoice("q", kinds=("robot",)), "there are human, model, judge"),
        (RaterChoice("q", where=("language", "de")), "has metadata 'language'"),
    ):
        with pytest.raises(Invalid, match=said):
            chosen_agreement(world.ctx, OPERATOR, project.id, choice)
    ann = world.member(project, "ann")
    with pytest.raises(NotAllowed):
        chosen_agreement(world.ctx, ann, project.id, RaterChoice("q"))


def subject_of(world: World, project: ProjectRecord, name: str) -> Subject:
    return next(one for one in subjects_of(world.ctx, OPERATOR, project.id) if one.name == name)


def sliced_rows() -> list[dict[str, Any]]:
    """de: 12 items, all equal. en: 12 items, half of them x against y. fr: 3 items. One item without a language."""
    rows = []
    for number in range(28):
        language = "de" if number < 12 else "en" if number < 24 else "fr" if number < 27 else None
        one = "xy"[number % 2] if language == "de" else "x"
        other = "y" if language == "en" and number % 2 else one
        for rater, value in (("a", one), ("b", other)):
            row = {"item": str(number), "rater": rater, "value": value, "gold": "x"}
            if rater == "a":
                row["suggestion"] = "x"
            rows.append(row | ({"language": language, "page": number} if language else {}))
    return rows


def test_each_slice_has_its_own_figures_and_small_ones_say_why_not(world: World, tmp_path: Path) -> None:
    project = imported(world, tmp_path, sliced_rows())
    assert {one.name: one.reason for one in keys_of(world.ctx, OPERATOR, project.id)} == {
        "language": None, "page": "has more than 20 values"
    }  # fmt: skip
    asked = subject_of(world, project, "q")
    found = sliced_agreement(world.ctx, OPERATOR, project.id, subject=asked, by="language")
    de, en, fr = found.slices
    nominal = {one.value: figure_of(one.figures, "alpha, nominal") for one in found.slices}
    assert [one.value for one in found.slices] == ["de", "en", "fr"] and nominal["de"].value == 1.0
    # en: 6 of 12 items differ: D_o = 12/24, n_x = 18, n_y = 6: D_e = 2*18*6/(24*23).
    assert nominal["en"].value == pytest.approx(1 - (12 / 24) / (216 / 552))
    assert nominal["en"].low is not None and (nominal["en"].n, nominal["en"].n_raters) == (12, 2)
    assert nominal["fr"].value is None and "only 3 items" in (nominal["fr"].reason or "")
    right = figure_of(en.figures, "right")
    assert (right.value, right.n) == (18 / 24, 24) and right.low is not None
    accepted = figure_of(de.figures, "suggestions accepted")
    assert (accepted.value, accepted.n, accepted.n_raters) == (6 / 12, 12, 1)
    few = figure_of(fr.figures, "suggestions accepted")
    assert few.value is None and "only 3 suggestions shown" in (few.reason or "")
    assert found.not_said == {"ratings": 2, "suggestions shown": 1}
    assert "2 slices are compared at once" in found.notes["alpha, nominal"]
    with pytest.raises(Invalid, match="'page' has 27 values"):
        sliced_agreement(world.ctx, OPERATOR, project.id, subject=asked, by="page")


def test_metadata_of_items_make_slices_of_answers_given_here(world: World, tmp_path: Path) -> None:
    project = world.project(overlap=2)
    world.fill(
        project,
        [{"id": f"i{n:02d}", "text": f"t{n}", "language": "de" if n < 10 else "en"} for n in range(12)],
        tmp_path,
    )
    for login in ("ann", "bob"):
        person = world.member(project, login)
        for n in range(12):
            world.submit(person, world.next(person, project), verdict="bad" if n == 0 else "good")
    asked = subject_of(world, project, "verdict")
    found = sliced_agreement(world.ctx, OPERATOR, project.id, subject=asked, by="language")
    alphas = [(one.value, figure_of(one.figures, "alpha, nominal")) for one in found.slices]
    assert [(value, alpha.n, alpha.value) for value, alpha in alphas] == [("de", 10, 1.0), ("en", 2, None)]
    here = chosen_agreement(world.ctx, OPERATOR, project.id, RaterChoice("verdict", where=("language", "en")))
    assert (here.nominal.n_items, here.left_out) == (2, {"where language is not en": 20})
