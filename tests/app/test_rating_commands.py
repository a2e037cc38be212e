"""Somebody's own table of ratings, by command alone: from the file to the figures."""

import csv
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from app.cli import main
from app.services import accounts, projects
from app.settings import load_settings
from app.wiring import build_context, close_context
from tests.app.services.world import OPERATOR, SCHEMA, World

Milo = Callable[..., str]


def table(folder: Path, rows: Iterable[Iterable[Any]], header: str, name: str = "r.csv") -> str:
    path = folder / name
    path.write_text(header + "\n" + "".join(",".join(map(str, row)) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def imported(milo: Milo, path: str, *options: str) -> Any:
    milo("project", "create", "P", "--ratings")
    return json.loads(milo("import", "P", path, "--format", "ratings", "--json", *options))


def asked(milo: Milo, *arguments: str) -> Any:
    return json.loads(milo("report", *arguments, "--json"))


KINDS = "item,rater,rater_kind,question,value,seconds,arm,place"


def judged(judge_first: bool) -> list[list[Any]]:
    """Forty items scored 1 to 5 by ann, bob and cy, and by a judge that is called ann too, always one above the
    person: 1 2 3 4 1 … by each person, 2 3 4 5 2 … by the judge. The person took 10 s, the judge 1 s."""
    people = [
        [item, rater, "human", "quality", item % 4 + 1, 10, ("none", "suggestion")[item % 2], f"p{item % 2}"]
        for item in range(40)
        for rater in ("ann", "bob", "cy")
    ]
    judge = [[item, "ann", "judge", "quality", item % 4 + 2, 1, "none", "p0"] for item in range(40)]
    return judge + people if judge_first else people + judge


def test_a_person_and_a_judge_of_one_name_are_two_raters_in_every_report(milo: Milo, tmp_path: Path) -> None:
    for judge_first in (False, True):
        name = "P" if judge_first else "Q"
        milo("project", "create", name, "--ratings")
        path = table(tmp_path, judged(judge_first), KINDS)
        told = json.loads(milo("import", name, path, "--format", "ratings", "--json"))
        assert (told["added"], told["repeats"]) == (160, 0)
        (row,) = asked(milo, "alignment", name)
        # The judge is off by 1 level on each of the 40 items; three people make 3 pairs on each.
        assert (row["judge"], row["scores"]["mae"]["value"]) == ("ann", 1.0)
        assert row["among_people"]["n"] == 120
        time = asked(milo, "time", name)
        # 120 ratings of people, of 10 s each: none is lost to the judge, none of the judge's seconds is among them.
        assert {one["arm"]: (one["n"], one["mean"]) for one in time["arms"]} == {
            "none": (60, 10.0),
            "suggestion": (60, 10.0),
        }
        both = asked(milo, "agreement", name)["questions"]
        people, judge = sorted(both, key=lambda one: str(one["rater_kind"]))
        assert (people["rater_kind"], people["nominal"]["n_ratings"]) == ("human", 120)
        assert (judge["rater_kind"], judge["nominal"]["n_ratings"], judge["nominal"]["n_single"]) == (
            ("judge", 40, 40)
        )
        sliced = asked(milo, "agreement", name, "--by", "place")["slices"]
        raters = {
            (one["rater_kind"], part["value"]): part["figures"][0]["n_raters"]
            for one in sliced
            for part in one["slices"]
        }
        assert raters == {("human", "p0"): 3, ("human", "p1"): 3, ("judge", "p0"): 1}


def test_a_model_and_a_judge_of_one_name_are_two_judges(milo: Milo, tmp_path: Path) -> None:
    rows = [[item, "ann", "human", "q", "xy"[item % 2]] for item in range(10)]
    rows += [[item, "m", "model", "q", "xy"[item % 2]] for item in range(10)]  # always right
    rows += [[item, "m", "judge", "q", "yx"[item % 2]] for item in range(10)]  # never
    imported(milo, table(tmp_path, rows, "item,rater,rater_kind,question,value"))
    assert [(row["judge"], row["figures"]["right"], row["figures"]["n"]) for row in asked(milo, "judges", "P")] == [
        ("m (model)", 10.0, 10),
        ("m (judge)", 0.0, 10),
    ]  # fmt: skip


def refused(
    milo: Milo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> str:
    """What the command says on standard error when it refuses."""
    monkeypatch.setattr("sys.argv", ["milo", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    return capsys.readouterr().err


GAPS = [
    (1, "a", "x"), (1, "b", "x"), (2, "a", ""), (2, "b", "y"), (3, "a", "nan"), (3, "b", "y"),
    (4, "a", "x"), (4, "b", "NA"), ("", "a", "x"), (5, "a", "x"), (5, "b", "x"),
]  # fmt: skip


def test_rows_without_a_value_are_refused_or_left_out_and_counted(
    milo: Milo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = table(tmp_path, GAPS, "item,rater,value")
    milo("project", "create", "P", "--ratings")
    ask = ("import", "P", path, "--format", "ratings")
    said = refused(milo, monkeypatch, capsys, *ask)
    assert "3 of 11 rows cannot be imported, so nothing was:" in said
    assert "line 4, value: is empty" in said and "line 6, value: is 'nan', a missing value" in said
    assert "can be left out (--skip-missing): 2 of these" in said and "(--skip-bad)" in said
    said = refused(milo, monkeypatch, capsys, *ask, "--skip-missing", "--missing", "NA")
    assert "1 of 11 rows cannot be imported" in said and "line 10, item: is empty" in said
    both = ("--skip-missing", "--missing", "NA", "--skip-bad")
    rehearsed = json.loads(milo(*ask, *both, "--dry-run", "--json"))
    told = json.loads(milo(*ask, *both, "--json"))
    assert rehearsed | {"dry_run": False} == told
    assert (told["rows"], told["added"], told["missing"], told["left_out_count"]) == (11, 7, 3, 1)
    assert told["left_out"] == [{"field": "item", "reason": "is empty", "n": 1, "lines": [10]}]
    (found,) = asked(milo, "agreement", "P")["questions"]
    # 1: x x, 5: x x; 2, 3 and 4 have one rating each.
    assert (found["question"], found["percent"], found["nominal"]["n_single"]) == ("value", 1.0, 3)


def test_the_text_of_an_import_says_what_was_taken_and_left_out(milo: Milo, tmp_path: Path) -> None:
    milo("project", "create", "P", "--ratings")
    path = table(tmp_path, GAPS, "task,worker,label")
    said = milo("import", "P", path, "--format", "ratings", "--skip-missing", "--skip-bad", "--dry-run")
    assert "r.csv: 11 rows; would add 8" in said
    assert "took task as item, worker as rater, label as value" in said
    assert "2 rows have no value and are left out" in said
    assert "1 rows are left out: item is empty (line 10)" in said
    assert "label: 1 ratings say 'NA': a label, or missing?" in said and "--missing NA --skip-missing" in said


def test_what_follows_an_unreadable_line_is_not_left_out_unsaid(
    milo: Milo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes("item,rater,value\n1,a,x\n2,jörg,x\n3,a,x\n".encode("latin-1"))
    milo("project", "create", "P", "--ratings")
    said = refused(milo, monkeypatch, capsys, "import", "P", str(path), "--format", "ratings", "--skip-bad")
    assert "line 3, line: is not UTF-8" in said and "What follows that line cannot be read" in said


DECLARED = """
questions:
  - id: verdict
    type: choice
    title: Good?
    options: [{value: good}, {value: bad}, {value: none}]
"""


def test_the_label_set_of_a_table_can_be_declared(
    milo: Milo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "s.yaml").write_text(DECLARED, encoding="utf-8")
    milo("project", "create", "P", "--schema", str(tmp_path / "s.yaml"))
    rows = [
        (1, "a", "good"),
        (1, "b", "none"),
        (2, "a", "g\u043e\u043ed"),
        (2, "b", "bad"),
        (3, "a", "meh"),
        (4, "a", "meh"),
    ]
    path = table(tmp_path, rows, "item,rater,verdict")
    ask = ("import", "P", path, "--format", "ratings", "--map", "value=verdict")
    said = refused(milo, monkeypatch, capsys, *ask)
    assert "3 of 6 rows" in said and "looks like 'good'" in said
    told = json.loads(milo(*ask, "--skip-bad", "--json"))
    assert [(one["n"], one["lines"]) for one in told["left_out"]] == [(2, [6, 7]), (1, [4])]
    assert (told["added"], told["missing_words"]) == (3, [])  # `none` is declared: a label
    (found,) = asked(milo, "agreement", "P")["questions"]
    assert (found["labels"], found["missing_words"], found["nominal"]["n_ratings"]) == (3, {}, 3)


def test_soft_labels_of_imported_ratings_are_exported(
    milo: Milo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        (1, "a", "x"),
        (1, "b", "x"),
        (1, "c", "y"),
        (1, "d", "y"),
        (2, "a", "x"),
        (2, "b", "x"),
        (2, "c", "x"),
        (2, "d", "y"),
    ]
    imported(milo, table(tmp_path, rows, "item,rater,value"))
    assert "--labels exports one row" in refused(
        milo, monkeypatch, capsys, "export", "P", "--out", "all.jsonl"
    )
    assert milo("export", "P", "--labels", "--out", "soft.jsonl").startswith("wrote 2 rows")
    first, second = [json.loads(line) for line in Path("soft.jsonl").read_text(encoding="utf-8").splitlines()]
    # Halves are 1 bit and no label; 3/4 and 1/4 are 3/4 * 0.415 + 1/4 * 2 = 0.811 bits.
    assert (first["label"], first["tie"], first["shares"], first["entropy"]) == (
        None,
        True,
        {"x": 0.5, "y": 0.5},
        1.0,
    )
    assert (second["item"], second["question"], second["label"], second["n"]) == ("2", "value", "x", 4)
    assert (second["confidence"], second["shares"]) == (0.75, {"x": 0.75, "y": 0.25})
    assert second["entropy"] == pytest.approx(0.8113, abs=1e-4)
    for name in ("soft.csv", "soft.parquet"):
        assert milo("export", "P", "--labels", "--out", name, "--format", name[5:]).startswith("wrote 2 rows")
    with Path("soft.csv").open(newline="", encoding="utf-8") as file:
        assert [json.loads(row["shares"]) for row in csv.DictReader(file)] == [
            first["shares"],
            second["shares"],
        ]


def noted(milo: Milo) -> str:
    return milo("report", "agreement", "P")


def test_five_hundred_raters(milo: Milo, tmp_path: Path) -> None:
    rows = [(item, f"r{rater:03d}", "xy"[(item + rater) % 2]) for item in range(2) for rater in range(500)]
    assert imported(milo, table(tmp_path, rows, "item,rater,value"))["added"] == 1000
    (found,) = asked(milo, "agreement", "P")["questions"]
    # Each item has 250 x and 250 y: 2 * 250 * 249 of 500 * 499 ordered pairs are equal.
    assert found["percent"] == pytest.approx(249 / 499)
    assert (found["nominal"]["n_raters"], found["unpaired"], len(found["pairs"])) == (500, 0, 500 * 499 // 2)


def test_two_raters_with_nothing_in_common(milo: Milo, tmp_path: Path) -> None:
    rows = [(1, "a", "x"), (2, "a", "y"), (3, "b", "x"), (4, "b", "y")]
    imported(milo, table(tmp_path, rows, "item,rater,value"))
    (found,) = asked(milo, "agreement", "P")["questions"]
    assert (found["nominal"]["value"], found["percent"]) == (None, None)
    assert [(pair["kappa"], pair["n"], pair["reason"]) for pair in found["pairs"]] == [
        (None, 0, "no item in common")
    ]
    said = noted(milo)
    assert "note: 4 items have one rating only" in said and "1 of 1 pairs of raters have no item" in said


def test_labels_that_look_alike(milo: Milo, tmp_path: Path) -> None:
    rows = [
        (1, "a", "yes"),
        (1, "b", "y\u0435s"),
        (2, "a", "yes"),
        (2, "b", "Yes"),
        (3, "a", "yes"),
        (3, "b", "yes"),
    ]
    milo("project", "create", "P", "--ratings")
    said = milo("import", "P", table(tmp_path, rows, "item,rater,value"), "--format", "ratings")
    assert "value: 'y\\u0435s' (1 times) looks like 'yes'" in said and "'Yes' (1 times)" in said
    (found,) = asked(milo, "agreement", "P")["questions"]
    # Only item 3 agrees. n = 6, yes 4 times: D_o = 4/6, D_e = (36 - 16 - 1 - 1)/(6*5) = 18/30
    assert found["percent"] == pytest.approx(1 / 3)
    assert found["nominal"]["value"] == pytest.approx(1 - (4 / 6) / (18 / 30))
    assert "note: 1 ratings say 'y\\u0435s', which looks like 'yes': taken for different labels" in noted(
        milo
    )


def test_a_second_version_of_the_schema_and_people_who_are_gone(milo: Milo, tmp_path: Path) -> None:
    ctx = build_context(load_settings(_env_file=None))
    try:
        world = World(ctx)
        project = world.project(overlap=3)
        world.fill(project, [{"id": "a", "text": "t"}, {"id": "b", "text": "u"}], tmp_path)
        people = [world.member(project, login) for login in ("ann", "bob", "cay")]
        for person in people[:2]:
            for verdict in ("good", "bad"):
                world.submit(person, world.next(person, project), verdict=verdict)
        projects.add_schema(ctx, OPERATOR, project.id, SCHEMA.replace("value: bad", "value: poor"))
        for verdict in ("good", "poor"):
            world.submit(people[2], world.next(people[2], project), verdict=verdict)
        accounts.take_role(ctx, OPERATOR, project_id=project.id, login="ann", role="annotator")
    finally:
        close_context(ctx)
    milo("user", "disable", "bob")
    (found,) = asked(milo, "agreement", "P")["questions"]
    # Two values of ann's and bob's are no more on the scale; with cay's they do not agree. Equal pairs: a 3 of 3, b 1 of 3.
    assert (found["older"], found["disabled"], found["left"]) == (2, {"bob": 2}, {"ann": 2})
    assert found["percent"] == pytest.approx(4 / 6)
    # n = 6: good 3, bad 2, poor 1. D_o = (2 pairs * 2 orders) / 2 raters beside one / 6 = 2/6; D_e = (36 - 9 - 4 - 1)/30
    assert found["nominal"]["value"] == pytest.approx(1 - (2 / 6) / (22 / 30))
    said = noted(milo)
    for part in (
        "note: 2 ratings have a value that an older version of the schema allowed",
        "note: 1 rater is disabled by now (bob); their 2 answers count",
        "note: 1 rater has left the project (ann); their 2 answers count",
    ):
        assert part in said
