"""Imported labels that the project's schema does not allow: refused, or counted and left out."""

from pathlib import Path

import pytest

from app.errors import Invalid
from app.services import projects, reports
from app.services.agreement_report import remarks
from app.services.intake import import_ratings
from tests.app.services.world import OPERATOR, SCHEMA, World, ratings_file


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("purple", "'purple' is not one of good, bad"),
        ("Good", "looks like 'good'"),
        ("go\u043ed", "'go\\u043ed' looks like 'good'"),
        ("good\u00a0", "'good\\xa0' looks like 'good'"),
    ],
)
def test_of_a_choice_it_is_refused(world: World, tmp_path: Path, value: str, said: str) -> None:
    project = world.project()
    rows = [("1", "a", "good"), ("1", "b", value), ("2", "a", "bad"), ("2", "b", value)]
    with pytest.raises(Invalid) as refused:
        import_ratings(world.ctx, OPERATOR, project.id, ratings_file(rows, tmp_path, question="verdict"))
    assert "2 of 4 rows" in str(refused.value) and "line 2, value" in str(refused.value)
    assert said in str(refused.value) and reports.agreement(world.ctx, OPERATOR, project.id).questions == []


def test_of_a_rating_it_is_refused(world: World, tmp_path: Path) -> None:
    schema = "questions: [{id: stars, type: rating, title: Stars, min: 1, max: 5}]"
    project = projects.create_project(world.ctx, OPERATOR, name="S", schema_yaml=schema, guidelines="")
    good = [("1", "a", "1"), ("1", "b", "5.0"), ("2", "a", 3)]
    bad = [("2", "b", "6"), ("3", "a", "2.5"), ("3", "b", "five"), ("4", "a", "\uff13")]
    with pytest.raises(Invalid, match="4 of 7 rows"):
        import_ratings(
            world.ctx, OPERATOR, project.id, ratings_file([*good, *bad], tmp_path, question="stars")
        )
    import_ratings(world.ctx, OPERATOR, project.id, ratings_file(good, tmp_path, question="stars"))


def test_it_is_left_out_and_counted_where_it_is_there_already(world: World) -> None:
    project = world.project()
    world.rate(project, [("1", "a", "good"), ("1", "b", "good"), ("2", "a", "bad"), ("2", "b", "good")])
    world.rate(project, [("3", "a", "purple"), ("3", "b", "purple")])
    world.rate(project, [("3", "m", "violet")], kind="model")
    people, models = reports.agreement(world.ctx, OPERATOR, project.id).questions
    # gg, bg: o_gg = 2, o_gb = o_bg = 1; D_o = 2/4, D_e = 2*3*1/(4*3). Two times purple do not agree.
    assert (people.off_scale, people.nominal.n_items) == (2, 2)
    assert people.nominal.value == pytest.approx(0.0)
    assert (models.rater_kind, models.off_scale, models.nominal.n_ratings) == ("model", 1, 0)
    assert "2 ratings are off the scale of the schema and left out" in remarks(people)


def test_what_an_older_schema_allowed_is_on_the_scale(world: World) -> None:
    project = world.project()
    world.rate(project, [("1", "a", "good"), ("1", "b", "good"), ("2", "a", "bad"), ("2", "b", "bad")])
    projects.add_schema(world.ctx, OPERATOR, project.id, SCHEMA.replace("value: bad", "value: poor"))
    (found,) = reports.agreement(world.ctx, OPERATOR, project.id).questions
    assert (found.off_scale, found.nominal.value, found.older) == (0, 1.0, 2)
    assert any("2 ratings have a value that an older version" in said for said in remarks(found))


def test_answers_before_and_after_a_change_of_the_scale_are_counted_and_do_not_agree(
    world: World, tmp_path: Path
) -> None:
    choice = "questions: [{id: q, type: choice, title: Q, options: [{value: good}, {value: bad}]}]"
    project = projects.create_project(
        world.ctx, OPERATOR, name="S", schema_yaml=choice, guidelines="", settings={"overlap": 2}
    )
    world.fill(project, [{"id": str(n), "text": "t"} for n in range(3)], tmp_path)
    ann, bob = world.member(project, "ann"), world.member(project, "bob")
    for _ in range(3):
        world.submit(ann, world.next(ann, project), q="good")
    projects.add_schema(
        world.ctx, OPERATOR, project.id, "questions: [{id: q, type: rating, title: Q, min: 1, max: 5}]"
    )
    for stars in (5, 5, 1):
        world.submit(bob, world.next(bob, project), q=stars)
    (found,) = reports.agreement(world.ctx, OPERATOR, project.id).questions
    assert (found.older, found.not_numbers, found.percent, found.ordinal) == (3, 3, 0.0, None)
    # Nothing agrees: n = 6, good 3, 5 twice, 1 once: D_o = 1, D_e = (36 - 14)/30.
    assert found.nominal.value == pytest.approx(1 - 30 / 22)
    told = " ".join(remarks(found))
    assert "3 ratings have a value that an older version" in told and "3 ratings are no numbers" in told
