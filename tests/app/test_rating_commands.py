"""Somebody's own table of ratings, by command alone: from the file to the figures."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

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
        (people, judge) = asked(milo, "agreement", name)["questions"]
        assert (people["rater_kind"], people["nominal"]["n_ratings"]) == ("human", 120)
        assert (judge["rater_kind"], judge["nominal"]["n_ratings"], judge["nominal"]["n_single"]) == (
            ("judge", 40, 40)
        )
        (sliced,) = asked(milo, "agreement", name, "--by", "place")["slices"]
        assert {one["value"]: one["n_ratings"] for one in sliced["slices"]} == {"p0": 60, "p1": 60}


def test_a_model_and_a_judge_of_one_name_are_two_judges(milo: Milo, tmp_path: Path) -> None:
    rows = [[item, "ann", "human", "q", "xy"[item % 2]] for item in range(10)]
    rows += [[item, "m", "model", "q", "xy"[item % 2]] for item in range(10)]  # always right
    rows += [[item, "m", "judge", "q", "yx"[item % 2]] for item in range(10)]  # never
    imported(milo, table(tmp_path, rows, "item,rater,rater_kind,question,value"))
    assert [(row["judge"], row["figures"]["right"], row["figures"]["n"]) for row in asked(milo, "judges", "P")] == [
        ("m (model)", 10.0, 10),
        ("m (judge)", 0.0, 10),
    ]  # fmt: skip
