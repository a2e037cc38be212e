"""Agreement on several labels, spans and preferences, through answers and imports, into the report."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.clock import utc_now
from app.errors import Invalid, NotAllowed, NotFound
from app.services import projects, reports
from app.services.agreement_report import remarks
from app.services.intake import import_ratings
from app.services.parts_agreement import PartsAgreement, PartsChoice, parts_agreement, parts_remarks
from app.services.parts_disagreement import parts_disagreement
from app.services.sliced_agreement import sliced_agreement, subjects_of
from db.records import ProjectRecord
from tests.app.services.world import OPERATOR, World, ratings_file

SCHEMA = """
questions:
  - {id: tags, type: multi_choice, title: Tags, required: false, options: [{value: a}, {value: b}, {value: c}]}
  - {id: marks, type: span, title: Marks, required: false, options: [{value: P}, {value: Q}]}
  - {id: why, type: text, title: Why, required: false}
"""


def made(world: World) -> ProjectRecord:
    return projects.create_project(
        world.ctx, OPERATOR, name="S", schema_yaml=SCHEMA, guidelines="", settings={"overlap": 2}
    )


def span(start: int, end: int, label: str = "P") -> dict[str, object]:
    return {"start": start, "end": end, "label": label}


def answered(world: World, project: ProjectRecord, folder: Path) -> None:
    """ann and bob on three items of ten characters: {a}{a}, {a}{a,b}, {b}{b}; spans equal, overlapping, and none."""
    world.fill(project, [{"id": str(n), "text": "0123456789"} for n in (1, 2, 3)], folder)
    given: dict[str, tuple[tuple[list[str], list[Any]], ...]] = {
        "ann": ((["a"], [span(0, 2)]), (["a"], [span(4, 6)]), (["b"], [])),
        "bob": ((["a"], [span(0, 2)]), (["b", "a"], [span(5, 7)]), (["b"], [])),
    }
    for login, answers in given.items():
        person = world.member(project, login)
        for tags, marks in answers:
            world.submit(person, world.next(person, project), tags=tags, marks=marks)


def test_sets_and_spans_answered_here(world: World, tmp_path: Path) -> None:
    project = made(world)
    answered(world, project, tmp_path)
    found = parts_agreement(world.ctx, OPERATOR, project.id)
    (tags,), (marks,) = found.label_sets, found.spans
    # By hand in tests/app/analytics/test_label_sets.py.
    assert tags.masi.value == pytest.approx(9 / 14) and tags.jaccard.value == pytest.approx(12 / 17)
    assert tags.nominal.value == pytest.approx(12 / 22)
    assert (tags.masi.n_items, tags.masi.n_ratings, tags.declared, tags.unused) == (
        3,
        6,
        ("a", "b", "c"),
        ("c",),
    )
    assert tags.masi.low is not None and tags.masi.note is not None  # three items: unstable, and said
    assert [(one.rater_a, one.rater_b, one.n) for one in tags.pairs] == [("ann", "bob", 3)]
    # Spans of each: 2; exact 1, overlapping 2.
    assert (marks.exact.value, marks.overlap.value, marks.exact.n_items) == (0.5, 1.0, 3)
    assert (marks.empty, marks.no_text, marks.labels) == (2, 0, {"P": 4})
    # Positions: 60 values, P 8, nothing 52. Unequal: 4 and 6 of item 2, so D_o = 2*2/60.
    # D_e = 2*8*52/(60*59).
    assert marks.position.value == pytest.approx(1 - (4 / 60) / (832 / 3540))
    assert [(one.question, "free text" in one.reason) for one in found.left_out] == [("why", True)]


def test_sets_and_spans_of_some_raters_and_days(world: World, tmp_path: Path) -> None:
    project = projects.create_project(
        world.ctx, OPERATOR, name="Three", schema_yaml=SCHEMA, guidelines="", settings={"overlap": 3}
    )
    answered(world, project, tmp_path)
    cat = world.member(project, "cat")
    for _ in range(3):
        world.submit(cat, world.next(cat, project), tags=["c"], marks=[])

    def of(**choice: Any) -> PartsAgreement:
        return parts_agreement(world.ctx, OPERATOR, project.id, PartsChoice(**choice))

    assert of().label_sets[0].raters == ("ann", "bob", "cat")
    pair = of(raters=("ann", "bob"))
    assert pair.label_sets[0].masi.value == pytest.approx(9 / 14)  # as without cat
    assert pair.spans[0].exact.value == 0.5 and pair.label_sets[0].raters == ("ann", "bob")
    today = utc_now().date()
    assert of(since=today - timedelta(days=1), until=today + timedelta(days=1)) == of()
    before = of(until=today - timedelta(days=2))
    assert (
        before.label_sets[0].masi.reason == "no item has two ratings" and before.spans[0].exact.value is None
    )
    with pytest.raises(Invalid, match="before it begins"):
        of(since=today, until=today - timedelta(days=1))


def test_a_pair_opens_the_items_in_dispute_worst_first(world: World, tmp_path: Path) -> None:
    project = made(world)
    answered(world, project, tmp_path)
    lead = world.member(project, "lead", "qa_lead")
    found = parts_disagreement(
        world.ctx, lead, project.id, question="tags", rater_kind="human", pair=("ann", "bob")
    )
    assert (found.n_apart, found.n_items) == (1, 3)
    assert [(one.item, one.values, one.text) for one in found.shown] == [
        ("2", [("ann", "a"), ("bob", "a, b")], "0123456789")
    ]
    marks = parts_disagreement(world.ctx, lead, project.id, question="marks", rater_kind="human")
    assert [(one.item, one.values) for one in marks.shown] == [("2", [("ann", "P 4–6"), ("bob", "P 5–7")])]
    with pytest.raises(NotFound):
        parts_disagreement(world.ctx, lead, project.id, question="why", rater_kind="human")
    with pytest.raises(NotAllowed):  # a manager sees the figures, not the answers
        manager = world.member(project, "mona", "manager")
        parts_disagreement(world.ctx, manager, project.id, question="tags", rater_kind="human")


def test_imported_sets_and_spans_need_no_schema(world: World, tmp_path: Path) -> None:
    project = projects.create_ratings_project(world.ctx, OPERATOR, name="R")
    rows = [("1", "x", ["a"]), ("1", "y", ["a"]), ("2", "x", ["a"]), ("2", "y", ["b", "a"]),
            ("3", "x", ["b"]), ("3", "y", ["b"]), ("3", "y", ["c"])]  # fmt: skip
    import_ratings(world.ctx, OPERATOR, project.id, ratings_file(rows, tmp_path, question="tags"))
    (tags,) = parts_agreement(world.ctx, OPERATOR, project.id).label_sets
    assert tags.masi.value == pytest.approx(9 / 14)
    assert (tags.duplicates, tags.declared, tags.rater_kind) == (1, None, "human")
    marks = projects.create_ratings_project(world.ctx, OPERATOR, name="M")
    both = [("1", "x", [span(0, 2)]), ("1", "y", json.dumps([span(1, 3)]))]
    import_ratings(world.ctx, OPERATOR, marks.id, ratings_file(both, tmp_path, question="marks"))
    (found,) = parts_agreement(world.ctx, OPERATOR, marks.id).spans
    assert (found.exact.value, found.overlap.value, found.no_text) == (0.0, 1.0, 1)
    assert found.position.value is None and "texts are not known here" in (found.position.reason or "")


def test_what_a_schema_does_not_know_or_cannot_be_read_is_counted(world: World) -> None:
    project = made(world)
    world.rate(
        project,
        [("1", "x", "a; b"), ("1", "y", '["a", "b"]'), ("2", "x", "z"), ("2", "y", "a")],
        question="tags",
    )
    world.rate(project, [("1", "x", "[]"), ("1", "y", "from 3 to 4"), ("1", "z", '[{"start": 3, "end": 1, "label": "P"}]')],
               question="marks")  # fmt: skip
    found = parts_agreement(world.ctx, OPERATOR, project.id)
    (tags,), (marks,) = found.label_sets, found.spans
    assert (tags.undeclared, tags.malformed, tags.pairs[0].agree) == (1, 0, 1)
    assert (marks.malformed, marks.empty, marks.exact.reason) == (2, 1, "no item has two raters")


def test_answers_of_an_older_schema_in_another_form_are_counted(world: World, tmp_path: Path) -> None:
    old = "questions: [{id: tags, type: choice, title: Tags, options: [{value: a}, {value: old}]}]"
    project = projects.create_project(
        world.ctx, OPERATOR, name="S", schema_yaml=old, guidelines="", settings={"overlap": 2}
    )
    world.fill(project, [{"id": "1", "text": "t"}, {"id": "2", "text": "u"}], tmp_path)
    ann, bob = world.member(project, "ann"), world.member(project, "bob")
    world.submit(ann, world.next(ann, project), tags="old")
    projects.add_schema(world.ctx, OPERATOR, project.id, SCHEMA)
    world.submit(bob, world.next(bob, project), tags=["a"])
    (tags,) = parts_agreement(world.ctx, OPERATOR, project.id).label_sets
    # A lone label is the set of that label; the newest schema has it no more, and it does not agree.
    assert (tags.undeclared, tags.masi.n_items, tags.pairs[0].agree) == (1, 1, 0)


PAIR = "questions: [{id: better, type: pairwise, title: Better, left: one, right: two}]"


def test_preferences_are_of_things_and_the_side_is_a_figure_of_its_own(world: World, tmp_path: Path) -> None:
    project = projects.create_project(world.ctx, OPERATOR, name="P", schema_yaml=PAIR, guidelines="")
    rows = [
        ("1", "a", "left"),
        ("1", "b", "right"),
        ("2", "a", "left"),
        ("2", "b", "tie"),
        ("3", "a", "left"),
    ]
    import_ratings(
        world.ctx, OPERATOR, project.id, ratings_file(rows, tmp_path, question="better", shown_first="left")
    )
    (order,) = parts_agreement(world.ctx, OPERATOR, project.id).preferences
    assert (order.first.count, order.first.n, order.ties, order.unknown) == (3, 4, 1, 0)
    (found,) = reports.agreement(world.ctx, OPERATOR, project.id).questions
    # left-right, left-tie: none of two pairs is equal.
    assert (found.percent, found.nominal.n_items, found.labels) == (0.0, 2, 3)


def test_what_stood_first_on_the_screen_is_known_of_answers_given_here(world: World, tmp_path: Path) -> None:
    project = projects.create_project(
        world.ctx, OPERATOR, name="P", schema_yaml=PAIR, guidelines="", settings={"overlap": 2}
    )
    parts = [{"name": name, "kind": "text", "text": name} for name in ("one", "two")]
    world.fill(project, [{"id": str(n), "parts": parts} for n in range(8)], tmp_path)
    seen = set()
    for login in ("ann", "bob"):
        person = world.member(project, login)
        for _ in range(8):
            task = world.next(person, project)
            side = task.lease.orders.get("better", ["left", "right"])[0]
            seen.add(side)
            world.submit(person, task, better=side)
    (order,) = parts_agreement(world.ctx, OPERATOR, project.id).preferences
    assert seen == {"left", "right"}  # both stood first, by chance
    assert (order.first.count, order.first.n, order.first.n_raters) == (16, 16, 2)


def test_sets_are_split_by_metadata_and_compared_as_sets_only(world: World, tmp_path: Path) -> None:
    project = made(world)
    rows = [{"id": str(n), "text": "t", "language": "de" if n < 10 else "en"} for n in range(12)]
    world.fill(project, rows, tmp_path)
    given = [(str(n), rater, '["a", "b"]' if n % 2 else '["c"]') for n in range(12) for rater in "xy"]
    world.rate(project, given, question="tags")
    asked = next(one for one in subjects_of(world.ctx, OPERATOR, project.id) if one.name == "tags")
    found = sliced_agreement(world.ctx, OPERATOR, project.id, subject=asked, by="language")
    (de, masi), (en, few) = [(one.value, one.figures[0]) for one in found.slices]
    assert (de, masi.name, masi.value, en, few.value) == ("de", "alpha, MASI", 1.0, "en", None)
    # As texts, equal or not, they would be nothing but other labels.
    assert reports.agreement(world.ctx, OPERATOR, project.id).questions == []


def test_text_is_not_compared_even_where_it_was_imported(world: World) -> None:
    project = made(world)
    world.rate(project, [("1", "x", "because"), ("1", "y", "because")], question="why")
    assert reports.agreement(world.ctx, OPERATOR, project.id).questions == []
    assert [one.question for one in parts_agreement(world.ctx, OPERATOR, project.id).left_out] == ["why"]


def test_a_plain_text_among_lists_has_another_form_and_is_counted(world: World, tmp_path: Path) -> None:
    project = projects.create_ratings_project(world.ctx, OPERATOR, name="R")
    rows = [("1", "x", ["a"]), ("1", "y", ["a"]), ("2", "x", ["b"]), ("2", "y", []), ("3", "x", ["a", "b"])]
    import_ratings(world.ctx, OPERATOR, project.id, ratings_file([*rows, ("3", "y", "none")], tmp_path))
    (tags,) = parts_agreement(world.ctx, OPERATOR, project.id).label_sets
    assert (tags.masi.n_ratings, tags.malformed, tags.empty) == (5, 1, 1)
    assert any("1 answers have another form" in remark for remark in parts_remarks(tags))
    assert reports.agreement(world.ctx, OPERATOR, project.id).questions == []


def test_a_list_among_plain_labels_is_a_label_and_is_told(world: World, tmp_path: Path) -> None:
    project = projects.create_ratings_project(world.ctx, OPERATOR, name="R")
    rows = [("1", "x", "a"), ("1", "y", "a"), ("2", "x", ["b"]), ("2", "y", "b")]
    import_ratings(world.ctx, OPERATOR, project.id, ratings_file(rows, tmp_path))
    assert parts_agreement(world.ctx, OPERATOR, project.id).label_sets == []
    (found,) = reports.agreement(world.ctx, OPERATOR, project.id).questions
    assert (found.lists, found.labels) == (1, 3)
    assert any("1 ratings are lists among single labels" in remark for remark in remarks(found))
