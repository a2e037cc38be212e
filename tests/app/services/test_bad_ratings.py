"""Ratings that are missing, doubled, off the scale or merely look alike: each is counted, none agrees by mistake."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from app.errors import Invalid
from app.services import accounts, projects, reports
from app.services.aggregated_labels import aggregate_labels
from app.services.agreement_report import QuestionAgreement, remarks
from app.services.intake import import_ratings
from db.engine import reading
from db.models import Rating
from tests.app.services.world import OPERATOR, World, ratings_file

Rows = list[tuple[Any, Any, Any]]
CYRILLIC, WIDE, HARD_SPACE = "y\u0435s", "\uff59\uff45\uff53", "yes\u00a0"


def stored(world: World) -> int:
    with reading(world.ctx.engine) as session:
        return session.query(Rating).count()


@dataclass
class Case:
    name: str
    rows: Rows
    said: tuple[str, ...]
    """What the report says of it, word for word in part."""
    imported: dict[str, Any] = field(default_factory=dict)
    """Counts of the import report."""
    alpha: float | str | None = None
    """Its value, or a part of the reason why there is none."""
    percent: float | None = None
    counts: Callable[[QuestionAgreement], Any] = lambda found: None
    expected: Any = None


CASES = [
    Case(
        "a rater's second rating of an item",
        [("1", "a", "x"), ("1", "b", "y"), ("1", "b", "x"), ("2", "a", "x"), ("2", "b", "x")],
        # 1: x y, 2: x x. Had the second one counted, all would agree.
        said=("1 further ratings of a rater for the same item are left out",),
        imported={"repeats": 1},
        # o_xx = 2, o_xy = o_yx = 1: D_o = 2/4, D_e = 2*3*1/(4*3), alpha = 1 - (1/2)/(1/2)
        alpha=0.0,
        percent=0.5,
        counts=lambda found: (found.nominal.n_duplicates, found.nominal.n_ratings),
        expected=(1, 4),
    ),
    Case(
        "one rater",
        [("1", "a", "x"), ("2", "a", "y"), ("3", "a", "y")],
        said=("3 items have one rating only and are left out",),
        alpha="no item has two ratings",
        counts=lambda found: (found.nominal.n_single, found.nominal.n_raters, found.pairs),
        expected=(3, 1, []),
    ),
    Case(
        "one value",
        [(item, rater, "x") for item in "123" for rater in "ab"],
        said=(),
        alpha="only one value occurs",
        percent=1.0,  # of pairs, which is no agreement beyond chance
        counts=lambda found: (found.pairs[0].kappa, found.pairs[0].reason, found.others["fleiss"].value),
        expected=(None, "both gave one and the same value throughout", None),
    ),
    Case(
        "one item",
        [("1", "a", "x"), ("1", "b", "y"), ("1", "c", "x")],
        said=(),
        # n = 3, o_xx = 2*1/2 = 1, o_xy = o_yx = 2*1/2 = 1: D_o = 2/3, D_e = 2*2*1/(3*2) = 2/3
        alpha=0.0,
        percent=1 / 3,
        counts=lambda found: (found.nominal.low, found.nominal.n_items, found.others["AC"].error),
        expected=(None, 1, None),
    ),
    Case(
        "two raters with nothing in common",
        [("1", "a", "x"), ("2", "a", "y"), ("3", "b", "x"), ("4", "b", "y")],
        said=("4 items have one rating only", "1 of 1 pairs of raters have no item in common"),
        alpha="no item has two ratings",
        counts=lambda found: [(pair.kappa, pair.reason, pair.n) for pair in found.pairs],
        expected=[(None, "no item in common", 0)],
    ),
    Case(
        "ties",
        [
            ("1", "a", "x"),
            ("1", "b", "y"),
            ("2", "a", "x"),
            ("2", "b", "y"),
            ("3", "a", "x"),
            ("3", "b", "x"),
        ],
        said=(),
        # o_xx = 2, o_xy = o_yx = 2, n = 6, n_x = 4, n_y = 2: D_o = 4/6, D_e = 2*4*2/(6*5)
        alpha=1 - (4 / 6) / (16 / 30),
        percent=1 / 3,
    ),
    Case(
        "letters of another alphabet, wide letters and a space that cannot be seen",
        [
            ("1", "a", "yes"),
            ("1", "b", CYRILLIC),
            ("2", "a", "yes"),
            ("2", "b", WIDE),
            ("3", "a", "yes"),
            ("3", "b", HARD_SPACE),
        ],
        said=("'y\\u0435s', which looks like 'yes'", "'\\uff59\\uff45\\uff53'", "'yes\\xa0'"),
        imported={
            "look_alike_count": 3,
            "look_alikes": [("q", HARD_SPACE, "yes", 1), ("q", CYRILLIC, "yes", 1), ("q", WIDE, "yes", 1)],
        },
        # Nothing agrees. n = 6, n_yes = 3, three others 1 each: D_o = 1, D_e = (36 - 12)/(6*5)
        alpha=1 - 1 / (24 / 30),
        percent=0.0,
        counts=lambda found: ([one.n for one in found.look_alikes], found.labels),
        expected=([1, 1, 1], 4),
    ),
    Case(
        "capitals, and an accent in two ways of writing",
        [("1", "a", "caf\u00e9"), ("1", "b", "cafe\u0301"), ("2", "a", "caf\u00e9"), ("2", "b", "CAF\u00c9")],
        said=("looks like 'caf\\xe9'",),
        imported={"look_alike_count": 2},
        # D_o = 1; n = 4, n_v = 2, 1, 1: D_e = (16 - 6)/(4*3)
        alpha=1 - 12 / 10,
        percent=0.0,
        counts=lambda found: len(found.look_alikes),
        expected=2,
    ),
    Case(
        "plain spaces around a label",
        [("1", "a", "yes"), ("1", "b", " yes \t"), ("2", "a", "no"), ("2", "b", "no ")],
        said=(),
        imported={"look_alike_count": 0},
        alpha=1.0,
        percent=1.0,
    ),
    Case(
        "words among numbers",
        [("1", "a", "3"), ("1", "b", "3.0"), ("2", "a", "4"), ("2", "b", "n/a")],
        said=("1 ratings are no numbers while others are", "1 ratings say 'n/a': a label, or missing?"),
        # As text all four differ: D_o = 1, D_e = 1.
        alpha=0.0,
        percent=0.0,
        counts=lambda found: (found.not_numbers, found.ordinal, found.icc),
        expected=(1, None, None),
    ),
    Case(
        "what raters write where they mean nothing",
        [
            ("1", "a", "NA"),
            ("1", "b", "NA"),
            ("2", "a", "x"),
            ("2", "b", "x"),
            ("3", "a", "None"),
            ("3", "b", "x"),
        ],
        said=("2 ratings say 'NA': a label, or missing?", "1 ratings say 'None': a label, or missing?"),
        imported={"missing_words": [("q", "NA", 2), ("q", "None", 1)], "missing": 0},
        # It may be a label, so it counts. n = 6: NA 2, x 3, None 1. D_o = 2/6, D_e = (36 - 4 - 9 - 1)/(6*5) = 22/30
        alpha=1 - (2 / 6) / (22 / 30),
        percent=2 / 3,
        counts=lambda found: found.missing_words,
        expected={"NA": 2, "None": 1},
    ),
    Case(
        "infinity",
        [("1", "a", "1"), ("1", "b", "inf"), ("2", "a", "2"), ("2", "b", "Infinity")],
        said=("2 ratings are no numbers while others are",),
        alpha=0.0,
        percent=0.0,
        counts=lambda found: (found.not_numbers, found.interval),
        expected=(2, None),
    ),
    Case(
        "a number written in two ways",
        [("1", "a", "3"), ("1", "b", "3.0"), ("2", "a", "4"), ("2", "b", "4")],
        said=(),
        alpha=1.0,
        percent=1.0,
        counts=lambda found: (found.pairs[0].kappa, found.labels),
        expected=(1.0, 2),
    ),
    Case(
        "five hundred raters",
        [(str(item), f"r{rater:03d}", "xy"[(item + rater) % 2]) for item in range(2) for rater in range(500)],
        said=(),
        # Each item has 250 x and 250 y. Equal pairs: 2*250*249/(500*499). D_o = 2*250*250*2/499/1000,
        # D_e = 2*500*500/(1000*999)
        alpha=1 - (250_000 / 499 / 1000) / (500_000 / 999_000),
        percent=249 / 499,
        counts=lambda found: (found.nominal.n_raters, len(found.pairs), found.unpaired),
        expected=(500, 124_750, 0),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_odd_ratings_are_counted_and_do_not_agree(world: World, tmp_path: Path, case: Case) -> None:
    project = projects.create_ratings_project(world.ctx, OPERATOR, name="R")
    report = import_ratings(world.ctx, OPERATOR, project.id, ratings_file(case.rows, tmp_path))
    assert report.rows == len(case.rows) == stored(world)
    assert {name: getattr(report, name) for name in case.imported} == case.imported
    (found,) = reports.agreement(world.ctx, OPERATOR, project.id).questions
    if isinstance(case.alpha, str):
        assert found.nominal.value is None and case.alpha in (found.nominal.reason or "")
    else:
        assert found.nominal.value == pytest.approx(case.alpha)
    assert found.percent == (None if case.percent is None else pytest.approx(case.percent))
    assert case.counts(found) == case.expected
    told = remarks(found)
    assert all(any(part in remark for remark in told) for part in case.said), told
    assert told or not case.said
    assert bool(told) == bool(case.said), told


REFUSED: list[tuple[str, Rows, tuple[str, ...]]] = [
    ("a value that is not there", [("1", "a", "x"), ("1", "b", None)], ("1 of 2 rows", "line 2, value: is empty")),
    ("a blank value", [("1", "a", "x"), ("1", "b", " \u00a0")], ("1 of 2 rows", "line 2, value: is empty")),
    (
        "what a program writes for a missing number",
        [("1", "a", "nan"), ("1", "b", "NaN"), ("2", "a", "3")],
        ("2 of 3 rows", "line 1, value: is 'nan', a missing value", "line 2, value: is 'NaN'"),
    ),
    ("a NUL character", [("1", "a", "x\0")], ("line 1, value: has a NUL character",)),
    ("a rater without a name", [("1", " ", "x")], ("line 1, rater: is empty",)),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "said"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_is_no_rating_is_refused_with_its_lines(
    world: World, tmp_path: Path, rows: Rows, said: tuple[str, ...]
) -> None:
    project = projects.create_ratings_project(world.ctx, OPERATOR, name="R")
    with pytest.raises(Invalid) as refused:
        import_ratings(world.ctx, OPERATOR, project.id, ratings_file(rows, tmp_path))
    assert all(part in str(refused.value) for part in said), str(refused.value)
    assert stored(world) == 0


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"seconds": "inf"}, "seconds: 'inf' is not a number"),
        ({"seconds": "nan"}, "seconds: 'nan' is not a number"),
        ({"order": "1.5"}, "order: '1.5' is not a whole number"),
        ({"order": "1e12"}, "order: '1e12' is not a whole number"),
    ],
)
def test_a_figure_beside_a_rating_is_checked_too(
    world: World, tmp_path: Path, more: dict[str, str], said: str
) -> None:
    project = projects.create_ratings_project(world.ctx, OPERATOR, name="R")
    with pytest.raises(Invalid, match=said):
        import_ratings(world.ctx, OPERATOR, project.id, ratings_file([("1", "a", "x")], tmp_path, **more))
    assert stored(world) == 0


def test_a_missing_number_of_a_parquet_file_is_refused(world: World, tmp_path: Path) -> None:
    project = projects.create_ratings_project(world.ctx, OPERATOR, name="R")
    table = pd.DataFrame(
        {
            "item": ["1", "1", "1"],
            "rater": ["a", "b", "c"],
            "question": "q",
            "value": [3.0, *[float("nan")] * 2],
        }
    )
    table.to_parquet(tmp_path / "r.parquet")
    with pytest.raises(Invalid, match="2 of 3 rows"):
        import_ratings(world.ctx, OPERATOR, project.id, tmp_path / "r.parquet")


def test_ties_have_no_label_and_are_counted(world: World, tmp_path: Path) -> None:
    project = projects.create_ratings_project(world.ctx, OPERATOR, name="R")
    rows = [("1", "a", "x"), ("1", "b", "y"), ("2", "a", "x"), ("2", "b", "x")]
    import_ratings(world.ctx, OPERATOR, project.id, ratings_file(rows, tmp_path))
    found = aggregate_labels(world.ctx, OPERATOR, project.id, question="q")
    assert ([one.label for one in found.items], found.ties) == ([None, "x"], 1)


def test_a_person_disabled_after_rating_is_told_and_their_answers_count(world: World, tmp_path: Path) -> None:
    project = world.project(overlap=2)
    world.fill(project, [{"id": "a", "text": "t"}, {"id": "b", "text": "u"}], tmp_path)
    for login, verdicts in (("ann", ("good", "bad")), ("bob", ("good", "good"))):
        person = world.member(project, login)
        for verdict in verdicts:
            world.submit(person, world.next(person, project), verdict=verdict)
    (before,) = reports.agreement(world.ctx, OPERATOR, project.id).questions
    assert before.disabled == {} and remarks(before) == []
    accounts.disable_user(world.ctx, OPERATOR, login="bob")
    (after,) = reports.agreement(world.ctx, OPERATOR, project.id).questions
    assert after.disabled == {"bob": 2} and after.nominal == before.nominal
    assert remarks(after) == ["1 rater is disabled by now (bob); their 2 answers count"]


def test_a_person_taken_from_the_project_is_told_and_their_answers_count(
    world: World, tmp_path: Path
) -> None:
    project = world.project(overlap=2)
    world.fill(project, [{"id": "a", "text": "t"}, {"id": "b", "text": "u"}], tmp_path)
    for login, verdicts in (("ann", ("good", "bad")), ("bob", ("good", "good"))):
        person = world.member(project, login)
        for verdict in verdicts:
            world.submit(person, world.next(person, project), verdict=verdict)
    (before,) = reports.agreement(world.ctx, OPERATOR, project.id).questions
    assert before.left == {} and remarks(before) == []
    accounts.take_role(world.ctx, OPERATOR, project_id=project.id, login="bob", role="annotator")
    (after,) = reports.agreement(world.ctx, OPERATOR, project.id).questions
    assert after.left == {"bob": 2} and after.nominal == before.nominal
    assert remarks(after) == ["1 rater has left the project (bob); their 2 answers count"]
    accounts.give_role(world.ctx, OPERATOR, project_id=project.id, login="bob", role="annotator")
    (again,) = reports.agreement(world.ctx, OPERATOR, project.id).questions
    assert remarks(again) == []


def test_one_name_of_a_person_and_of_a_model_is_two_raters(world: World, tmp_path: Path) -> None:
    project = projects.create_ratings_project(world.ctx, OPERATOR, name="R")
    path = tmp_path / "r.csv"
    path.write_text(
        "item,rater,rater_kind,question,value\n1,a,human,q,x\n1,b,human,q,x\n1,a,model,q,y\n1,m,model,q,y\n"
        "2,a,human,q,y\n2,b,human,q,y\n2,a,model,q,x\n2,m,model,q,x\n"
    )
    import_ratings(world.ctx, OPERATOR, project.id, path)
    people, models = reports.agreement(world.ctx, OPERATOR, project.id).questions
    assert people.nominal.value == models.nominal.value == 1.0
    assert people.nominal.n_duplicates == models.nominal.n_duplicates == 0
